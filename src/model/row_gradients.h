#pragma once
/// Gradients of the single rows of a batch, clipped and summed, without ever holding a copy of the weights for each
/// row: a linear layer's is the outer product of what went in and what comes back, so its length is the product of
/// theirs (Goodfellow 2015, arXiv:1510.01799; Lee and Kifer 2021, arXiv:2009.03106, for convolutions). One backward
/// pass through the activations, one product for each weight (Bu et al. 2023, arXiv:2210.00038). Internal to the tensor
/// modules: shows tensors. Thread rule: free functions, safe on several threads at once.

#include <cstdint>
#include <vector>

#include <ATen/core/Tensor.h>

#include "bartizan/result.h"
#include "graph/graph.h"
#include "model/kernel.h"
#include "model/taps.h"

namespace bartizan::model {

/// Succeeds if the rows of a batch stay apart in `graph` and each of `weights` is used once, by a Gemm, MatMul, Add or
/// Conv as they are trained: else `unsupported`, naming the node.
Result<void> check_row_gradients(const graph::Graph& graph, const std::vector<NamedTensor>& weights);

struct ClippedSum {
    std::vector<at::Tensor> gradients;  ///< of each weight, summed over the rows
    std::int64_t clipped = 0;           ///< rows whose gradient was longer than the bound
};

/// `loss` is the sum of the rows' losses of the run that `taps` heard, `rows` of them. Each row's gradient, over all
/// weights together, is scaled down to the length `bound` if it is longer. Fails with `unsupported` where a node turns
/// out to mix rows.
Result<ClippedSum> clipped_row_gradients(const graph::Graph& graph, const std::vector<NamedTensor>& weights,
                                         const std::vector<Tap>& taps, const at::Tensor& loss, std::int64_t rows,
                                         double bound);

}  // namespace bartizan::model
