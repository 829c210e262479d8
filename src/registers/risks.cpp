#include "registers/risks.h"

#include <algorithm>

#include <fmt/format.h>

#include "core/json_fields.h"
#include "registers/harms.h"
#include "registers/risk_records.h"

namespace bartizan::registers {
namespace {

using governance::Newest;
using governance::State;

constexpr std::size_t kMostSeen = 200'000;  // evidence in memory
constexpr std::size_t kMostChanges = 50;    // of a band, shown with the risk
constexpr double kSame = 1e-12;

/// "model" of "model:fashion".
std::string kind_in(const std::string& asset) { return asset.substr(0, asset.find(':')); }

std::string text_in(const Json& json, const char* name) {
    const auto found = json.find(name);
    return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
}
double number_in(const Json& json, const char* name) {
    const auto found = json.find(name);
    return found != json.end() && found->is_number() ? found->get<double>() : 0;
}

Json basis_of(const Scored& scored) {
    Json out = Json::object();
    for (const ControlNow& one : scored.controls)
        out[one.check] = {{"evidence", one.evidence}, {"effect", one.effect}, {"state", to_string(one.state)}};
    return out;
}

/// Why the band is another: the control whose effect moved furthest the way that the band went.
Json cause_of(const Risk& risk, const Scored& scored, bool worse) {
    Json out = {{"evidence", Json()}, {"check", Json()}, {"because", "what is said of the asset or the risk changed"}};
    double furthest = kSame;
    for (const ControlNow& one : scored.controls) {
        const auto before = risk.basis.find(one.check);
        const Json was = before == risk.basis.end() ? Json::object() : *before;
        const double moved = (one.effect - number_in(was, "effect")) * (worse ? -1 : 1);
        if (moved <= furthest) continue;
        furthest = moved;
        const std::string evidence = one.evidence.empty() ? text_in(was, "evidence") : one.evidence;
        const bool fresh = one.evidence != text_in(was, "evidence");
        out = {{"evidence", evidence},
               {"check", one.check},
               {"because", fmt::format("{} is {}{}", one.check, to_string(one.state), fresh ? ": new evidence" : "")}};
    }
    return out;
}

}  // namespace

/// At one time.
struct Risks::Known {
    std::unordered_map<std::string, governance::Subject> subjects;
    std::unordered_map<std::string, governance::Profile> profiles;
    std::int64_t now = 0;

