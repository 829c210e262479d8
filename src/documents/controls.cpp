#include "documents/controls.h"

#include <algorithm>

#include <fmt/format.h>

#include "bartizan/version.h"
#include "core/time_text.h"
#include "documents/oscal_parts.h"
#include "report/rules.h"
#include "report/taxonomy.h"

namespace bartizan::documents {
namespace controls {
namespace {

using governance::State;

struct SchemeRow {
    std::string_view catalogue, report;
};
constexpr SchemeRow kSchemes[] = {{"nist-ai-rmf", "NIST AI RMF"},
                                  {"nist-ai-100-2", "NIST AI 100-2"},
                                  {"owasp-ml", "OWASP ML Top 10"},
                                  {"iso-iec-42001", "ISO/IEC 42001"},
                                  {"eu-ai-act", "EU AI Act"}};

/// Requirements whose scheme reports know, under the names that they have there.
void add_maps(const Facts& facts, const oscal::Trouble& trouble, Finding& finding) {
    for (const std::size_t at : trouble.asked) {
        const governance::Requirement& asked = facts.requirement(facts.standing.asked[at]);
        const governance::Catalogue& catalogue = facts.framework->catalogues()[asked.catalogue];
        const auto row = std::ranges::find(kSchemes, catalogue.scheme, &SchemeRow::catalogue);
        if (row == std::end(kSchemes) || report::taxon_title(row->report, asked.ref).empty()) continue;
        const bool there = std::ranges::any_of(
            finding.maps, [&](const Mapping& one) { return one.scheme == row->report && one.id == asked.ref; });
        if (!there) finding.maps.push_back({std::string(row->report), asked.ref, catalogue.version});
    }
}

Finding finding_of(const Facts& facts, const oscal::Trouble& trouble) {
    const bool failed = trouble.state == State::failing;
    Finding out = report::finding_for(
        failed ? report::rule::kControlFailing : report::rule::kControlStale,
        failed ? Severity::high : Severity::medium,
        fmt::format("{} {} for {}.", trouble.check, failed ? "failed" : "has expired", facts.subject()));
    out.asset = facts.subject();
    std::string which;
    for (const std::size_t at : trouble.asked)
        which += (which.empty() ? "" : ", ") + facts.requirement(facts.standing.asked[at]).id;
    out.explanation = trouble.title;
    if (trouble.evidence != nullptr) {
        const governance::Evidence& one = *trouble.evidence;
        out.explanation += " " + evidence_line(one) + ".";
        if (one.value) {
            Measurement number{
                .name = one.check, .value = *one.value, .unit = one.unit, .low = one.low, .high = one.high};
            if (one.samples > 0) number.samples = one.samples;
            number.note = "evidence " + one.id;
            out.evidence.push_back(std::move(number));
        }
    }
    out.explanation += " Asked by: " + which + ".";
    add_maps(facts, trouble, out);
    return out;
}

}  // namespace
}  // namespace controls

Report controls_report(const Facts& facts) {
    Report out{.tool_version = std::string(kVersion),
               .command = "bartizan export sarif " + facts.standing.subject.asset,
               .started = utc_text(static_cast<std::time_t>(facts.now()))};
    out.asset = {
        .kind = facts.version ? std::string(registry::to_string(facts.version->id.asset.kind)) : "organisation",
        .path = facts.version ? facts.version->file_name : facts.subject(),
        .sha256 = facts.version ? facts.version->digest : std::string()};
    ProbeRecord controls{.name = "controls", .title = "Controls"};
    ProbeRecord unknown{.name = "unknown", .title = "Checks that show nothing", .status = ProbeStatus::skipped};
    std::string names;
    for (const oscal::Trouble& one : oscal::troubles(facts)) {
        if (one.state == governance::State::unknown)
            names += (names.empty() ? "" : ", ") + one.check;
        else
            controls.findings.push_back(controls::finding_of(facts, one));
    }
    out.probes.push_back(std::move(controls));
    if (!names.empty()) {
        unknown.reason = "no evidence of: " + names;
        out.probes.push_back(std::move(unknown));
    }
    return out;
}

}  // namespace bartizan::documents
