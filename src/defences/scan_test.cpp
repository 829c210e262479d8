/// SCAn against a closed form, on Gaussian classes with and without a hidden group, and on bad input.
#include "defences/scan.h"

#include <algorithm>
#include <chrono>
#include <limits>

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <gtest/gtest.h>

#include "core/random.h"

namespace bartizan::defences {
namespace {

struct Set {
    at::Tensor x;
    std::vector<std::int64_t> y;
    std::vector<std::int64_t> poisoned;
};

struct Recipe {
    std::int64_t classes = 10, per_class = 100, width = 24;
    std::int64_t poison = 0;  ///< items of class 3 that carry label 0
    std::uint64_t seed = 1;
};

/// Classes around means that are 6 deviations from the origin; poisoned items share one offset, as a trigger gives.
Set gaussian(const Recipe& recipe) {
    const std::int64_t clean = recipe.classes * recipe.per_class;
    const std::int64_t n = clean + recipe.poison;
    Set set{at::empty({n, recipe.width}, at::kFloat), {}, {}};
    float* out = set.x.data_ptr<float>();
    for (std::int64_t i = 0; i < n; ++i) {
        const bool poison = i >= clean;
        const std::int64_t from = poison ? 3 : i % recipe.classes;
        Random noise(recipe.seed, static_cast<std::uint64_t>(i));
        noise.fill_normal(std::span(out + i * recipe.width, static_cast<std::size_t>(recipe.width)));
        // The deviation of a class differs a little from class to class, as in trained models.
        const float spread = 1 + 0.02F * static_cast<float>(from);
        for (std::int64_t j = 0; j < recipe.width; ++j) out[i * recipe.width + j] *= spread;
        out[i * recipe.width + from] += 6;
        if (poison) out[i * recipe.width + recipe.width - 1] += 5;
        set.y.push_back(poison ? 0 : from);
        if (poison) set.poisoned.push_back(i);
    }
    return set;
}

ScanResult scan(const Set& suspect, const Set& clean, ScanOptions options = {}) {
    return scan_classes(suspect.x, suspect.y, clean.x, clean.y, options).value();
}

const Set& trusted() {
    static const Set set = gaussian({.seed = 99});
    return set;
}

/// One feature; class k lies at 100 k, its items half at -1 and half at +1 of that.
Set line(std::int64_t classes, std::int64_t per_class) {
    Set set{at::empty({classes * per_class, 1}, at::kFloat), {}, {}};
    for (std::int64_t i = 0; i < classes * per_class; ++i) {
        const std::int64_t label = i / per_class;
        set.x.data_ptr<float>()[i] = static_cast<float>(100 * label + (i % 2 == 0 ? -1 : 1));
        set.y.push_back(label);
    }
    return set;
}

TEST(Scan, TheStatisticIsThatOfTwoKnownGroups) {
    const Set clean = line(10, 200);
    Set suspect = line(10, 200);
    // Class 4: a quarter at +10, the rest at 0, so J = 1/4 3/4 10^2 at unit spread. The others: 1/2 1/2 2^2 = 1.
    for (std::int64_t i = 0; i < 200; ++i) suspect.x.data_ptr<float>()[800 + i] = i < 50 ? 410.0F : 400.0F;
    const ScanResult result = scan(suspect, clean);
    EXPECT_NEAR(result.classes[4].statistic, 18.75, 0.01);
    EXPECT_NEAR(result.classes[0].statistic, 1, 0.01);
    EXPECT_EQ(result.classes[4].items, 200);
}

TEST(Scan, StatisticsWithoutSpreadAreInconclusiveNotClean) {
    const ScanResult result = scan(line(10, 200), line(10, 200));
    // The statistics differ by rounding only; no class may be flagged for that.
    EXPECT_EQ(result.verdict, PoisonVerdict::inconclusive);
    EXPECT_NE(result.reason.find("same statistic"), std::string::npos);
    EXPECT_TRUE(result.suspects.empty());
}

TEST(Scan, NamesTheClassAndTheItemsOfAHiddenGroup) {
    const Set suspect = gaussian({.per_class = 300, .poison = 150});
    const ScanResult result = scan(suspect, trusted());
    EXPECT_EQ(result.verdict, PoisonVerdict::suspicious);
    for (const ScanClass& one : result.classes) EXPECT_EQ(one.flagged, one.label == 0) << one.label;
    EXPECT_EQ(result.suspects, suspect.poisoned);
}

TEST(Scan, AOneInAHundredGroupIsFoundToo) {
    const Set suspect = gaussian({.per_class = 300, .poison = 30});
    EXPECT_EQ(scan(suspect, trusted()).suspects, suspect.poisoned);
}

TEST(Scan, FlagsNoneOfTwentyCleanSets) {
    for (std::uint64_t seed = 100; seed < 120; ++seed) {
        const ScanResult result = scan(gaussian({.per_class = 300, .seed = seed}), trusted());
        EXPECT_EQ(result.verdict, PoisonVerdict::clean) << "seed " << seed;
        EXPECT_TRUE(result.suspects.empty());
    }
}

/// `group` items in ten of class 2 carry one more feature: a kind of its own within the class.
Set with_two_kinds(Recipe recipe, std::int64_t group) {
    Set set = gaussian(recipe);
    std::int64_t seen = 0;
    for (std::size_t i = 0; i < set.y.size(); ++i)
        if (set.y[i] == 2 && seen++ % 10 < group)
            set.x.data_ptr<float>()[static_cast<std::int64_t>(i) * recipe.width + recipe.width - 2] += 6;
    return set;
}

TEST(Scan, AClassOfTwoKindsByNatureIsNotFlagged) {
    for (const std::int64_t group : {2, 5}) {
        const ScanResult result = scan(with_two_kinds({.per_class = 300}, group), with_two_kinds({.seed = 99}, group));
        EXPECT_EQ(result.verdict, PoisonVerdict::clean);
        EXPECT_GT(result.classes[2].index, 7.389);
        EXPECT_TRUE(result.classes[2].by_nature);
        EXPECT_NEAR(result.classes[2].strange, result.classes[2].trusted_strange, 0.02);
        // The same class, whose trusted items know one kind only: then the other came from elsewhere.
        const ScanResult strange = scan(with_two_kinds({.per_class = 300}, group), trusted());
        EXPECT_TRUE(strange.classes[2].flagged);
        EXPECT_NEAR(strange.classes[2].strange, static_cast<double>(group) / 10, 0.02);
        EXPECT_LT(strange.classes[2].trusted_strange, 0.02);
    }
}

TEST(Scan, AClassOfTwoKindsHidesNoPoisonInAnother) {
    const Set suspect = with_two_kinds({.per_class = 300, .poison = 150}, 5);
    const ScanResult result = scan(suspect, with_two_kinds({.seed = 99}, 5));
    EXPECT_EQ(result.suspects, suspect.poisoned);
    EXPECT_FALSE(result.classes[2].flagged);
}

TEST(Scan, TheSameSeedGivesTheSameResult) {
    const Set suspect = gaussian({.per_class = 100, .poison = 40});
    const ScanResult a = scan(suspect, trusted(), {.seed = 7});
    const ScanResult b = scan(suspect, trusted(), {.seed = 7});
    EXPECT_EQ(a.suspects, b.suspects);
    for (std::size_t k = 0; k < a.classes.size(); ++k) EXPECT_EQ(a.classes[k].index, b.classes[k].index);
}

TEST(Scan, FewClassesAreComparedWithTheirOwnTrustedItems) {
    const Set suspect = gaussian({.classes = 5, .per_class = 200, .poison = 50});
    const ScanResult result = scan(suspect, gaussian({.classes = 5, .seed = 99}));
    EXPECT_EQ(result.verdict, PoisonVerdict::suspicious);
    for (const ScanClass& one : result.classes) EXPECT_EQ(one.flagged, one.label == 0) << one.label;
    EXPECT_EQ(result.classes[0].p_value.value(), 1.0 / 200);
    EXPECT_EQ(result.suspects, suspect.poisoned);
}

TEST(Scan, FlagsNoneOfTenCleanSetsOfThreeClasses) {
    for (std::uint64_t seed = 100; seed < 110; ++seed) {
        const ScanResult result =
            scan(gaussian({.classes = 3, .per_class = 200, .seed = seed}), gaussian({.classes = 3, .seed = 99}));
        EXPECT_EQ(result.verdict, PoisonVerdict::clean) << "seed " << seed;
    }
}

TEST(Scan, FewClassesWithFewTrustedItemsAreInconclusiveWithTheReason) {
    const Set suspect = gaussian({.classes = 5, .poison = 50});
    const ScanResult result = scan(suspect, gaussian({.classes = 5, .per_class = 30, .seed = 99}));
    EXPECT_EQ(result.verdict, PoisonVerdict::inconclusive);
    EXPECT_NE(result.reason.find("50 are needed"), std::string::npos) << result.reason;
    EXPECT_TRUE(result.suspects.empty());
}

TEST(Scan, ConstantFeaturesAreNeverSuspicious) {
    Set suspect = gaussian({});
    suspect.x.zero_();
    Set clean = gaussian({});
    clean.x.zero_();
    EXPECT_EQ(scan(suspect, clean).verdict, PoisonVerdict::inconclusive);
}

TEST(Scan, RefusesWhatDoesNotFitTogether) {
    const Set good = gaussian({});
    const auto error = [&](const Set& suspect, const Set& clean) {
        const Result<ScanResult> result = scan_classes(suspect.x, suspect.y, clean.x, clean.y, {});
        return result.ok() ? std::string("accepted") : result.error().line();
    };
    Set bad = gaussian({});
    bad.y.pop_back();
    EXPECT_NE(error(bad, good).find("1000 rows but 999 labels"), std::string::npos);
    EXPECT_NE(error(good, gaussian({.width = 30})).find("24 columns"), std::string::npos);
    EXPECT_NE(error(good, gaussian({.classes = 9})).find("0 items of class 9"), std::string::npos);
    bad = gaussian({});
    bad.x[5][2] = std::numeric_limits<float>::quiet_NaN();
    EXPECT_NE(error(bad, good).find("NaN"), std::string::npos);
    EXPECT_NE(error({at::empty({0, 24}), {}, {}}, good).find("non-empty"), std::string::npos);
}

TEST(Scan, TenThousandRowsOf128FeaturesTakeMilliseconds) {
    const Set suspect = gaussian({.per_class = 950, .width = 128, .poison = 500});
    const Set clean = gaussian({.width = 128, .seed = 99});
    scan(suspect, clean);
    double best_ms = std::numeric_limits<double>::max();
    for (int round = 0; round < 5; ++round) {
        const auto begin = std::chrono::steady_clock::now();
        scan(suspect, clean);
        const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - begin;
        best_ms = std::min(best_ms, took.count());
    }
    RecordProperty("best_ms", std::to_string(best_ms));
    // The bar is 50 ms on an idle machine; the test leaves room for a shared one and a debug build.
    EXPECT_LT(best_ms, 1000) << best_ms;
    std::printf("best of 5: %.1f ms\n", best_ms);
}

}  // namespace
}  // namespace bartizan::defences
