// RNN, GRU and LSTM against LibTorch's own layers and closed forms.
#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/gru.h>
#include <ATen/ops/lstm.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/rnn_tanh.h>
#include <ATen/ops/zeros.h>

#include "model/operators/operator_testing.h"

namespace bartizan::model::operators {
namespace recurrent_test {
namespace {

using testing::DoubleNear;
using testing::ElementsAre;

constexpr std::int64_t kSteps = 5, kBatch = 3, kFeatures = 4, kHidden = 2;

const at::Tensor kNone;

at::Tensor noise(at::IntArrayRef shape, std::uint64_t seed) {
    return at::empty(shape, at::kDouble).uniform_(-1, 1, at::detail::createCPUGenerator(seed));
}

/// One set of weights of both directions, as ONNX wants them.
struct Case {
    std::int64_t gates = 1, directions = 2;
    at::Tensor x = noise({kSteps, kBatch, kFeatures}, 1);
    at::Tensor w = noise({directions, gates* kHidden, kFeatures}, 2);
    at::Tensor r = noise({directions, gates* kHidden, kHidden}, 3);
    at::Tensor b = noise({directions, 2 * gates* kHidden}, 4);
    at::Tensor h = noise({directions, kBatch, kHidden}, 5);
    at::Tensor c = noise({directions, kBatch, kHidden}, 6);
};

/// ONNX's gates in LibTorch's order: `order[i]` is where LibTorch's gate i stands.
at::Tensor reordered(const at::Tensor& rows, const std::vector<std::int64_t>& order) {
    std::vector<at::Tensor> parts;
    for (const std::int64_t gate : order) parts.push_back(rows.narrow(0, gate * kHidden, kHidden));
    return at::cat(parts);
}

std::vector<at::Tensor> libtorch_weights(const Case& it, const std::vector<std::int64_t>& order) {
    std::vector<at::Tensor> all;
    for (std::int64_t d = 0; d < it.directions; ++d) {
        const at::Tensor bias = it.b.select(0, d);
        const std::int64_t rows = it.gates * kHidden;
        for (const at::Tensor& one :
             {it.w.select(0, d), it.r.select(0, d), bias.narrow(0, 0, rows), bias.narrow(0, rows, rows)})
            all.push_back(reordered(one, order));
    }
    return all;
}

/// LibTorch puts directions behind the batch, ONNX before it.
void expect_same(const Result<Tensors>& given, const at::Tensor& y, const at::Tensor& last) {
    ASSERT_TRUE(given.ok()) << given.error().line();
    const at::Tensor wanted = y.reshape({kSteps, kBatch, -1, kHidden}).transpose(1, 2);
    ASSERT_EQ(given->at(0).sizes(), wanted.sizes());
    EXPECT_LT((given->at(0) - wanted).abs().max().item<double>(), 1e-12);
    EXPECT_LT((given->at(1) - last).abs().max().item<double>(), 1e-12);
}

OneNode both_ways(const char* op_type, Attributes attributes = {}) {
    attributes["direction"] = std::string("bidirectional");
    return {op_type, 14, std::move(attributes), 3};
}

TEST(Recurrent, RnnAgreesWithLibTorch) {
    const Case it;
    const auto [y, h] = at::rnn_tanh(it.x, it.h, libtorch_weights(it, {0}), true, 1, 0, false, true, false);
    expect_same(both_ways("RNN").all({it.x, it.w, it.r, it.b, kNone, it.h}), y, h);
}

TEST(Recurrent, GruAgreesWithLibTorch) {
    const Case it{.gates = 3};
    const auto [y, h] = at::gru(it.x, it.h, libtorch_weights(it, {1, 0, 2}), true, 1, 0, false, true, false);
    const OneNode node = both_ways("GRU", {{"linear_before_reset", std::int64_t{1}}});
    expect_same(node.all({it.x, it.w, it.r, it.b, kNone, it.h}), y, h);
}

TEST(Recurrent, LstmAgreesWithLibTorch) {
    const Case it{.gates = 4};
    const auto [y, h, c] =
        at::lstm(it.x, {it.h, it.c}, libtorch_weights(it, {0, 2, 3, 1}), true, 1, 0, false, true, false);
    const auto given = both_ways("LSTM").all({it.x, it.w, it.r, it.b, kNone, it.h, it.c});
    expect_same(given, y, h);
    ASSERT_TRUE(given.ok());
    EXPECT_LT((given->at(2) - c).abs().max().item<double>(), 1e-12);
}

TEST(Recurrent, StopsEachSequenceAtItsEnd) {
    // A short sequence in a batch gives what it gives alone.
    const Case it{.gates = 4};
    const OneNode node = both_ways("LSTM");
    const at::Tensor lengths = longs({5, 2, 0}).to(at::kInt);
    const auto together = node.all({it.x, it.w, it.r, it.b, lengths, it.h, it.c});
    const auto alone = node.all(
        {it.x.narrow(0, 0, 2).narrow(1, 1, 1), it.w, it.r, it.b, kNone, it.h.narrow(1, 1, 1), it.c.narrow(1, 1, 1)});
    ASSERT_TRUE(together.ok() && alone.ok());
    const at::Tensor y = together->at(0).narrow(2, 1, 1);
    EXPECT_LT((y.narrow(0, 0, 2) - alone->at(0)).abs().max().item<double>(), 1e-12);
    EXPECT_EQ(y.narrow(0, 2, 3).abs().max().item<double>(), 0);
    EXPECT_LT((together->at(1).narrow(1, 1, 1) - alone->at(1)).abs().max().item<double>(), 1e-12);
    EXPECT_EQ((together->at(1).select(1, 2) - it.h.select(1, 2)).abs().max().item<double>(), 0);
}

TEST(Recurrent, LetsActivationsTakeTheirNumbersInTurn) {
    // One unit, weights 1: y = f(x). Affine takes alpha and beta, LeakyRelu the next alpha, Tanh none.
    const auto run = [](const char* name, std::vector<float> alphas, std::vector<float> betas, double x) {
        const OneNode node{"RNN",
                           14,
                           {{"activations", std::vector<std::string>{name}},
                            {"activation_alpha", std::move(alphas)},
                            {"activation_beta", std::move(betas)}}};
        return values_of(node({floats({x}, {1, 1, 1}), at::ones({1, 1, 1}), at::zeros({1, 1, 1})})).at(0);
    };
    EXPECT_NEAR(run("Affine", {2}, {1}, 3), 7, 1e-6);
    EXPECT_NEAR(run("leakyrelu", {}, {}, -2), -0.02, 1e-6);
    EXPECT_NEAR(run("HardSigmoid", {}, {}, 1), 0.7, 1e-6);
    EXPECT_NEAR(run("ScaledTanh", {2}, {0.5}, 1), 2 * std::tanh(0.5), 1e-6);
    EXPECT_NEAR(run("ThresholdedRelu", {}, {}, 0.5), 0, 1e-6);
    EXPECT_NEAR(run("Softsign", {}, {}, -1), -0.5, 1e-6);
    EXPECT_NEAR(run("Softplus", {}, {}, 0), std::log(2.0), 1e-6);
    EXPECT_NEAR(run("Elu", {3}, {}, -1), 3 * std::expm1(-1), 1e-6);
}

TEST(Recurrent, ClipsWhatGoesIntoAnActivation) {
    const OneNode node{"RNN", 14, {{"activations", std::vector<std::string>{"Relu"}}, {"clip", 2.0F}}};
    EXPECT_THAT(values_of(node({floats({1, 5}, {2, 1, 1}), at::ones({1, 1, 1}), at::zeros({1, 1, 1})})),
                ElementsAre(DoubleNear(1, 1e-6), DoubleNear(2, 1e-6)));
}

TEST(Recurrent, CouplesTheGatesOfAnLstm) {
    // The bias opens the input gate to sigmoid(2): the forget gate closes to the rest.
    const OneNode node{"LSTM", 14, {{"input_forget", std::int64_t{1}}}, 3};
    const at::Tensor none = at::zeros({1, 4, 1});
    const at::Tensor bias = floats({2, 0, 0, 0, 0, 0, 0, 0}, {1, 8});
    const auto y = node.all({at::zeros({1, 1, 1}), none, none, bias, kNone, kNone, floats({0.8}, {1, 1, 1})});
    ASSERT_TRUE(y.ok()) << y.error().line();
    EXPECT_NEAR(y->at(2).item<double>(), 0.8 / (1 + std::exp(2.0)), 1e-6);
}

TEST(Recurrent, RefusesWeightsThatDoNotFit) {
    const Case it{.gates = 4};
    const OneNode node = both_ways("LSTM");
    EXPECT_EQ(node.refusal({it.x, it.w.narrow(1, 0, 7), it.r, it.b}), Errc::invalid_input);
    EXPECT_EQ(node.refusal({it.x, it.w, it.r.narrow(0, 0, 1), it.b}), Errc::invalid_input);
    EXPECT_EQ(node.refusal({it.x, it.w, it.r, it.b.narrow(1, 0, 8)}), Errc::invalid_input);
    EXPECT_EQ(node.refusal({it.x, it.w, it.r, it.b, longs({5, 6, 1})}), Errc::invalid_input);
    EXPECT_EQ(node.refusal({it.x, it.w, it.r, it.b, longs({5, -1, 1})}), Errc::invalid_input);
    EXPECT_EQ(node.refusal({it.x, it.w, it.r, it.b, longs({5, 1})}), Errc::invalid_input);
    EXPECT_EQ(node.refusal({it.x.select(0, 0), it.w, it.r, it.b}), Errc::invalid_input);
    EXPECT_EQ(both_ways("LSTM", {{"hidden_size", std::int64_t{3}}}).refusal({it.x, it.w, it.r}), Errc::invalid_input);
    EXPECT_EQ(both_ways("LSTM", {{"activations", std::vector<std::string>{"Tanh"}}}).refusal({it.x, it.w, it.r}),
              Errc::invalid_input);
    EXPECT_EQ(both_ways("LSTM", {{"clip", -1.0F}}).refusal({it.x, it.w, it.r}), Errc::invalid_input);
}

TEST(Recurrent, RefusesEndlessTimeOfEmptyBatches) {
    const OneNode node{"RNN"};
    const at::Tensor endless = at::empty({std::int64_t{1} << 40, 0, 1});
    EXPECT_EQ(node.refusal({endless, at::ones({1, 1, 1}), at::ones({1, 1, 1})}), Errc::exhausted);
}

}  // namespace
}  // namespace recurrent_test
}  // namespace bartizan::model::operators
