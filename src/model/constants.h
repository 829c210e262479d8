#pragma once
/// The tensors of a plan that do not depend on its inputs, in each floating-point precision that is asked for.
/// Internal to `model`.
/// Thread rule: filled by one thread; then `in` may be called from several threads at once.

#include <array>
#include <cstdint>
#include <mutex>
#include <optional>
#include <vector>

#include <ATen/core/Tensor.h>

namespace bartizan::model {

/// The type that floating-point values of a run have; nothing: each the type that the file gives it.
using Precision = std::optional<at::ScalarType>;

/// `tensor` in `precision`, if it holds floating-point numbers. Differentiable.
at::Tensor with_precision(const at::Tensor& tensor, Precision precision);

class Constants {
public:
    std::int32_t add(at::Tensor tensor);
    const std::vector<at::Tensor>& as_given() const { return tensors_; }

    /// All of them in float32 or float64. The first call converts; `live` ones (which training changes) are
    /// converted at every call, into `scratch`.
    const std::vector<at::Tensor>& in(Precision precision, bool live, std::vector<at::Tensor>& scratch) const;

private:
    struct Converted {
        std::once_flag once;
        std::vector<at::Tensor> tensors;
    };
    std::vector<at::Tensor> convert(at::ScalarType type) const;

    std::vector<at::Tensor> tensors_;
    mutable Converted single_, double_;
};

}  // namespace bartizan::model
