#include "privacy/attacks.h"

#include <algorithm>
#include <cmath>
#include <map>

namespace bartizan::privacy {
namespace {

constexpr double kLeastDeviation = 1e-6;
constexpr double kLeastProbability = 1e-12;

struct Side {
    double mean = 0, variance = 0;
    std::size_t models = 0;
};

/// Mean and variance over the models that hold the item, or do not.
Side side_of(const ReferenceTable& table, std::size_t item, bool in) {
    Side out;
    for (std::size_t m = 0; m < table.models(); ++m)
        if ((table.in[m * table.items + item] != 0) == in) {
            out.mean += table.values[m * table.items + item];
            ++out.models;
        }
    if (out.models == 0) return out;
    out.mean /= static_cast<double>(out.models);
    for (std::size_t m = 0; m < table.models(); ++m)
        if ((table.in[m * table.items + item] != 0) == in)
            out.variance += std::pow(table.values[m * table.items + item] - out.mean, 2);
    if (out.models > 1) out.variance /= static_cast<double>(out.models - 1);
    return out;
}

std::vector<Side> sides_of(const ReferenceTable& table, bool in) {
    std::vector<Side> out;
    double pooled = 0, weight = 0;
    for (std::size_t i = 0; i < table.items; ++i) {
        out.push_back(side_of(table, i, in));
        if (out.back().models < 2) continue;
        pooled += out.back().variance * static_cast<double>(out.back().models - 1);
        weight += static_cast<double>(out.back().models - 1);
    }
    if (table.models() >= kOwnVarianceFrom || weight == 0) return out;
    for (Side& side : out) side.variance = pooled / weight;
    return out;
}

double deviation(const Side& side) { return std::max(kLeastDeviation, std::sqrt(side.variance)); }

double log_normal(double value, const Side& side) {
    const double z = (value - side.mean) / deviation(side);
    return -0.5 * z * z - std::log(deviation(side));
}

/// The share of `sorted` that is at most `value`.
double share_below(const std::vector<double>& sorted, double value) {
    if (sorted.empty()) return 0;
    return static_cast<double>(std::ranges::upper_bound(sorted, value) - sorted.begin()) /
           static_cast<double>(sorted.size());
}

std::vector<double> relative(std::span<const double> target, std::span<const double> expected,
                             std::span<const std::uint8_t> population, double gamma) {
    std::vector<double> ratio(target.size()), others;
    for (std::size_t i = 0; i < target.size(); ++i) {
        ratio[i] = target[i] / std::max(kLeastProbability, expected[i]);
        if (population[i] != 0) others.push_back(ratio[i] * gamma);
    }
    std::ranges::sort(others);
    std::vector<double> out;
    // The ratio itself settles what shares of a small population leave equal.
    for (const double one : ratio) out.push_back(share_below(others, one) + 1e-9 * one / (1 + one));
    return out;
}

/// Solves (A + lambda I) x = b for a symmetric positive definite A by Cholesky's decomposition, in place.
std::vector<double> solve(std::vector<double> a, std::vector<double> b, double lambda) {
    const std::size_t n = b.size();
    for (std::size_t i = 0; i < n; ++i) a[i * n + i] += lambda;
    for (std::size_t j = 0; j < n; ++j) {
        for (std::size_t k = 0; k < j; ++k) a[j * n + j] -= a[j * n + k] * a[j * n + k];
        a[j * n + j] = std::sqrt(std::max(1e-12, a[j * n + j]));
        for (std::size_t i = j + 1; i < n; ++i) {
            for (std::size_t k = 0; k < j; ++k) a[i * n + j] -= a[i * n + k] * a[j * n + k];
            a[i * n + j] /= a[j * n + j];
        }
    }
    for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t k = 0; k < i; ++k) b[i] -= a[i * n + k] * b[k];
        b[i] /= a[i * n + i];
    }
    for (std::size_t i = n; i-- > 0;) {
        for (std::size_t k = i + 1; k < n; ++k) b[i] -= a[k * n + i] * b[k];
        b[i] /= a[i * n + i];
    }
    return b;
}

