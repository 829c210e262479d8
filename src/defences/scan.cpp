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
#include <ATen/ops/matmul.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>

#include "core/random.h"
#include "defences/features.h"
#include "defences/two_groups.h"

namespace bartizan::defences {
namespace scan {
namespace {

constexpr int kEmSteps = 30;
constexpr double kRidge = 1e-6;           // of the mean variance, so that covariances can be inverted
constexpr std::int64_t kLeastClean = 2;   // items of a class: fewer say nothing of its spread
constexpr double kLeastDeviation = 1e-6;  // of the median: less is rounding
constexpr std::int64_t kMostForDirections = 4096;  // rows that principal directions are taken from, evenly spread
constexpr double kMadToDeviation = 1.4826;
constexpr std::uint32_t kNullPurpose = 410'001;
constexpr int kNullDraws = 199;  // of each class, where there are too few classes to compare with one another

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
/// -Se G sum(x) equals Su (n Su + Se)^-1 sum(x). The scatter around the sample means does not change from step to step,
/// and classes of one size share an inverse.
CleanModel fit(const at::Tensor& x, const RowsByLabel& rows) {
    std::vector<at::Tensor> sample_means;
    std::vector<double> counts;
    at::Tensor scatter = at::zeros({x.size(1), x.size(1)}, x.options());
    for (const auto& [label, at_rows] : rows) {
        const at::Tensor members = pick_rows(x, at_rows);
        sample_means.push_back(members.mean(0));
        counts.push_back(static_cast<double>(at_rows.size()));
        const at::Tensor rest = members - sample_means.back();
        scatter += at::matmul(rest.t(), rest);
    }
    const at::Tensor samples = at::stack(sample_means);
    const at::Tensor weights = at::tensor(counts).unsqueeze(1);
    at::Tensor means = samples.clone();
    at::Tensor spread;
    for (int step = 0; step < kEmSteps; ++step) {
        const at::Tensor shift = samples - means;
        spread = ridged((scatter + at::matmul(shift.t(), shift * weights)) / static_cast<double>(x.size(0)));
        const at::Tensor between = ridged(covariance(means));
        std::map<double, at::Tensor> shrink;  // by class size
        for (std::size_t k = 0; k < counts.size(); ++k) {
            at::Tensor& by = shrink[counts[k]];
            if (!by.defined()) by = at::matmul(between, at::linalg_inv(between * counts[k] + spread)) * counts[k];
            means[static_cast<std::int64_t>(k)] = at::matmul(by, sample_means[k]);
        }
    }
    CleanModel model{{}, spread};
    std::int64_t k = 0;
    for (const auto& [label, at_rows] : rows) model.means[label] = means[k++];
    return model;
}

/// Which of the two groups lies farther from where the clean class lies.
bool strange_group(const TwoGroups& split, const at::Tensor& clean_mean) {
    const double* mean = clean_mean.data_ptr<double>();
    const auto width = clean_mean.size(0);
    return squared_distance(split.centre[1].data(), mean, width) > squared_distance(split.centre[0].data(), mean, width);
}

/// Rows of the group.
void add_suspects(const TwoGroups& split, bool group, const std::vector<std::int64_t>& rows,
                  std::vector<std::int64_t>& out) {
    for (std::size_t i = 0; i < rows.size(); ++i)
        if (split.second[i] == group) out.push_back(rows[i]);
}

/// Share of the rows nearer to the centre of the group.
double share_in(const TwoGroups& split, bool group, const at::Tensor& rows) {
    const at::Tensor x = rows.contiguous();
    const double* z = x.data_ptr<double>();
    const std::int64_t width = x.size(1);
    std::int64_t inside = 0;
    for (std::int64_t i = 0; i < x.size(0); ++i, z += width)
        inside += squared_distance(z, split.centre[group].data(), width) < squared_distance(z, split.centre[!group].data(), width);
    return static_cast<double>(inside) / static_cast<double>(x.size(0));
}

/// Clears a class whose trusted items lie in the same two groups.
void hold_against_trusted(ScanClass& one, const TwoGroups& split, bool strange, const at::Tensor& trusted) {
    const auto inside = std::ranges::count(split.second, strange);
    one.strange = static_cast<double>(inside) / static_cast<double>(split.second.size());
    one.trusted_strange = share_in(split, strange, trusted);
    one.by_nature = one.trusted_strange > kScanNatural * one.strange;
    if (one.by_nature) one.flagged = false;
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
    }
}

/// The statistic of as many items as the class has, drawn with replacement from its trusted ones.
double null_statistic(const at::Tensor& trusted, std::int64_t items, Random& random, std::uint64_t seed) {
    std::vector<std::int64_t> drawn;
    for (std::int64_t i = 0; i < items; ++i)
        drawn.push_back(static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(trusted.size(0)))));
    return split_in_two(pick_rows(trusted, drawn).contiguous(), random.bits32(), seed).statistic;
}

