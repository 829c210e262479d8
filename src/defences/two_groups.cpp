#include "defences/two_groups.h"

#include <algorithm>

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/mv.h>

#include "core/random.h"

namespace bartizan::defences {
namespace two_groups {
namespace {

constexpr int kSplitSteps = 100;
constexpr int kStarts = 4;
constexpr std::uint32_t kSplitPurpose = 410'000;

/// The mean of a group from its sum.
std::vector<double> centre_of(const std::vector<double>& sum, std::int64_t count) {
    std::vector<double> centre = sum;
    for (double& value : centre) value /= static_cast<double>(count);
    return centre;
}

/// For each row, above 0 when it is nearer to the second centre: |z - u1|^2 - |z - u2|^2.
at::Tensor lean(const at::Tensor& z, const TwoGroups& split) {
    std::vector<double> towards(split.centre[0].size());
    double offset = 0;
    for (std::size_t j = 0; j < towards.size(); ++j) {
        const double first = split.centre[0][j], second = split.centre[1][j];
        towards[j] = 2 * (second - first);
        offset += first * first - second * second;
    }
    return at::mv(z, at::from_blob(towards.data(), {z.size(1)}, at::kDouble)).add_(offset);
}

/// One start of the fixpoint: items go to the nearer centre (linear discriminant of equal spread), centres follow.
/// With centres at the means of their groups, the statistic is n1 n2 / n^2 |u1 - u2|^2.
TwoGroups split_from(const at::Tensor& rows, std::int64_t first, std::int64_t other) {
    const double* z = rows.data_ptr<double>();
    const std::int64_t n = rows.size(0);
    const std::int64_t width = rows.size(1);
    TwoGroups split;
    split.second.assign(static_cast<std::size_t>(n), false);
    split.centre[0].assign(z + first * width, z + (first + 1) * width);
    split.centre[1].assign(z + other * width, z + (other + 1) * width);
    std::vector<double> sum[2] = {std::vector<double>(static_cast<std::size_t>(width)), {}};
    sum[1] = sum[0];
    for (std::int64_t i = 0; i < n; ++i)
        for (std::int64_t j = 0; j < width; ++j) sum[0][j] += z[i * width + j];
    std::int64_t second_count = 0;
    for (int step = 0; step < kSplitSteps; ++step) {
        const at::Tensor leans = lean(rows, split);
        const double* to_second = leans.data_ptr<double>();
        bool moved = false;
        for (std::int64_t i = 0; i < n; ++i) {
            const bool second = to_second[i] > 0;
            if (second == split.second[i]) continue;
            moved = true;
            split.second[i] = second;
            second_count += second ? 1 : -1;
            for (std::int64_t j = 0; j < width; ++j) {
                sum[second][j] += z[i * width + j];
                sum[!second][j] -= z[i * width + j];
            }
        }
        if (second_count == 0 || second_count == n) return split;
        if (!moved) break;
        split.centre[0] = centre_of(sum[0], n - second_count);
        split.centre[1] = centre_of(sum[1], second_count);
    }
    const double share = static_cast<double>(second_count) / static_cast<double>(n);
    split.statistic = share * (1 - share) * squared_distance(split.centre[0].data(), split.centre[1].data(), width);
    return split;
}

}  // namespace
}  // namespace two_groups

double squared_distance(const double* a, const double* b, std::int64_t width) {
    double sum = 0;
    for (std::int64_t j = 0; j < width; ++j) sum += (a[j] - b[j]) * (a[j] - b[j]);
    return sum;
}

TwoGroups split_in_two(const at::Tensor& rows, std::uint64_t stream, std::uint64_t seed) {
    const double* z = rows.data_ptr<double>();
    const std::int64_t n = rows.size(0);
    const std::int64_t width = rows.size(1);
    Random random(seed, stream, two_groups::kSplitPurpose);
    TwoGroups best;
    best.second.assign(static_cast<std::size_t>(n), false);
    for (int start = 0; start < two_groups::kStarts; ++start) {
        const auto first = static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(n)));
        std::vector<double> mass(static_cast<std::size_t>(n));
        double total = 0;
        for (std::int64_t i = 0; i < n; ++i)
            mass[i] = total += squared_distance(z + i * width, z + first * width, width);
        if (total == 0) return best;
        const auto drawn = std::upper_bound(mass.begin(), mass.end(), random.uniform53() * total);
        const std::int64_t other = std::min<std::int64_t>(drawn - mass.begin(), n - 1);
        TwoGroups split = two_groups::split_from(rows, first, other);
        if (split.statistic > best.statistic) best = std::move(split);
    }
    return best;
}

}  // namespace bartizan::defences
