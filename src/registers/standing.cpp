#include "registers/standing.h"

#include <algorithm>

namespace bartizan::registers {

Result<void> tell(governance::Governance& governance, const std::string& actor, const Standing& standing) {
    const std::int64_t now = governance.now();
    std::int64_t expires = now + kStandingHolds;
    if (standing.expires != 0) expires = std::min(expires, standing.expires);
    if (expires <= now) return {};
    const auto newest = BARTIZAN_TRY(governance.book().list(
        {.subject = std::string(governance::kOrganisation), .check = standing.check, .limit = 1}));
    if (!newest.empty() && newest[0].origin == "server" && newest[0].verdict == standing.verdict &&
        newest[0].summary == standing.summary) {
        const bool lasts = newest[0].expires >= std::min(expires, now + kStandingHolds / 2);
        if (newest[0].disputed || lasts) return {};
    }
    governance::Evidence one{.check = standing.check,
                             .subject = std::string(governance::kOrganisation),
                             .method = governance::Method::examine,
                             .verdict = standing.verdict};
    one.summary = standing.summary;
    one.limitations = {"what stands in the register; nobody looked behind it"};
    one.tool = "bartizan serve";
    one.origin = "server";
    one.collected = now;
    one.expires = expires;
    BARTIZAN_TRY(governance.book().add(actor, {std::move(one)}));
    return {};
}

}  // namespace bartizan::registers
