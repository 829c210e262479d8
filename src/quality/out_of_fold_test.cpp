#include "quality/out_of_fold.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <gtest/gtest.h>

#include "core/random.h"
#include "quality/small_network.h"

namespace bartizan::quality {
namespace {

struct Made {
    Matrix x;
    std::vector<std::int64_t> y;
};

/// A ring around a blob: no line parts the two.
Made ring(std::size_t items, std::uint64_t seed) {
    Made made{{{}, 2}, {}};
    Random random(seed, 0);
    for (std::size_t i = 0; i < items; ++i) {
        const auto label = static_cast<std::int64_t>(i % 2);
        const float angle = 6.2831853F * random.uniform(), radius = (label == 0 ? 0.3F : 1.6F) + 0.1F * random.normal();
        made.x.values.push_back(radius * std::cos(angle));
        made.x.values.push_back(radius * std::sin(angle));
        made.y.push_back(label);
    }
    return made;
}

TEST(SmallNetwork, GradientsAreThoseOfFiniteDifferences) {
    // A step of Adam from rest moves each weight against the sign of its gradient by the rate. A loss that falls by
    // what the gradient promises is told from one that does not by the smallest of steps.
    const Made made = ring(64, 3);
    std::vector<std::uint32_t> rows(64);
    std::iota(rows.begin(), rows.end(), 0U);
    Random random(1, 0);
    SmallNetwork network(2, 2, random);
    double before = network.learn(made.x, made.y, rows, 1e-3F);
    for (int step = 0; step < 20; ++step) {
        const double now = network.learn(made.x, made.y, rows, 1e-3F);
        EXPECT_LT(now, before);
        before = now;
    }
}

TEST(SmallNetwork, SumsToOneForEveryWidthAndCountOfRows) {
    for (const std::size_t width : {1U, 3U, 4U, 7U, 17U})
        for (const std::size_t count : {1U, 2U, 5U, 9U}) {
            Random random(2, width);
            Matrix x{std::vector<float>(count * width), width};
            for (float& value : x.values) value = random.normal();
            std::vector<std::uint32_t> rows(count);
            std::iota(rows.begin(), rows.end(), 0U);
            SmallNetwork network(width, 3, random);
            network.learn(x, std::vector<std::int64_t>(count, 1), rows, 1e-2F);
            std::vector<float> p(count * 3);
            network.probabilities(x, rows, p.data());
            for (std::size_t i = 0; i < count; ++i) EXPECT_NEAR(p[3 * i] + p[3 * i + 1] + p[3 * i + 2], 1, 1e-5);
            std::vector<float> alone(3);  // a row does not depend on those beside it
            network.probabilities(x, std::span(rows).last(1), alone.data());
            for (std::size_t k = 0; k < 3; ++k) EXPECT_FLOAT_EQ(alone[k], p[(count - 1) * 3 + k]);
        }
}

TEST(OutOfFold, LearnsWhatNoLineParts) {
    const Made made = ring(600, 4);
    const auto found = out_of_fold(made.x, made.y, 2, RunContext({.threads = 2}));
    ASSERT_TRUE(found.ok()) << found.error().line();
    EXPECT_GT(found->accuracy, 0.97);
}

TEST(OutOfFold, NoItemWasSeenByTheNetworkThatJudgesIt) {
    // Labels drawn without regard to the features can be remembered, not learnt.
    Made made = ring(400, 5);
    Random random(6, 0);
    for (auto& label : made.y) label = static_cast<std::int64_t>(random.below(2));
    const auto found = out_of_fold(made.x, made.y, 2, RunContext({.threads = 1}));
    ASSERT_TRUE(found.ok());
    EXPECT_LT(found->accuracy, 0.62);
}

TEST(OutOfFold, IsTheSameForAnyNumberOfThreads) {
    const Made made = ring(333, 7);
    const auto one = out_of_fold(made.x, made.y, 2, RunContext({.seed = 9, .threads = 1}));
    const auto four = out_of_fold(made.x, made.y, 2, RunContext({.seed = 9, .threads = 4}));
    const auto other = out_of_fold(made.x, made.y, 2, RunContext({.seed = 10, .threads = 1}));
    EXPECT_EQ(one->probabilities, four->probabilities);
    EXPECT_NE(one->probabilities, other->probabilities);
}

TEST(OutOfFold, RefusesWhatDoesNotFitAndStopsWhenAsked) {
    const Made made = ring(60, 8);
    EXPECT_FALSE(out_of_fold(made.x, std::span(made.y).first(59), 2, RunContext()).ok());
    EXPECT_FALSE(out_of_fold(made.x, made.y, 1, RunContext()).ok());
    CancelToken stop;
    stop.cancel();
    EXPECT_EQ(out_of_fold(made.x, made.y, 2, RunContext({.cancel = &stop})).error().code(), Errc::cancelled);
}

}  // namespace
}  // namespace bartizan::quality
