#pragma once
/// Classifiers over plain tensors whose worst inputs are known in closed form, and those closed forms.

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <numeric>
#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>

#include "attacks/geometry.h"
#include "core/random.h"
#include "data/dataset.h"
#include "model/classifier.h"

namespace bartizan::attacks {

inline at::Tensor random_tensor(std::vector<std::int64_t> shape, std::uint64_t stream, float scale) {
    at::Tensor tensor = at::empty(shape, at::kFloat);
    Random random(99, stream);
    random.fill_normal({tensor.data_ptr<float>(), static_cast<std::size_t>(tensor.numel())});
    return tensor * scale;
}

/// logits = W x + b, or W relu(V x) + b.
class Toy final : public model::Classifier {
public:
    enum class Depth { linear, two_layers };

    Toy(Shape item_shape, std::int64_t classes, Depth depth, std::uint64_t stream = 0)
        : item_shape_(std::move(item_shape)), classes_(classes), depth_(depth) {
        std::int64_t width = 1;
        for (const std::int64_t d : item_shape_) width *= d;
        if (depth == Depth::two_layers) {
            first_ = random_tensor({width, 32}, stream + 100, 0.6F);
            width = 32;
        }
        weight_ = random_tensor({width, classes}, stream + 200, 1.0F);
        bias_ = random_tensor({classes}, stream + 300, 0.2F);
    }

    Result<at::Tensor> logits(const at::Tensor& x, model::Mode) const override {
        at::Tensor h = x.flatten(1);
        if (depth_ == Depth::two_layers) h = h.matmul(first_).relu();
        return h.matmul(weight_) + bias_;
    }
    std::int64_t classes() const override { return classes_; }
    const Shape& item_shape() const override { return item_shape_; }
    Result<void> differentiable() const override {
        if (blocked) return unsupported("the model gives no gradient: node 'trees' (TreeEnsembleClassifier)");
        return {};
    }
    const std::vector<model::Remark>& remarks() const override { return remarks_; }
    const model::Model& model() const override { std::abort(); }

    /// Slope and offset of z_label - z_other.
    std::vector<double> slope(std::int64_t label, std::int64_t other) const {
        std::vector<double> out;
        for (std::int64_t i = 0; i < weight_.size(0); ++i) {
            const float* row = weight_.data_ptr<float>() + i * classes_;
            out.push_back(static_cast<double>(row[label]) - row[other]);
        }
        return out;
    }
    double offset(std::int64_t label, std::int64_t other) const {
        return static_cast<double>(bias_.data_ptr<float>()[label]) - bias_.data_ptr<float>()[other];
    }

    bool blocked = false;

private:
    Shape item_shape_;
    std::int64_t classes_;
    Depth depth_;
    at::Tensor first_, weight_, bias_;
    std::vector<model::Remark> remarks_;
};

/// `count` inputs, uniform in [0, 1], with the labels that `model` gives them.
inline data::Batch batch_for(const model::Classifier& model, std::int64_t count) {
    Shape shape = model.item_shape();
    shape.insert(shape.begin(), count);
    data::Batch batch{NdArray::zeros(DType::f32, shape).value(), {}, {}};
    Random(5, 1).fill_uniform(batch.x.mutable_values<float>(), 0, 1);
    at::Tensor x = at::empty(shape, at::kFloat);
    std::ranges::copy(batch.x.values<float>(), x.data_ptr<float>());
    const at::Tensor y = model.logits(x).value().argmax(1);
    for (std::int64_t i = 0; i < count; ++i) {
        batch.y.push_back(y.data_ptr<std::int64_t>()[i]);
        batch.ids.push_back(1000 + i);
    }
    return batch;
}

/// The largest slope . (z - x) over the ball around x in [0, 1], found by sorting (l1) or bisection (l2).
inline double best_gain(Norm norm, double eps, std::span<const float> x, const std::vector<double>& slope) {
    const std::size_t n = x.size();
    const auto room = [&](std::size_t i) { return slope[i] > 0 ? 1.0 - x[i] : static_cast<double>(x[i]); };
    const auto gain_for = [&](auto move) {
        double gain = 0;
        for (std::size_t i = 0; i < n; ++i) gain += std::abs(slope[i]) * move(i);
        return gain;
    };
    if (norm == Norm::linf) return gain_for([&](std::size_t i) { return std::min(eps, room(i)); });
    if (norm == Norm::l2) {
        double low = 0, high = 1e9;
        for (int round = 0; round < 300; ++round) {
            const double t = (low + high) / 2;
            double square = 0;
            for (std::size_t i = 0; i < n; ++i) square += std::pow(std::min(t * std::abs(slope[i]), room(i)), 2);
            (square > eps * eps ? high : low) = t;
        }
        return gain_for([&](std::size_t i) { return std::min(low * std::abs(slope[i]), room(i)); });
    }
    std::vector<std::size_t> order(n);
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::sort(order, [&](std::size_t a, std::size_t b) { return std::abs(slope[a]) > std::abs(slope[b]); });
    double left = eps, gain = 0;
    for (const std::size_t i : order) {
        const double moved = std::min(left, room(i));
        gain += std::abs(slope[i]) * moved;
        left -= moved;
    }
    return gain;
}

/// The smallest z_label - z_other, over all others, that a linear toy can be brought to within the ball.
inline double worst_margin(const Toy& toy, Norm norm, double eps, std::span<const float> x, std::int64_t label) {
    double worst = 1e9;
    for (std::int64_t other = 0; other < toy.classes(); ++other) {
        if (other == label) continue;
        std::vector<double> slope = toy.slope(label, other);
        double margin = toy.offset(label, other);
        for (std::size_t i = 0; i < x.size(); ++i) margin += slope[i] * x[i];
        for (double& s : slope) s = -s;
        worst = std::min(worst, margin - best_gain(norm, eps, x, slope));
    }
    return worst;
}

/// How far the boundary of a linear toy is: the radius at which the worst margin is 0, by bisection.
inline double boundary_distance(const Toy& toy, Norm norm, std::span<const float> x, std::int64_t label) {
    double low = 0, high = 1000;
    for (int round = 0; round < 60; ++round) {
        const double middle = (low + high) / 2;
        (worst_margin(toy, norm, middle, x, label) > 0 ? low : high) = middle;
    }
    return high;
}

}  // namespace bartizan::attacks