/// Ridge regression of `wanted` on the features and a constant, over the population.
class Ridge {
public:
    Ridge(std::span<const float> features, std::size_t width, std::span<const std::uint8_t> population,
          std::span<const double> wanted)
        : features_(features), width_(width) {
        const std::size_t n = width + 1;
        std::vector<double> a(n * n, 0), b(n, 0);
        std::vector<double> row(n);
        double rows = 0;
        for (std::size_t i = 0; i < wanted.size(); ++i) {
            if (population[i] == 0) continue;
            fill(i, row);
            for (std::size_t k = 0; k < n; ++k) {
                b[k] += row[k] * wanted[i];
                for (std::size_t l = 0; l <= k; ++l) a[k * n + l] += row[k] * row[l];
            }
            ++rows;
        }
        weights_ = solve(std::move(a), std::move(b), 1e-2 * rows + 1e-6);
    }
    double at(std::size_t item) const {
        double out = weights_[width_];
        for (std::size_t d = 0; d < width_; ++d) out += weights_[d] * features_[item * width_ + d];
        return out;
    }

private:
    void fill(std::size_t item, std::vector<double>& row) const {
        for (std::size_t d = 0; d < width_; ++d) row[d] = features_[item * width_ + d];
        row[width_] = 1;
    }
    std::span<const float> features_;
    std::size_t width_;
    std::vector<double> weights_;
};

}  // namespace

std::vector<double> lira_online(std::span<const double> target, const ReferenceTable& references) {
    const std::vector<Side> in = sides_of(references, true), out = sides_of(references, false);
    std::vector<double> scores;
    for (std::size_t i = 0; i < target.size(); ++i) {
        const double with = in[i].models == 0 ? 0 : log_normal(target[i], in[i]);
        const double without = out[i].models == 0 ? 0 : log_normal(target[i], out[i]);
        scores.push_back(with - without);
    }
    return scores;
}

std::vector<double> lira_offline(std::span<const double> target, const ReferenceTable& references) {
    const std::vector<Side> out = sides_of(references, false);
    std::vector<double> scores;
    for (std::size_t i = 0; i < target.size(); ++i)
        scores.push_back(out[i].models == 0 ? 0 : (target[i] - out[i].mean) / deviation(out[i]));
    return scores;
}

std::vector<double> rmia_offline(std::span<const double> target, const ReferenceTable& references,
                                 std::span<const std::uint8_t> population, double a, double gamma) {
    std::vector<double> expected;
    for (std::size_t i = 0; i < target.size(); ++i) {
        const Side out = side_of(references, i, false);
        const double mean = out.models == 0 ? side_of(references, i, true).mean : out.mean;
        expected.push_back(0.5 * ((1 + a) * mean + (1 - a)));
    }
    return relative(target, expected, population, gamma);
}

std::vector<double> rmia_online(std::span<const double> target, const ReferenceTable& references,
                                std::span<const std::uint8_t> population, double gamma) {
    std::vector<double> expected;
    for (std::size_t i = 0; i < target.size(); ++i) {
        const Side in = side_of(references, i, true), out = side_of(references, i, false);
        const double one = in.models == 0 ? out.mean : in.mean, other = out.models == 0 ? in.mean : out.mean;
        expected.push_back((one + other) / 2);
    }
    return relative(target, expected, population, gamma);
}

std::vector<double> attack_p(std::span<const double> scores, std::span<const std::int64_t> labels,
                             std::span<const std::uint8_t> population) {
    std::map<std::int64_t, std::vector<double>> of_class;
    for (std::size_t i = 0; i < scores.size(); ++i)
        if (population[i] != 0) of_class[labels[i]].push_back(scores[i]);
    for (auto& [label, values] : of_class) std::ranges::sort(values);
    std::vector<double> out;
    for (std::size_t i = 0; i < scores.size(); ++i) out.push_back(share_below(of_class[labels[i]], scores[i]));
    return out;
}

std::vector<double> quantile_regression(std::span<const double> scores, std::span<const float> features,
                                        std::size_t width, std::span<const std::uint8_t> population) {
    const Ridge mean(features, width, population, scores);
    std::vector<double> spread;
    for (std::size_t i = 0; i < scores.size(); ++i) spread.push_back(std::log(std::abs(scores[i] - mean.at(i)) + 1e-3));
    const Ridge log_deviation(features, width, population, spread);
    std::vector<double> out;
    for (std::size_t i = 0; i < scores.size(); ++i)
        out.push_back((scores[i] - mean.at(i)) / std::exp(log_deviation.at(i)));
    return out;
}

}  // namespace bartizan::privacy
