#include "defences/universal.h"

#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>

#include "defences/trojan_testing.h"
#include "graph/builder.h"

namespace bartizan::defences {
namespace {

using testing::kClasses;
using testing::kTarget;
using testing::rows_classifier;
using testing::rows_data;
using testing::Trojan;

/// Two classes, logit of class 1 less that of class 0 = w x: the best change in a ball is known.
std::unique_ptr<model::Classifier> linear(const std::vector<float>& w) {
    graph::GraphBuilder builder("linear");
    const auto size = static_cast<std::int64_t>(w.size());
    std::vector<float> weights;
    for (const float one : w) weights.insert(weights.end(), {0, one});
    const std::string x = builder.input("x", DType::f32, {-1, size});
    builder.output(builder.node("MatMul", {x, builder.initializer<float>("w", {size, 2}, weights)}), DType::f32,
                   {-1, 2});
    std::shared_ptr<model::Model> model = model::from_graph(std::move(builder).build().value()).value();
    return model::make_classifier(model, {size}, {}).value();
}

data::Batch middle(std::int64_t rows, std::int64_t size) {
    data::Batch batch;
    const std::vector<float> x(static_cast<std::size_t>(rows * size), 0.5F);
    batch.x = NdArray::from<float>({rows, size}, std::span<const float>(x)).value();
    for (std::int64_t i = 0; i < rows; ++i) {
        batch.y.push_back(i % 2);
        batch.ids.push_back(i);
    }
    return batch;
}

TEST(UniversalChange, ReachesTheClosedFormOfALinearModel) {
    const std::vector<float> w = {3, -4, 0, 0};
    const auto classifier = linear(w);
    const data::Batch clean = middle(8, 4);
    RunContext ctx;
    // At x = 0.5: w x = -0.5. In the euclidean ball of radius 0.1 sqrt 4 = 0.2 it moves by 0.2 |w| = 1.
    const auto euclid =
        universal_changes(*classifier, clean, {.ball = UniversalOptions::Ball::euclid, .radius = 0.1}, ctx).value();
    EXPECT_NEAR(euclid[1].loss, std::log1p(std::exp(-(-0.5 + 1.0))), 2e-3);
    EXPECT_NEAR(euclid[0].loss, std::log1p(std::exp(-(0.5 + 1.0))), 2e-3);
    EXPECT_EQ(euclid[1].success, 1);
    // In the ball of largest entries of radius 0.1 by 0.1 (3 + 4) = 0.7.
    const auto largest =
        universal_changes(*classifier, clean, {.ball = UniversalOptions::Ball::largest, .radius = 0.1}, ctx).value();
    EXPECT_NEAR(largest[1].loss, std::log1p(std::exp(-(-0.5 + 0.7))), 1e-4);
}

TEST(UniversalChange, IsWhatReachesTheLossThatIsTold) {
    const auto classifier = linear({3, -4, 0, 0});
    RunContext ctx;
    const data::Batch clean = middle(8, 4);
    const auto found = strongest_change(*classifier, clean, 1, {.radius = 0.1}, ctx).value();
    // Along w = (3, -4), of length 0.2.
    const std::span<const float> change = found.change.values<float>();
    EXPECT_NEAR(change[0], 0.12, 2e-3);
    EXPECT_NEAR(change[1], -0.16, 2e-3);
    EXPECT_NEAR(change[2], 0, 1e-6);
    EXPECT_NEAR(found.cell.loss, std::log1p(std::exp(-0.5)), 2e-3);
    const NdArray moved = changed(clean.x, found.change).value();
    EXPECT_NEAR(moved.values<float>()[0], 0.62, 2e-3);
    EXPECT_FALSE(strongest_change(*classifier, clean, 2, {}, ctx).ok());
    EXPECT_FALSE(changed(clean.x, NdArray()).ok());
    data::Batch one = clean;
    one.y.assign(8, 1);
    EXPECT_FALSE(strongest_change(*classifier, one, 1, {}, ctx).ok());
}

TEST(UniversalChange, StaysWithinTheRangeOfTheData) {
    // However large the ball: 1 at the first entry and 0 at the second give w x = 3, no more.
    const auto classifier = linear({3, -4, 0, 0});
    RunContext ctx;
    const auto cells =
        universal_changes(*classifier, middle(8, 4), {.ball = UniversalOptions::Ball::largest, .radius = 50}, ctx)
            .value();
    EXPECT_NEAR(cells[1].loss, std::log1p(std::exp(-3.0)), 1e-4);
}

TEST(UniversalChange, ATrojanIsTheClassThatOneChangeReaches) {
    RunContext ctx({.threads = 2});
    data::Batch clean = rows_data(100);
    // A little light in the corner, so that the detector answers to some items: where it sleeps it has no slope.
    for (std::size_t i = 0; i < clean.y.size(); ++i)
        for (std::size_t pixel = 32; pixel < 36; ++pixel) clean.x.mutable_values<float>()[36 * i + pixel] += 0.1F;
    const UniversalOptions options{.radius = 0.25};
    const auto bad = universal_changes(*rows_classifier(Trojan::corner), clean, options, ctx).value();
    const auto good = universal_changes(*rows_classifier(Trojan::none), clean, options, ctx).value();
    ASSERT_EQ(bad.size(), kClasses);
    EXPECT_LT(bad[kTarget].loss, 0.01 * good[kTarget].loss);
    for (std::size_t c = 0; c < kClasses; ++c)
        if (c != kTarget) EXPECT_GT(bad[c].loss, 0.5 * good[c].loss) << c;
}

TEST(StripedChanges, HaveOneValueALineOnEitherSide) {
    // Scores of rows_data read rows: stripes along a row brighten the one of a class, stripes along a column cannot.
    RunContext ctx;
    const auto classifier = rows_classifier(Trojan::none);
    const data::Batch clean = rows_data(100);
    UniversalOptions options{.ball = UniversalOptions::Ball::largest, .radius = 0.2};
    options.constant_along = 2;
    const auto rows = universal_changes(*classifier, clean, options, ctx).value();
    options.constant_along = 1;
    const auto columns = universal_changes(*classifier, clean, options, ctx).value();
    const auto both = striped_changes(*classifier, clean, options, ctx).value();
    for (std::size_t c = 0; c < kClasses; ++c) {
        EXPECT_LT(rows[c].loss, columns[c].loss);
        EXPECT_EQ(both[c].loss, columns[c].loss);
        EXPECT_EQ(both[kClasses + c].loss, rows[c].loss);
    }
    EXPECT_TRUE(striped_changes(*linear({1, 2}), middle(4, 2), {}, ctx).value().empty());
    options.constant_along = 3;
    EXPECT_FALSE(universal_changes(*classifier, clean, options, ctx).ok());
}

TEST(PairedChanges, AreOfEachSourceAlone) {
    RunContext ctx({.threads = 2});
    data::Batch clean = rows_data(100);
    const auto pairs =
        paired_changes(*rows_classifier(Trojan::corner), clean, {.radius = 0.25, .samples = 8}, ctx).value();
    ASSERT_EQ(pairs.size(), kClasses * (kClasses - 1));
    std::size_t at = 0;
    for (std::int64_t source = 0; source < kClasses; ++source)
        for (std::int64_t target = 0; target < kClasses; ++target) {
            if (source == target) continue;
            EXPECT_EQ(pairs[at].source, source);
            EXPECT_EQ(pairs[at].target, target);
            ++at;
        }
    // A source without rows tells nothing.
    std::ranges::replace(clean.y, 2, 1);
    const auto without =
        paired_changes(*rows_classifier(Trojan::corner), clean, {.radius = 0.25, .samples = 8}, ctx).value();
    EXPECT_EQ(without[8].source, 2);
    EXPECT_NEAR(without[8].loss, std::log(5.0), 1e-12);
    EXPECT_NE(without[0].loss, without[8].loss);
}

TEST(UniversalChange, GivesTheSameNumbersForAnyNumberOfThreads) {
    const auto classifier = rows_classifier(Trojan::corner);
    const data::Batch clean = rows_data(60);
    RunContext one({.seed = 5, .threads = 1}), three({.seed = 5, .threads = 3});
    const auto a = paired_changes(*classifier, clean, {.samples = 16}, one).value();
    const auto b = paired_changes(*classifier, clean, {.samples = 16}, three).value();
    for (std::size_t i = 0; i < a.size(); ++i) EXPECT_EQ(a[i].loss, b[i].loss);
}

TEST(UniversalChange, RefusesWhatItCannotWorkOn) {
    RunContext ctx;
    const auto classifier = rows_classifier(Trojan::none);
    EXPECT_FALSE(universal_changes(*classifier, {}, {}, ctx).ok());
    EXPECT_FALSE(universal_changes(*classifier, rows_data(10), {.radius = 0}, ctx).ok());
    EXPECT_FALSE(universal_changes(*classifier, rows_data(10), {.steps = 0}, ctx).ok());
    CancelToken stop;
    stop.cancel();
    RunContext stopped({.cancel = &stop});
    EXPECT_EQ(universal_changes(*classifier, rows_data(10), {}, stopped).error().code(), Errc::cancelled);
}

}  // namespace
}  // namespace bartizan::defences
