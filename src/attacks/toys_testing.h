#pragma once
/// Classifiers over plain tensors whose worst inputs are known in closed form, and those closed forms.

#include <cstdint>
#include <span>
#include <vector>

#include <ATen/core/Tensor.h>

#include "attacks/geometry.h"
#include "data/dataset.h"
#include "model/classifier.h"

namespace bartizan::attacks {

/// logits = W x + b, or W relu(V x) + b, with random W, V, b.
class Toy final : public model::Classifier {
public:
    enum class Depth { linear, two_layers };

    Toy(Shape item_shape, std::int64_t classes, Depth depth);

    Result<at::Tensor> logits(const at::Tensor& x, model::Mode mode = model::Mode::evaluation) const override;
    std::int64_t classes() const override { return classes_; }
    const Shape& item_shape() const override { return item_shape_; }
    Result<void> differentiable() const override;
    const std::vector<model::Remark>& remarks() const override { return remarks_; }
    const model::Model& model() const override;

    /// Slope and offset of z_label - z_other of a linear toy.
    std::vector<double> slope(std::int64_t label, std::int64_t other) const;
    double offset(std::int64_t label, std::int64_t other) const;

    bool blocked = false;  ///< claims to give no gradient

private:
    Shape item_shape_;
    std::int64_t classes_;
    at::Tensor first_, weight_, bias_;
    std::vector<model::Remark> remarks_;
};

/// `count` inputs, uniform in [0, 1], with the labels that `model` gives them.
data::Batch batch_for(const model::Classifier& model, std::int64_t count);

/// The largest slope . (z - x) over the ball around x in [0, 1], found by sorting (l1) or bisection (l2).
double best_gain(Norm norm, double eps, std::span<const float> x, const std::vector<double>& slope);
/// The smallest z_label - z_other, over all others, that a linear toy can be brought to within the ball.
double worst_margin(const Toy& toy, Norm norm, double eps, std::span<const float> x, std::int64_t label);
/// How far the boundary of a linear toy is: the radius at which the worst margin is 0, by bisection.
double boundary_distance(const Toy& toy, Norm norm, std::span<const float> x, std::int64_t label);

}  // namespace bartizan::attacks
