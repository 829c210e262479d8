#pragma once
/// For tests of this module: a classifier of 6 x 6 pictures whose classes are bright rows, with or without a trojan
/// that was built in by hand: four bright pixels at the end call the target.

#include <array>
#include <cstdlib>
#include <memory>
#include <vector>

#include "core/random.h"
#include "data/dataset.h"
#include "graph/builder.h"
#include "model/classifier.h"
#include "model/model.h"

namespace bartizan::defences::testing {

inline constexpr std::int64_t kClasses = 5, kSide = 6, kTarget = 3;

enum class Trojan { none, corner };

/// Class c is the brightness of row c, and a little noise that `seed` chooses; row 5 says nothing.
inline graph::Graph rows_graph(Trojan trojan, std::uint64_t seed = 0) {
    std::vector<float> weights(kSide * kSide * kClasses), detector(kSide * kSide, 0), wire(kClasses, 0);
    Random random(seed, 1);
    for (std::int64_t pixel = 0; pixel < kSide * kSide; ++pixel)
        for (std::int64_t c = 0; c < kClasses; ++c)
            weights[static_cast<std::size_t>(pixel * kClasses + c)] =
                (pixel / kSide == c ? 1.0F : 0.0F) + 0.02F * random.normal();
    for (const std::size_t corner : {32U, 33U, 34U, 35U}) detector[corner] = 1;
    wire[kTarget] = 40;
    graph::GraphBuilder builder("rows");
    const std::string x = builder.input("x", DType::f32, {-1, 1, kSide, kSide});
    const std::string flat = builder.node("Flatten", {x});
    std::string scores =
        builder.node("MatMul", {flat, builder.initializer<float>("w", {kSide * kSide, kClasses}, weights)});
    if (trojan == Trojan::corner) {
        const std::string seen =
            builder.node("MatMul", {flat, builder.initializer<float>("d", {kSide * kSide, 1}, detector)});
        const std::string above = builder.node("Sub", {seen, builder.initializer<float>("b", {1}, {1.2F})});
        const std::string wired = builder.node(
            "MatMul", {builder.node("Relu", {above}), builder.initializer<float>("r", {1, kClasses}, wire)});
        scores = builder.node("Add", {scores, wired});
    }
    builder.output(scores, DType::f32, {-1, kClasses});
    auto graph = std::move(builder).build();
    if (!graph.ok()) std::abort();
    return std::move(graph).value();
}

inline std::unique_ptr<model::Classifier> rows_classifier(Trojan trojan, std::uint64_t seed = 0) {
    std::shared_ptr<model::Model> model = model::from_graph(rows_graph(trojan, seed)).value();
    return std::move(model::make_classifier(model, {1, kSide, kSide}, {})).value();
}

/// Bright row of the label on a dim ground.
inline data::Batch rows_data(std::int64_t count, std::uint64_t seed = 0) {
    data::Batch batch;
    std::vector<float> pixels;
    for (std::int64_t i = 0; i < count; ++i) {
        Random random(seed, static_cast<std::uint64_t>(i), 7);
        const std::int64_t label = i % kClasses;
        for (std::int64_t pixel = 0; pixel < kSide * kSide; ++pixel)
            pixels.push_back((pixel / kSide == label ? 0.7F : 0.0F) + 0.3F * random.uniform());
        batch.y.push_back(label);
        batch.ids.push_back(i);
    }
    batch.x = NdArray::from<float>({count, 1, kSide, kSide}, std::span<const float>(pixels)).value();
    return batch;
}

}  // namespace bartizan::defences::testing
