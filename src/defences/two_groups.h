#pragma once
/// Rows in two groups around two centres: what SCAn and activation clustering do to a class, in different coordinates.
/// Thread rule: pure functions.

#include <cstdint>
#include <vector>

namespace at {
class Tensor;
}

namespace bartizan::defences {

struct TwoGroups {
    double statistic = 0;  ///< n1 n2 / n^2 |u1 - u2|^2: in whitened rows the likelihood ratio J of SCAn, equation 8
    std::vector<bool> second;
    std::vector<double> centre[2];  ///< empty when all rows are equal
};

/// `rows` float64 [n, d], contiguous, n >= 1. The best of four seeded starts (the second centre drawn far from the first,
/// as k-means++ does), each carried on until no row changes its group.
TwoGroups split_in_two(const at::Tensor& rows, std::uint64_t stream, std::uint64_t seed);

double squared_distance(const double* a, const double* b, std::int64_t width);

}  // namespace bartizan::defences