/// Where there are too few classes to compare with one another, each is compared with its own trusted items: flagged
/// above every one of the draws, so that a clean set of k classes is flagged in at most k of 200 cases.
void judge_by_null(ScanResult& result, const at::Tensor& clean, const RowsByLabel& clean_rows, std::uint64_t seed) {
    constexpr std::int64_t kMostDrawn = 500;  // more items do not change a statistic per item
    result.verdict = PoisonVerdict::clean;
    for (ScanClass& one : result.classes) {
        const auto& trusted = clean_rows.at(one.label);
        if (static_cast<std::int64_t>(trusted.size()) < kScanLeastForNull) {
            result.verdict = PoisonVerdict::inconclusive;
            result.reason = std::to_string(result.classes.size()) + " classes are compared with trusted items, and class " +
                            std::to_string(one.label) + " has " + std::to_string(trusted.size()) + " of them; " +
                            std::to_string(kScanLeastForNull) + " are needed";
            for (ScanClass& other : result.classes) other.flagged = false;
            return;
        }
        const at::Tensor members = pick_rows(clean, trusted);
        Random random(seed, static_cast<std::uint64_t>(one.label), kNullPurpose);
        int above = 0;
        for (int draw = 0; draw < kNullDraws; ++draw)
            above += null_statistic(members, std::min(one.items, kMostDrawn), random, seed) >= one.statistic ? 1 : 0;
        one.p_value = static_cast<double>(above + 1) / (kNullDraws + 1);
        one.flagged = above == 0;
    }
}

Result<ScanResult> run(const at::Tensor& suspect, const RowsByLabel& rows, const at::Tensor& clean,
                       const RowsByLabel& clean_rows, const ScanOptions& options) {
    const at::Tensor x = suspect.to(at::kDouble);
    const at::Tensor centre = x.mean(0, true);
    const std::int64_t stride = (x.size(0) + kMostForDirections - 1) / kMostForDirections;
    const at::Tensor some = (x.slice(0, 0, x.size(0), stride) - centre).to(at::kFloat);  // directions need no more digits
    const auto [values, vectors] = at::linalg_eigh(covariance(some).to(at::kDouble));
    const std::int64_t kept = std::min(options.dimensions, x.size(1));
    const at::Tensor directions = vectors.narrow(1, x.size(1) - kept, kept);
    const at::Tensor clean_reduced = at::matmul(clean.to(at::kDouble) - centre, directions);
    const CleanModel model = fit(clean_reduced, clean_rows);

    const auto [spreads, axes] = at::linalg_eigh(model.spread);
    const at::Tensor whiten = axes / spreads.clamp_min(std::numeric_limits<double>::min()).sqrt();
    const at::Tensor onto = at::matmul(directions, whiten);
    const at::Tensor z = at::matmul(x, onto) - at::matmul(centre, onto);

    ScanResult result;
    std::vector<TwoGroups> splits;
    for (const auto& [label, at_rows] : rows) {
        splits.push_back(
            split_in_two(pick_rows(z, at_rows).contiguous(), static_cast<std::uint64_t>(label), options.seed));
        result.classes.push_back({.label = label,
                                  .items = static_cast<std::int64_t>(at_rows.size()),
                                  .statistic = splits.back().statistic});
    }
    const at::Tensor clean_z = at::matmul(clean_reduced, whiten);
    if (static_cast<std::int64_t>(rows.size()) < kScanLeastClasses)
        judge_by_null(result, clean_z, clean_rows, options.seed);
    else
        judge(result, options.threshold);
    std::size_t k = 0;
    for (const auto& [label, at_rows] : rows) {
        ScanClass& one = result.classes[k];
        const TwoGroups& split = splits[k++];
        if (!one.flagged) continue;
        const bool strange = strange_group(split, at::matmul(model.means.at(label), whiten).contiguous());
        hold_against_trusted(one, split, strange, pick_rows(clean_z, clean_rows.at(label)));
        if (!one.flagged) continue;
        result.verdict = PoisonVerdict::suspicious;
        add_suspects(split, strange, at_rows, result.suspects);
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
