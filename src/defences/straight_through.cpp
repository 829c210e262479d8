#include <utility>
#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/core/grad_mode.h>

#include "defences/preprocessing.h"
#include "model/model.h"

namespace bartizan::defences {
namespace straight_through_view {
namespace {

class StraightThrough final : public model::Classifier {
public:
    StraightThrough(std::shared_ptr<const model::Classifier> inner, std::unique_ptr<const model::Model> squeeze)
        : inner_(std::move(inner)), squeeze_(std::move(squeeze)) {}

    Result<at::Tensor> logits(const at::Tensor& x, model::Mode mode) const override {
        at::Tensor squeezed;
        {
            const at::NoGradGuard no_grad;
            const std::vector<at::Tensor> inputs = {x.detach()};
            squeezed = BARTIZAN_TRY(squeeze_->run(inputs))[0];
        }
        if (!at::GradMode::is_enabled() || !x.requires_grad()) return inner_->logits(squeezed, mode);
        return inner_->logits(x + (squeezed - x.detach()), mode);
    }
    std::int64_t classes() const override { return inner_->classes(); }
    const Shape& item_shape() const override { return inner_->item_shape(); }
    Result<void> differentiable() const override { return inner_->differentiable(); }
    const std::vector<model::Remark>& remarks() const override { return inner_->remarks(); }
    const model::Model& model() const override { return inner_->model(); }

private:
    std::shared_ptr<const model::Classifier> inner_;
    std::unique_ptr<const model::Model> squeeze_;
};

}  // namespace
}  // namespace straight_through_view

Result<std::unique_ptr<model::Classifier>> straight_through(std::shared_ptr<const model::Classifier> inner,
                                                            const Preprocessing& preprocessing) {
    auto graph = BARTIZAN_TRY(preprocessing_graph(preprocessing, inner->item_shape()));
    std::unique_ptr<const model::Model> squeeze = BARTIZAN_TRY(model::from_graph(std::move(graph)));
    return std::make_unique<straight_through_view::StraightThrough>(std::move(inner), std::move(squeeze));
}

}  // namespace bartizan::defences
