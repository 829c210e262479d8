#include "monitor/drift.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "core/statistics.h"

namespace bartizan::monitor {
namespace drift {
namespace {

constexpr double kHalf = 0.5;  // a count added to each bin: an empty one has no logarithm

std::size_t bin_of(const std::vector<float>& cuts, float value) {
    return static_cast<std::size_t>(std::ranges::upper_bound(cuts, value) - cuts.begin());
}

/// The cuts between `kDriftBins` bins of equal share. Where a value repeats, its bin is closed on both sides.
std::vector<float> cuts_of(std::vector<float> values) {
    std::ranges::sort(values);
    std::vector<float> cuts;
    for (std::size_t bin = 1; bin < kDriftBins; ++bin) {
        const float at = values[bin * values.size() / kDriftBins];
        if (cuts.empty() || at > cuts.back()) cuts.push_back(at);
    }
    // A column of few values has as many bins: the last of equal cuts also needs its upper side.
    const float above = std::nextafter(cuts.back(), std::numeric_limits<float>::infinity());
    if (cuts.back() < values.back() || cuts.size() + 1 < kDriftBins) cuts.push_back(above);
    return cuts;
}

/// Holm's step-down correction.
void correct(std::vector<ColumnDrift>& columns) {
    std::ranges::sort(columns, {}, &ColumnDrift::p_value);
    double most = 0;
    for (std::size_t i = 0; i < columns.size(); ++i) {
        most = std::max(most, std::min(1.0, columns[i].p_value * static_cast<double>(columns.size() - i)));
        columns[i].p_value = most;
    }
}

}  // namespace
}  // namespace drift

double chi_squared_tail(double x, double degrees) {
    const double a = degrees / 2, y = x / 2;
    if (!(y > 0)) return 1;
    const double front = std::exp(a * std::log(y) - y - std::lgamma(a));
    constexpr int kMostTerms = 10'000;
    if (y < a + 1) {  // series of the lower function (Abramowitz & Stegun 6.5.29)
        double term = 1 / a, sum = term;
        for (int n = 1; n < kMostTerms && term > sum * 1e-16; ++n) sum += term *= y / (a + n);
        return std::clamp(1 - front * sum, 0.0, 1.0);
    }
    // Continued fraction of the upper one (6.5.31), by Lentz's method.
    double b = y + 1 - a, c = 1e300, d = 1 / b, h = d;
    for (int n = 1; n < kMostTerms; ++n) {
        const double an = -n * (n - a);
        b += 2;
        d = 1 / (an * d + b);
        c = b + an / c;
        h *= d * c;
        if (std::abs(d * c - 1) < 1e-15) break;
    }
    return front * h;
}

Result<DriftReference> DriftReference::fit(std::span<const float> rows, std::vector<std::string> columns,
                                           const DriftOptions& options) {
    const std::size_t width = columns.size();
    if (width == 0 || rows.size() % width != 0)
        return invalid_input("the rows of a drift reference have no equal length");
    const std::size_t count = rows.size() / width;
    if (count < kLeastDriftRows)
        return invalid_input("a drift reference has " + std::to_string(count) + " rows, at least " +
                             std::to_string(kLeastDriftRows) + " are needed");
    if (!std::ranges::all_of(rows, [](float value) { return std::isfinite(value); }))
        return invalid_input("a drift reference holds NaN or infinity");
    DriftReference out;
    out.rows_ = static_cast<double>(count);
    out.options_ = options;
    for (std::size_t j = 0; j < width; ++j) {
        std::vector<float> values;
        for (std::size_t i = 0; i < count; ++i) values.push_back(rows[i * width + j]);
        out.cuts_.push_back(drift::cuts_of(values));
        std::vector<double> shares(kDriftBins + 1);
        for (const float value : values) shares[drift::bin_of(out.cuts_.back(), value)] += 1 / out.rows_;
        shares.resize(out.cuts_.back().size() + 1);
        out.shares_.push_back(std::move(shares));
    }
    out.names_ = std::move(columns);
    return out;
}

DriftWindow::DriftWindow(const DriftReference& reference)
    : reference_(&reference), counts_(reference.columns() * (kDriftBins + 1)) {}

std::optional<std::vector<ColumnDrift>> DriftWindow::see(std::span<const float> row) {
    for (std::size_t j = 0; j < row.size(); ++j)
        ++counts_[j * (kDriftBins + 1) + drift::bin_of(reference_->cuts_[j], row[j])];
    if (++seen_ < reference_->options_.window) return {};
    std::vector<ColumnDrift> judged = judge();
    std::ranges::fill(counts_, 0);
    seen_ = 0;
    return judged;
}

std::vector<ColumnDrift> DriftWindow::judge() const {
    std::vector<ColumnDrift> out;
    const double n = seen_, m = reference_->rows_;
    for (std::size_t j = 0; j < reference_->columns(); ++j) {
        const std::vector<double>& shares = reference_->shares_[j];
        const auto bins = static_cast<double>(shares.size());
        ColumnDrift one{reference_->names_[j]};
        double below = 0, usual_below = 0;
        for (std::size_t bin = 0; bin < shares.size(); ++bin) {
            const double count = counts_[j * (kDriftBins + 1) + bin];
            below += count / n;
            usual_below += shares[bin];
            one.distance = std::max(one.distance, std::abs(below - usual_below));
            const double now = (count + drift::kHalf) / (n + drift::kHalf * bins);
            const double usual = (shares[bin] * m + drift::kHalf) / (m + drift::kHalf * bins);
            one.index += (now - usual) * std::log(now / usual);
        }
        one.p_value = chi_squared_tail(one.index * n * m / (n + m), bins - 1);
        out.push_back(std::move(one));
    }
    drift::correct(out);
    std::ranges::stable_sort(out, std::greater<>(), &ColumnDrift::index);
    return out;
}

std::vector<ColumnDrift> DriftWindow::alarms(const std::vector<ColumnDrift>& columns, const DriftOptions& options) {
    std::vector<ColumnDrift> out;
    for (const ColumnDrift& one : columns)
        if (one.p_value < options.false_alarms && one.index >= options.least_index) out.push_back(one);
    return out;
}

}  // namespace bartizan::monitor
