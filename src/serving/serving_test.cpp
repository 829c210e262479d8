#include <cstring>
#include <future>

#include <gtest/gtest.h>

#include "graph/builder.h"
#include "serving/batcher.h"
#include "serving/served_model.h"

namespace bartizan::serving {
namespace {

using namespace std::chrono_literals;

/// y = 2 x + 1 over [batch, 3]; `batch` -1: open.
std::unique_ptr<ServedModel> doubling(std::int64_t batch = -1) {
    graph::GraphBuilder builder("doubling");
    builder.input("x", DType::f32, {batch, 3});
    builder.initializer<float>("two", {1}, {2});
    builder.initializer<float>("one", {1}, {1});
    const std::string twice = builder.node("Mul", {"x", "two"});
    builder.node_with_outputs("Add", {twice, "one"}, {"y"});
    builder.output("y", DType::f32, {batch, 3});
    auto graph = std::move(builder).build();
    EXPECT_TRUE(graph.ok()) << graph.error().line();
    auto model = model::from_graph(std::move(*graph));
    EXPECT_TRUE(model.ok()) << model.error().line();
    auto served = ServedModel::make(std::shared_ptr<const model::Model>(std::move(*model)), "doubling", "7");
    EXPECT_TRUE(served.ok()) << served.error().line();
    return std::move(*served);
}

oip::InferRequest asking(std::int64_t rows, float first, const std::string& id = "") {
    oip::InferRequest request;
    request.id = id;
    oip::Tensor tensor;
    tensor.name = "x";
    tensor.shape = {rows, 3};
    std::vector<char> bytes(static_cast<std::size_t>(rows) * 12);
    for (std::size_t i = 0; i < bytes.size() / 4; ++i) {
        const float value = first + static_cast<float>(i);
        std::memcpy(bytes.data() + 4 * i, &value, 4);
    }
    tensor.own(std::move(bytes));
    request.inputs.push_back(std::move(tensor));
    return request;
}

/// Is `response` what the model makes of `request`?
void expect_doubled(const oip::InferRequest& request, const oip::InferResponse& response) {
    ASSERT_EQ(response.outputs.size(), 1U);
    const oip::Tensor& y = response.outputs[0];
    ASSERT_EQ(y.shape, request.inputs[0].shape);
    for (std::int64_t i = 0; i < y.elements(); ++i)
        EXPECT_EQ(oip::number_at(y, i), 2 * oip::number_at(request.inputs[0], i) + 1);
    EXPECT_EQ(response.id, request.id);
    EXPECT_EQ(response.model_version, "7");
}

TEST(ServedModel, TellsItsSignature) {
    const auto model = doubling();
    EXPECT_EQ(model->metadata().platform, "onnx_onnxv1");
    ASSERT_EQ(model->metadata().inputs.size(), 1U);
    EXPECT_EQ(model->metadata().inputs[0].name, "x");
    EXPECT_EQ(model->metadata().inputs[0].shape, (Shape{-1, 3}));
    EXPECT_EQ(model->metadata().versions, std::vector<std::string>{"7"});
}

TEST(ServedModel, GivesEachRequestOfABatchItsOwnRows) {
    const auto model = doubling();
    const auto a = asking(1, 10, "a"), b = asking(3, 100, "b"), c = asking(2, -5, "c");
    const oip::InferRequest* const requests[] = {&a, &b, &c};
    EXPECT_TRUE(ServedModel::joinable(a, b));
    const auto answers = model->run(requests);
    ASSERT_TRUE(answers.ok()) << answers.error().line();
    for (std::size_t i = 0; i < 3; ++i) expect_doubled(*requests[i], (*answers)[i]);
}

/// y = relu(x) W over [batch, 3]: what goes into W are its features.
TEST(ServedModel, GivesFeaturesToThoseWhoAskForThem) {
    graph::GraphBuilder builder("two-layers");
    builder.input("x", DType::f32, {-1, 3});
    builder.initializer<float>("w", {3, 2}, {1, 0, 0, 1, 1, 1});
    const std::string hidden = builder.node("Relu", {"x"});
    builder.node_with_outputs("MatMul", {hidden, "w"}, {"y"});
    builder.output("y", DType::f32, {-1, 2});
    auto graph = std::move(builder).build();
    ASSERT_TRUE(graph.ok()) << graph.error().line();
    auto model = model::from_graph(std::move(*graph));
    ASSERT_TRUE(model.ok()) << model.error().line();
    const auto served = *ServedModel::make(std::shared_ptr<const model::Model>(std::move(*model)), "two", "1");
    const auto a = asking(1, -1, "a");  // -1, 0, 1
    auto b = asking(2, 10, "b");
    b.features = true;
    const oip::InferRequest* const requests[] = {&a, &b};
    const auto answers = served->run(requests);
    ASSERT_TRUE(answers.ok()) << answers.error().line();
    EXPECT_TRUE((*answers)[0].features.empty());
    EXPECT_EQ((*answers)[1].features, (std::vector<float>{10, 11, 12, 13, 14, 15}));
    ASSERT_EQ((*answers)[0].outputs.size(), 1U);
    EXPECT_EQ(oip::number_at((*answers)[0].outputs[0], 0), 1);
    EXPECT_EQ(oip::number_at((*answers)[1].outputs[0], 3), 14 + 15);
    const oip::InferRequest* const alone[] = {&b};
    EXPECT_EQ((*served->run(alone))[0].features, (*answers)[1].features);
}

TEST(ServedModel, RefusesWhatDoesNotFitItsSignature) {
    const auto model = doubling();
    EXPECT_TRUE(model->check(asking(4, 0)).ok());
    auto wrong = asking(1, 0);
    wrong.inputs[0].name = "z";
    EXPECT_NE(model->check(wrong).error().line().find("'x' is missing"), std::string::npos);
    wrong = asking(1, 0);
    wrong.inputs[0].shape = {3, 1};
    EXPECT_NE(model->check(wrong).error().line().find("[-1, 3]"), std::string::npos);
    wrong = asking(1, 0);
    wrong.inputs[0].type = oip::Datatype::i32;
    EXPECT_NE(model->check(wrong).error().line().find("FP32"), std::string::npos);
    wrong = asking(1, 0);
    wrong.outputs.push_back({"w", {}});
    EXPECT_NE(model->check(wrong).error().line().find("no output 'w'"), std::string::npos);
    EXPECT_FALSE(model->check({}).ok());
}

TEST(ServedModel, AFixedBatchIsRunAlone) {
    const auto model = doubling(1);
    const auto request = asking(1, 3);
    EXPECT_EQ(model->rows(request), 0);
    EXPECT_FALSE(model->check(asking(2, 0)).ok());
    const oip::InferRequest* const one[] = {&request};
    const auto answers = model->run(one);
    ASSERT_TRUE(answers.ok()) << answers.error().line();
    expect_doubled(request, (*answers)[0]);
}

TEST(Batcher, JoinsWhatComesTogetherAndLosesNothing) {
    const auto model = doubling();
    Batcher batcher(*model, {.rows = 8, .delay = 20ms});
    std::vector<oip::InferRequest> requests;
    for (int i = 0; i < 64; ++i) requests.push_back(asking(1 + i % 3, static_cast<float>(i), std::to_string(i)));
    std::vector<std::promise<Result<oip::InferResponse>>> promises(requests.size());
    for (std::size_t i = 0; i < requests.size(); ++i)
        batcher.submit(requests[i], [&, i](Result<oip::InferResponse> got) { promises[i].set_value(std::move(got)); });
    for (std::size_t i = 0; i < requests.size(); ++i) {
        const auto got = promises[i].get_future().get();
        ASSERT_TRUE(got.ok()) << got.error().line();
        expect_doubled(requests[i], *got);
    }
    const BatchCounts counts = batcher.counts();
    EXPECT_EQ(counts.requests, 64U);
    EXPECT_EQ(counts.rows, 127U);
    EXPECT_LE(counts.batches, 32U);
    EXPECT_GE(counts.batches, 16U);  // 127 rows, 8 at most
}

TEST(Batcher, ABatchStartsWhenItsFirstRequestHasWaitedLongEnough) {
    const auto model = doubling();
    Batcher batcher(*model, {.rows = 1000, .delay = 30ms});
    const auto request = asking(1, 0);
    std::promise<void> told;
    const auto start = std::chrono::steady_clock::now();
    batcher.submit(request, [&](const Result<oip::InferResponse>&) { told.set_value(); });
    told.get_future().wait();
    const auto took = std::chrono::steady_clock::now() - start;
    EXPECT_GE(took, 30ms);
    EXPECT_LT(took, 5s);
}

TEST(Batcher, AFullQueueRefusesAndAnEndTellsThoseWhoWait) {
    const auto model = doubling();
    const auto request = asking(1, 0);
    std::vector<Errc> codes;
    std::mutex mutex;
    const auto note = [&](const Result<oip::InferResponse>& got) {
        const std::lock_guard lock(mutex);
        codes.push_back(got.ok() ? Errc::internal : got.error().code());
    };
    {
        Batcher batcher(*model, {.waiting = 2, .threads = 0});
        for (int i = 0; i < 3; ++i) batcher.submit(request, note);
        EXPECT_EQ(codes, std::vector<Errc>{Errc::exhausted});
    }
    EXPECT_EQ(codes, (std::vector<Errc>{Errc::exhausted, Errc::unavailable, Errc::unavailable}));
}

TEST(Batcher, ABadRequestDoesNotTakeItsNeighboursAlong) {
    const auto model = doubling();
    Batcher batcher(*model, {.rows = 16, .delay = 20ms});
    auto good = asking(2, 1), bad = asking(2, 1);
    bad.inputs[0].type = oip::Datatype::bytes;  // passed no check
    std::promise<Result<oip::InferResponse>> first, second;
    batcher.submit(bad, [&](Result<oip::InferResponse> got) { first.set_value(std::move(got)); });
    batcher.submit(good, [&](Result<oip::InferResponse> got) { second.set_value(std::move(got)); });
    EXPECT_FALSE(first.get_future().get().ok());
    const auto got = second.get_future().get();
    ASSERT_TRUE(got.ok()) << got.error().line();
    expect_doubled(good, *got);
}

}  // namespace
}  // namespace bartizan::serving
