#include "lineage/findings.h"

#include "report/rules.h"

namespace bartizan::lineage {
namespace findings {
namespace {

Severity severity_of(const Verdict& verdict) {
    if (!verdict.statement) return Severity::critical;
    return verdict.changed + verdict.missing + verdict.unreadable > 0 ? Severity::high : Severity::medium;
}

Measurement measured(const char* name, std::uint64_t value) {
    return {.name = name, .value = static_cast<double>(value), .unit = "items", .note = {}};
}

}  // namespace
}  // namespace findings

std::vector<Finding> findings_of(const std::string& data_set, const Verdict& verdict,
                                 std::span<const Difference> differences) {
    using findings::measured;
    if (verdict.verified) return {};
    Finding finding = report::finding_for(report::rule::kDataNotAsSealed, findings::severity_of(verdict),
                                          "The data set is not what was sealed.");
    finding.asset = data_set;
    finding.explanation = verdict.reason;
    if (verdict.statement)
        finding.evidence = {measured("changed", verdict.changed), measured("missing", verdict.missing),
                            measured("added", verdict.added), measured("unreadable", verdict.unreadable)};
    Table table{"The first items that differ", {"change", "item", "what"}, {}};
    for (const Difference& difference : differences.first(std::min(differences.size(), kMostShownItems)))
        table.rows.push_back({std::string(to_string(difference.change)), difference.id, difference.what});
    if (!table.rows.empty()) finding.tables.push_back(std::move(table));
    return {std::move(finding)};
}

}  // namespace bartizan::lineage
