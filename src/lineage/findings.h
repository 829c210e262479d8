#pragma once
/// A verification of a sealed data set as findings. Thread rule: pure functions.

#include <span>
#include <string>
#include <vector>

#include "bartizan/finding.h"
#include "lineage/verify.h"

namespace bartizan::lineage {

/// So many items that differ are shown.
inline constexpr std::size_t kMostShownItems = 20;

/// What a verification that failed means; nothing when it held. Critical when the seal does not hold, high when items
/// changed or are missing, medium when there are only additions. `differences`: the first of them, or all.
std::vector<Finding> findings_of(const std::string& data_set, const Verdict& verdict,
                                 std::span<const Difference> differences);

}  // namespace bartizan::lineage
