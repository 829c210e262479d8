#pragma once
/// How labels and items lie in the whole: classes of unequal size, an order that is no accident, single figures that
/// give the label away. Thread rule: pure functions.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "quality/issue.h"
#include "quality/neighbours.h"
#include "quality/subject.h"

namespace bartizan::quality {

/// "missing_label", "single_class", "class_imbalance" (rarest class below 0.1 of its even share).
std::vector<Issue> label_issues(const Subject& subject);

/// "order": neighbours in space are neighbours in the file too (permutation test), or equal labels stand together.
std::vector<Issue> order_issues(const Subject& subject, const Neighbours* neighbours, std::uint64_t seed);

/// How well one figure alone tells the class: majority classes of its tenths, learnt on a random half of the items,
/// tried on the rest; beyond always naming the largest class: 0 nothing, 1 everything.
double telling(std::span<const float> figure, std::span<const std::int64_t> labels, std::int64_t classes);

/// "spurious_correlation": brightness, contrast, colour, sharpness, border of pictures; "label_leak": a column.
std::vector<Issue> telling_issues(const Subject& subject);

}  // namespace bartizan::quality
