#pragma once
/// Classifiers made from a function, and audit subjects over random points that such a classifier gets right.

#include <cmath>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>

#include "audit/plan.h"
#include "audit/probe.h"
#include "core/random.h"
#include "graph/builder.h"
#include "model/shards.h"
#include "model/tensors.h"

namespace bartizan::audit {

class Made final : public model::Classifier {
public:
    using Function = std::function<Result<at::Tensor>(const at::Tensor&)>;

    Made(Shape item_shape, std::int64_t classes, Function function)
        : item_shape_(std::move(item_shape)), classes_(classes), function_(std::move(function)) {
        graph::GraphBuilder builder("made");
        const std::string x = builder.input("x", DType::f32, {-1, 1});
        builder.output(builder.node("Identity", {x}), DType::f32, {-1, 1});
        model_ = model::from_graph(std::move(builder).build().value()).value();
    }
    Result<at::Tensor> logits(const at::Tensor& x, model::Mode) const override { return function_(x); }
    std::int64_t classes() const override { return classes_; }
    const Shape& item_shape() const override { return item_shape_; }
    Result<void> differentiable() const override { return {}; }
    const std::vector<model::Remark>& remarks() const override { return remarks_; }
    const model::Model& model() const override { return *model_; }

    void remark(model::Remark::Kind kind) { remarks_.push_back({kind, "made so"}); }

private:
    Shape item_shape_;
    std::int64_t classes_;
    Function function_;
    std::unique_ptr<model::Model> model_;
    std::vector<model::Remark> remarks_;
};

inline constexpr std::int64_t kWidth = 16;
inline constexpr std::int64_t kClasses = 5;

/// A fixed random matrix.
inline at::Tensor matrix(std::int64_t rows, std::int64_t columns, std::uint64_t stream) {
    NdArray array = NdArray::zeros(DType::f32, {rows, columns}).value();
    Random(5, stream).fill_normal(array.mutable_values<float>());
    return model::to_tensor(array).value();
}

/// Points in [0.25, 0.75]^width, labelled as `model` labels them.
inline Subject subject_of(std::shared_ptr<const model::Classifier> classifier, std::int64_t rows = 48) {
    Subject subject;
    subject.info.kind = data::Kind::table;
    subject.info.item_shape = {kWidth};
    subject.info.items = rows;
    subject.info.classes = kClasses;
    subject.batch.x = NdArray::zeros(DType::f32, {rows, kWidth}).value();
    Random(6, 0).fill_uniform(subject.batch.x.mutable_values<float>(), 0.25F, 0.75F);
    const NdArray logits = model::predict(*classifier, subject.batch.x, RunContext()).value();
    for (std::int64_t row = 0; row < rows; ++row) {
        const auto scores = logits.values<float>().subspan(static_cast<std::size_t>(row * kClasses), kClasses);
        subject.batch.y.push_back(std::ranges::max_element(scores) - scores.begin());
        subject.batch.ids.push_back(row);
    }
    subject.classifier = std::move(classifier);
    subject.eps = 0.08;
    subject.curve = {0.01, 0.02, 0.04, 0.08, 0.16};
    subject.samples = rows;
    return subject;
}

}  // namespace bartizan::audit
