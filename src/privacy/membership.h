#pragma once
/// The attacks on a pool of members and others, with how well each tells them apart: what the command `privacy` and the
/// audit's probe of that name both run. Thread rule: pure functions.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "bartizan/finding.h"
#include "privacy/attacks.h"
#include "privacy/roc.h"
#include "privacy/signals.h"

namespace bartizan::privacy {

struct MembershipAttack {
    std::string name;
    std::string needs;           ///< "labels", "scores", "references"
    std::vector<double> scores;  ///< one for each item; larger: more like a member
    Roc roc;
};

/// Who is asked about: members come first.
struct Asked {
    std::span<const std::int64_t> labels;
    std::span<const std::uint8_t> member;
    std::span<const float> x;  ///< [items, width]: what the quantile regression may know of an item
    std::int64_t classes = 0;
};

/// gap, loss, modified-entropy, attack-p, quantile-regression. Those that compare with a population take one half of the
/// non-members for it while judging the other.
std::vector<MembershipAttack> attacks_without_references(const Asked& asked, const Signals& target);

/// lira-online, lira-offline, rmia-online, rmia-offline. Tables of `Signals::scaled` and `Signals::confidence`.
std::vector<MembershipAttack> attacks_with_references(const Asked& asked, const Signals& target,
                                                      const ReferenceTable& scaled, const ReferenceTable& confidence);

/// What references say of the items: [models, items], and which items each was trained on.
struct ReferenceTables {
    ReferenceTable scaled, confidence;
    /// Adds a model by its signals on all items.
    void add(const Signals& signals, std::span<const std::uint8_t> in);
};

/// Of a score from elsewhere (label-only attacks).
MembershipAttack attack_of(std::string name, std::string needs, std::vector<double> scores, const Asked& asked);

/// The strongest where it counts: at a false-positive rate of 1 %, then by its area. At least one must be there.
const MembershipAttack& strongest(const std::vector<MembershipAttack>& attacks);

/// High where an accusation would stand five times as often as by chance; medium where the area says that members show.
Severity severity_of_membership(const MembershipAttack& best);

}  // namespace bartizan::privacy
