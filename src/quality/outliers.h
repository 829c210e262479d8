#pragma once
/// Items far from all others, and items between two classes.
/// Thread rule: pure functions.

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "quality/issue.h"
#include "quality/neighbours.h"

namespace bartizan::quality {

/// Mean distance to the neighbours above Q3 + 1.7 (Q3 - Q1), the fence of cleanlab's Datalab. Nothing where Q3 is Q1:
/// there is no scale to measure by.
std::optional<std::vector<Issue>> outlier_issues(const Neighbours& neighbours, std::span<const std::int64_t> ids);

/// The two likeliest classes within 0.05 of each other, and together above 0.8: either label would do.
std::vector<Issue> ambiguity_issues(std::span<const float> probabilities, std::int64_t classes,
                                    std::span<const std::int64_t> ids);

}  // namespace bartizan::quality
