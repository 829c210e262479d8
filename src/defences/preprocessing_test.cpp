/// Preprocessings against plain loops; the files that hold them against the views that attackers have of them.
#include "defences/preprocessing.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/softmax.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include "defences/squeezing.h"
#include "defences/temperature.h"
#include "graph/builder.h"
#include "model/model.h"
#include "model/tensors.h"

namespace bartizan::defences {
namespace {

at::Tensor squeezed_by_graph(const Preprocessing& wanted, const at::Tensor& x) {
    Shape item(x.sizes().begin() + 1, x.sizes().end());
    const auto model = model::from_graph(preprocessing_graph(wanted, item).value()).value();
    const std::vector<at::Tensor> inputs = {x};
    return model->run(inputs).value()[0];
}

double largest_difference(const at::Tensor& a, const at::Tensor& b) { return (a - b).abs().max().item<double>(); }

float pixel(const at::Tensor& picture, std::int64_t row, std::int64_t column) {
    const auto at = picture.accessor<float, 2>();
    return at[std::clamp<std::int64_t>(row, 0, picture.size(0) - 1)]
             [std::clamp<std::int64_t>(column, 0, picture.size(1) - 1)];
}

TEST(Preprocessing, RoundsToLevels) {
    const at::Tensor x = at::rand({2, 5}, at::kFloat);
    const at::Tensor y = squeezed_by_graph({.kind = Squeeze::bit_depth, .bits = 2}, x);
    for (std::int64_t i = 0; i < 10; ++i)
        EXPECT_NEAR(y.view({-1})[i].item<double>(), std::nearbyint(x.view({-1})[i].item<double>() * 3) / 3, 1e-6);
}

TEST(Preprocessing, TakesMedianAndMeanOfWindows) {
    for (const int window : {2, 3, 4})
        for (const Squeeze kind : {Squeeze::median, Squeeze::mean}) {
            const at::Tensor x = at::rand({2, 3, 7, 6}, at::kFloat);
            const at::Tensor y = squeezed_by_graph({.kind = kind, .window = window}, x);
            ASSERT_EQ(y.sizes(), x.sizes());
            const at::Tensor from = x[1][2];
            for (std::int64_t row = 0; row < 7; ++row)
                for (std::int64_t column = 0; column < 6; ++column) {
                    std::vector<float> seen;
                    for (int i = 0; i < window; ++i)
                        for (int j = 0; j < window; ++j)
                            seen.push_back(pixel(from, row + i - window / 2, column + j - window / 2));
                    std::ranges::sort(seen);
                    double sum = 0;
                    for (const float one : seen) sum += static_cast<double>(one);
                    const double wanted = kind == Squeeze::median ? static_cast<double>(seen[seen.size() / 2])
                                                                  : sum / static_cast<double>(seen.size());
                    EXPECT_NEAR(y[1][2][row][column].item<double>(), wanted, 1e-6);
                }
        }
}

/// A block through the definition of the transform in double precision, quantised by `step` of each frequency.
std::vector<double> block_by_definition(const std::vector<double>& levels, double step) {
    const auto c = [](int u) { return u == 0 ? std::numbers::sqrt2 / 2 : 1.0; };
    const auto wave = [](int u, int x) { return std::cos((2 * x + 1) * u * std::numbers::pi / 16); };
    std::vector<double> out(64, 128);
    for (int u = 0; u < 8; ++u)
        for (int v = 0; v < 8; ++v) {
            double sum = 0;
            for (int y = 0; y < 8; ++y)
                for (int x = 0; x < 8; ++x) sum += (levels[8 * y + x] - 128) * wave(u, y) * wave(v, x);
            const double kept = std::nearbyint(sum * c(u) * c(v) / 4 / step) * step;
            for (int y = 0; y < 8; ++y)
                for (int x = 0; x < 8; ++x) out[8 * y + x] += kept * c(u) * c(v) / 4 * wave(u, y) * wave(v, x);
        }
    return out;
}

TEST(Preprocessing, LosesWhatJpegLoses) {
    // Quality 100 has a step of 1 for every frequency.
    const at::Tensor x = at::rand({1, 8, 8}, at::kFloat);
    const at::Tensor y = squeezed_by_graph({.kind = Squeeze::jpeg, .quality = 100}, x);
    std::vector<double> levels;
    for (std::int64_t i = 0; i < 64; ++i) levels.push_back(255 * x.view({-1})[i].item<double>());
    const std::vector<double> wanted = block_by_definition(levels, 1);
    int far = 0;  // a coefficient between two steps may go either way in float32
    for (std::int64_t i = 0; i < 64; ++i)
        far += std::abs(255 * y.view({-1})[i].item<double>() - std::clamp(wanted[i], 0.0, 255.0)) > 0.01 ? 1 : 0;
    EXPECT_EQ(far, 0);
    // Quality 50 is the table itself: a flat block keeps its mean to a step of 16 / 8 levels.
    const at::Tensor flat = at::rand({1}, at::kFloat).expand({1, 16, 16}).contiguous();
    const double mean = 8 * (255 * flat[0][0][0].item<double>() - 128);
    EXPECT_NEAR(squeezed_by_graph({.kind = Squeeze::jpeg, .quality = 50}, flat)[0][3][3].item<double>(),
                (std::nearbyint(mean / 16) * 16 / 8 + 128) / 255, 1e-5);
}

TEST(Preprocessing, KeepsColoursAndSizesThatAreNoWholeBlocks) {
    const at::Tensor x = at::rand({2, 3, 13, 10}, at::kFloat) * 0.2 + 0.4;
    const at::Tensor y = squeezed_by_graph({.kind = Squeeze::jpeg, .quality = 100}, x);
    ASSERT_EQ(y.sizes(), x.sizes());
    EXPECT_LT(largest_difference(x, y), 8.0 / 255);  // roundings of 64 coefficients and three colours
    const at::Tensor last = x.permute({0, 2, 3, 1}).contiguous();
    EXPECT_LT(largest_difference(squeezed_by_graph({.kind = Squeeze::jpeg, .quality = 30}, last).permute({0, 3, 1, 2}),
                                 squeezed_by_graph({.kind = Squeeze::jpeg, .quality = 30}, x)),
              1e-6);
}

/// Pictures [C,H,W] normalised, flattened and multiplied: three classes.
graph::Graph linear_model(std::int64_t channels, std::int64_t side, bool softmax = false) {
    graph::GraphBuilder builder("linear", 13);
    const std::string x = builder.input("x", DType::f32, {-1, channels, side, side});
    std::vector<float> weights;
    for (std::int64_t i = 0; i < 3 * channels * side * side; ++i)
        weights.push_back(std::sin(static_cast<float>(i * i % 97)));
    const std::string w = builder.initializer("w", {channels * side * side, 3}, weights);
    const std::string flat = builder.node("Flatten", {x});
    const std::string y = builder.node("MatMul", {flat, w}, {}, softmax ? "raw" : "y");
    if (softmax) builder.node("Softmax", {y}, {{"axis", std::int64_t{1}}}, "y");
    builder.output("y", DType::f32, {-1, 3});
    return std::move(builder).build().value();
}

std::shared_ptr<const model::Classifier> classifier_of(graph::Graph graph, const Shape& item,
                                                       const data::InputContract& contract) {
    std::shared_ptr<const model::Model> model = model::from_graph(std::move(graph)).value();
    return model::make_classifier(model, item, contract).value();
}

TEST(Preprocessing, InTheFileIsWhatTheAttackersViewSees) {
    data::InputContract contract;
    contract.mean = {0.4, 0.5, 0.6};
    contract.std = {0.2, 0.3, 0.25};
    const graph::Graph graph = linear_model(3, 16);
    const auto base = classifier_of(graph, {3, 16, 16}, contract);
    const at::Tensor x = at::rand({4, 3, 16, 16}, at::kFloat);
    for (const Preprocessing& wanted :
         {Preprocessing{.kind = Squeeze::bit_depth, .bits = 3}, Preprocessing{.kind = Squeeze::median},
          Preprocessing{.kind = Squeeze::mean, .window = 3}, Preprocessing{.kind = Squeeze::jpeg, .quality = 60}}) {
        const auto file = with_preprocessing(graph, wanted, contract, {3, 16, 16});
        ASSERT_TRUE(file.ok()) << file.error().line();
        const auto defended = classifier_of(*file, {3, 16, 16}, contract);
        const auto view = straight_through(base, wanted).value();
        EXPECT_LT(largest_difference(defended->logits(x).value(), view->logits(x).value()), 1e-2) << name_of(wanted);
        EXPECT_GT(largest_difference(defended->logits(x).value(), base->logits(x).value()), 1e-2);
        // The gradient is that of the model where the squeezed picture lies; of a linear model, everywhere the same.
        const at::Tensor leaf = x.clone().requires_grad_(true);
        const at::Tensor by_view = torch::autograd::grad({view->logits(leaf).value().slice(1, 0, 1).sum()}, {leaf})[0];
        const at::Tensor by_base = torch::autograd::grad({base->logits(leaf).value().slice(1, 0, 1).sum()}, {leaf})[0];
        EXPECT_LT(largest_difference(by_view, by_base), 1e-5);
    }
    const auto rounding = with_preprocessing(graph, {.kind = Squeeze::bit_depth}, contract, {3, 16, 16}).value();
    EXPECT_EQ(rounding.metadata.at("bartizan.preprocessing"),
              "bit-depth 4; no defence against attackers who know of it");
    bool warned = false;
    const auto rounded = classifier_of(rounding, {3, 16, 16}, contract);
    for (const model::Remark& remark : rounded->remarks())
        warned = warned || remark.kind == model::Remark::Kind::zero_gradient;
    EXPECT_TRUE(warned);
}

TEST(Preprocessing, RefusesWhatItCannotTake) {
    graph::Graph old = linear_model(1, 8);
    old.opsets[""] = 9;
    EXPECT_FALSE(with_preprocessing(old, {}, {}, {1, 8, 8}).ok());
    EXPECT_FALSE(preprocessing_graph({.kind = Squeeze::median}, {20}).ok());
    EXPECT_FALSE(preprocessing_graph({.kind = Squeeze::mean, .window = 7}, {1, 5, 9}).ok());
    EXPECT_TRUE(preprocessing_graph({.kind = Squeeze::bit_depth}, {20}).ok());
}

TEST(Temperature, IsFoundAndFolded) {
    // Right nine times in ten with a gap of 3: the likelihood is best where a gap of log 9 would be.
    std::vector<float> logits;
    std::vector<std::int64_t> labels;
    for (int i = 0; i < 100; ++i) {
        logits.insert(logits.end(), {3, 0});
        labels.push_back(i % 10 == 0 ? 1 : 0);
    }
    const NdArray array = NdArray::from<float>({100, 2}, std::span<const float>(logits)).value();
    const double temperature = fit_temperature(array, labels).value();
    EXPECT_NEAR(temperature, 3 / std::log(9.0), 1e-6);
    EXPECT_FALSE(fit_temperature(array, std::span(labels).first(3)).ok());
    labels[0] = 2;
    EXPECT_FALSE(fit_temperature(array, labels).ok());
    const at::Tensor x = at::rand({4, 1, 8, 8}, at::kFloat);
    const std::vector<at::Tensor> inputs = {x};
    for (const bool softmax : {false, true}) {
        const graph::Graph graph = linear_model(1, 8, softmax);
        const auto raw = model::from_graph(linear_model(1, 8)).value()->run(inputs).value()[0];
        const auto file = with_temperature(graph, 2.5);
        ASSERT_TRUE(file.ok()) << file.error().line();
        const auto got = model::from_graph(*file).value()->run(inputs).value()[0];
        const at::Tensor wanted = softmax ? at::softmax(raw / 2.5, 1) : raw / 2.5;
        EXPECT_LT(largest_difference(got, wanted), 1e-5);
    }
}

TEST(Squeezing, TheFileMeasuresWhatWasMeasured) {
    const std::vector<Preprocessing> squeezes = {{.kind = Squeeze::bit_depth, .bits = 2}, {.kind = Squeeze::median}};
    const at::Tensor x = at::rand({40, 1, 8, 8}, at::kFloat);
    const std::vector<at::Tensor> inputs = {x};
    for (const bool softmax : {false, true}) {
        const graph::Graph graph = linear_model(1, 8, softmax);
        const auto squeezing = make_squeezing(classifier_of(graph, {1, 8, 8}, {}), squeezes, {}).value();
        const std::vector<double> distances =
            squeezing_distances(squeezing, model::to_array(x).value(), RunContext()).value();
        const double threshold = squeezing_threshold(distances, 0.25);
        EXPECT_EQ(std::ranges::count_if(distances, [&](double one) { return one > threshold; }), 10);
        const auto file = with_squeezing(graph, squeezes, {}, {1, 8, 8}, threshold);
        ASSERT_TRUE(file.ok()) << file.error().line();
        const auto answers = model::from_graph(*file).value()->run(inputs).value();
        ASSERT_EQ(answers.size(), 3U);
        for (std::int64_t row = 0; row < 40; ++row) {
            EXPECT_NEAR(answers[1][row].item<double>(), distances[static_cast<std::size_t>(row)], 1e-4);
            if (std::abs(distances[static_cast<std::size_t>(row)] - threshold) > 1e-4)
                EXPECT_EQ(answers[2][row].item<bool>(), distances[static_cast<std::size_t>(row)] > threshold);
        }
        const at::Tensor leaf = x.clone().requires_grad_(true);
        EXPECT_GT(torch::autograd::grad({squeezing.joint->logits(leaf).value().slice(1, 0, 1).sum()}, {leaf})[0]
                      .abs()
                      .max()
                      .item<double>(),
                  0);
    }
    EXPECT_EQ(squeezing_threshold({}, 0.05), 2);
    EXPECT_EQ(squeezing_threshold({1, 2, 3}, 0), 3);
}

}  // namespace
}  // namespace bartizan::defences
