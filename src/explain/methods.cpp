#include "explain/methods.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <numeric>
#include <tuple>
#include <utility>
#include <string>

#include "core/random.h"
#include "explain/gauss_legendre.h"
#include "explain/kernel_shap.h"

namespace bartizan::explain {
namespace {

using Row = std::span<const float>;

/// Where integrated gradients stop refining, and at the latest.
constexpr double kTolerance = 1e-3;
constexpr int kFirstNodes = 16, kNodesOfHalf = 4, kMostNodes = 2'048;
constexpr int kNoisy = 50;
constexpr double kNoise = 0.15;  ///< of the range of the input's values
constexpr int kPermutations = 16;
/// Windows of occlusion, and groups of Shapley, per side of a picture.
constexpr std::size_t kSide = 14;
/// KernelSHAP's regression wants many more coalitions than windows.
constexpr std::size_t kKernelSide = 7;
constexpr double kTiny = 1e-12;

double error_of(const std::vector<float>& values, double whole) {
    const double sum = std::accumulate(values.begin(), values.end(), 0.0);
    return std::abs(sum - whole) / std::max(std::abs(whole), kTiny);
}

Result<double> rise(const Score& score, Row x, Row baseline) {
    std::vector<float> both(x.begin(), x.end());
    both.insert(both.end(), baseline.begin(), baseline.end());
    const auto values = BARTIZAN_TRY(score.values(both));
    return values[0] - values[1];
}

Result<Attribution> gradient(const Score& score, Row x, Row, const Layout&, const RunContext&) {
    return Attribution{.values = BARTIZAN_TRY(score.gradients(x)), .completeness_error = {}, .evaluations = 1};
}

/// A stretch of the way from the baseline to the input, with what its gradients sum to.
struct Stretch {
    double from = 0, to = 1;
    double rise = 0;  ///< of the score along it: what the shares should sum to
    std::vector<float> shares = {};
    double error = 0;

