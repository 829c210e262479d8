#pragma once
/// What training descends on: the plain loss, or one of the losses that make a model withstand small changes of its
/// input. Every loss is a sum over rows, so that a batch may be cut into shards.
/// Internal to `training`: shows tensors. Thread rule: free functions, safe on several threads at once.

#include <cstdint>
#include <vector>

#include <ATen/core/Tensor.h>

#include "bartizan/result.h"
#include "model/classifier.h"
#include "training/trainer.h"

namespace bartizan::training {

/// Rows of a batch that one thread works on.
struct Shard {
    at::Tensor x;                   ///< float32 [n, item], in data units, 0 to 1
    at::Tensor y;                   ///< int64 [n]
    std::vector<std::int64_t> ids;  ///< with seed and epoch they key the random numbers
    at::Tensor soft = {};  ///< float32 [n, classes] that take the place of `y` in the plain loss; undefined: none
};

/// Where random numbers of a step come from: the same for any cut into shards.
struct Draw {
    std::uint64_t seed = 0;
    int epoch = 0;
};

/// The inputs that the loss is taken at, beside the clean ones: adversarial or noisy, as the method has it; the clean
/// ones themselves for `Method::plain`.
Result<at::Tensor> worked_inputs(const Objective& objective, const model::Classifier& classifier, const Shard& shard,
                                 const Draw& draw);

/// The method's loss at `worked`, summed over the rows, differentiable by the parameters.
Result<at::Tensor> loss_of(const Objective& objective, const model::Classifier& classifier, const Shard& shard,
                           const at::Tensor& worked);

/// Projected gradient ascent on the cross-entropy from a random start within the ball (Madry et al. 2018, section 2.1).
Result<at::Tensor> pgd_inputs(const Adversary& adversary, const model::Classifier& classifier, const Shard& shard,
                              const Draw& draw);

}  // namespace bartizan::training
