#include "attacks/toys_testing.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <numeric>
#include <utility>

#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>

#include "core/random.h"

namespace bartizan::attacks {
namespace toys {
namespace {

at::Tensor random_tensor(const std::vector<std::int64_t>& shape, std::uint64_t stream, float scale) {
    at::Tensor tensor = at::empty(shape, at::kFloat);
    Random(99, stream).fill_normal({tensor.data_ptr<float>(), static_cast<std::size_t>(tensor.numel())});
    return tensor * scale;
}

}  // namespace
}  // namespace toys

Toy::Toy(Shape item_shape, std::int64_t classes, Depth depth) : item_shape_(std::move(item_shape)), classes_(classes) {
    std::int64_t width = 1;
    for (const std::int64_t d : item_shape_) width *= d;
    if (depth == Depth::two_layers) {
        first_ = toys::random_tensor({width, 32}, 100, 0.6F);
        width = 32;
    }
    weight_ = toys::random_tensor({width, classes}, 200, 1.0F);
    bias_ = toys::random_tensor({classes}, 300, 0.2F);
}

Result<at::Tensor> Toy::logits(const at::Tensor& x, model::Mode) const {
    at::Tensor h = x.flatten(1);
    if (first_.defined()) h = h.matmul(first_).relu();
    return h.matmul(weight_) + bias_;
}

Result<void> Toy::differentiable() const {
    if (blocked) return unsupported("the model gives no gradient: node 'trees' (TreeEnsembleClassifier)");
    return {};
}

const model::Model& Toy::model() const { std::abort(); }

std::vector<double> Toy::slope(std::int64_t label, std::int64_t other) const {
    std::vector<double> out;
    for (std::int64_t i = 0; i < weight_.size(0); ++i) {
        const float* row = weight_.data_ptr<float>() + i * classes_;
        out.push_back(static_cast<double>(row[label]) - row[other]);
    }
    return out;
}

double Toy::offset(std::int64_t label, std::int64_t other) const {
    return static_cast<double>(bias_.data_ptr<float>()[label]) - bias_.data_ptr<float>()[other];
}

data::Batch batch_for(const model::Classifier& model, std::int64_t count) {
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

double best_gain(Norm norm, double eps, std::span<const float> x, const std::vector<double>& slope) {
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

double worst_margin(const Toy& toy, Norm norm, double eps, std::span<const float> x, std::int64_t label) {
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

double boundary_distance(const Toy& toy, Norm norm, std::span<const float> x, std::int64_t label) {
    double low = 0, high = 1000;
    for (int round = 0; round < 60; ++round) {
        const double middle = (low + high) / 2;
        (worst_margin(toy, norm, middle, x, label) > 0 ? low : high) = middle;
    }
    return high;
}

}  // namespace bartizan::attacks
