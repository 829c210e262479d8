#include "defences/scan.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/eye.h>
#include <ATen/ops/linalg_eigh.h>
#include <ATen/ops/linalg_inv.h>
#include <ATen/ops/dot.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/mv.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/tensor.h>

#include "core/random.h"
#include "defences/features.h"

namespace bartizan::defences {
namespace scan {
namespace {

constexpr int kEmSteps = 30;
constexpr int kSplitSteps = 100;
constexpr int kStarts = 4;
constexpr double kRidge = 1e-6;           // of the mean variance, so that covariances can be inverted
constexpr std::int64_t kLeastClean = 2;   // items of a class: fewer say nothing of its spread
constexpr double kLeastDeviation = 1e-6;  // of the median: less is rounding
constexpr double kMadToDeviation = 1.4826;
constexpr std::uint32_t kSplitPurpose = 410'000;

at::Tensor ridged(const at::Tensor& covariance) {
    const at::Tensor mean_variance = covariance.diagonal().mean().clamp_min(std::numeric_limits<float>::min());
    return covariance + at::eye(covariance.size(0), covariance.options()) * (mean_variance * kRidge);
}

at::Tensor covariance(const at::Tensor& x) {
    const at::Tensor centred = x - x.mean(0, true);
    return at::matmul(centred.t(), centred) / static_cast<double>(x.size(0));
}

/// What clean data looks like: a class mean and a spread that all classes share.
struct CleanModel {
    std::map<std::int64_t, at::Tensor> means;
    at::Tensor spread;  ///< Se
};

/// x = class mean + e, both Gaussian, by EM (the two-component model of the paper, equation 2). The posterior mean
/// -Se G sum(x) equals Su (n Su + Se)^-1 sum(x).
CleanModel fit(const at::Tensor& x, const RowsByLabel& rows) {
    std::vector<at::Tensor> members;
    std::vector<at::Tensor> means;
    for (const auto& [label, at_rows] : rows) {
        members.push_back(pick_rows(x, at_rows));
        means.push_back(members.back().mean(0));
    }
    at::Tensor spread;
    for (int step = 0; step < kEmSteps; ++step) {
        at::Tensor within = at::matmul(x.t(), x) * 0;
        for (std::size_t k = 0; k < members.size(); ++k) {
            const at::Tensor rest = members[k] - means[k];
            within = within + at::matmul(rest.t(), rest);
        }
        spread = ridged(within / static_cast<double>(x.size(0)));
        const at::Tensor between = ridged(covariance(at::stack(means)));
        for (std::size_t k = 0; k < members.size(); ++k) {
            const double n = static_cast<double>(members[k].size(0));
            means[k] = at::matmul(between, at::matmul(at::linalg_inv(between * n + spread), members[k].sum(0)));
        }
    }
    CleanModel model{{}, spread};
    std::size_t k = 0;
    for (const auto& [label, at_rows] : rows) model.means[label] = means[k++];
    return model;
}

double squared_distance(const double* a, const double* b, std::int64_t width) {
    double sum = 0;
    for (std::int64_t j = 0; j < width; ++j) sum += (a[j] - b[j]) * (a[j] - b[j]);
    return sum;
}

/// A class in two groups; coordinates are whitened by the spread, so that Mahalanobis distances are plain ones.
struct Split {
    double statistic = 0;
    std::vector<bool> second;
    std::vector<double> centre[2];
};

/// The mean of a group from its sum.
std::vector<double> centre_of(const std::vector<double>& sum, std::int64_t count) {
    std::vector<double> centre = sum;
    for (double& value : centre) value /= static_cast<double>(count);
    return centre;
}

/// For each row, above 0 when it is nearer to the second centre: |z - u1|^2 - |z - u2|^2.
at::Tensor lean(const at::Tensor& z, const Split& split) {
    const at::Tensor first = at::tensor(split.centre[0]);
    const at::Tensor second = at::tensor(split.centre[1]);
    return at::mv(z, (second - first) * 2) + (first.dot(first) - second.dot(second));
}

/// One start of the fixpoint: items go to the nearer centre (linear discriminant of equal spread), centres follow.
/// With centres at the means of their groups, the likelihood ratio J of equation 8 is n1 n2 / n^2 |u1 - u2|^2.
Split split_from(const at::Tensor& whitened, std::int64_t first, std::int64_t other) {
    const double* z = whitened.data_ptr<double>();
    const std::int64_t n = whitened.size(0);
    const std::int64_t width = whitened.size(1);
    Split split;
    split.second.assign(static_cast<std::size_t>(n), false);
    split.centre[0].assign(z + first * width, z + (first + 1) * width);
    split.centre[1].assign(z + other * width, z + (other + 1) * width);
    std::vector<double> sum[2] = {std::vector<double>(static_cast<std::size_t>(width)), {}};
    sum[1] = sum[0];
    for (std::int64_t i = 0; i < n * width; ++i) sum[0][i % width] += z[i];
    std::int64_t second_count = 0;
    for (int step = 0; step < kSplitSteps; ++step) {
        const at::Tensor leans = lean(whitened, split);
        bool moved = false;
        for (std::int64_t i = 0; i < n; ++i) {
            const bool second = leans.data_ptr<double>()[i] > 0;
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

/// The best of a few seeded starts; the second centre is drawn far from the first, as k-means++ does.
Split split_class(const at::Tensor& whitened, std::int64_t label, std::uint64_t seed) {
    const double* z = whitened.data_ptr<double>();
    const std::int64_t n = whitened.size(0);
    const std::int64_t width = whitened.size(1);
    Random random(seed, static_cast<std::uint64_t>(label), kSplitPurpose);
    Split best;
    best.second.assign(static_cast<std::size_t>(n), false);
    for (int start = 0; start < kStarts; ++start) {
        const auto first = static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(n)));
        std::vector<double> mass(static_cast<std::size_t>(n));
        double total = 0;
        for (std::int64_t i = 0; i < n; ++i)
            mass[i] = total += squared_distance(z + i * width, z + first * width, width);
        if (total == 0) return best;
        const auto drawn = std::upper_bound(mass.begin(), mass.end(), random.uniform53() * total);
        const std::int64_t other = std::min<std::int64_t>(drawn - mass.begin(), n - 1);
        Split split = split_from(whitened, first, other);
        if (split.statistic > best.statistic) best = std::move(split);
    }
    return best;
}

/// Rows of the group that lies farther from where the clean class lies.
void add_suspects(const Split& split, const at::Tensor& clean_mean, const std::vector<std::int64_t>& rows,
                  std::vector<std::int64_t>& out) {
    const double* mean = clean_mean.data_ptr<double>();
    const auto width = clean_mean.size(0);
    const bool strange =
        squared_distance(split.centre[1].data(), mean, width) > squared_distance(split.centre[0].data(), mean, width);
    for (std::size_t i = 0; i < rows.size(); ++i)
        if (split.second[i] == strange) out.push_back(rows[i]);
}

double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    const std::size_t half = values.size() / 2;
    return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

/// One-sided: a class that is tighter than its peers is no sign of poison.
void judge(ScanResult& result, double threshold) {
    std::vector<double> values;
    for (const ScanClass& one : result.classes) values.push_back(one.statistic);
    const double middle = median(values);
    for (double& value : values) value = std::abs(value - middle);
    const double deviation = kMadToDeviation * median(values);
    if (deviation <= kLeastDeviation * middle) {
        result.reason = "most classes have the same statistic: there is no deviation to compare with";
        return;
    }
    result.verdict = PoisonVerdict::clean;
    for (ScanClass& one : result.classes) {
        one.index = (one.statistic - middle) / deviation;
        one.flagged = one.index > threshold;
        if (one.flagged) result.verdict = PoisonVerdict::suspicious;
    }
}

Result<ScanResult> run(const at::Tensor& suspect, const RowsByLabel& rows, const at::Tensor& clean,
                       const RowsByLabel& clean_rows, const ScanOptions& options) {
    const at::Tensor x = suspect.to(at::kDouble);
    const at::Tensor centre = x.mean(0, true);
    const auto [values, vectors] = at::linalg_eigh(covariance(x));
    const std::int64_t kept = std::min(options.dimensions, x.size(1));
    const at::Tensor directions = vectors.narrow(1, x.size(1) - kept, kept);
    const CleanModel model = fit(at::matmul(clean.to(at::kDouble) - centre, directions), clean_rows);

    const auto [spreads, axes] = at::linalg_eigh(model.spread);
    const at::Tensor whiten = axes / spreads.clamp_min(std::numeric_limits<double>::min()).sqrt();
    const at::Tensor z = at::matmul(x - centre, at::matmul(directions, whiten));

    ScanResult result;
    std::vector<Split> splits;
    for (const auto& [label, at_rows] : rows) {
        splits.push_back(split_class(pick_rows(z, at_rows).contiguous(), label, options.seed));
        result.classes.push_back({label, static_cast<std::int64_t>(at_rows.size()), splits.back().statistic, 0, false});
    }
    if (static_cast<std::int64_t>(rows.size()) < kScanLeastClasses) {
        result.reason = std::to_string(rows.size()) + " classes: fewer than " + std::to_string(kScanLeastClasses) +
                        " give no robust deviation";
        return result;
    }
    judge(result, options.threshold);
    std::size_t k = 0;
    for (const auto& [label, at_rows] : rows) {
        if (result.classes[k].flagged)
            add_suspects(splits[k], at::matmul(model.means.at(label), whiten).contiguous(), at_rows, result.suspects);
        ++k;
    }
    std::sort(result.suspects.begin(), result.suspects.end());
    return result;
}

}  // namespace
}  // namespace scan

std::string_view to_string(PoisonVerdict verdict) {
    switch (verdict) {
        case PoisonVerdict::clean:
            return "clean";
        case PoisonVerdict::suspicious:
            return "suspicious";
        case PoisonVerdict::inconclusive:
            break;
    }
    return "inconclusive";
}

Result<ScanResult> scan_classes(const at::Tensor& features, std::span<const std::int64_t> labels,
                                const at::Tensor& clean, std::span<const std::int64_t> clean_labels,
                                const ScanOptions& options) {
    if (options.dimensions < 1) return invalid_input("SCAn needs at least one dimension");
    if (!(options.threshold > 0)) return invalid_input("the threshold of SCAn must be above 0");
    BARTIZAN_TRY(check_features(features, labels, "suspect"));
    BARTIZAN_TRY(check_features(clean, clean_labels, "clean"));
    if (features.size(1) != clean.size(1))
        return invalid_input("the suspect features have " + std::to_string(features.size(1)) +
                             " columns, the clean ones " + std::to_string(clean.size(1)));
    const RowsByLabel rows = rows_by_label(labels);
    const RowsByLabel clean_rows = rows_by_label(clean_labels);
    for (const auto& [label, at_rows] : rows) {
        const auto found = clean_rows.find(label);
        const auto held = found == clean_rows.end() ? 0 : static_cast<std::int64_t>(found->second.size());
        if (held < scan::kLeastClean)
            return invalid_input(
                "the clean set holds " + std::to_string(held) + " items of class " + std::to_string(label),
                "give at least 20 trusted items of each class");
    }
    try {
        return scan::run(features, rows, clean, clean_rows, options);
    } catch (const std::exception& caught) {
        return internal_error(std::string("SCAn: ") + caught.what());
    }
}

}  // namespace bartizan::defences
