#pragma once
/// Which items stand for a set, and which it holds that they do not stand for: prototypes and criticisms by MMD-critic (Kim
/// et al. 2016, "Examples are not Enough, Learn to Criticize!"), with a Gaussian kernel as wide as the median distance.
/// Prototypes are chosen greedily so that the maximum mean discrepancy to the set falls fastest (algorithm 1, equation 3);
/// criticisms where the witness function is largest, spread by a log-determinant (algorithm 2, equation 5).
/// Thread rule: pure functions; `ctx` is asked whether to stop.

#include <cstdint>
#include <span>
#include <vector>

#include <ATen/core/Tensor.h>

#include "bartizan/result.h"
#include "bartizan/run_context.h"

namespace bartizan::explain {

/// exp(-|a - b|^2 / median |a - b|^2) between the rows of float32 [n, width], as float32 [n, n]; n at least 2. The median
/// is over all pairs that differ.
at::Tensor gaussian_kernel(const at::Tensor& rows);

struct Critic {
    std::vector<std::int64_t> prototypes;  ///< rows, the most telling first
    std::vector<std::int64_t> criticisms;  ///< rows, the least told first
    double discrepancy = 0;                ///< squared maximum mean discrepancy between prototypes and set
};

/// Of a kernel float32 [n, n]. Never more than there are rows; criticisms are none of the prototypes. O(n^2 + n *
/// (prototypes + criticisms)^2).
Result<Critic> criticise(const at::Tensor& kernel, std::int64_t prototypes, std::int64_t criticisms,
                         const RunContext& ctx);

/// The squared maximum mean discrepancy (Gretton et al. 2012, equation 3) between some rows and all of them.
double discrepancy_of(const at::Tensor& kernel, std::span<const std::int64_t> rows);

}  // namespace bartizan::explain
