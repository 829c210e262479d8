#pragma once
/// Compares what autograd says about a function with central differences in double.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

namespace bartizan::model::gradient {

/// Inputs to outputs; no outputs where it does not run.
using Function = std::function<std::vector<at::Tensor>(const std::vector<at::Tensor>&)>;

struct Point {
    std::vector<at::Tensor> inputs;
    std::vector<std::size_t> variables;  ///< inputs of double that are differentiated by
};

enum class Verdict { agrees, differs, not_checked };

struct Finding {
    Verdict verdict = Verdict::not_checked;
    std::string how;
};

/// The slopes along one random direction over all variables at once, of a random weighting of all outputs of double.
/// `not_checked` where the function does not run there, is random, or is not finite.
Finding compare(const Function& function, const Point& point);

/// The same for the gradient itself: a second differentiation, as gradient matching needs it. `differs` also where
/// LibTorch has no second derivative.
Finding compare_second(const Function& function, const Point& point);

/// In [-1, 1), always the same for a seed.
at::Tensor noise_like(const at::Tensor& x, std::uint64_t seed);

}  // namespace bartizan::model::gradient
