#pragma once
/// What changed between an earlier version of a data set and this one: its form, its ranges, its distributions.
/// Thread rule: pure functions.

#include <span>
#include <vector>

#include "quality/issue.h"
#include "quality/subject.h"

namespace bartizan::quality {

/// Largest distance between two empirical distribution functions (Kolmogorov, Smirnov); NaN is left out.
double ks_distance(std::vector<float> a, std::vector<float> b);

/// Kinds: "schema_drift" (columns, types, shape, classes), "range_drift", "distribution_drift".
std::vector<Issue> drift_issues(const Subject& now, const Subject& before);

}  // namespace bartizan::quality
