#include "explain/score.h"

#include <algorithm>

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/autograd.h>

#include "model/tensors.h"

namespace bartizan::explain {
namespace {

constexpr std::size_t kRowsAtOnce = 64;

/// Calls `use` with tensors of at most kRowsAtOnce rows and the place of the first.
template <class Use>
Result<void> in_chunks(const model::Classifier& classifier, std::span<const float> rows, std::size_t width, Use use) {
    const std::size_t count = rows.size() / width;
    for (std::size_t begin = 0; begin < count; begin += kRowsAtOnce) {
        const std::size_t size = std::min(kRowsAtOnce, count - begin);
        Shape shape = classifier.item_shape();
        shape.insert(shape.begin(), static_cast<std::int64_t>(size));
        const NdArray part =
            BARTIZAN_TRY(NdArray::from<float>(std::move(shape), rows.subspan(begin * width, size * width)));
        const at::Tensor x = BARTIZAN_TRY(model::to_tensor(part));
        BARTIZAN_TRY(model::guarded([&]() -> Result<void> { return use(x, begin); }));
    }
    return {};
}

}  // namespace

std::size_t Score::width() const {
    std::size_t out = 1;
    for (const std::int64_t extent : classifier_->item_shape()) out *= static_cast<std::size_t>(extent);
    return out;
}

Result<std::vector<double>> Score::values(std::span<const float> rows) const {
    std::vector<double> out(rows.size() / width());
    BARTIZAN_TRY(in_chunks(*classifier_, rows, width(), [&](const at::Tensor& x, std::size_t begin) -> Result<void> {
        const at::NoGradGuard no_grad;
        const at::Tensor logits = BARTIZAN_TRY(classifier_->logits(x)).select(1, target_).to(at::kDouble).contiguous();
        std::copy_n(logits.data_ptr<double>(), logits.numel(), out.begin() + static_cast<std::ptrdiff_t>(begin));
        return {};
    }));
    return out;
}

Result<std::vector<float>> Score::gradients(std::span<const float> rows) const {
    BARTIZAN_TRY(classifier_->differentiable());
    std::vector<float> out(rows.size());
    BARTIZAN_TRY(in_chunks(*classifier_, rows, width(), [&](at::Tensor x, std::size_t begin) -> Result<void> {
        x.requires_grad_(true);
        const at::Tensor sum = BARTIZAN_TRY(classifier_->logits(x)).select(1, target_).sum();
        const at::Tensor slope = torch::autograd::grad({sum}, {x})[0].to(at::kFloat).contiguous();
        std::copy_n(slope.data_ptr<float>(), slope.numel(), out.begin() + static_cast<std::ptrdiff_t>(begin * width()));
        return {};
    }));
    return out;
}

}  // namespace bartizan::explain
