#pragma once
/// The nearest neighbours of every item, exactly, in Euclidean distance. Items are projected to few dimensions first
/// (Johnson and Lindenstrauss 1984), which keeps distances to a few per cent.
/// Thread rule: pure functions; `nearest` uses the threads it is told.

#include <cstdint>
#include <span>
#include <vector>

#include "bartizan/result.h"
#include "bartizan/run_context.h"

namespace bartizan::quality {

inline constexpr int kNeighbours = 10;
inline constexpr std::size_t kProjected = 32;

/// [items, width] row-major.
struct Matrix {
    std::vector<float> values;
    std::size_t width = 0;
    std::size_t rows() const { return width == 0 ? 0 : values.size() / width; }
    std::span<const float> row(std::size_t i) const { return {values.data() + i * width, width}; }
};

/// Columns brought to mean 0 and deviation 1 (constant ones to 0).
void standardise(Matrix& matrix);
/// All values together brought to mean 0 and deviation 1: pixels, which are of one kind.
void standardise_as_one(Matrix& matrix);
/// To at most kProjected dimensions, by a seeded random matrix of +-1; wide rows only.
Matrix project(const Matrix& matrix, std::uint64_t seed);

struct Neighbours {
    std::vector<std::int32_t> index;  ///< [items, k], nearest first
    std::vector<float> distance;      ///< the same
    int k = 0;
    std::size_t items() const { return k == 0 ? 0 : index.size() / static_cast<std::size_t>(k); }
};

/// Of each item of `matrix` among the others. k is less where there are fewer items. O(items^2 * width).
/// Fails with `cancelled`.
Result<Neighbours> nearest(const Matrix& matrix, int k, const RunContext& run);

}  // namespace bartizan::quality
