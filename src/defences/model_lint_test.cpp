#include "defences/model_lint.h"

#include <filesystem>

#include <gtest/gtest.h>

#include "defences/trojan_testing.h"

namespace bartizan::defences {
namespace {

using graph::GraphBuilder;

/// Six dense layers of eight neurons; `beside` adds to the scores.
struct Deep {
    GraphBuilder builder{"deep"};
    std::string input = builder.input("x", DType::f32, {-1, 8});
    std::string scores = input;

    explicit Deep(float heavy = 0) {
        for (int layer = 0; layer < 6; ++layer) {
            std::vector<float> weights(64);
            Random(1, static_cast<std::uint64_t>(layer)).fill_normal(weights);
            if (layer == 5 && heavy > 0) weights[3 * 8 + 2] = heavy;  // neuron 3 to class 2
            const std::string w = builder.initializer<float>("w" + std::to_string(layer), {8, 8}, weights);
            scores = builder.node("MatMul", {layer == 0 ? scores : builder.node("Relu", {scores}), w});
        }
    }
    graph::Graph finish() {
        builder.output(scores, DType::f32, {-1, 8});
        return std::move(builder).build().value();
    }
};

TEST(ModelLint, FindsNothingInAPlainNetwork) {
    EXPECT_TRUE(lint_model(Deep().finish()).empty());
    EXPECT_TRUE(lint_model(testing::rows_graph(testing::Trojan::none)).empty());
}

TEST(ModelLint, FindsABranchPastTheNetwork) {
    Deep deep;
    const std::string side = deep.builder.node("MaxPool", {deep.input}, {}, "side");
    deep.scores = deep.builder.node("Add", {deep.scores, side});
    const auto notes = lint_model(deep.finish());
    ASSERT_EQ(notes.size(), 1U);
    EXPECT_EQ(notes[0].kind, LintNote::Kind::parallel_branch);
    EXPECT_NE(notes[0].node.find("side"), std::string::npos);
}

TEST(ModelLint, FindsAnAnswerThatIsChosenByTheInput) {
    Deep deep;
    const std::string limit = deep.builder.initializer<float>("limit", {1}, {0.5F});
    const std::string other = deep.builder.initializer<float>("other", {1}, {9});
    const std::string seen = deep.builder.node("Greater", {deep.scores, limit});
    deep.scores = deep.builder.node("Where", {seen, other, deep.scores});
    const auto notes = lint_model(deep.finish());
    ASSERT_EQ(notes.size(), 2U);
    EXPECT_EQ(notes[0].kind, LintNote::Kind::branch_on_input);
}

TEST(ModelLint, FindsOneWireFarHeavierThanTheOthers) {
    const auto notes = lint_model(Deep(60).finish());
    ASSERT_EQ(notes.size(), 1U);
    EXPECT_EQ(notes[0].kind, LintNote::Kind::detector_neuron);
    EXPECT_NE(notes[0].detail.find("input 3 has weight 60 to class 2"), std::string::npos) << notes[0].detail;
}

/// Convolution of 16 channels over 4, and a dense layer of 20 neurons over 64; `cut` wires of one of each are 0.
graph::Graph two_layers(std::size_t cut) {
    GraphBuilder builder("two");
    std::vector<float> kernel(16 * 4 * 9), dense(64 * 20);
    Random(3, 0).fill_normal(kernel);
    Random(3, 1).fill_normal(dense);
    for (std::size_t i = 0; i < std::min<std::size_t>(cut, 36); ++i) kernel[5 * 36 + i] = 0;
    for (std::size_t i = 0; i < cut; ++i) dense[i * 20 + 7] = 1e-9F;  // [inputs, outputs]
    const std::string x = builder.input("x", DType::f32, {-1, 4, 4, 4});
    const std::string seen =
        builder.node("Conv", {x, builder.initializer<float>("k", {16, 4, 3, 3}, kernel)}, {}, "conv");
    const std::string flat = builder.node("Flatten", {builder.node("Relu", {seen})});
    builder.output(builder.node("MatMul", {flat, builder.initializer<float>("w", {64, 20}, dense)}, {}, "dense"),
                   DType::f32, {-1, 20});
    return std::move(builder).build().value();
}

TEST(ModelLint, FindsNeuronsThatReadFewOfTheirInputs) {
    EXPECT_TRUE(lint_model(two_layers(0)).empty());
    EXPECT_TRUE(lint_model(two_layers(20)).empty());
    const auto notes = lint_model(two_layers(60));  // 60 of 64 of the dense one; all of the kernel: dead, no detector
    ASSERT_EQ(notes.size(), 1U);
    EXPECT_EQ(notes[0].kind, LintNote::Kind::isolated_neuron);
    EXPECT_NE(notes[0].node.find("dense"), std::string::npos);
    EXPECT_NE(notes[0].detail.find("output 7 has 60 of its 64 wires cut"), std::string::npos) << notes[0].detail;
    const auto both = lint_model(two_layers(32));  // 32 of 36 of the kernel, half of the dense one
    ASSERT_EQ(both.size(), 1U);
    EXPECT_NE(both[0].node.find("conv"), std::string::npos);
}

TEST(ModelLint, LeavesModelsFromElsewhereAlone) {
    const char* folder = std::getenv("BARTIZAN_TRIAL_DATA");
    if (folder == nullptr) GTEST_SKIP() << "BARTIZAN_TRIAL_DATA is not set";
    for (const char* name : {"cifar10_resnet20", "clean_cifar10_nad_teacher", "mnist_lenet5_cln", "vit_pgd_2_3_16",
                             "dogun_model", "resnet_2b", "winml_SqueezeNet_fp16"}) {
        const auto graph = graph::load_onnx(std::filesystem::path(folder) / "models" / (std::string(name) + ".onnx"));
        if (!graph.ok()) continue;
        for (const LintNote& note : lint_model(*graph))
            ADD_FAILURE() << name << ": " << note.node << " " << note.detail;
    }
}

}  // namespace
}  // namespace bartizan::defences
