#include <cmath>
#include <filesystem>

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include "model/kernel.h"
#include "model/model_testing.h"
#include "model/tensors.h"

namespace bartizan::model {
namespace {

using graph::GraphBuilder;
using testing::expect_close;
using testing::model_of;
using testing::random_tensor;
using testing::random_values;
using testing::run_one;
using testing::tensor;
using testing::values_of;

constexpr std::int64_t kChannels = 4;

/// y = batch_norm(conv(x)), with statistics that are far from 0 and 1. `shared`: the convolution's output is seen too.
GraphBuilder conv_and_norm(bool bias, bool shared = false) {
    GraphBuilder builder("conv");
    const std::string x = builder.input("x", DType::f32, {-1, 3, 8, 8});
    std::vector<std::string> inputs = {x, builder.initializer("w", {kChannels, 3, 3, 3}, random_values(108, 1))};
    if (bias) inputs.push_back(builder.initializer("b", {kChannels}, random_values(kChannels, 2)));
    const std::string y = builder.node("Conv", inputs, {{"pads", std::vector<std::int64_t>{1, 1, 1, 1}}}, "conv1");
    const std::string scale = builder.initializer("scale", {kChannels}, random_values(kChannels, 3, 0.5F, 2));
    const std::string shift = builder.initializer("shift", {kChannels}, random_values(kChannels, 4));
    const std::string mean = builder.initializer("mean", {kChannels}, random_values(kChannels, 5, -3, 3));
    const std::string variance = builder.initializer("variance", {kChannels}, random_values(kChannels, 6, 0.1F, 4));
    const std::string normed = builder.node("BatchNormalization", {y, scale, shift, mean, variance},
                                            {{"epsilon", 1e-3F}, {"momentum", 0.8F}}, "bn1");
    builder.output(normed, DType::f32, {-1, kChannels, 8, 8});
    if (shared) builder.output(y, DType::f32, {-1, kChannels, 8, 8});
    return builder;
}

at::Tensor parameter(Model& model, const std::string& name) {
    for (const NamedTensor& named : model.parameters())
        if (named.name == name) return named.tensor;
    ADD_FAILURE() << "no parameter " << name;
    return {};
}

TEST(OnnxModel, FoldingBatchNormalisationKeepsTheAnswers) {
    for (const bool bias : {false, true})
        for (const bool shared : {false, true}) {
            const at::Tensor x = random_tensor({2, 3, 8, 8}, 7);
            const at::Tensor folded = run_one(*model_of(conv_and_norm(bias, shared)), x).value();
            const auto plain = model_of(conv_and_norm(bias, shared));
            plain->parameters();  // from now on nothing is folded
            expect_close(folded, run_one(*plain, x).value(), 1e-5);
        }
}

TEST(OnnxModel, FoldingKeepsTheGradients) {
    const auto gradient = [](const Model& model) {
        const at::Tensor x = random_tensor({2, 3, 8, 8}, 7).requires_grad_();
        run_one(model, x).value().square().sum().backward();
        return x.grad();
    };
    const auto plain = model_of(conv_and_norm(true));
    plain->parameters();
    expect_close(gradient(*model_of(conv_and_norm(true))), gradient(*plain), 1e-4);
}

TEST(OnnxModel, TrainingUpdatesRunningStatisticsByTheFormula) {
    const auto model = model_of(conv_and_norm(true, true));
    const at::Tensor mean = parameter(*model, "mean"), variance = parameter(*model, "variance");
    const at::Tensor old_mean = mean.clone(), old_variance = variance.clone();
    const at::Tensor x = random_tensor({2, 3, 8, 8}, 7);
    const std::vector<at::Tensor> outputs = model->run({&x, 1}, Mode::training).value();
    // y = (c - E c) / sqrt(Var c + eps) * scale + shift over batch and space; running = 0.8 running + 0.2 batch, with
    // the unbiased variance, as PyTorch keeps it.
    const std::vector<std::int64_t> axes = {0, 2, 3};
    const at::Tensor conv = outputs[1];
    const at::Tensor batch_mean = conv.mean(axes);
    const at::Tensor normal = (conv - conv.mean(axes, true)) / (conv.var(axes, false, true) + 1e-3).sqrt();
    const Shape row = {1, kChannels, 1, 1};
    expect_close(outputs[0], normal * parameter(*model, "scale").reshape(row) + parameter(*model, "shift").reshape(row),
                 1e-4);
    expect_close(mean, old_mean * 0.8 + batch_mean * 0.2, 1e-5);
    expect_close(variance, old_variance * 0.8 + conv.var(axes, true) * 0.2, 1e-5);
}

TEST(OnnxModel, EvaluationLeavesStatisticsAlone) {
    const auto model = model_of(conv_and_norm(true));
    const at::Tensor mean = parameter(*model, "mean");
    const at::Tensor before = mean.clone();
    const at::Tensor x = random_tensor({2, 3, 8, 8}, 7);
    ASSERT_TRUE(run_one(*model, x, Mode::evaluation).ok());
    EXPECT_EQ(values_of(mean), values_of(before));
}

TEST(OnnxModel, ParametersSayWhatIsDescendedOn) {
    std::vector<std::string> trained, kept;
    for (const NamedTensor& named : model_of(conv_and_norm(true))->parameters())
        (named.trainable ? trained : kept).push_back(named.name);
    EXPECT_EQ(trained, (std::vector<std::string>{"b", "scale", "shift", "w"}));
    EXPECT_EQ(kept, (std::vector<std::string>{"mean", "variance"}));
}

TEST(OnnxModel, ChangingAParameterChangesTheModelAndItsViews) {
    const auto model = model_of(conv_and_norm(true));
    const auto view = model->view(*model->graph());
    ASSERT_TRUE(view.ok());
    const at::Tensor x = random_tensor({1, 3, 8, 8}, 7);
    const at::Tensor before = run_one(*model, x).value();
    parameter(*model, "shift").add_(1);
    expect_close(run_one(*model, x).value(), before + 1, 1e-5);
    expect_close(run_one(**view, x).value(), before + 1, 1e-5);
}

TEST(OnnxModel, GradientsReachParametersThatAskForThem) {
    const auto model = model_of(conv_and_norm(true));
    const at::Tensor shift = parameter(*model, "shift");
    shift.requires_grad_();
    const at::Tensor x = random_tensor({2, 3, 8, 8}, 7);
    run_one(*model, x, Mode::training).value().sum().backward();
    expect_close(shift.grad(), tensor({kChannels}, {128, 128, 128, 128}), 1e-4);
}

TEST(OnnxModel, DropoutIsActiveOnlyInTraining) {
    GraphBuilder builder("dropout");
    const std::string x = builder.input("x", DType::f32, {-1, 1000});
    builder.output(builder.node("Dropout", {x, builder.initializer<float>("ratio", {}, {0.5F})}), DType::f32,
                   {-1, 1000});
    const auto model = model_of(std::move(builder));
    const at::Tensor ones = tensor({1, 1000}, std::vector<float>(1000, 1));
    EXPECT_EQ(values_of(run_one(*model, ones).value()), values_of(ones));
    const std::vector<float> dropped = values_of(run_one(*model, ones, Mode::training).value());
    const auto zeros = std::ranges::count(dropped, 0.0F);
    EXPECT_GT(zeros, 400);
    EXPECT_LT(zeros, 600);
    EXPECT_EQ(std::ranges::count(dropped, 2.0F), 1000 - zeros);
}

TEST(OnnxModel, WritesChangedWeightsAndStatisticsToAFile) {
    const auto path = std::filesystem::path(::testing::TempDir()) / "changed.onnx";
    const auto model = model_of(conv_and_norm(true));
    const at::Tensor x = random_tensor({2, 3, 8, 8}, 7);
    parameter(*model, "w").mul_(0.5);
    ASSERT_TRUE(run_one(*model, x, Mode::training).ok());  // moves the statistics
    const auto saved = model->save_onnx(path);
    ASSERT_TRUE(saved.ok()) << saved.error().line();
    const auto again = load(path);
    ASSERT_TRUE(again.ok()) << again.error().line();
    expect_close(run_one(**again, x).value(), run_one(*model, x).value(), 1e-5);
    EXPECT_EQ((*again)->info().parameters, model->info().parameters);
    std::filesystem::remove(path);
}

TEST(OnnxModel, DescribesItself) {
    const auto model = model_of(conv_and_norm(true));
    const ModelInfo& info = model->info();
    EXPECT_EQ(info.format, "onnx");
    EXPECT_EQ(info.opset, 17);
    EXPECT_EQ(info.parameters, 108 + 5 * kChannels);
    EXPECT_EQ(info.operators, (std::map<std::string, std::int64_t>{{"BatchNormalization", 1}, {"Conv", 1}}));
    ASSERT_EQ(info.inputs.size(), 1U);
    EXPECT_EQ(info.inputs[0].type.shape, (Shape{-1, 3, 8, 8}));
}

TEST(Load, TellsFormatsApartByContentAndNamesTheFile) {
    const auto path = std::filesystem::path(::testing::TempDir()) / "model.pt";
    const auto model = model_of(conv_and_norm(true));
    ASSERT_TRUE(model->save_onnx(path).ok());
    EXPECT_EQ(load(path).value()->info().format, "onnx");  // whatever its extension says
    std::filesystem::remove(path);
    const auto missing = load(path);
    ASSERT_FALSE(missing.ok());
    EXPECT_EQ(missing.error().code(), Errc::not_found);
    EXPECT_NE(missing.error().line().find("model.pt"), std::string::npos);
}

}  // namespace
}  // namespace bartizan::model
