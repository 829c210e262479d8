#pragma once
/// Centred spectral signatures (Tran, Li, Madry 2018, "Spectral Signatures in Backdoor Attacks", algorithm 1): a cheap
/// ranking of the items of each class. A second vote beside SCAn, not a verdict of its own.
/// Thread rule: pure functions.

#include <cstdint>
#include <span>
#include <vector>

#include "bartizan/result.h"

namespace at {
class Tensor;
}

namespace bartizan::defences {

/// For each row of `features` [n, d], ((x - mean of its class) . v)^2 with v the first principal direction of the
/// class: high is suspicious, on either side of the mean. Without the centring, as in the authors' own script, v points
/// at the class mean and blended triggers rank last. Fails with `invalid_input` on shapes, labels or numbers that do
/// not fit; a class of one item scores 0.
Result<std::vector<double>> spectral_scores(const at::Tensor& features, std::span<const std::int64_t> labels);

}  // namespace bartizan::defences
