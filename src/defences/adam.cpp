#include "defences/adam.h"

#include <cmath>
#include <utility>

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/zeros_like.h>

namespace bartizan::defences {
namespace adam {
namespace {

constexpr double kBeta1 = 0.5, kBeta2 = 0.9, kLeast = 1e-8;

}  // namespace
}  // namespace adam

Adam::Adam(at::Tensor start, double step_length)
    : value(std::move(start)), first(at::zeros_like(value)), second(at::zeros_like(value)), rate(step_length) {}

void Adam::step(const at::Tensor& slope) {
    using namespace adam;
    const at::NoGradGuard no_grad;
    ++steps;
    first.mul_(kBeta1).add_(slope, 1 - kBeta1);
    second.mul_(kBeta2).addcmul_(slope, slope, 1 - kBeta2);
    const double a = 1 - std::pow(kBeta1, steps), b = 1 - std::pow(kBeta2, steps);
    value = value.detach() - rate * (first / a) / ((second / b).sqrt() + kLeast);
}

}  // namespace bartizan::defences
