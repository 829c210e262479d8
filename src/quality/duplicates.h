#pragma once
/// Items that are the same, or nearly: within a set, and between two splits of one, where they leak the answers of the
/// test into the training.
/// Thread rule: pure functions.

#include <cstdint>
#include <span>
#include <vector>

#include "quality/neighbours.h"

namespace bartizan::quality {

/// Two or more items that belong together, lowest index first.
using Group = std::vector<std::int64_t>;

/// Items of equal bytes. O(items * width).
std::vector<Group> exact_duplicates(const Matrix& items);
/// Items of `b` that `a` has too: pairs (of a, of b), one for each item of `b`.
std::vector<std::pair<std::int64_t, std::int64_t>> exact_leaks(const Matrix& a, const Matrix& b);

/// A 64-bit hash of what a picture looks like: the signs of brightness differences on a grid of 9 by 8 (dHash, Krawetz
/// 2013). Pictures that were scaled, compressed or slightly changed differ in few bits.
std::uint64_t picture_hash(std::span<const float> grey, std::size_t height, std::size_t width);
/// The same of each item, [C,H,W], [H,W,C] or [H,W]; empty for other shapes.
std::vector<std::uint64_t> picture_hashes(const Matrix& items, std::span<const std::int64_t> item_shape);

/// Pairs whose hashes differ in at most `bits` (<= 3) bits: found by the four quarters, one of which must be equal.
/// At most `most` pairs.
std::vector<std::pair<std::int64_t, std::int64_t>> similar_hashes(std::span<const std::uint64_t> hashes, int bits,
                                                                  std::size_t most);

/// Pairs joined into groups.
std::vector<Group> grouped(std::size_t items, std::span<const std::pair<std::int64_t, std::int64_t>> pairs);

}  // namespace bartizan::quality
