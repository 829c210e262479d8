#pragma once
/// Adam (Kingma, Ba 2015, algorithm 1) on one tensor, with the betas that Neural Cleanse has (0.5, 0.9).
/// Internal to `defences`: shows tensors. Thread rule: one tensor, one thread.

#include <ATen/core/Tensor.h>

namespace bartizan::defences {

struct Adam {
    at::Tensor value, first, second;
    double rate;
    int steps = 0;

    Adam(at::Tensor start, double step_length);
    void step(const at::Tensor& slope);
};

}  // namespace bartizan::defences
