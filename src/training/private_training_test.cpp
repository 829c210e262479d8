/// Differentially private training, through the real model.
#include "training/private_training.h"

#include <cmath>
#include <numeric>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>
#include <gtest/gtest.h>

#include "model/kernel.h"
#include "model/model.h"
#include "model/shards.h"
#include "training/architecture.h"
#include "training/blobs_testing.h"

namespace bartizan::training {
namespace private_training_test {
namespace {

struct Trained {
    PrivateOutcome outcome;
    std::vector<float> weights;
    double accuracy = 0;
};

Result<Trained> train_on(const data::Dataset& data, const PrivateOptions& options) {
    graph::Graph graph = BARTIZAN_TRY((*find_architecture("mlp"))->build({4}, 2, 1));
    std::shared_ptr<model::Model> model = BARTIZAN_TRY(model::from_graph(std::move(graph)));
    const auto classifier = BARTIZAN_TRY(model::make_classifier(model, {4}, {}));
    RunContext ctx(RunContext::Options{.threads = 2});
    Trained trained;
    trained.outcome = BARTIZAN_TRY(train_privately(*model, *classifier, data, options, ctx));
    for (const model::NamedTensor& parameter : model->parameters())
        trained.weights.insert(trained.weights.end(), parameter.tensor.data_ptr<float>(),
                               parameter.tensor.data_ptr<float>() + parameter.tensor.numel());
    std::vector<std::int64_t> all(data.labels().size());
    std::iota(all.begin(), all.end(), 0);
    const data::Batch batch = BARTIZAN_TRY(data.read(all));
    const NdArray logits = BARTIZAN_TRY(model::predict(*classifier, batch.x, ctx));
    for (std::size_t i = 0; i < all.size(); ++i)
        trained.accuracy += (logits.values<float>()[2 * i + 1] > logits.values<float>()[2 * i]) == (batch.y[i] == 1);
    trained.accuracy /= static_cast<double>(all.size());
    return trained;
}

TEST(PrivateTraining, LearnsWithinThePromise) {
    const auto trained = train_on(Blobs(2000, 1), {.epochs = 6, .batch_size = 200, .epsilon = 2, .delta = 1e-5});
    ASSERT_TRUE(trained.ok()) << trained.error().line();
    EXPECT_GT(trained->accuracy, 0.95);
    EXPECT_LE(trained->outcome.spent.high, 2);
    EXPECT_GT(trained->outcome.spent.high, 1.9) << "no more noise than the promise needs";
    EXPECT_LT(trained->outcome.spent.high, trained->outcome.renyi.epsilon);
    EXPECT_EQ(trained->outcome.mechanism.steps, 60);
    EXPECT_LT(trained->outcome.epochs[0].epsilon, trained->outcome.epochs[5].epsilon);
}

TEST(PrivateTraining, AddsTheNoiseThatItAccountsFor) {
    // One step over all rows: two seeds differ by their noise alone, of deviation noise * clip / rows each.
    const Blobs blobs(100, 1);
    PrivateOptions options{.epochs = 1, .batch_size = 100, .learning_rate = 1, .momentum = 0, .clip = 0.5, .noise = 4};
    options.seed = 1;
    const auto one = train_on(blobs, options);
    options.seed = 2;
    const auto two = train_on(blobs, options);
    ASSERT_TRUE(one.ok() && two.ok());
    double square = 0;
    for (std::size_t i = 0; i < one->weights.size(); ++i) square += std::pow(one->weights[i] - two->weights[i], 2);
    const auto count = static_cast<double>(one->weights.size());
    EXPECT_NEAR(std::sqrt(square / count / 2) / (4 * 0.5 / 100), 1, 5 / std::sqrt(2 * count));
}

TEST(PrivateTraining, NoRowMovesTheWeightsByMoreThanTheBound) {
    // The noise of a seed is the same each time: leaving one row out may move the sum by `clip` at most.
    PrivateOptions options{
        .epochs = 1, .batch_size = 1000, .learning_rate = 1, .momentum = 0, .clip = 1e-3, .noise = 1};
    options.seed = 1;
    const auto all = train_on(Blobs(100, 1), options), fewer = train_on(Blobs(99, 1), options);
    ASSERT_TRUE(all.ok() && fewer.ok());
    EXPECT_EQ(all->outcome.epochs[0].clipped, 1);
    double square = 0;
    // Sums are divided by the expected rows: 100 and 99.
    const auto start = train_on(Blobs(100, 1), {.epochs = 1, .learning_rate = 1e-30, .noise = 1});
    ASSERT_TRUE(start.ok()) << start.error().line();
    for (std::size_t i = 0; i < all->weights.size(); ++i) {
        const double moved = (all->weights[i] - start->weights[i]) * 100.0,
                     less = (fewer->weights[i] - start->weights[i]) * 99.0;
        square += std::pow(moved - less, 2);
    }
    EXPECT_LE(std::sqrt(square), 1e-3 * 1.01);
    EXPECT_GT(std::sqrt(square), 1e-3 * 0.5) << "the row was there";
}

TEST(PrivateTraining, IsRepeatedByASeedAndByNothingElse) {
    PrivateOptions options{.epochs = 1, .batch_size = 50, .noise = 1};
    const Blobs blobs(200, 1);
    EXPECT_NE(train_on(blobs, options)->weights, train_on(blobs, options)->weights);
    options.seed = 5;
    EXPECT_EQ(train_on(blobs, options)->weights, train_on(blobs, options)->weights);
}

TEST(PrivateTraining, RefusesPromisesThatMeanNothing) {
    const auto refused = train_on(Blobs(200, 1), {.epochs = 1, .delta = 0.01});
    ASSERT_FALSE(refused.ok());
    EXPECT_NE(refused.error().line().find("1 / rows"), std::string::npos) << refused.error().line();
    EXPECT_FALSE(train_on(Blobs(200, 1), {.epochs = 1, .epsilon = 0}).ok());
    Blobs spoilt(200, 1);
    spoilt.spoil_label(7);
    EXPECT_FALSE(train_on(spoilt, {.epochs = 1}).ok());
}

TEST(PrivateTraining, RefusesBatchNormalisation) {
    auto graph = (*find_architecture("resnet18-cifar"))->build({3, 32, 32}, 2, 1);
    ASSERT_TRUE(graph.ok());
    std::shared_ptr<model::Model> model = model::from_graph(std::move(graph).value()).value();
    const auto classifier = model::make_classifier(model, {3, 32, 32}, {});
    RunContext ctx;
    const auto refused = train_privately(*model, **classifier, Blobs(2000, 1), {.epochs = 1}, ctx);
    ASSERT_FALSE(refused.ok());
    EXPECT_NE(refused.error().line().find("mixes the rows"), std::string::npos) << refused.error().line();
}

}  // namespace
}  // namespace private_training_test
}  // namespace bartizan::training
