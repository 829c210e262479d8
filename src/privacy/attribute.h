#pragma once
/// Attribute inference: can someone who knows the rest of a record, and its label, learn the value of one column from a
/// model trained on it? Always beside imputation: what the rest of the record tells without any model (Jayaraman and Evans
/// 2022, arXiv:2209.01292: black-box attacks rarely beat it).
/// Thread rule: pure functions and plain values.

#include <cstdint>
#include <span>
#include <vector>

#include "core/statistics.h"

namespace bartizan::privacy {

/// What the attacker has of each record: for each value that the column could have, what the model says of the record with it.
struct AttributeCase {
    std::size_t values = 0;
    std::vector<double> likelihood;     ///< [records, values]: the model's probability of the record's label
    std::vector<std::uint8_t> right;    ///< [records, values]: whether the model would answer that label
    std::vector<double> imputation;     ///< [records, values]: probability by the rest of the record
    std::vector<double> prior;          ///< [values]: how common each value is
    std::vector<std::int64_t> truth;    ///< [records]

    std::size_t records() const { return truth.size(); }
};

using Guesses = std::vector<std::int64_t>;

/// The likeliest by the rest of the record alone.
Guesses by_imputation(const AttributeCase& known);
/// Prior times likelihood (Fredrikson et al. 2014, Yeom et al. 2018).
Guesses by_confidence(const AttributeCase& known);
/// Where one value alone makes the model right, that; where several do, the surest; where none does, the least sure (CSMIA;
/// Mehnaz et al. 2022, algorithm 1).
Guesses by_csmia(const AttributeCase& known);
/// Imputation times likelihood: both sources of knowledge.
Guesses by_both(const AttributeCase& known);

/// Share of right guesses, with its Wilson interval.
struct Accuracy {
    double value = 0;
    Interval interval;
};
Accuracy accuracy_of(const Guesses& guesses, std::span<const std::int64_t> truth);
/// How many more of the records the first guesses right, as a share, with its 95 % interval over pairs.
Accuracy lift_of(const Guesses& first, const Guesses& second, std::span<const std::int64_t> truth);

/// Multinomial logistic regression, what imputation is made with: standardised features, a ridge, Nesterov's descent.
class SoftmaxRegression {
public:
    /// `x` [n, width], `y` [n] below `values`.
    SoftmaxRegression(std::span<const float> x, std::size_t width, std::span<const std::int64_t> y, std::size_t values,
                      double ridge);
    /// With the ridge under which the first two thirds foretell the last third best: a weak baseline would flatter attacks.
    static SoftmaxRegression with_best_ridge(std::span<const float> x, std::size_t width, std::span<const std::int64_t> y,
                                             std::size_t values);
    /// Of rows [m, width]: probabilities [m, values].
    std::vector<double> probabilities(std::span<const float> x) const;

private:
    std::vector<double> standardised(std::span<const float> x) const;

    std::size_t width_, values_;
    std::vector<double> mean_, deviation_;
    std::vector<double> weights_;  ///< [values, width + 1]
};

}  // namespace bartizan::privacy
