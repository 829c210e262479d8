#include "training/descent.h"

#include <cstddef>

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>

namespace bartizan::training {
namespace descent {
namespace {

struct Singles {
    float scale, decay, momentum, rate;
};

/// The whole of a step in one pass over the weights, which small networks spend much of their time in.
__attribute__((target_clones("avx512f", "avx2", "default"))) void step(const float* __restrict gradient,
                                                                       float* __restrict velocity,
                                                                       float* __restrict weight, std::size_t count,
                                                                       Singles pace) {
    for (std::size_t i = 0; i < count; ++i) {
        const float g = gradient[i] * pace.scale + pace.decay * weight[i];
        velocity[i] = pace.momentum * velocity[i] + g;
        weight[i] -= pace.rate * (g + pace.momentum * velocity[i]);
    }
}

bool plain(const at::Tensor& tensor) {
    return tensor.scalar_type() == at::kFloat && tensor.is_contiguous() && tensor.device().is_cpu();
}

}  // namespace
}  // namespace descent

void descend(at::Tensor& parameter, at::Tensor& velocity, at::Tensor gradient, const Pace& pace) {
    const at::NoGradGuard no_grad;
    if (descent::plain(parameter) && descent::plain(gradient)) {
        descent::step(gradient.data_ptr<float>(), velocity.data_ptr<float>(), parameter.data_ptr<float>(),
                      static_cast<std::size_t>(gradient.numel()),
                      {static_cast<float>(pace.scale), static_cast<float>(pace.decay),
                       static_cast<float>(pace.momentum), static_cast<float>(pace.rate)});
        return;
    }
    gradient.mul_(pace.scale).add_(parameter, pace.decay);
    velocity.mul_(pace.momentum).add_(gradient);
    parameter.sub_(gradient.add_(velocity, pace.momentum), pace.rate);
}

}  // namespace bartizan::training
