#include "ownership/evidence.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <boost/math/distributions/binomial.hpp>
#include <boost/math/distributions/students_t.hpp>

namespace bartizan::ownership {
namespace evidence {
namespace {

// Independent models that agree to the last digit still differ by chance: a deviation of 0 would make any suspect sure.
constexpr double kLeastDeviation = 1e-3;

double upper_tail(double t, double degrees) {
    return boost::math::cdf(boost::math::complement(boost::math::students_t(degrees), t));
}

}  // namespace
}  // namespace evidence

double binomial_p_value(std::int64_t matches, std::int64_t trials, double chance) {
    if (matches <= 0 || trials <= 0) return 1;
    const boost::math::binomial distribution(static_cast<double>(trials), std::clamp(chance, 0.0, 1.0));
    return boost::math::cdf(boost::math::complement(distribution, static_cast<double>(matches - 1)));
}

NullDistribution null_of(std::span<const double> values) {
    NullDistribution null{.models = static_cast<std::int64_t>(values.size())};
    if (values.empty()) return null;
    const auto count = static_cast<double>(values.size());
    null.mean = std::accumulate(values.begin(), values.end(), 0.0) / count;
    for (const double value : values) null.deviation += (value - null.mean) * (value - null.mean);
    null.deviation = values.size() < 2 ? 0 : std::sqrt(null.deviation / (count - 1));
    return null;
}

double prediction_p_value(double value, const NullDistribution& null) {
    if (null.models < 2) return 1;
    const auto count = static_cast<double>(null.models);
    const double deviation = std::max(null.deviation, evidence::kLeastDeviation) * std::sqrt(1 + 1 / count);
    return evidence::upper_tail((value - null.mean) / deviation, count - 1);
}

double welch_p_value(std::span<const double> a, std::span<const double> b) {
    const NullDistribution one = null_of(a), two = null_of(b);
    if (one.models < 2 || two.models < 2) return 1;
    const double va = one.deviation * one.deviation / static_cast<double>(one.models);
    const double vb = two.deviation * two.deviation / static_cast<double>(two.models);
    if (!(va + vb > 0)) return one.mean > two.mean ? 0 : 1;
    const double degrees = (va + vb) * (va + vb) / (va * va / static_cast<double>(one.models - 1) +
                                                   vb * vb / static_cast<double>(two.models - 1));
    return evidence::upper_tail((one.mean - two.mean) / std::sqrt(va + vb), degrees);
}

}  // namespace bartizan::ownership
