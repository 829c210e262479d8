/// Architectures and the trainer, through the real model.
#include <algorithm>
#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "core/random.h"
#include "model/classifier.h"
#include "model/kernel.h"
#include "model/model.h"
#include "model/shards.h"
#include "model/tensors.h"
#include "training/architecture.h"
#include "training/blobs_testing.h"
#include "training/standardise.h"
#include "training/text_cnn.h"
#include "training/trainer.h"

namespace bartizan::training {
namespace {

struct Trained {
    Outcome outcome;
    double accuracy = 0;
    std::vector<float> weights;
};

Result<Trained> train_on(const Blobs& blobs, const Options& options, int threads) {
    graph::Graph graph = BARTIZAN_TRY((*find_architecture("mlp"))->build({4}, 2, 1));
    std::shared_ptr<model::Model> model = BARTIZAN_TRY(model::from_graph(std::move(graph)));
    const auto classifier = BARTIZAN_TRY(model::make_classifier(model, {4}, {}));
    RunContext ctx(RunContext::Options{.seed = 3, .threads = threads});
    Trained trained;
    trained.outcome = BARTIZAN_TRY(train(*model, *classifier, blobs, options, ctx));
    std::vector<std::int64_t> all(static_cast<std::size_t>(blobs.info().items));
    for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<std::int64_t>(i);
    const data::Batch batch = BARTIZAN_TRY(blobs.read(all));
    const NdArray logits = BARTIZAN_TRY(model::predict(*classifier, batch.x, ctx));
    trained.weights.assign(logits.values<float>().begin(), logits.values<float>().end());
    for (std::size_t i = 0; i < batch.y.size(); ++i)
        trained.accuracy += (trained.weights[2 * i + 1] > trained.weights[2 * i]) == (batch.y[i] == 1)
                                ? 1.0 / static_cast<double>(batch.y.size())
                                : 0;
    return trained;
}

TEST(Training, LearnsWhatALineParts) {
    const auto trained = train_on(Blobs(600, 1), {.epochs = 5}, 2);
    ASSERT_TRUE(trained.ok()) << trained.error().line();
    EXPECT_GT(trained->accuracy, 0.98);
    EXPECT_LT(trained->outcome.epochs.back().loss, trained->outcome.epochs.front().loss);
}

TEST(Training, TheNetworkOfATableTakesColumnsInAnyUnit) {
    const Blobs blobs(5000, 1);
    const ColumnStatistics found = column_statistics(blobs).value();
    ASSERT_EQ(found.mean.size(), 4U);
    std::vector<std::int64_t> all(5000);
    for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<std::int64_t>(i);
    const NdArray x = blobs.read(all).value().x;
    double sum = 0, squares = 0;
    for (std::size_t i = 0; i < 5000; ++i) sum += x.values<float>()[4 * i + 2];
    for (std::size_t i = 0; i < 5000; ++i) squares += std::pow(x.values<float>()[4 * i + 2] - sum / 5000, 2);
    EXPECT_NEAR(found.mean[2], sum / 5000, 1e-6);
    EXPECT_NEAR(found.deviation[2], std::sqrt(squares / 5000), 1e-6);

    // The same network on the same columns in other units says the same; a constant column stays finite.
    const ColumnStatistics units{{100, -3, 0, 7}, {1000, 0.001F, 1, 1}};
    const graph::Graph plain = (*find_architecture("mlp"))->build({4}, 2, 1).value();
    graph::Graph scaled = plain;
    ASSERT_TRUE(standardise(scaled, units).ok());
    NdArray other = NdArray::from<float>(x.shape(), x.values<float>()).value();
    for (std::size_t i = 0; i < other.mutable_values<float>().size(); ++i)
        other.mutable_values<float>()[i] = x.values<float>()[i] * units.deviation[i % 4] + units.mean[i % 4];
    RunContext ctx(RunContext::Options{.seed = 3, .threads = 1});
    const auto logits = [&](graph::Graph graph, const NdArray& items) {
        std::shared_ptr<model::Model> model = model::from_graph(std::move(graph)).value();
        return model::predict(*model::make_classifier(model, {4}, {}).value(), items, ctx).value();
    };
    const NdArray one = logits(plain, x), two = logits(std::move(scaled), other);
    for (std::size_t i = 0; i < one.values<float>().size(); ++i)
        EXPECT_NEAR(one.values<float>()[i], two.values<float>()[i], 1e-2) << i;
    graph::Graph narrow = plain;
    EXPECT_FALSE(standardise(narrow, {{0, 0}, {1, 1}}).ok());
}

TEST(Training, TheLastLayerAloneLearnsWhereThatIsAsked) {
    graph::Graph graph = (*find_architecture("mlp"))->build({4}, 2, 1).value();
    const std::string last = graph.nodes.back().inputs[1], bias = graph.nodes.back().inputs[2];
    std::shared_ptr<model::Model> model = model::from_graph(graph).value();
    const auto classifier = model::make_classifier(model, {4}, {}).value();
    RunContext ctx(RunContext::Options{.seed = 3, .threads = 1});
    ASSERT_TRUE(train(*model, *classifier, Blobs(200, 1), {.epochs = 2, .last_layer_only = true}, ctx).ok());
    for (const model::NamedTensor& parameter : model->parameters()) {
        const NdArray now = model::to_array(parameter.tensor).value();
        const bool same = std::ranges::equal(now.bytes(), graph.initializers.at(parameter.name).bytes());
        EXPECT_EQ(same, parameter.name != last && parameter.name != bias) << parameter.name;
    }
}

TEST(Training, GivesTheSameWeightsForAnyNumberOfThreads) {
    const auto one = train_on(Blobs(300, 1), {.epochs = 2}, 1);
    const auto four = train_on(Blobs(300, 1), {.epochs = 2}, 4);
    ASSERT_TRUE(one.ok() && four.ok());
    EXPECT_EQ(one->weights, four->weights);
}

TEST(Training, AdversarialTrainingReportsRobustAccuracy) {
    const auto trained = train_on(
        Blobs(400, 1), {.epochs = 20, .objective = {.method = Method::pgd, .adversary = {.eps = 0.05, .steps = 5}}}, 2);
    ASSERT_TRUE(trained.ok()) << trained.error().line();
    const Epoch& last = trained->outcome.epochs.back();
    ASSERT_TRUE(last.validation_robust_accuracy.has_value());
    EXPECT_LE(*last.validation_robust_accuracy, last.validation_accuracy);
    EXPECT_GT(*last.validation_robust_accuracy, 0.8);
}

TEST(Training, EveryMethodLearnsAndWithstands) {
    const auto robust = [](Options options) {
        options.epochs = 20;
        options.objective.adversary = {.eps = 0.05, .steps = 5};
        const auto trained = train_on(Blobs(400, 1), options, 2);
        EXPECT_TRUE(trained.ok()) << trained.error().line();
        EXPECT_GT(trained->accuracy, 0.9);
        return trained->outcome.epochs.back().validation_robust_accuracy;
    };
    for (const Method method : {Method::pgd, Method::trades, Method::mart, Method::fast})
        EXPECT_GT(robust({.objective = {.method = method}}).value_or(0), 0.8) << static_cast<int>(method);
    EXPECT_GT(robust({.objective = {.method = Method::pgd}, .weight_perturbation = 0.005}).value_or(0), 0.8);
    EXPECT_GT(robust({.objective = {.method = Method::pgd}, .averaging = 0.9}).value_or(0), 0.8);
    EXPECT_FALSE(robust({.objective = {.method = Method::gaussian, .sigma = 0.05}}).has_value());
}

TEST(Training, AveragingAndWeightPerturbationChangeTheWeightsForAnyNumberOfThreadsAlike) {
    const Options plain{.epochs = 2, .objective = {.method = Method::trades, .adversary = {.eps = 0.05, .steps = 3}}};
    Options more = plain;
    more.averaging = 0.9;
    more.weight_perturbation = 0.01;
    const auto one = train_on(Blobs(300, 1), more, 1), four = train_on(Blobs(300, 1), more, 4);
    ASSERT_TRUE(one.ok() && four.ok());
    EXPECT_EQ(one->weights, four->weights);
    EXPECT_NE(one->weights, train_on(Blobs(300, 1), plain, 1)->weights);
}

TEST(Training, RefusesLabelsOutsideTheClassesAndStopsWhenAsked) {
    Blobs blobs(100, 1);
    blobs.spoil_label(42);
    const auto refused = train_on(blobs, {.epochs = 1}, 1);
    ASSERT_FALSE(refused.ok());
    EXPECT_NE(refused.error().line().find("row 42 has label 9"), std::string::npos);
}

TEST(Architectures, TheTextNetworkLearnsItsEmbeddings) {
    auto model = model::from_graph(build_text_cnn({.vocabulary = 20, .length = 8}).value()).value();
    std::vector<std::string> names;
    for (const model::NamedTensor& one : model->parameters()) names.push_back(one.name);
    EXPECT_NE(std::ranges::find(names, "embedding.weight"), names.end());
}

TEST(Architectures, RunOnTheirInputsAndGiveEveryClass) {
    for (const Architecture& architecture : architectures()) {
        const Shape input = architecture.name == "mlp" ? Shape{20} : Shape{3, 32, 32};
        auto graph = architecture.build(input, 7, 0);
        ASSERT_TRUE(graph.ok()) << architecture.name;
        std::shared_ptr<model::Model> model = model::from_graph(std::move(graph).value()).value();
        const auto classifier = model::make_classifier(model, input, {});
        ASSERT_TRUE(classifier.ok()) << architecture.name << ": " << classifier.error().line();
        EXPECT_EQ((*classifier)->classes(), 7);
        EXPECT_TRUE((*classifier)->differentiable().ok());
    }
    // He et al. 2016 with a 3x3 stem: 11.17 million weights for 10 classes.
    const auto resnet = (*find_architecture("resnet18-cifar"))->build({3, 32, 32}, 10, 0).value();
    EXPECT_NEAR(static_cast<double>(resnet.parameter_count()), 11.18e6, 0.02e6);
}

TEST(Architectures, RefuseWhatTheyCannotTake) {
    EXPECT_FALSE((*find_architecture("cnn-small"))->build({20}, 10, 0).ok());
    EXPECT_FALSE((*find_architecture("mlp"))->build({20}, 1, 0).ok());
    EXPECT_FALSE(find_architecture("vgg").ok());
    EXPECT_EQ(network_input({28, 28}, true), (Shape{1, 28, 28}));
    EXPECT_EQ(network_input({32, 32, 3}, true), (Shape{3, 32, 32}));
    EXPECT_EQ(network_input({5, 2}, false), (Shape{10}));
}

}  // namespace
}  // namespace bartizan::training
