#include "privacy/roc.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <boost/math/distributions/beta.hpp>

namespace bartizan::privacy {

Interval clopper_pearson(std::int64_t successes, std::int64_t trials, double confidence) {
    const double tail = (1 - confidence) / 2;
    const auto k = static_cast<double>(successes), n = static_cast<double>(trials);
    Interval out{0, 1};
    if (successes > 0) out.low = boost::math::quantile(boost::math::beta_distribution<>(k, n - k + 1), tail);
    if (successes < trials) out.high = boost::math::quantile(boost::math::beta_distribution<>(k + 1, n - k), 1 - tail);
    return out;
}

double Roc::tpr_at(double fpr) const {
    double best = 0;
    for (const RocPoint& point : points)
        if (point.fpr <= fpr + 1e-12) best = std::max(best, point.tpr);
    return best;
}

Interval Roc::tpr_interval(double fpr) const {
    return clopper_pearson(std::llround(tpr_at(fpr) * static_cast<double>(members)), members);
}

Roc roc_of(std::span<const double> scores, std::span<const std::uint8_t> member) {
    std::vector<std::size_t> order(scores.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::sort(order, [&](std::size_t a, std::size_t b) { return scores[a] > scores[b]; });
    Roc out;
    for (const std::uint8_t one : member) ++(one != 0 ? out.members : out.nonmembers);
    const auto in = static_cast<double>(std::max<std::int64_t>(1, out.members));
    const auto not_in = static_cast<double>(std::max<std::int64_t>(1, out.nonmembers));
    out.points.push_back({});
    double hits = 0, alarms = 0;
    for (std::size_t i = 0; i < order.size();) {
        const double here = scores[order[i]];
        for (; i < order.size() && scores[order[i]] == here; ++i) ++(member[order[i]] != 0 ? hits : alarms);
        const RocPoint point{alarms / not_in, hits / in};
        const RocPoint& last = out.points.back();
        out.auc += (point.fpr - last.fpr) * (point.tpr + last.tpr) / 2;
        out.balanced_accuracy = std::max(out.balanced_accuracy, (point.tpr + 1 - point.fpr) / 2);
        out.points.push_back(point);
    }
    // Variance of the area (Hanley and McNeil 1982, equations 1 and 2).
    const double a = out.auc, q1 = a / (2 - a), q2 = 2 * a * a / (1 + a);
    const double variance = (a * (1 - a) + (in - 1) * (q1 - a * a) + (not_in - 1) * (q2 - a * a)) / (in * not_in);
    const double reach = 1.959963984540054 * std::sqrt(std::max(0.0, variance));
    out.auc_interval = {std::max(0.0, a - reach), std::min(1.0, a + reach)};
    return out;
}

}  // namespace bartizan::privacy
