#include "explain/fidelity.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <tuple>
#include <utility>

#include "core/random.h"

namespace bartizan::explain {
namespace {

constexpr std::size_t kSteps = 20;
constexpr int kRandomOrders = 5;
constexpr int kPerturbations = 64;
constexpr int kBall = 4;
constexpr double kRadius = 0.02;  ///< of the range of the input's values (Captum's default)
constexpr double kAlike = 0.5, kComplete = 0.01;

using Row = std::span<const float>;

/// Of each pixel: the sum over its channels.
std::vector<double> of_pixels(const std::vector<float>& values, const Layout& layout) {
    std::vector<double> out(layout.pixels(), 0);
    for (std::size_t p = 0; p < out.size(); ++p)
        for (std::size_t c = 0; c < layout.channels; ++c) out[p] += values[layout.at(p, c)];
    return out;
}

/// The score's course while pixels of `from` become those of `to` in this order, as areas between 0 and 1.
Result<double> area(const Score& score, Row from, Row to, const std::vector<std::size_t>& order, const Layout& layout,
                    double low, double high) {
    std::vector<float> row(from.begin(), from.end()), rows = row;
    const std::size_t steps = std::min(kSteps, order.size());
    for (std::size_t step = 0; step < steps; ++step) {
        for (std::size_t i = order.size() * step / steps; i < order.size() * (step + 1) / steps; ++i)
            for (std::size_t c = 0; c < layout.channels; ++c) row[layout.at(order[i], c)] = to[layout.at(order[i], c)];
        rows.insert(rows.end(), row.begin(), row.end());
    }
    const auto values = BARTIZAN_TRY(score.values(rows));
    double sum = 0;
    for (std::size_t i = 0; i + 1 < values.size(); ++i) sum += (values[i] + values[i + 1]) / 2 - low;
    return sum / static_cast<double>(steps) / (high - low);
}

Result<void> curves(const Score& score, Row x, Row baseline, const Layout& layout, const std::vector<float>& values,
                    const RunContext& ctx, Fidelity& out) {
    std::vector<float> both(x.begin(), x.end());
    both.insert(both.end(), baseline.begin(), baseline.end());
    const auto ends = BARTIZAN_TRY(score.values(both));
    const double high = ends[0], low = ends[1];
    if (std::abs(high - low) < 1e-9) return {};
    const std::vector<double> of = of_pixels(values, layout);
    std::vector<std::size_t> order(of.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    // What speaks for the class comes first where the class is more likely than at the baseline.
    std::ranges::stable_sort(order,
                             [&](std::size_t a, std::size_t b) { return high > low ? of[a] > of[b] : of[a] < of[b]; });
    out.deletion = BARTIZAN_TRY(area(score, x, baseline, order, layout, low, high));
    out.insertion = BARTIZAN_TRY(area(score, baseline, x, order, layout, low, high));
    double deletion = 0, insertion = 0;
    for (int n = 0; n < kRandomOrders; ++n) {
        Random random(ctx.seed(), static_cast<std::uint64_t>(n), 510);
        for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[random.below(i)]);
        deletion += BARTIZAN_TRY(area(score, x, baseline, order, layout, low, high)) / kRandomOrders;
        insertion += BARTIZAN_TRY(area(score, baseline, x, order, layout, low, high)) / kRandomOrders;
    }
    out.deletion_lift = deletion - out.deletion;
    out.insertion_lift = out.insertion - insertion;
    return {};
}

/// Perturbations that move a random half of the pixels to the baseline.
Result<double> infidelity(const Score& score, Row x, Row baseline, const Layout& layout,
                          const std::vector<float>& values, const RunContext& ctx) {
    std::vector<float> rows(x.begin(), x.end());
    std::vector<double> foreseen;
    Random random(ctx.seed(), 0, 511);
    const std::vector<double> of = of_pixels(values, layout);
    for (int n = 0; n < kPerturbations; ++n) {
        std::vector<float> row(x.begin(), x.end());
        double sum = 0;
        for (std::size_t p = 0; p < layout.pixels(); ++p) {
            if (random.uniform() < 0.5F) continue;
            sum += of[p];
            for (std::size_t c = 0; c < layout.channels; ++c) row[layout.at(p, c)] = baseline[layout.at(p, c)];
        }
        foreseen.push_back(sum);
        rows.insert(rows.end(), row.begin(), row.end());
    }
    const auto values_at = BARTIZAN_TRY(score.values(rows));
    double ab = 0, aa = 0, bb = 0;
    for (std::size_t i = 0; i < foreseen.size(); ++i) {
        const double drop = values_at[0] - values_at[i + 1];
        ab += foreseen[i] * drop;
        aa += foreseen[i] * foreseen[i];
        bb += drop * drop;
    }
    if (bb == 0) return 0.0;
    return aa == 0 ? 1.0 : 1 - ab * ab / (aa * bb);
}

Result<double> sensitivity(const Score& score, const Method& method, Row x, Row baseline, const Layout& layout,
                           const std::vector<float>& values, const RunContext& ctx) {
    const auto [low, high] = std::ranges::minmax(x);
    const float radius = static_cast<float>(kRadius) * (high - low);
    double norm = 0, largest = 0;
    for (const float value : values) norm += double{value} * value;
    if (norm == 0) return 0.0;
    for (int n = 0; n < kBall; ++n) {
        Random random(ctx.seed(), static_cast<std::uint64_t>(n), 512);
        std::vector<float> near(x.begin(), x.end());
        for (float& value : near) value += radius * (2 * random.uniform() - 1);
        const Attribution other = BARTIZAN_TRY(method.run(score, near, baseline, layout, ctx));
        double difference = 0;
        for (std::size_t i = 0; i < values.size(); ++i) difference += std::pow(double{other.values[i]} - values[i], 2);
        largest = std::max(largest, std::sqrt(difference / norm));
    }
    return largest;
}

/// Mean, and how far its 95 % interval reaches.
std::pair<double, double> mean_of(std::span<const Fidelity> figures, double Fidelity::*figure) {
    double sum = 0, squares = 0;
    for (const Fidelity& one : figures) sum += one.*figure, squares += one.*figure * (one.*figure);
    const auto n = static_cast<double>(figures.size());
    if (n < 2) return {n == 0 ? 0 : sum, INFINITY};
    const double mean = sum / n, variance = std::max(0.0, squares / n - mean * mean) * n / (n - 1);
    return {mean, 1.959963984540054 * std::sqrt(variance / n)};
}

std::vector<double> ranks(std::span<const float> values) {
    std::vector<std::size_t> order(values.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::sort(order, {}, [&](std::size_t i) { return values[i]; });
    std::vector<double> out(values.size());
    for (std::size_t i = 0; i < order.size();) {
        std::size_t end = i;
        while (end < order.size() && values[order[end]] == values[order[i]]) ++end;
        for (std::size_t k = i; k < end; ++k) out[order[k]] = static_cast<double>(i + end - 1) / 2;
        i = end;
    }
    return out;
}

}  // namespace

Result<Fidelity> fidelity_of(const Score& score, const Method& method, Row x, Row baseline, const Layout& layout,
                             const Attribution& attribution, const RunContext& ctx) {
    Fidelity out;
    BARTIZAN_TRY(curves(score, x, baseline, layout, attribution.values, ctx, out));
    out.infidelity = BARTIZAN_TRY(infidelity(score, x, baseline, layout, attribution.values, ctx));
    out.sensitivity = BARTIZAN_TRY(sensitivity(score, method, x, baseline, layout, attribution.values, ctx));
    return out;
}

double likeness(Row a, Row b) {
    std::vector<float> first, second;
    for (std::size_t i = 0; i < a.size(); ++i)
        if (a[i] != 0 || b[i] != 0) first.push_back(a[i]), second.push_back(b[i]);
    const std::vector<double> x = ranks(first), y = ranks(second);
    const double middle = (static_cast<double>(x.size()) - 1) / 2;
    double xy = 0, xx = 0, yy = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
        xy += (x[i] - middle) * (y[i] - middle);
        xx += (x[i] - middle) * (x[i] - middle);
        yy += (y[i] - middle) * (y[i] - middle);
    }
    return xx == 0 || yy == 0 ? 0 : xy / std::sqrt(xx * yy);
}

std::string_view to_string(Verdict verdict) {
    constexpr std::array<std::string_view, 3> kNames = {"trusted", "weak", "rejected"};
    return kNames[static_cast<std::size_t>(verdict)];
}

Summary summarise(std::span<const Attribution> attributions, std::span<const Fidelity> figures,
                  std::optional<double> randomised_likeness) {
    Summary out{.samples = std::ssize(attributions), .randomised_likeness = randomised_likeness};
    for (const Attribution& one : attributions)
        if (one.completeness_error)
            out.completeness_error = std::max(out.completeness_error.value_or(0), *one.completeness_error);
    std::tie(out.deletion_lift, out.deletion_reach) = mean_of(figures, &Fidelity::deletion_lift);
    std::tie(out.insertion_lift, out.insertion_reach) = mean_of(figures, &Fidelity::insertion_lift);
    out.infidelity = mean_of(figures, &Fidelity::infidelity).first;
    out.sensitivity = mean_of(figures, &Fidelity::sensitivity).first;
    const bool deletes = out.deletion_lift > out.deletion_reach, inserts = out.insertion_lift > out.insertion_reach;
    const bool follows = !randomised_likeness || std::abs(*randomised_likeness) < kAlike;
    if ((!deletes && !inserts) || !follows)
        out.verdict = Verdict::rejected;
    else
        out.verdict =
            deletes && inserts && out.completeness_error.value_or(0) < kComplete ? Verdict::trusted : Verdict::weak;
    return out;
}

}  // namespace bartizan::explain
