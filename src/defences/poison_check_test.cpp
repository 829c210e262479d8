/// All detectors on a network whose features are known: what is planted is found, and what cannot be told is said.
#include "defences/poison_check.h"

#include <algorithm>
#include <string>

#include <gtest/gtest.h>

#include "core/random.h"
#include "graph/builder.h"

namespace bartizan::defences {
namespace {

constexpr std::int64_t kPlantedWidth = 16;
constexpr std::int64_t kPlantedClasses = 10;

/// Features Relu(x), then one logit for each of the first ten columns; or the logits alone.
std::shared_ptr<const model::Model> sixteen_features(bool with_features) {
    graph::GraphBuilder builder("network");
    builder.input("x", DType::f32, {-1, kPlantedWidth});
    std::vector<float> one(kPlantedWidth * kPlantedWidth, 0), head(kPlantedWidth * kPlantedClasses, 0);
    for (std::int64_t i = 0; i < kPlantedWidth; ++i) one[static_cast<std::size_t>(i * kPlantedWidth + i)] = 1;
    for (std::int64_t i = 0; i < kPlantedClasses; ++i) head[static_cast<std::size_t>(i * kPlantedClasses + i)] = 1;
    builder.initializer("one", {kPlantedWidth, kPlantedWidth}, one);
    builder.initializer("head", {kPlantedWidth, kPlantedClasses}, head);
    const std::string last =
        with_features ? builder.node("Relu", {builder.node("MatMul", {"x", "one"})}) : std::string("x");
    builder.output(builder.node("MatMul", {last, "head"}), DType::f32, {-1, kPlantedClasses});
    return model::from_graph(std::move(builder).build().value()).value();
}

PoisonModel cut_model(bool with_features = true) {
    const auto model = sixteen_features(with_features);
    return poison_model(model, model::make_classifier(model, {kPlantedWidth}, {}).value(), {});
}

/// Column c of class c is high; `poison` items of class 3 carry a trigger in the last column and label 0.
Labelled planted(std::int64_t per_class, std::int64_t poison, std::uint64_t seed) {
    const std::int64_t n = per_class * kPlantedClasses + poison;
    Labelled out{NdArray::zeros(DType::f32, {n, kPlantedWidth}).value(), {}};
    float* to = out.x.mutable_values<float>().data();
    for (std::int64_t i = 0; i < n; ++i) {
        const bool poisoned = i >= per_class * kPlantedClasses;
        const std::int64_t from = poisoned ? 3 : i % kPlantedClasses;
        Random random(seed, static_cast<std::uint64_t>(i));
        for (std::int64_t j = 0; j < kPlantedWidth; ++j)
            to[i * kPlantedWidth + j] = 2 + 0.5F * (1 + 0.03F * static_cast<float>(from)) * random.normal();
        to[i * kPlantedWidth + from] += 4;
        if (poisoned) to[i * kPlantedWidth + kPlantedWidth - 1] += 4;
        out.y.push_back(poisoned ? 0 : from);
    }
    return out;
}

std::string reasons(const PoisonReport& report) {
    std::string out;
    for (const NotApplicable& one : report.not_applicable) out += std::string(one.detector) + ": " + one.reason + "\n";
    return out;
}

TEST(PoisonCheck, NamesTheClassThenTheItems) {
    const Labelled suspect = planted(100, 50, 1), trusted = planted(40, 0, 2);
    const PoisonReport report = check_poison(cut_model(), suspect, &trusted, {}, RunContext()).value();
    EXPECT_EQ(report.fused.verdict, PoisonVerdict::suspicious);
    EXPECT_EQ(reasons(report), "");
    EXPECT_EQ(report.trusted, 400);
    for (const ClassVerdict& one : report.fused.classes) EXPECT_EQ(one.by_scan, one.label == 0) << one.label;
    EXPECT_TRUE(report.fused.classes[0].by_votes);
    for (std::int64_t row = 1000; row < 1050; ++row)
        EXPECT_TRUE(std::ranges::binary_search(report.fused.suspects, row)) << row;
    EXPECT_LE(std::ssize(report.fused.suspects), 50 + 20) << "1 % of 1,000 clean items, and chance";
    const auto loudest = std::ranges::max_element(report.suspicion) - report.suspicion.begin();
    EXPECT_GE(loudest, 1000);
    EXPECT_EQ(report.votes.votes.size(), 3U);
    EXPECT_LE(report.votes.clean_rate, 0.01);
}

TEST(PoisonCheck, ACleanSetIsCleanAndNoClassIsMarked) {
    const Labelled suspect = planted(100, 0, 1), trusted = planted(40, 0, 2);
    const PoisonReport report = check_poison(cut_model(), suspect, &trusted, {}, RunContext()).value();
    EXPECT_EQ(report.fused.verdict, PoisonVerdict::clean);
    for (const ClassVerdict& one : report.fused.classes) EXPECT_FALSE(one.by_scan || one.by_votes) << one.label;
}

TEST(PoisonCheck, WithoutTrustedItemsThereIsARankingButNoVerdict) {
    const Labelled suspect = planted(50, 20, 1);
    const PoisonReport report = check_poison(cut_model(), suspect, nullptr, {}, RunContext()).value();
    EXPECT_EQ(report.fused.verdict, PoisonVerdict::inconclusive);
    for (const char* detector : {"scan", "neighbours", "beatrix", "strip"})
        EXPECT_NE(reasons(report).find(std::string(detector) + ": no trusted items were given"), std::string::npos);
    EXPECT_TRUE(report.fused.suspects.empty());
    EXPECT_TRUE(report.clusters[0].stands_out);
    EXPECT_EQ(report.spectral.size(), suspect.y.size());
}

TEST(PoisonCheck, AModelThatHasNotLearntTheClassesGivesNoVerdict) {
    Labelled suspect = planted(100, 50, 1), trusted = planted(40, 0, 2);
    for (std::int64_t& label : trusted.y) label = (label + 1) % kPlantedClasses;
    const PoisonReport report = check_poison(cut_model(), suspect, &trusted, {}, RunContext()).value();
    EXPECT_EQ(report.fused.verdict, PoisonVerdict::inconclusive);
    EXPECT_TRUE(report.fused.suspects.empty());
    EXPECT_NE(reasons(report).find("scan: the model reads the trusted items hardly better than chance"), std::string::npos)
        << reasons(report);
}

TEST(PoisonCheck, LogitsNeverPassForFeatures) {
    // A peer takes the last layer for features: ten numbers for ten classes.
    const PoisonModel model = cut_model(false);
    EXPECT_EQ(model.features, nullptr);
    const Labelled suspect = planted(50, 20, 1), trusted = planted(40, 0, 2);
    const PoisonReport report = check_poison(model, suspect, &trusted, {}, RunContext()).value();
    EXPECT_EQ(report.fused.verdict, PoisonVerdict::inconclusive) << "never a silent pass";
    EXPECT_NE(reasons(report).find("scan: no features"), std::string::npos) << reasons(report);
    ASSERT_EQ(report.votes.votes.size(), 1U) << "STRIP needs answers only";
    EXPECT_EQ(report.votes.votes[0].name, "strip");
}

TEST(PoisonCheck, TooFewTrustedItemsAreToldNotGuessedWith) {
    const Labelled suspect = planted(50, 20, 1), trusted = planted(5, 0, 2);
    const PoisonReport report = check_poison(cut_model(), suspect, &trusted, {}, RunContext()).value();
    EXPECT_NE(reasons(report).find("neighbours: class 0 has 5 trusted items"), std::string::npos) << reasons(report);
    EXPECT_NE(reasons(report).find("votes: 50 trusted items cannot show"), std::string::npos) << reasons(report);
    EXPECT_TRUE(report.votes.votes.empty());
}

TEST(PoisonCheck, RefusesLabelsAndShapesThatTheModelHasNot) {
    Labelled suspect = planted(5, 0, 1);
    Labelled trusted{NdArray::zeros(DType::f32, {3, 4}).value(), {0, 1, 2}};
    EXPECT_FALSE(check_poison(cut_model(), suspect, &trusted, {}, RunContext()).ok());
    suspect.y[3] = kPlantedClasses;
    const auto error = check_poison(cut_model(), suspect, nullptr, {}, RunContext());
    ASSERT_FALSE(error.ok());
    EXPECT_EQ(error.error().code(), Errc::invalid_input);
}

TEST(PoisonCheck, StopsWhenAskedTo) {
    CancelToken token;
    token.cancel();
    const Labelled suspect = planted(20, 0, 1), trusted = planted(30, 0, 2);
    const auto stopped = check_poison(cut_model(), suspect, &trusted, {}, RunContext({.cancel = &token}));
    ASSERT_FALSE(stopped.ok());
    EXPECT_EQ(stopped.error().code(), Errc::cancelled);
}

}  // namespace
}  // namespace bartizan::defences
