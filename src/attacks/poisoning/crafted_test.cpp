/// Poison that is crafted on a surrogate: the laws that all of it keeps, and what each attack is after.
#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>

#include "attacks/poisoning/networks_testing.h"
#include "attacks/poisoning/poison.h"

namespace bartizan::attacks::crafted_tests {
namespace {

using small_networks::pictures;

struct Setting {
    Surrogate surrogate;
    data::Batch set, test;
    RunContext ctx{RunContext::Options{.seed = 2, .threads = 1}};
    PoisonJob job;
};

/// The target is class 2, the victim the first test item.
std::unique_ptr<Setting> setting(std::string_view name, const std::map<std::string, std::string>& given,
                                 double rate = 0.1, graph::Graph graph = small_networks::mlp()) {
    auto out = std::make_unique<Setting>();
    out->surrogate = small_networks::surrogate(std::move(graph), {1, 8, 8});
    out->set = pictures(*out->surrogate.classifier, 120, 0.1F, 0.9F);
    out->test = pictures(*out->surrogate.classifier, 60, 0.1F, 0.9F, 4);
    out->job.spec = catalog::find_poison(name).value();
    out->job.target = 2;
    out->job.params = Params::make(out->job.spec->params, given).value();
    out->job.rate = rate;
    out->job.seed = 5;
    out->job.surrogate = &out->surrogate;
    out->job.victims = &out->test;
    out->job.context = &out->ctx;
    return out;
}

std::unique_ptr<Setting> quick(std::string_view name) {
    if (name == "label-consistent") return setting(name, {{"steps", "10"}});
    if (name == "feature-collision") return setting(name, {{"iterations", "60"}});
    return setting(name, {{"iterations", "15"}, {"restarts", "2"}});
}

std::span<const float> row_of(const NdArray& x, std::int64_t row) {
    return x.values<float>().subspan(static_cast<std::size_t>(row) * 64, 64);
}

class EveryCraftedPoison : public ::testing::TestWithParam<std::string_view> {};

TEST_P(EveryCraftedPoison, KeepsLabelsChangesOnlyItsRowsAndStaysInRange) {
    const auto s = quick(GetParam());
    const auto made = poison(s->set, s->job);
    ASSERT_TRUE(made.ok()) << made.error().line();
    EXPECT_EQ(made->set.y, s->set.y);
    EXPECT_FALSE(made->set.rows.empty());
    for (std::int64_t row = 0; row < std::ssize(s->set.y); ++row) {
        const bool listed = std::ranges::binary_search(made->set.rows, row);
        EXPECT_EQ(!std::ranges::equal(row_of(made->set.x, row), row_of(s->set.x, row)), listed) << row;
        if (listed) EXPECT_EQ(s->set.y[static_cast<std::size_t>(row)], s->job.target);
    }
    for (const float value : made->set.x.values<float>()) EXPECT_TRUE(value >= 0 && value <= 1);
    EXPECT_EQ(made->victim.has_value(), !s->job.spec->has_trigger);
    EXPECT_EQ(static_cast<bool>(made->stamp), s->job.spec->has_trigger);
}

TEST_P(EveryCraftedPoison, IsTheSameForTheSameSeedOnAnyNumberOfThreads) {
    const auto one = quick(GetParam()), three = quick(GetParam());
    three->ctx = RunContext(RunContext::Options{.seed = 2, .threads = 3});
    const auto a = poison(one->set, one->job).value(), b = poison(three->set, three->job).value();
    EXPECT_TRUE(std::ranges::equal(a.set.x.bytes(), b.set.x.bytes()));
}

TEST_P(EveryCraftedPoison, RefusesWhatItCannotWorkOn) {
    auto s = quick(GetParam());
    s->job.rate = 1;
    if (!s->job.spec->has_trigger) EXPECT_FALSE(poison(s->set, s->job).ok()) << "not all items are of one class";
    s = quick(GetParam());
    s->job.surrogate = nullptr;
    const auto without = poison(s->set, s->job);
    ASSERT_FALSE(without.ok());
    EXPECT_NE(without.error().line().find("--model"), std::string::npos) << without.error().line();
    s = quick(GetParam());
    s->job.target = 99;
    EXPECT_FALSE(poison(s->set, s->job).ok());
    s = quick(GetParam());
    s->set.x.mutable_values<float>()[65] = std::nanf("");
    EXPECT_NE(poison(s->set, s->job).error().line().find("row 1"), std::string::npos);
    if (s->job.spec->has_trigger) return;
    s = quick(GetParam());
    s->job.victims = nullptr;
    EXPECT_NE(poison(s->set, s->job).error().line().find("--test-data"), std::string::npos);
    s = quick(GetParam());
    s->job.params = Params::make(s->job.spec->params, {{"item", "60"}}).value();
    EXPECT_NE(poison(s->set, s->job).error().line().find("item 60"), std::string::npos);
    const auto own = std::ranges::find(s->test.y, s->job.target) - s->test.y.begin();
    s->job.params = Params::make(s->job.spec->params, {{"item", std::to_string(own)}}).value();
    EXPECT_NE(poison(s->set, s->job).error().line().find("already"), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(All, EveryCraftedPoison,
                         ::testing::Values("label-consistent", "feature-collision", "gradient-matching"),
                         [](const auto& info) {
                             std::string name(info.param);
                             std::ranges::replace(name, '-', '_');
                             return name;
                         });

TEST(LabelConsistent, ItsItemsAreHarderWithinTheBallAndBearThePatch) {
    const auto s = setting("label-consistent", {{"steps", "20"}, {"eps", "0.1"}}, 0.5);
    const Poisoning made = poison(s->set, s->job).value();
    const NdArray stamped = made.stamp(s->set.x).value();
    // Outside of the corners the change is the perturbation alone.
    std::vector<float> bent(s->set.x.values<float>().begin(), s->set.x.values<float>().end());
    for (const std::int64_t row : made.set.rows)
        for (std::size_t i = 0; i < 64; ++i) {
            const float clean = row_of(s->set.x, row)[i], now = row_of(made.set.x, row)[i];
            const bool patch = row_of(stamped, row)[i] != clean;
            if (patch) {
                EXPECT_EQ(now, row_of(stamped, row)[i]);
            } else {
                EXPECT_LE(std::abs(now - clean), 0.1 + 1e-6);
                bent[static_cast<std::size_t>(row) * 64 + i] = now;
            }
        }
    const NdArray x = NdArray::from<float>(s->set.x.shape(), std::span<const float>(bent)).value();
    const NdArray before = model::predict(*s->surrogate.classifier, s->set.x, s->ctx).value();
    const NdArray after = model::predict(*s->surrogate.classifier, x, s->ctx).value();
    for (const std::int64_t row : made.set.rows) {
        const auto at = static_cast<std::size_t>(4 * row + s->job.target);
        EXPECT_LT(after.values<float>()[at], before.values<float>()[at]) << row;
    }
}

TEST(FeatureCollision, ReachesTheClosedFormOptimumOfALinearMap) {
    const auto s =
        setting("feature-collision", {{"iterations", "3000"}, {"beta", "1"}}, 0.02, small_networks::linear_features());
    const Poisoning made = poison(s->set, s->job).value();
    const NdArray map = small_networks::weights({64, 6}, 64, 8);
    const auto a = [&](std::size_t i, std::size_t k) { return static_cast<double>(map.values<float>()[6 * i + k]); };
    const auto t = made.victim->x.values<float>();
    for (const std::int64_t row : made.set.rows) {
        const auto b = row_of(s->set.x, row), x = row_of(made.set.x, row);
        double features = 0, pixels = 0, start = 0, end = 0;
        std::vector<double> to_base(6, 0), to_now(6, 0);
        for (std::size_t i = 0; i < 64; ++i) {
            pixels += (b[i] - t[i]) * (b[i] - t[i]);
            for (std::size_t k = 0; k < 6; ++k)
                to_base[k] += a(i, k) * (b[i] - t[i]), to_now[k] += a(i, k) * (x[i] - t[i]);
        }
        for (const double one : to_base) features += one * one;
        // The slope of the objective at the base, and where the search ended, where no value is at its border.
        for (std::size_t i = 0; i < 64; ++i) {
            double at_base = 0, at_end = 2 * (x[i] - b[i]) / pixels;
            for (std::size_t k = 0; k < 6; ++k)
                at_base += 2 * a(i, k) * to_base[k] / features, at_end += 2 * a(i, k) * to_now[k] / features;
            if (x[i] <= 0 || x[i] >= 1) continue;
            start += at_base * at_base, end += at_end * at_end;
        }
        EXPECT_LT(std::sqrt(end), 0.01 * std::sqrt(start)) << row;
    }
}

TEST(FeatureCollision, BringsItsItemsToTheVictim) {
    const auto s = setting("feature-collision", {{"iterations", "500"}, {"beta", "0.01"}}, 0.05);
    const Poisoning made = poison(s->set, s->job).value();
    EXPECT_LT(made.trigger["distance_after"].get<double>(), 0.3 * made.trigger["distance_before"].get<double>());
}

TEST(FeatureCollision, SaysWhyThereAreNoFeatures) {
    auto s = quick("feature-collision");
    graph::GraphBuilder builder("narrow", 13);
    std::string x =
        builder.node("Flatten", {builder.input("x", DType::f32, {-1, 1, 8, 8})}, {{"axis", std::int64_t{1}}});
    x = builder.node("Relu", {small_networks::dense(builder, x, 64, 3, 1)});
    builder.output(small_networks::dense(builder, x, 3, 4, 2), DType::f32, {-1, 4});
    s->surrogate = small_networks::surrogate(std::move(builder).build().value(), {1, 8, 8});
    const auto made = poison(s->set, s->job);
    ASSERT_FALSE(made.ok());
    EXPECT_NE(made.error().line().find("features"), std::string::npos) << made.error().line();
}

TEST(GradientMatching, TurnsTheGradientOfItsItemsTowardsTheVictims) {
    for (const bool convolutions : {false, true}) {
        const auto build = [&] { return convolutions ? small_networks::cnn(1, 13) : small_networks::mlp(); };
        const std::map<std::string, std::string> most = {{"iterations", "80"}, {"restarts", "1"}, {"eps", "0.2"}};
        const std::map<std::string, std::string> least = {{"iterations", "1"}, {"restarts", "1"}, {"eps", "0.0001"}};
        const auto far = setting("gradient-matching", most, 0.1, build()),
                   near = setting("gradient-matching", least, 0.1, build());
        const double matched = poison(far->set, far->job).value().trigger["cosine"].get<double>();
        const double clean = poison(near->set, near->job).value().trigger["cosine"].get<double>();
        EXPECT_LT(1 - matched, 0.6 * (1 - clean)) << "with convolutions: " << convolutions;
        const Poisoning made = poison(far->set, far->job).value();
        for (const std::int64_t row : made.set.rows)
            for (std::size_t i = 0; i < 64; ++i)
                EXPECT_LE(std::abs(row_of(made.set.x, row)[i] - row_of(far->set.x, row)[i]), 0.2 + 1e-6);
    }
}

TEST(GradientMatching, StopsWhenAsked) {
    const auto s = quick("gradient-matching");
    CancelToken token;
    token.cancel();
    s->ctx = RunContext(RunContext::Options{.seed = 2, .threads = 1, .cancel = &token});
    EXPECT_EQ(poison(s->set, s->job).error().code(), Errc::cancelled);
}

TEST(LabelFlip, GreedyNeedsAModelAndSaysSo) {
    auto s = setting("label-flip", {{"greedy", "yes"}});
    const Poisoning made = poison(s->set, s->job).value();
    EXPECT_EQ(made.set.rows.size(), 12U);
    s->job.surrogate = nullptr;
    EXPECT_NE(poison(s->set, s->job).error().line().find("--model"), std::string::npos);
}

}  // namespace
}  // namespace bartizan::attacks::crafted_tests
