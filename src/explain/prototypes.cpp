#include "explain/prototypes.h"

#include <algorithm>
#include <cmath>

#include <ATen/TensorOperators.h>
#include <ATen/ops/cdist.h>

namespace bartizan::explain {
namespace prototype_parts {
namespace {

/// Rows of a contiguous float32 [n, n].
class Kernel {
public:
    explicit Kernel(const at::Tensor& kernel) : tensor_(kernel.to(at::kFloat).contiguous()), n_(tensor_.size(0)) {}
    std::int64_t size() const { return n_; }
    double operator()(std::int64_t i, std::int64_t j) const { return tensor_.data_ptr<float>()[i * n_ + j]; }
    /// Mean over the set, of each row.
    std::vector<double> means() const {
        std::vector<double> out(static_cast<std::size_t>(n_), 0);
        for (std::int64_t i = 0; i < n_; ++i)
            for (std::int64_t j = 0; j < n_; ++j) out[static_cast<std::size_t>(i)] += (*this)(i, j);
        for (double& value : out) value /= static_cast<double>(n_);
        return out;
    }

private:
    at::Tensor tensor_;
    std::int64_t n_;
};

double mean_of(const std::vector<double>& values) {
    double sum = 0;
    for (const double value : values) sum += value;
    return sum / static_cast<double>(values.size());
}

double discrepancy(const Kernel& kernel, const std::vector<double>& means, std::span<const std::int64_t> rows) {
    if (rows.empty()) return mean_of(means);
    const auto m = static_cast<double>(rows.size());
    double within = 0, across = 0;
    for (const std::int64_t i : rows) {
        across += means[static_cast<std::size_t>(i)];
        for (const std::int64_t j : rows) within += kernel(i, j);
    }
    return std::max(0.0, mean_of(means) + within / (m * m) - 2 * across / m);
}

/// Each time the row after which 2 mean(S) - k(S, S) is largest.
std::vector<std::int64_t> greedy(const Kernel& kernel, const std::vector<double>& means, std::int64_t count) {
    const auto n = static_cast<std::size_t>(kernel.size());
    std::vector<std::int64_t> out;
    std::vector<double> to_chosen(n, 0);
    std::vector<std::uint8_t> chosen(n, 0);
    double within = 0, across = 0;
    while (std::ssize(out) < count) {
        const auto m = static_cast<double>(out.size() + 1);
        std::size_t best = n;
        double most = -INFINITY;
        for (std::size_t i = 0; i < n; ++i) {
            if (chosen[i] != 0) continue;
            const double own = kernel(static_cast<std::int64_t>(i), static_cast<std::int64_t>(i));
            const double worth = 2 * (across + means[i]) / m - (within + 2 * to_chosen[i] + own) / (m * m);
            if (worth > most) best = i, most = worth;
        }
        across += means[best];
        within += 2 * to_chosen[best] + kernel(static_cast<std::int64_t>(best), static_cast<std::int64_t>(best));
        chosen[best] = 1;
        for (std::size_t i = 0; i < n; ++i)
            to_chosen[i] += kernel(static_cast<std::int64_t>(i), static_cast<std::int64_t>(best));
        out.push_back(static_cast<std::int64_t>(best));
    }
    return out;
}

/// |witness| plus the logarithm of what a row adds to the determinant of the chosen rows' kernel (by Cholesky).
std::vector<std::int64_t> least_told(const Kernel& kernel, const std::vector<double>& means,
                                     std::span<const std::int64_t> prototypes, std::int64_t count) {
    const auto n = static_cast<std::size_t>(kernel.size());
    std::vector<double> witness(n, 0), left(n, 0);
    std::vector<std::uint8_t> taken(n, 0);
    for (const std::int64_t p : prototypes) taken[static_cast<std::size_t>(p)] = 1;
    for (std::size_t i = 0; i < n; ++i) {
        double told = 0;
        for (const std::int64_t p : prototypes) told += kernel(static_cast<std::int64_t>(i), p);
        witness[i] = std::abs(means[i] - told / static_cast<double>(std::max<std::size_t>(1, prototypes.size())));
        left[i] = kernel(static_cast<std::int64_t>(i), static_cast<std::int64_t>(i));
    }
    constexpr double kLeast = 1e-6;
    std::vector<std::vector<double>> factors;  // columns of the Cholesky factor
    std::vector<std::int64_t> out;
    while (std::ssize(out) < count) {
        std::size_t best = n;
        double most = -INFINITY;
        for (std::size_t i = 0; i < n; ++i) {
            if (taken[i] != 0) continue;
            const double worth = witness[i] + std::log(std::max(left[i], kLeast));
            if (worth > most) best = i, most = worth;
        }
        if (best == n) break;
        taken[best] = 1;
        out.push_back(static_cast<std::int64_t>(best));
        const double root = std::sqrt(std::max(left[best], kLeast));
        std::vector<double> column(n);
        for (std::size_t i = 0; i < n; ++i) {
            double dot = kernel(static_cast<std::int64_t>(i), static_cast<std::int64_t>(best));
            for (const auto& other : factors) dot -= other[i] * other[best];
            column[i] = dot / root;
            left[i] -= column[i] * column[i];
        }
        factors.push_back(std::move(column));
    }
    return out;
}

}  // namespace
}  // namespace prototype_parts

at::Tensor gaussian_kernel(const at::Tensor& rows) {
    const at::Tensor x = rows.to(at::kFloat).flatten(1);
    const at::Tensor squares = at::cdist(x, x).pow(2);
    const at::Tensor differing = squares.masked_select(squares > 0);
    const double width = differing.numel() == 0 ? 1 : differing.median().item<float>();
    return (squares / -width).exp();
}

Result<Critic> criticise(const at::Tensor& kernel, std::int64_t prototypes, std::int64_t criticisms,
                         const RunContext& ctx) {
    using namespace prototype_parts;
    if (kernel.dim() != 2 || kernel.size(0) != kernel.size(1) || kernel.size(0) < 2)
        return invalid_input("two items at least are needed to choose from");
    BARTIZAN_TRY(ctx.checkpoint());
    const Kernel k(kernel);
    const std::vector<double> means = k.means();
    Critic out;
    out.prototypes = greedy(k, means, std::min(prototypes, k.size()));
    out.criticisms = least_told(k, means, out.prototypes, std::min(criticisms, k.size() - std::ssize(out.prototypes)));
    out.discrepancy = discrepancy(k, means, out.prototypes);
    return out;
}

double discrepancy_of(const at::Tensor& kernel, std::span<const std::int64_t> rows) {
    const prototype_parts::Kernel k(kernel);
    return prototype_parts::discrepancy(k, k.means(), rows);
}

}  // namespace bartizan::explain
