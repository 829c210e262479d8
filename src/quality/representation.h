#pragma once
/// Who is in the data: how many of each group, and how their labels lie.
/// Thread rule: pure functions.

#include <vector>

#include "data/groups.h"
#include "quality/issue.h"
#include "quality/subject.h"

namespace bartizan::quality {

inline constexpr std::int64_t kLeastOfGroup = 30;

/// "group_shares" (info, the table), "underrepresented_group" (below 0.2 of the even share, or fewer than
/// kLeastOfGroup), "label_gap": the share of one class differs between groups, its 95 % intervals (Wilson) apart by
/// more than 0.1.
std::vector<Issue> representation_issues(const Subject& subject, const data::Grouping& grouping);

}  // namespace bartizan::quality
