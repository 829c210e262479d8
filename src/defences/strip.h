#pragma once
/// STRIP (Gao et al. 2019, "STRIP: A Defence Against Trojan Attacks on Deep Neural Networks", section 4): an input
/// blended with others should confuse the model; one with a strong trigger keeps its answer. Needs answers only.
/// Thread rule: pure functions; `forward` is called from the caller's thread.

#include <cstdint>
#include <functional>
#include <vector>

#include "bartizan/ndarray.h"
#include "bartizan/result.h"

namespace bartizan::defences {

struct StripOptions {
    std::int64_t blends = 20;  ///< forward passes for each item, in [1, 1000]
    std::uint64_t seed = 0;    ///< which clean items are blended in
};

/// Logits float32 [n, classes] of a batch.
using Forward = std::function<Result<NdArray>(const NdArray& x)>;

/// For each row of `x` (float32 [n, ...]) the mean entropy, in bits over the classes, of the answers to
/// (row + clean item) / 2: low is suspicious. Fails with `invalid_input` on shapes that do not fit, and as `forward`.
Result<std::vector<double>> strip_entropies(const NdArray& x, const NdArray& clean, const Forward& forward,
                                            const StripOptions& options = {});

}  // namespace bartizan::defences