    double middle() const { return (from + to) / 2; }
};

std::vector<float> points_between(Row x, Row baseline, std::span<const double> at) {
    std::vector<float> out;
    for (const double t : at)
        for (std::size_t i = 0; i < x.size(); ++i)
            out.push_back(static_cast<float>(baseline[i] + t * (double{x[i]} - baseline[i])));
    return out;
}

/// Equation 1 over each of the stretches, by so many Gauss-Legendre nodes.
Result<void> integrate(const Score& score, Row x, Row baseline, int nodes_of_each, std::span<Stretch> stretches) {
    const Nodes nodes = gauss_legendre(nodes_of_each);
    std::vector<double> at;
    for (const Stretch& one : stretches)
        for (const double t : nodes.at) at.push_back(one.from + t * (one.to - one.from));
    const std::vector<float> slopes = BARTIZAN_TRY(score.gradients(points_between(x, baseline, at)));
    for (std::size_t s = 0; s < stretches.size(); ++s) {
        Stretch& one = stretches[s];
        std::vector<double> sum(x.size(), 0);
        for (std::size_t k = 0; k < nodes.at.size(); ++k)
            for (std::size_t i = 0; i < x.size(); ++i)
                sum[i] += nodes.weight[k] * slopes[(s * nodes.at.size() + k) * x.size() + i];
        one.shares.resize(x.size());
        double whole = 0;
        for (std::size_t i = 0; i < x.size(); ++i) {
            sum[i] *= (one.to - one.from) * (double{x[i]} - baseline[i]);
            one.shares[i] = static_cast<float>(sum[i]);
            whole += sum[i];
        }
        one.error = std::abs(whole - one.rise);
    }
    return {};
}

/// Halves the stretches that are off by at least a quarter of what the worst is; takes them out of `stretches`.
Result<std::vector<Stretch>> halves_of_the_worst(const Score& score, Row x, Row baseline,
                                                 std::vector<Stretch>& stretches) {
    const double worst = std::ranges::max_element(stretches, {}, &Stretch::error)->error;
    const auto kept = std::ranges::partition(stretches, [&](const Stretch& one) { return one.error < worst / 4; });
    std::vector<double> at;
    for (const Stretch& one : kept)
        for (const double t : {one.from, one.middle(), one.to}) at.push_back(t);
    const auto values = BARTIZAN_TRY(score.values(points_between(x, baseline, at)));
    std::vector<Stretch> out;
    for (std::size_t i = 0; i < kept.size(); ++i) {
        const Stretch& one = kept[i];
        out.push_back({.from = one.from, .to = one.middle(), .rise = values[3 * i + 1] - values[3 * i]});
        out.push_back({.from = one.middle(), .to = one.to, .rise = values[3 * i + 2] - values[3 * i + 1]});
    }
    stretches.erase(kept.begin(), kept.end());
    return out;
}

/// Sundararajan et al. 2017 (arXiv:1703.01365), equation 1. Completeness holds for every stretch of the way by itself, so
/// that it says where the network has kinks: there the way is halved, until the sum of all errors is small.
Result<Attribution> integrated_gradients(const Score& score, Row x, Row baseline, const Layout&,
                                         const RunContext& ctx) {
    const double whole = BARTIZAN_TRY(rise(score, x, baseline));
    std::vector<Stretch> stretches(1);
    stretches[0].rise = whole;
    BARTIZAN_TRY(integrate(score, x, baseline, kFirstNodes, stretches));
    std::int64_t spent = 2 + kFirstNodes;
    const auto off = [&] {
        double sum = 0;
        for (const Stretch& one : stretches) sum += one.error;
        return sum;
    };
    while (off() > kTolerance / 2 * std::abs(whole) && spent < kMostNodes) {
        BARTIZAN_TRY(ctx.checkpoint());
        std::vector<Stretch> halves = BARTIZAN_TRY(halves_of_the_worst(score, x, baseline, stretches));
        BARTIZAN_TRY(integrate(score, x, baseline, kNodesOfHalf, halves));
        spent += std::ssize(halves) * (kNodesOfHalf + 2);
        stretches.insert(stretches.end(), std::make_move_iterator(halves.begin()), std::make_move_iterator(halves.end()));
    }
    std::ranges::sort(stretches, {}, &Stretch::from);
    std::vector<double> sum(x.size(), 0);
    for (const Stretch& one : stretches)
        for (std::size_t i = 0; i < x.size(); ++i) sum[i] += one.shares[i];
    Attribution out{.values = std::vector<float>(sum.begin(), sum.end()), .completeness_error = {}, .evaluations = spent};
    out.completeness_error = error_of(out.values, whole);
    return out;
}

/// Smilkov et al. 2017 (arXiv:1706.03825): the mean gradient of noisy copies, times the input's difference.
Result<Attribution> smoothgrad(const Score& score, Row x, Row baseline, const Layout&, const RunContext& ctx) {
    const auto [low, high] = std::ranges::minmax(x);
    const float deviation = static_cast<float>(kNoise) * std::max(high - low, 1e-6F);
    std::vector<float> noisy;
    for (int n = 0; n < kNoisy; ++n) {
        Random random(ctx.seed(), static_cast<std::uint64_t>(n), 500);
        for (const float value : x) noisy.push_back(value + deviation * random.normal());
    }
    const std::vector<float> slopes = BARTIZAN_TRY(score.gradients(noisy));
    std::vector<float> mean(x.size(), 0);
    for (std::size_t i = 0; i < slopes.size(); ++i) mean[i % x.size()] += slopes[i] / kNoisy;
    for (std::size_t i = 0; i < x.size(); ++i) mean[i] *= x[i] - baseline[i];
    return Attribution{std::move(mean), {}, kNoisy};
}

/// Pixels of windows that cover the picture evenly; each column of a table by itself.
std::vector<std::vector<std::size_t>> windows_of(const Layout& layout, std::size_t side) {
    if (layout.height == 1 || layout.width == 1) side = std::max(layout.height, layout.width);
    const std::size_t rows = std::min(layout.height, side), columns = std::min(layout.width, side);
    std::vector<std::vector<std::size_t>> out(rows * columns);
    for (std::size_t y = 0; y < layout.height; ++y)
        for (std::size_t c = 0; c < layout.width; ++c)
            out[(y * rows / layout.height) * columns + c * columns / layout.width].push_back(y * layout.width + c);
    return out;
}

void replace(std::vector<float>& row, Row by, const std::vector<std::size_t>& pixels, const Layout& layout) {
    for (const std::size_t pixel : pixels)
        for (std::size_t c = 0; c < layout.channels; ++c) row[layout.at(pixel, c)] = by[layout.at(pixel, c)];
}

/// A window's share, spread over its numbers.
void spread(std::vector<float>& values, double share, const std::vector<std::size_t>& pixels, const Layout& layout) {
    const auto each = static_cast<float>(share / static_cast<double>(pixels.size() * layout.channels));
    for (const std::size_t pixel : pixels)
        for (std::size_t c = 0; c < layout.channels; ++c) values[layout.at(pixel, c)] += each;
}

/// Zeiler and Fergus 2014: the drop when a window shows the baseline.
Result<Attribution> occlusion(const Score& score, Row x, Row baseline, const Layout& layout, const RunContext&) {
    const auto windows = windows_of(layout, kSide);
    std::vector<float> rows(x.begin(), x.end());
    for (const auto& window : windows) {
        std::vector<float> row(x.begin(), x.end());
        replace(row, baseline, window, layout);
        rows.insert(rows.end(), row.begin(), row.end());
    }
    const auto values = BARTIZAN_TRY(score.values(rows));
    Attribution out{.values = std::vector<float>(x.size(), 0),
                    .completeness_error = {},
                    .evaluations = static_cast<std::int64_t>(values.size())};
    for (std::size_t w = 0; w < windows.size(); ++w) spread(out.values, values[0] - values[w + 1], windows[w], layout);
    return out;
}

/// Shapley values of windows by permutations, each also backwards (Mitchell et al. 2022): what a window adds when it
/// is put in, in the order of the permutation. The sum telescopes, so completeness holds to rounding.
Result<Attribution> permutation_shapley(const Score& score, Row x, Row baseline, const Layout& layout,
                                        const RunContext& ctx) {
    const auto windows = windows_of(layout, kSide);
    Attribution out{.values = std::vector<float>(x.size(), 0)};
    std::vector<double> shares(windows.size(), 0);
    for (int p = 0; p < kPermutations; ++p) {
        BARTIZAN_TRY(ctx.checkpoint());
        Random random(ctx.seed(), static_cast<std::uint64_t>(p / 2), 501);
        std::vector<std::size_t> order(windows.size());
        std::iota(order.begin(), order.end(), std::size_t{0});
        for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[random.below(i)]);
        if (p % 2 == 1) std::ranges::reverse(order);
        std::vector<float> row(baseline.begin(), baseline.end()), rows = row;
        for (const std::size_t w : order) {
            replace(row, x, windows[w], layout);
            rows.insert(rows.end(), row.begin(), row.end());
        }
        const auto values = BARTIZAN_TRY(score.values(rows));
        out.evaluations += std::ssize(values);
        for (std::size_t i = 0; i < order.size(); ++i) shares[order[i]] += (values[i + 1] - values[i]) / kPermutations;
    }
    for (std::size_t w = 0; w < windows.size(); ++w) spread(out.values, shares[w], windows[w], layout);
    out.completeness_error = error_of(out.values, BARTIZAN_TRY(rise(score, x, baseline)));
    return out;
}

/// Rows of coalitions are made and asked for this many at a time: a table of 200 columns stays small.
constexpr std::size_t kCoalitionsAtOnce = 256;

Result<Attribution> kernel_shap_of_windows(const Score& score, Row x, Row baseline, const Layout& layout,
                                           const RunContext& ctx) {
    const auto windows = windows_of(layout, kKernelSide);
    const Game game = [&](std::span<const Coalition> coalitions) -> Result<std::vector<double>> {
        std::vector<double> out;
        for (std::size_t begin = 0; begin < coalitions.size(); begin += kCoalitionsAtOnce) {
            BARTIZAN_TRY(ctx.checkpoint());
            std::vector<float> rows;
            for (const Coalition& coalition :
                 coalitions.subspan(begin, std::min(kCoalitionsAtOnce, coalitions.size() - begin))) {
                std::vector<float> row(baseline.begin(), baseline.end());
                for (std::size_t w = 0; w < windows.size(); ++w)
                    if (coalition[w] != 0) replace(row, x, windows[w], layout);
                rows.insert(rows.end(), row.begin(), row.end());
            }
            const auto values = BARTIZAN_TRY(score.values(rows));
            out.insert(out.end(), values.begin(), values.end());
        }
        return out;
    };
    const Shapley found = BARTIZAN_TRY(kernel_shap(windows.size(), usual_budget(windows.size()), ctx.seed(), game));
    Attribution out{.values = std::vector<float>(x.size(), 0), .evaluations = found.coalitions};
    for (std::size_t w = 0; w < windows.size(); ++w) spread(out.values, found.values[w], windows[w], layout);
    out.completeness_error = error_of(out.values, found.all - found.none);
    return out;
}

const Method kMethods[] = {
    {"integrated-gradients", "Gradients summed along the way from the baseline (Sundararajan et al. 2017).", true,
     &integrated_gradients},
    {"smoothgrad", "The mean gradient of noisy copies (Smilkov et al. 2017).", true, &smoothgrad},
    {"gradient", "The plain gradient: fast, noisy, a lower bar for the others.", true, &gradient},
    {"occlusion", "The drop when a window shows the baseline; needs scores alone.", false, &occlusion},
    {"permutation-shapley", "Shapley values of windows or columns by random orders; needs scores alone.", false,
     &permutation_shapley},
    {"kernel-shap", "Shapley values of windows or columns by weighted least squares; needs scores alone.", false,
     &kernel_shap_of_windows},
};

}  // namespace

Layout layout_of(std::span<const std::int64_t> item_shape, bool is_picture) {
    const auto at = [&](std::size_t i) { return static_cast<std::size_t>(item_shape[i]); };
    if (is_picture && item_shape.size() == 2) return {at(0), at(1), 1, true};
    if (is_picture && item_shape.size() == 3 && (item_shape[0] == 1 || item_shape[0] == 3))
        return {at(1), at(2), at(0), true};
    if (is_picture && item_shape.size() == 3) return {at(0), at(1), at(2), false};
    std::size_t all = 1;
    for (std::size_t i = 0; i < item_shape.size(); ++i) all *= at(i);
    return {1, all, 1, true};
}

std::span<const Method> methods() { return kMethods; }

Result<const Method*> find_method(std::string_view name) {
    const auto found = std::ranges::find(kMethods, name, &Method::name);
    if (found != std::end(kMethods)) return &*found;
    std::string known;
    for (const Method& method : kMethods) known += (known.empty() ? "" : ", ") + std::string(method.name);
    return Error(Errc::not_found, "no method called '" + std::string(name) + "'", "there are " + known);
}

}  // namespace bartizan::explain
