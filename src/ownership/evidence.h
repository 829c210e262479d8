#pragma once
/// How sure a match is: against chance, and against models that are known to be independent. Pure functions.

#include <cstdint>
#include <span>

namespace bartizan::ownership {

/// P(X >= matches) for X ~ Binomial(trials, chance): one-sided, exact.
double binomial_p_value(std::int64_t matches, std::int64_t trials, double chance);

/// What independent models give, and how far a suspect stands out.
struct NullDistribution {
    std::int64_t models = 0;
    double mean = 0, deviation = 0;
};
NullDistribution null_of(std::span<const double> values);

/// P(an independent model gives at least `value`): the prediction of a further normal value from so many, one-sided
/// (Student's t with models - 1 degrees of freedom). 1 with fewer than two models, as nothing is known then.
double prediction_p_value(double value, const NullDistribution& null);

/// Welch's two-sample t-test, one-sided: is the mean of `a` above that of `b`?
double welch_p_value(std::span<const double> a, std::span<const double> b);

}  // namespace bartizan::ownership
