#include "registry/gates.h"

#include <fmt/format.h>

namespace bartizan::registry {

std::vector<std::string> unmet(const Gates& gates, const Version& version) {
    std::vector<std::string> out;
    const bool model = version.id.asset.kind == Kind::model;
    if (const Check* scan = version.check("scan"); gates.scan && model && (scan == nullptr || scan->verdict != "clean"))
        out.push_back(scan == nullptr
                          ? "it was not scanned"
                          : fmt::format("its scan says '{}', not 'clean': {}", scan->verdict, scan->detail));
    if (const Check* check = version.check("signature");
        gates.signature && (check == nullptr || check->verdict != "verified"))
        out.push_back(check == nullptr ? "it has no signature: push it with one, of a key that the server trusts"
                                       : "its signature did not hold: " + check->detail);
    if (!gates.audit_score || !model) return out;
    const Check* audit = version.check("audit");
    if (audit == nullptr || !audit->score)
        out.push_back("it has no audit: attach the report.json of 'bartizan audit'");
    else if (*audit->score < *gates.audit_score)
        out.push_back(fmt::format("its audit scored {:g}, {:g} is the least", *audit->score, *gates.audit_score));
    return out;
}

}  // namespace bartizan::registry
