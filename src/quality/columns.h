#pragma once
/// What is wrong with single columns of a table, and with the numbers of arrays.
/// Thread rule: pure functions.

#include <vector>

#include "quality/issue.h"
#include "quality/subject.h"

namespace bartizan::quality {

/// Kinds: "empty_column", "missing_values", "constant_column", "mixed_types", "mixed_encoding", "infinite_values",
/// "out_of_range", "identifier_column", "repeated_name". O(items * columns * log items).
std::vector<Issue> column_issues(const Subject& subject);
/// Pictures and other arrays: "missing_values", "infinite_values", "out_of_range", "blank_item".
std::vector<Issue> array_issues(const Subject& subject);

}  // namespace bartizan::quality
