#pragma once
/// What an attacker reads from a model's answer on one item, always from logits and in double: probabilities that have
/// been rounded to 1 tell nothing (Carlini et al. 2022, arXiv:2112.03570, section IV-C).
/// Thread rule: pure functions.

#include <cstdint>
#include <span>
#include <vector>

#include "bartizan/ndarray.h"
#include "bartizan/result.h"

namespace bartizan::privacy {

/// Of one item; larger: more like a member.
struct Signals {
    std::vector<double> confidence;        ///< probability of the true class
    std::vector<double> scaled;            ///< phi = log p_y - log sum of the others: about normal over models
    std::vector<double> negative_loss;     ///< log p_y
    std::vector<double> negative_entropy;  ///< less the modified entropy (Song and Mittal 2021, equation 8)
    std::vector<std::uint8_t> correct;
};

/// `logits` float32 [n, classes], `labels` n of them. Fails with `invalid_input` on other shapes, a label outside, a
/// logit that is no number (naming the row).
Result<Signals> signals_of(const NdArray& logits, std::span<const std::int64_t> labels);

}  // namespace bartizan::privacy