    /// Who answers for an asset answers for its risks, until somebody else is named.
    std::string owner_of(const std::string& asset) const {
        const auto told = profiles.find(asset);
        return told == profiles.end() ? std::string() : told->second.owner;
    }
};

Result<Risks::Known> Risks::known() {
    Known out{.subjects = {}, .profiles = {}, .now = records_.now()};
    BARTIZAN_TRY(governance_.book().refresh());
    const auto subjects = BARTIZAN_TRY(governance_.inventory().subjects());
    for (const governance::Subject& one : *subjects) out.subjects.emplace(one.asset, one);
    for (governance::Profile& one : BARTIZAN_TRY(governance_.inventory().profiles())) {
        const std::string kind = kind_in(one.asset);
        if (kind == "service" || kind == "vendor")
            out.subjects.emplace(
                one.asset,
                governance::Subject{.asset = one.asset, .name = one.asset, .digest = "", .modality = one.modality});
        out.profiles.emplace(one.asset, std::move(one));
    }
    return out;
}

Result<ControlNow> Risks::control(const CheckEffect& effect, const std::string& digest, std::int64_t now) {
    ControlNow out{.check = effect.check};
    const auto index = governance_.framework().check_index(effect.check);
    Newest newest;
    {
        const governance::EvidenceBook::Reader reader(governance_.book());
        const auto all = reader.of(digest);
        const auto found = std::ranges::find(all, static_cast<std::uint32_t>(*index), &Newest::check);
        if (found == all.end()) return out;
        newest = *found;
    }
    out.state = governance::state_of(&newest, now);
    governance::Evidence evidence;
    {
        const std::lock_guard lock(mutex_);
        if (const auto seen = seen_.find(newest.number); seen != seen_.end()) evidence = seen->second;
    }
    if (evidence.number == 0) {
        evidence = BARTIZAN_TRY(governance_.book().by_number(newest.number));
        const std::lock_guard lock(mutex_);
        if (seen_.size() >= kMostSeen) seen_.clear();
        seen_.emplace(newest.number, evidence);
    }
    out.evidence = evidence.id;
    const bool passed = out.state == State::met || out.state == State::attested;
    if (passed || out.state == State::stale)
        out.if_fresh = effectiveness(effect.effect, evidence.method, evidence.value, evidence.low, evidence.high);
    if (passed) out.effect = out.if_fresh;
    return out;
}

Result<Scored> Risks::score(const Risk& risk, const Known& known, const std::vector<std::string>* supposed) {
    Scored out;
    const Threat* threat = threats_.find(risk.threat);
    const auto subject = known.subjects.find(risk.asset);
    const auto told = known.profiles.find(risk.asset);
    const governance::Profile profile =
        told == known.profiles.end() ? governance::Profile{.asset = risk.asset} : told->second;
    out.applies = threat != nullptr && subject != known.subjects.end() &&
                  concerns(*threat, kind_in(risk.asset), profile.modality);
    if (threat == nullptr) return out;
    out.chance = {exposure_of(profile.exposure), knowledge_of(threat->knowledge).value_or(1),
                  value_of(profile.criticality), maturity_of(threat->maturity).value_or(1)};
    out.likelihood = likelihood(out.chance);
    out.harms = harms_of(*threat, profile, risk.harms);
    out.impact = 1;
    for (const Harm& one : out.harms) out.impact = std::max(out.impact, one.level);
    out.independent = !risk.independent.empty();
    std::vector<double> now, fresh;
    for (const std::string& check : threat->checks) {
        const CheckEffect& effect = *threats_.effect(check);
        const auto& framework = governance_.framework();
        const auto& capability = framework.capabilities()[framework.check(check)->capability];
        const std::string kind = kind_in(risk.asset);
        const bool about_it = (kind == "model" && capability.subjects[0]) || (kind == "data" && capability.subjects[1]);
        const std::string digest = !about_it                         ? std::string(governance::kOrganisation)
                                   : subject == known.subjects.end() ? ""
                                                                     : subject->second.digest;
        ControlNow one = BARTIZAN_TRY(control(effect, digest, known.now));
        if (supposed != nullptr && std::ranges::find(*supposed, check) != supposed->end())
            one.effect = one.if_fresh = std::max(one.effect, effect.effect.most);
        now.push_back(one.effect);
        fresh.push_back(one.if_fresh);
        out.controls.push_back(std::move(one));
    }
    out.effect = together(now, out.independent);
    out.effect_if_fresh = together(fresh, out.independent);
    return out;
}

Result<RiskView> Risks::view(const Record& record, const Known& known) {
    RiskView out{BARTIZAN_TRY(risk_of(record)), {}};
    out.scored = BARTIZAN_TRY(score(out.risk, known));
    if (out.risk.owner.empty()) out.risk.owner = known.owner_of(out.risk.asset);
    return out;
}

Result<std::vector<RiskView>> Risks::derive(const std::string& actor, const std::string& asset) {
    const Known now = BARTIZAN_TRY(known());
    const auto subject = now.subjects.find(asset);
    if (subject == now.subjects.end() || asset == governance::kOrganisation)
        return Error(Errc::not_found, "there is no asset '" + asset.substr(0, 120) + "'", "bartizan inventory list");
    const auto told = now.profiles.find(asset);
    const std::string modality = told == now.profiles.end() ? "" : told->second.modality;
    std::vector<RiskView> out;
    for (const Threat& threat : threats_.all()) {
        if (!concerns(threat, kind_in(asset), modality)) continue;
        Risk fresh{.asset = asset, .threat = threat.id, .title = threat.title};
        const Scored scored = BARTIZAN_TRY(score(fresh, now));
        fresh.band = to_string(scored.band());
        fresh.basis = basis_of(scored);
        const Record record =
            BARTIZAN_TRY(records_.add(actor, "R-", "risk.derive", body_of(fresh), [&](const Json& other) {
                return text_in(other, "asset") == asset && text_in(other, "threat") == threat.id;
            }));
        out.push_back(BARTIZAN_TRY(view(record, now)));
    }
    sort_by_score(out);
    return out;
}

Result<std::vector<RiskView>> Risks::list(const std::string& asset) {
    const Known now = BARTIZAN_TRY(known());
    std::vector<RiskView> out;
    for (const Record& record : BARTIZAN_TRY(records_.all()))
        if (asset.empty() || text_in(record.body, "asset") == asset) out.push_back(BARTIZAN_TRY(view(record, now)));
    sort_by_score(out);
    return out;
}

Result<RiskView> Risks::find(const std::string& id) {
    return view(BARTIZAN_TRY(records_.find(id)), BARTIZAN_TRY(known()));
}

Result<RiskView> Risks::set(const std::string& actor, const std::string& id, const RiskWords& words) {
    const Record record = BARTIZAN_TRY(records_.put(actor, id, "risk.set", [&](const Json* before) -> Result<Json> {
        if (before == nullptr) return Error(Errc::not_found, "there is no risk '" + id.substr(0, 40) + "'");
        Risk risk = BARTIZAN_TRY(risk_of({.id = id, .body = *before}));
        apply(words, risk);
        return body_of(risk);
    }));
    RiskView out = BARTIZAN_TRY(view(record, BARTIZAN_TRY(known())));
    BARTIZAN_TRY(tell(actor, out));
    return out;
}

Result<RiskView> Risks::accept(const std::string& actor, const std::string& id, const std::string& reason,
                               std::int64_t expires) {
    const Known now = BARTIZAN_TRY(known());
    const Record record = BARTIZAN_TRY(records_.put(actor, id, "risk.accept", [&](const Json* before) -> Result<Json> {
        if (before == nullptr) return Error(Errc::not_found, "there is no risk '" + id.substr(0, 40) + "'");
        Risk risk = BARTIZAN_TRY(risk_of({.id = id, .body = *before}));
        const std::string owner = risk.owner.empty() ? now.owner_of(risk.asset) : risk.owner;
        risk.acceptance = {owner, actor, reason, now.now, expires};
        BARTIZAN_TRY(check_leave(risk.acceptance, now.now));
        risk.accepted_band = to_string(BARTIZAN_TRY(score(risk, now)).band());
        return body_of(risk);
    }));
    return view(record, now);
}

Result<void> Risks::tell(const std::string& actor, RiskView& seen) {
    const std::string band(to_string(seen.scored.band()));
    if (seen.risk.band == band) return {};
    const Record record =
        BARTIZAN_TRY(records_.put(actor, seen.risk.id, "risk.band", [&](const Json* before) -> Result<Json> {
            if (before == nullptr) return Json(Json::value_t::discarded);
            Risk risk = BARTIZAN_TRY(risk_of({.id = seen.risk.id, .body = *before}));
            if (risk.band == band) return Json(Json::value_t::discarded);  // another process told it
            const bool worse = seen.scored.band() > band_from(risk.band).value_or(Band::low);
            Json change = {{"at", records_.now()}, {"from", risk.band}, {"to", band}};
            change.update(cause_of(risk, seen.scored, worse));
            risk.changes.push_back(std::move(change));
            if (risk.changes.size() > kMostChanges) risk.changes.erase(0);
            risk.band = band;
            risk.basis = basis_of(seen.scored);
            return body_of(risk);
        }));
    seen.risk = BARTIZAN_TRY(risk_of(record));
    return {};
}

Result<std::vector<RiskView>> Risks::settle(const std::string& actor) {
    std::vector<RiskView> out;
    for (RiskView& one : BARTIZAN_TRY(list())) {
        const std::string before = one.risk.band;
        BARTIZAN_TRY(tell(actor, one));
        if (one.risk.band != before) out.push_back(std::move(one));
    }
    return out;
}

Result<std::map<std::string, double>> Risks::supposing(const std::vector<std::string>& checks) {
    const Known now = BARTIZAN_TRY(known());
    std::map<std::string, double> out;
    for (const Record& record : BARTIZAN_TRY(records_.all())) {
        const Scored scored = BARTIZAN_TRY(score(BARTIZAN_TRY(risk_of(record)), now, &checks));
        if (scored.applies) out.emplace(record.id, scored.residual());
    }
    return out;
}

}  // namespace bartizan::registers
