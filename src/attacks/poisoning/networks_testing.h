#pragma once
/// For tests of this folder: small networks with random weights over pictures, and pictures.

#include <cmath>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "attacks/poisoning/surrogate.h"
#include "bartizan/run_context.h"
#include "core/random.h"
#include "data/dataset.h"
#include "graph/builder.h"
#include "model/shards.h"

namespace bartizan::attacks::small_networks {

inline NdArray weights(Shape shape, std::int64_t fan_in, std::uint64_t seed) {
    NdArray out = NdArray::zeros(DType::f32, std::move(shape)).value();
    Random(seed, 0, 77).fill_normal(out.mutable_values<float>());
    for (float& value : out.mutable_values<float>())
        value *= static_cast<float>(std::sqrt(2.0 / static_cast<double>(fan_in)));
    return out;
}

inline std::string dense(graph::GraphBuilder& builder, const std::string& x, std::int64_t in, std::int64_t out,
                         std::uint64_t seed) {
    const std::string name = "dense" + std::to_string(seed);
    return builder.node("Gemm",
                        {x, builder.initializer(name + ".weight", weights({out, in}, in, seed)),
                         builder.initializer(name + ".bias", weights({out}, 8 * out, seed + 50))},
                        {{"transB", std::int64_t{1}}});
}

/// 64 -> 24 -> 16 -> 4 with Relu between.
inline graph::Graph mlp() {
    graph::GraphBuilder builder("mlp", 13);
    std::string x =
        builder.node("Flatten", {builder.input("x", DType::f32, {-1, 1, 8, 8})}, {{"axis", std::int64_t{1}}});
    x = builder.node("Relu", {dense(builder, x, 64, 24, 1)});
    x = builder.node("Relu", {dense(builder, x, 24, 16, 2)});
    builder.output(dense(builder, x, 16, 4, 3), DType::f32, {-1, 4});
    return std::move(builder).build().value();
}

/// Convolution, max pooling and two dense layers over [channels, 8, 8]; a softmax at the end.
inline graph::Graph cnn(std::int64_t channels, std::int64_t opset) {
    using Sizes = std::vector<std::int64_t>;
    graph::GraphBuilder builder("cnn", opset);
    std::string x = builder.input("x", DType::f32, {-1, channels, 8, 8});
    x = builder.node("Conv",
                     {x, builder.initializer("kernel", weights({6, channels, 3, 3}, 9 * channels, 4)),
                      builder.initializer("kernel.bias", weights({6}, 60, 5))},
                     {{"kernel_shape", Sizes{3, 3}}, {"pads", Sizes{1, 1, 1, 1}}});
    x = builder.node("MaxPool", {builder.node("Relu", {x})}, {{"kernel_shape", Sizes{2, 2}}, {"strides", Sizes{2, 2}}});
    x = builder.node("Flatten", {x}, {{"axis", std::int64_t{1}}});
    x = builder.node("Relu", {dense(builder, x, 96, 20, 6)});
    x = builder.node("Softmax", {dense(builder, x, 20, 4, 7)}, {{"axis", std::int64_t{1}}});
    builder.output(x, DType::f32, {-1, 4});
    return std::move(builder).build().value();
}

/// Features that are a linear map A of the picture: what feature collision ends at is known in closed form.
inline graph::Graph linear_features() {
    graph::GraphBuilder builder("linear", 13);
    std::string x =
        builder.node("Flatten", {builder.input("x", DType::f32, {-1, 1, 8, 8})}, {{"axis", std::int64_t{1}}});
    x = builder.node("MatMul", {x, builder.initializer("A", weights({64, 6}, 64, 8))});
    builder.output(dense(builder, x, 6, 4, 9), DType::f32, {-1, 4});
    return std::move(builder).build().value();
}

inline Surrogate surrogate(graph::Graph graph, const Shape& item, data::InputContract contract = {}) {
    Surrogate out;
    out.contract = std::move(contract);
    out.model = model::from_graph(std::move(graph)).value();
    out.classifier = model::make_classifier(out.model, item, out.contract).value();
    return out;
}

/// Pictures uniform in [low, high], the four classes in turn.
inline data::Batch pictures(const model::Classifier& classifier, std::int64_t count, float low, float high,
                            std::uint64_t seed = 3) {
    Shape shape = {count};
    shape.insert(shape.end(), classifier.item_shape().begin(), classifier.item_shape().end());
    data::Batch batch;
    batch.x = NdArray::zeros(DType::f32, shape).value();
    Random(seed, 0).fill_uniform(batch.x.mutable_values<float>(), low, high);
    for (std::int64_t i = 0; i < count; ++i) batch.y.push_back(i % 4), batch.ids.push_back(i);
    return batch;
}

}  // namespace bartizan::attacks::small_networks
