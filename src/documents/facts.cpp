#include "documents/facts.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "crypto/uuid.h"

namespace bartizan::documents {
namespace {

using governance::Subject;
using governance::SubjectKind;

constexpr std::string_view kSpace = "6ba7b811-9dad-11d1-80b4-00c04fd430c8";  // RFC 9562: names that are URLs
constexpr std::size_t kMostIncidents = 1000;

Result<registry::AssetId> asset_of(const std::string& text) {
    const auto colon = text.find(':');
    if (colon == std::string::npos)
        return invalid_input("'" + text.substr(0, 80) + "' is no asset", "model:NAME, data:NAME or organisation");
    registry::AssetId id{BARTIZAN_TRY(registry::kind_from(text.substr(0, colon))), text.substr(colon + 1)};
    BARTIZAN_TRY(registry::check_name(id.name));
    return id;
}

/// The version that requirements are asked of: as the inventory has it.
Result<std::string> asked_version(const Sources& sources, const std::string& asset) {
    const auto subjects = BARTIZAN_TRY(sources.governance.inventory().subjects());
    const auto found = std::ranges::find(*subjects, asset, &Subject::asset);
    return found == subjects->end() ? std::string() : found->name;
}

Result<void> gather_version(const Sources& sources, const Question& question, Facts& out) {
    const registry::AssetId id = BARTIZAN_TRY(asset_of(question.asset));
    const auto asset = BARTIZAN_TRY(sources.registry.asset(id));
    out.asked_version = BARTIZAN_TRY(asked_version(sources, question.asset));
    const std::int64_t production = asset.alias(registry::kProduction);
    const std::int64_t usual = production > 0 ? production : asset.newest;
    out.version = BARTIZAN_TRY(sources.registry.version({id, question.number > 0 ? question.number : usual}));
    out.profile = BARTIZAN_TRY(sources.governance.inventory().profile(question.asset));
    out.made_from_it = BARTIZAN_TRY(sources.registry.made_from(out.version->id));
    out.standing.subject = {.asset = question.asset,
                            .name = out.version->id.text(),
                            .digest = out.version->digest,
                            .kind = id.kind == registry::Kind::model ? SubjectKind::model : SubjectKind::data,
                            .modality = out.profile.modality};
    return {};
}

bool names(const incident::Incident& one, const std::string& asset) {
    return std::ranges::any_of(one.versions,
                               [&](const std::string& version) { return incident::asset_of(version) == asset; });
}

std::string number_text(double value) {
    return std::abs(value) >= 1e6 ? fmt::format("{:.6g}", value) : fmt::format("{:.4g}", value);
}

}  // namespace

const governance::Evidence* Facts::evidence_of(std::string_view check) const {
    const auto found = std::ranges::find(standing.evidence, check, &governance::Evidence::check);
    return found == standing.evidence.end() ? nullptr : &*found;
}

std::vector<std::size_t> Facts::checks() const {
    std::vector<std::size_t> out;
    const auto asked = framework->asked_of(standing.subject.kind, standing.subject.modality);
    for (std::size_t i = 0; i < framework->checks().size(); ++i)
        if (asked >> framework->checks()[i].capability & 1U) out.push_back(i);
    return out;
}

Result<Facts> gather(const Sources& sources, const Question& question) {
    Facts out{.framework = &sources.governance.framework(), .log = sources.log, .organisation = sources.organisation};
    if (!question.scheme.empty() &&
        std::ranges::find(out.framework->catalogues(), question.scheme, &governance::Catalogue::scheme) ==
            out.framework->catalogues().end())
        return Error(Errc::not_found, "there is no catalogue '" + question.scheme.substr(0, 80) + "'",
                     "bartizan control checks lists them");
    if (question.asset == governance::kOrganisation)
        out.standing.subject = {.asset = question.asset,
                                .name = question.asset,
                                .digest = question.asset,
                                .kind = SubjectKind::organisation};
    else
        BARTIZAN_TRY(gather_version(sources, question, out));
    out.standing = BARTIZAN_TRY(sources.governance.standing(out.standing.subject, question.scheme));
    if (sources.cases != nullptr && out.version)
        for (incident::Incident& one : BARTIZAN_TRY(sources.cases->list("all", kMostIncidents)))
            if (one.state != incident::Progress::dismissed && names(one, question.asset))
                out.incidents.push_back(std::move(one));
    return out;
}

std::string uuid_of(const Facts& facts, std::string_view kind, std::string_view name) {
    return crypto::name_uuid(kSpace, fmt::format("{}/{}/{}/{}", kNamespace, facts.log, kind, name));
}

std::string value_text(const governance::Evidence& evidence) {
    if (!evidence.value) return {};
    std::string out = number_text(*evidence.value);
    if (!evidence.unit.empty() && evidence.unit != "fraction") out += " " + evidence.unit;
    if (evidence.low && evidence.high)
        out += fmt::format(" ({} to {})", number_text(*evidence.low), number_text(*evidence.high));
    if (evidence.samples > 0) out += fmt::format(", n = {}", evidence.samples);
    return out;
}

std::string evidence_line(const governance::Evidence& evidence) {
    const std::string value = value_text(evidence);
    return fmt::format("evidence {}: {}{}{}{}{}", evidence.id, governance::to_string(evidence.verdict),
                       value.empty() ? "" : ", ", value, evidence.summary.empty() ? "" : ": ", evidence.summary);
}

}  // namespace bartizan::documents
