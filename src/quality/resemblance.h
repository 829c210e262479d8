#pragma once
/// Rows and texts that share nearly all of their parts, found by MinHash (Broder 1997) with one permutation for all
/// bins (Li, Owen, Zhang 2012) and locality-sensitive banding; every pair that is told was compared part by part.
/// Thread rule: pure functions.

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "quality/subject.h"

namespace bartizan::quality {

/// The parts of one item, as hashes, sorted, each once: shingles of three words of free text, (column, value) of a row.
using Parts = std::vector<std::uint64_t>;

inline constexpr double kResembles = 0.9;      ///< Jaccard similarity
inline constexpr std::size_t kLeastParts = 6;  ///< what has fewer resembles by chance

/// Of each item. Free text only if there is some; else the cells of the row.
std::vector<Parts> parts_of(const Subject& subject);

/// |a and b| / |a or b|
double similarity(const Parts& a, const Parts& b);

/// Pairs of at least `least` similarity, the first index lower; at most `most`. Items with less than kLeastParts parts
/// are left out.
std::vector<std::pair<std::int64_t, std::int64_t>> resembling(std::span<const Parts> items, double least,
                                                              std::size_t most);

}  // namespace bartizan::quality
