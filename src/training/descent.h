#pragma once
/// One step of stochastic gradient descent with Nesterov momentum in the form of Sutskever et al. 2013.
/// Internal to `training`: shows tensors. Thread rule: free functions; the tensors are the caller's.

#include <ATen/core/Tensor.h>

namespace bartizan::training {

struct Pace {
    double scale;  ///< of the gradient, first: one over the rows that it is summed over
    double decay;  ///< weight decay
    double momentum;
    double rate;
};

/// Moves `parameter`, in place, and its velocity; `gradient` may be written into. Of one shape, all three.
void descend(at::Tensor& parameter, at::Tensor& velocity, at::Tensor gradient, const Pace& pace);

}  // namespace bartizan::training
