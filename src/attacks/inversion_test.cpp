/// Inversion of a model whose classes are known pictures.
#include "attacks/inversion.h"

#include <cmath>

#include <gtest/gtest.h>

#include "graph/builder.h"
#include "model/model.h"

namespace bartizan::attacks {
namespace inversion_test {
namespace {

/// Class c sees row c of an 4x4 picture bright, the others dark.
std::shared_ptr<const model::Classifier> rows_of_four() {
    std::vector<float> weights;
    for (std::size_t c = 0; c < 4; ++c)
        for (std::size_t p = 0; p < 16; ++p) weights.push_back(p / 4 == c ? 2.0F : -1.0F);
    graph::GraphBuilder builder("rows");
    const std::string x = builder.input("x", DType::f32, {-1, 1, 4, 4});
    const std::string w = builder.initializer<float>("w", {4, 16}, weights);
    builder.output(builder.node("Gemm", {builder.node("Flatten", {x}), w}, {{"transB", std::int64_t{1}}}), DType::f32, {-1, 4});
    std::shared_ptr<const model::Model> model = model::from_graph(std::move(builder).build().value()).value();
    return model::make_classifier(model, {1, 4, 4}, {}).value();
}

TEST(Inversion, ShowsWhatTheModelThinksTypical) {
    RunContext ctx;
    const auto found = invert_classes(*rows_of_four(), {.steps = 150, .starts = 2}, ctx);
    ASSERT_TRUE(found.ok()) << found.error().line();
    EXPECT_EQ(found->shape(), (Shape{4, 1, 4, 4}));
    for (std::size_t c = 0; c < 4; ++c) {
        double own = 0, other = 0;
        for (std::size_t p = 0; p < 16; ++p) {
            const float value = found->values<float>()[c * 16 + p];
            EXPECT_GE(value, 0);
            EXPECT_LE(value, 1);
            (p / 4 == c ? own : other) += value / (p / 4 == c ? 4.0 : 12.0);
        }
        EXPECT_GT(own, other + 0.2) << c;
    }
    const auto again = invert_classes(*rows_of_four(), {.steps = 150, .starts = 2}, ctx);
    EXPECT_TRUE(std::ranges::equal(again->values<float>(), found->values<float>()));
}

TEST(Inversion, SmoothnessSmooths) {
    RunContext ctx;
    const auto rough = [](const NdArray& x) {
        double sum = 0;
        for (std::size_t p = 0; p < 16; ++p)
            if (p % 4 != 3) sum += std::abs(x.values<float>()[p] - x.values<float>()[p + 1]);
        return sum;
    };
    const auto plain = invert_classes(*rows_of_four(), {.steps = 60, .starts = 1, .smoothness = 0}, ctx);
    const auto smooth = invert_classes(*rows_of_four(), {.steps = 60, .starts = 1, .smoothness = 5}, ctx);
    EXPECT_LT(rough(*smooth), rough(*plain));
}

}  // namespace
}  // namespace inversion_test
}  // namespace bartizan::attacks
