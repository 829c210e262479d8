#include "attacks/forward_pass.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/zeros_like.h>

#include "model/tensors.h"

namespace bartizan::attacks {
namespace {

/// Infinite and undefined slopes (a square root at 0, say) say nothing about where to go.
void drop_not_finite(Row row) {
    for (float& value : row) value = std::abs(value) <= std::numeric_limits<float>::max() ? value : 0.0F;
}

}  // namespace

Rows::Rows(const at::Tensor& tensor) : tensor_(tensor.detach().to(at::kCPU, at::kFloat).contiguous()) {
    const std::int64_t count = tensor_.dim() == 0 ? 0 : tensor_.size(0);
    data_ = tensor_.data_ptr<float>();
    width_ = count == 0 ? 0 : tensor_.numel() / count;
}

Rows Rows::zeros_like(const Rows& other) { return Rows(at::zeros_like(other.tensor_)); }
Rows Rows::copy_of(const Rows& other) { return Rows(other.tensor_.clone()); }
at::Tensor Rows::first(std::int64_t count) const { return tensor_.narrow(0, 0, count); }

void Rows::copy_row(std::int64_t to, const Rows& source, std::int64_t from) {
    if (data_ == source.data_ && to == from) return;
    std::ranges::copy(source[from], (*this)[to].begin());
}

Result<ForwardPass> ForwardPass::of(const model::Classifier& model, const at::Tensor& x, Way way) {
    ForwardPass pass;
    pass.count_ = x.size(0);
    BARTIZAN_TRY(model::guarded([&]() -> Result<void> {
        const at::AutoGradMode mode(way == Way::forth_and_back);
        pass.input_ = x.detach();
        if (way == Way::forth_and_back) pass.input_.requires_grad_();
        pass.output_ = BARTIZAN_TRY(model.logits(pass.input_));
        if (pass.output_.dim() != 2 || pass.output_.size(0) != pass.count_ || pass.output_.size(1) < 2)
            return internal_error("the model gave logits of " + std::to_string(pass.output_.dim()) +
                                  " dimensions, not one row of two or more for each input");
        pass.logits_ = Rows(pass.output_);
        return {};
    }));
    return pass;
}

Result<Rows> ForwardPass::back(const at::Tensor& slopes, bool again) {
    Rows gradient;
    BARTIZAN_TRY(model::guarded([&]() -> Result<void> {
        if (!output_.requires_grad()) return unsupported("no gradient of this model reaches its input");
        input_.mutable_grad() = at::Tensor();
        output_.backward(slopes.to(output_.options()), again, false, at::TensorList(&input_, 1));
        if (!input_.grad().defined()) return unsupported("no gradient of this model reaches its input");
        gradient = Rows(input_.grad());
        input_.mutable_grad() = at::Tensor();
        return {};
    }));
    for (std::int64_t row = 0; row < count_; ++row) drop_not_finite(gradient[row]);
    return gradient;
}

Result<void> require_gradient(const model::Classifier& model) {
    return model.differentiable().within("this attack needs gradients");
}

}  // namespace bartizan::attacks
