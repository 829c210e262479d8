#include "registers/risk_records.h"

#include <algorithm>
#include <cmath>

#include "core/json_fields.h"

namespace bartizan::registers {
namespace {

constexpr std::size_t kLongestText = 4000;
constexpr std::string_view kTreatments[] = {"avoid", "mitigate", "transfer", "share", "accept"};

Json harms_json(const std::vector<Harm>& harms) {
    Json out = Json::array();
    for (const Harm& one : harms)
        out.push_back(
            {{"axis", one.axis}, {"harm", harm_word(one.level)}, {"level", one.level}, {"reason", one.reason}});
    return out;
}

Result<std::vector<Harm>> read_harms(const JsonFields& fields) {
    std::vector<Harm> out;
    const Json* all = BARTIZAN_TRY(fields.list("harms", std::size(kAxes), false));
    if (all == nullptr) return out;
    std::size_t at = 0;
    for (const Json& one : *all) {
        const auto harm = BARTIZAN_TRY(JsonFields::of(one, fields.place("harms[" + std::to_string(at++) + "]")));
        BARTIZAN_TRY(harm.only({"axis", "harm", "level", "reason"}));
        Harm read{BARTIZAN_TRY(harm.text("axis")), 5, BARTIZAN_TRY(harm.text("reason", kLongestText))};
        if (std::ranges::find(kAxes, read.axis) == std::end(kAxes))
            return harm.fault("axis", "expected safety, rights, money, confidentiality, availability or legal");
        read.level = BARTIZAN_TRY_WITHIN(harm_from(BARTIZAN_TRY(harm.text("harm"))), harm.place("harm"));
        out.push_back(std::move(read));
    }
    return out;
}

double rounded(double value) { return std::round(value * 100) / 100; }

Json controls_json(const Scored& scored, const Threats& threats) {
    Json out = Json::array();
    for (const ControlNow& one : scored.controls) {
        const CheckEffect* effect = threats.effect(one.check);
        out.push_back({{"check", one.check},
                       {"state", to_string(one.state)},
                       {"evidence", one.evidence.empty() ? Json() : Json(one.evidence)},
                       {"effect", rounded(one.effect)},
                       {"if_fresh", rounded(one.if_fresh)},
                       {"function", effect->function},
                       {"at_most", effect->effect.most},
                       {"why", effect->why}});
    }
    return out;
}

Json score_json(double likelihood, double impact) {
    return {{"likelihood", rounded(likelihood)},
            {"score", rounded(likelihood * impact)},
            {"band", to_string(band_of(likelihood * impact))}};
}

Result<std::optional<std::string>> word_in(const JsonFields& fields, const Json& json, const char* name,
                                           std::size_t longest = kLongestText) {
    if (!json.contains(name)) return std::optional<std::string>();
    return std::optional(BARTIZAN_TRY(fields.text_or(name, "", longest)));
}

}  // namespace

Json body_of(const Risk& risk) {
    return {{"asset", risk.asset},
            {"threat", risk.threat},
            {"title", risk.title},
            {"statement", risk.statement},
            {"owner", risk.owner},
            {"treatment", risk.treatment},
            {"harms", harms_json(risk.harms)},
            {"independent", risk.independent},
            {"acceptance", risk.acceptance.by.empty() ? Json() : to_json(risk.acceptance, 0)},
            {"accepted_band", risk.accepted_band},
            {"band", risk.band},
            {"basis", risk.basis},
            {"changes", risk.changes}};
}

Result<Risk> risk_of(const Record& record) {
    const auto fields = BARTIZAN_TRY(JsonFields::of(record.body, record.id));
    Risk out{.id = record.id,
             .asset = BARTIZAN_TRY(fields.text("asset", 300)),
             .threat = BARTIZAN_TRY(fields.text("threat")),
             .title = BARTIZAN_TRY(fields.text_or("title", "", kLongestText)),
             .statement = BARTIZAN_TRY(fields.text_or("statement", "", kLongestText)),
             .owner = BARTIZAN_TRY(fields.text_or("owner", "", 200)),
             .treatment = BARTIZAN_TRY(fields.text_or("treatment", "")),
             .harms = BARTIZAN_TRY(read_harms(fields)),
             .independent = BARTIZAN_TRY(fields.text_or("independent", "", kLongestText)),
             .accepted_band = BARTIZAN_TRY(fields.text_or("accepted_band", "")),
             .band = BARTIZAN_TRY(fields.text_or("band", "")),
             .changed = record.changed,
             .changed_by = record.changed_by};
    out.acceptance = leave_of(record.body.value("acceptance", Json()));
    out.basis = record.body.value("basis", Json::object());
    out.changes = record.body.value("changes", Json::array());
    return out;
}

void apply(const RiskWords& words, Risk& risk) {
    if (words.title) risk.title = *words.title;
    if (words.statement) risk.statement = *words.statement;
    if (words.owner) risk.owner = *words.owner;
    if (words.treatment) risk.treatment = *words.treatment;
    if (words.independent) risk.independent = *words.independent;
    for (const Harm& one : words.harms) {
        std::erase_if(risk.harms, [&](const Harm& other) { return other.axis == one.axis; });
        risk.harms.push_back(one);
    }
}

Result<RiskWords> read_risk_words(const Json& json) {
    const auto fields = BARTIZAN_TRY(JsonFields::of(json, ""));
    for (const char* number : {"likelihood", "impact", "score", "band", "inherent", "residual"})
        if (json.contains(number))
            return fields.fault(number, "is made from the inventory and from evidence; nobody writes it");
    BARTIZAN_TRY(fields.only({"title", "statement", "owner", "treatment", "independent", "harms"}));
    RiskWords out;
    out.title = BARTIZAN_TRY(word_in(fields, json, "title", 300));
    out.statement = BARTIZAN_TRY(word_in(fields, json, "statement"));
    out.owner = BARTIZAN_TRY(word_in(fields, json, "owner", 200));
    out.treatment = BARTIZAN_TRY(word_in(fields, json, "treatment"));
    out.independent = BARTIZAN_TRY(word_in(fields, json, "independent"));
    out.harms = BARTIZAN_TRY(read_harms(fields));
    if (out.title && out.title->empty()) return fields.fault("title", "expected a text that is not empty");
    if (out.treatment && !out.treatment->empty() &&
        std::ranges::find(kTreatments, *out.treatment) == std::end(kTreatments))
        return fields.fault("treatment", "expected avoid, mitigate, transfer, share or accept");
    return out;
}

void sort_by_score(std::vector<RiskView>& risks) {
    const auto number = [](const RiskView& one) { return std::atoll(one.risk.id.c_str() + 2); };
    std::ranges::stable_sort(risks, [&](const RiskView& a, const RiskView& b) {
        if (a.scored.applies != b.scored.applies) return a.scored.applies;
        if (a.scored.residual() != b.scored.residual()) return a.scored.residual() > b.scored.residual();
        if (a.scored.inherent() != b.scored.inherent()) return a.scored.inherent() > b.scored.inherent();
        return number(a) < number(b);
    });
}

std::string RiskView::state(std::int64_t now) const {
    if (!scored.applies) return "does not apply";
    if (!risk.acceptance.by.empty()) {
        if (!risk.acceptance.holds(now)) return "acceptance expired";
        if (scored.band() > band_from(risk.accepted_band).value_or(Band::low)) return "outgrown";
        return "accepted";
    }
    return risk.treatment.empty() ? "open" : "treated";
}

Json to_json(const RiskView& view, const Threats& threats, std::int64_t now) {
    const Risk& risk = view.risk;
    const Scored& scored = view.scored;
    const auto impact = static_cast<double>(scored.impact);
    const Threat* threat = threats.find(risk.threat);
    return {{"id", risk.id},
            {"asset", risk.asset},
            {"threat", risk.threat},
            {"title", risk.title},
            {"statement", risk.statement},
            {"owner", risk.owner},
            {"treatment", risk.treatment},
            {"state", view.state(now)},
            {"applies", scored.applies},
            {"inherent", score_json(scored.likelihood, impact)},
            {"residual", score_json(residual(scored.likelihood, scored.effect), impact)},
            {"if_fresh", score_json(residual(scored.likelihood, scored.effect_if_fresh), impact)},
            {"impact", scored.impact},
            {"likelihood_from",
             {{"exposure", scored.chance.exposure},
              {"knowledge", scored.chance.knowledge},
              {"value", scored.chance.value},
              {"maturity", scored.chance.maturity},
              {"words",
               threat == nullptr ? Json() : Json{{"knowledge", threat->knowledge}, {"maturity", threat->maturity}}}}},
            {"harms", harms_json(scored.harms)},
            {"effect", rounded(scored.effect)},
            {"independent", risk.independent.empty() ? Json() : Json(risk.independent)},
            {"controls", controls_json(scored, threats)},
            {"acceptance", risk.acceptance.by.empty() ? Json() : to_json(risk.acceptance, now)},
            {"accepted_band", risk.accepted_band.empty() ? Json() : Json(risk.accepted_band)},
            {"changes", risk.changes},
            {"changed", risk.changed},
            {"changed_by", risk.changed_by}};
}

}  // namespace bartizan::registers
