#include "extraction/numerics.h"

#include <algorithm>
#include <cmath>

#include "graph/builder.h"

namespace bartizan::extraction {
namespace numerics {
namespace {

constexpr double kLeast = 1e-300;

std::string layer(graph::GraphBuilder& builder, const std::string& input, const Dense& dense, const std::string& name) {
    const std::vector<float> weight(dense.weight.begin(), dense.weight.end());
    const std::vector<float> bias(dense.bias.begin(), dense.bias.end());
    builder.initializer<float>(name + ".weight", {dense.outputs, dense.inputs}, weight);
    builder.initializer<float>(name + ".bias", {dense.outputs}, bias);
    return builder.node("Gemm", {input, name + ".weight", name + ".bias"}, {{"transB", std::int64_t{1}}});
}

}  // namespace
}  // namespace numerics

Box box_of(const data::Batch& pool, const data::Info& info) {
    const auto values = pool.x.values<float>();
    const auto size = values.size() / static_cast<std::size_t>(pool.x.shape()[0]);
    if (info.kind == data::Kind::image) return {std::vector<double>(size, 0), std::vector<double>(size, 1)};
    Box box{std::vector<double>(size, INFINITY), std::vector<double>(size, -INFINITY)};
    for (std::size_t i = 0; i < values.size(); ++i) {
        const double value = values[i];
        box.low[i % size] = std::min(box.low[i % size], value);
        box.high[i % size] = std::max(box.high[i % size], value);
    }
    return box;
}

std::vector<double> log_odds(const Answers& answers) {
    std::vector<double> out(answers.scores.size());
    const auto classes = static_cast<std::size_t>(answers.classes);
    for (std::size_t row = 0; row < out.size(); row += classes) {
        const double last = std::log(std::max(numerics::kLeast, answers.scores[row + classes - 1]));
        for (std::size_t c = 0; c < classes; ++c)
            out[row + c] = std::log(std::max(numerics::kLeast, answers.scores[row + c])) - last;
    }
    return out;
}

double smallest_score(const Answers& answers) { return std::ranges::min(answers.scores); }

Result<NdArray> items_of(std::span<const double> rows, const Shape& item_shape) {
    const std::int64_t size = BARTIZAN_TRY(element_count(item_shape));
    Shape shape = item_shape;
    shape.insert(shape.begin(), std::ssize(rows) / size);
    return NdArray::from<double>(shape, rows);
}

bool solve(std::vector<double>& a, std::vector<double>& b) {
    const std::size_t n = b.size();
    for (std::size_t k = 0; k < n; ++k) {
        std::size_t pivot = k;
        for (std::size_t i = k + 1; i < n; ++i)
            if (std::abs(a[i * n + k]) > std::abs(a[pivot * n + k])) pivot = i;
        if (std::abs(a[pivot * n + k]) < 1e-14) return false;
        if (pivot != k) {
            for (std::size_t j = 0; j < n; ++j) std::swap(a[k * n + j], a[pivot * n + j]);
            std::swap(b[k], b[pivot]);
        }
        for (std::size_t i = k + 1; i < n; ++i) {
            const double factor = a[i * n + k] / a[k * n + k];
            for (std::size_t j = k; j < n; ++j) a[i * n + j] -= factor * a[k * n + j];
            b[i] -= factor * b[k];
        }
    }
    for (std::size_t k = n; k-- > 0;) {
        for (std::size_t j = k + 1; j < n; ++j) b[k] -= a[k * n + j] * b[j];
        b[k] /= a[k * n + k];
    }
    return true;
}

Result<graph::Graph> dense_graph(const Shape& item_shape, const Dense& first, const Dense* second, const Dense* skip) {
    graph::GraphBuilder builder("copy", 13);
    Shape shape = item_shape;
    shape.insert(shape.begin(), -1);
    const std::string input = builder.input("input", DType::f32, shape);
    const std::string flat = builder.node("Flatten", {input});
    std::string last = numerics::layer(builder, flat, first, "layer1");
    if (second != nullptr) last = numerics::layer(builder, builder.node("Relu", {last}), *second, "layer2");
    if (skip != nullptr) last = builder.node("Add", {last, numerics::layer(builder, flat, *skip, "skip")});
    builder.output(last, DType::f32, {-1, second != nullptr ? second->outputs : first.outputs});
    return std::move(builder).build();
}

}  // namespace bartizan::extraction
