#pragma once
/// Items that repeat one another within a set, and across the splits of one, as issues.
/// Thread rule: pure functions.

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "quality/issue.h"
#include "quality/neighbours.h"
#include "quality/subject.h"

namespace bartizan::quality {

/// Rows of a subject.
using RowSet = std::set<std::int64_t>;

/// "exact_duplicate", "conflicting_labels". Rows that repeat an earlier one are added to `repeated`.
std::vector<Issue> exact_duplicate_issues(const Subject& subject, RowSet& repeated);

/// "near_duplicate": a nearest neighbour within 0.13 of the median distance to the nearest; pictures that look alike;
/// rows and texts that share nearly all parts. `rows` are those that were compared; `repeated` ones are known already.
std::vector<Issue> near_duplicate_issues(const Subject& subject, const Matrix& features, const Neighbours& neighbours,
                                         const std::vector<std::int64_t>& rows, const RowSet& repeated);

/// "leak", "near_leak": what `other`, called `name`, has too. Nothing when its items have another form.
std::optional<std::vector<Issue>> leak_issues(const Subject& subject, const Subject& other, const std::string& name);

}  // namespace bartizan::quality
