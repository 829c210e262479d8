/// Drift, volume and embeddings.
#include <cmath>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/random.h"
#include "monitor/drift.h"
#include "monitor/embedding.h"
#include "monitor/repeats.h"
#include "monitor/squeeze.h"
#include "monitor/volume.h"

namespace bartizan::monitor {
namespace {

TEST(ChiSquared, TailAgreesWithPublishedQuantiles) {
    // Abramowitz & Stegun, table 26.8.
    EXPECT_NEAR(chi_squared_tail(3.84146, 1), 0.05, 1e-6);
    EXPECT_NEAR(chi_squared_tail(18.3070, 10), 0.05, 1e-6);
    EXPECT_NEAR(chi_squared_tail(36.1909, 19), 0.01, 1e-6);
    EXPECT_NEAR(chi_squared_tail(10.1170, 19), 0.95, 1e-5);
    EXPECT_NEAR(chi_squared_tail(2, 2), std::exp(-1), 1e-15);
    EXPECT_NEAR(chi_squared_tail(200, 2) / std::exp(-100), 1, 1e-9);
    EXPECT_EQ(chi_squared_tail(0, 5), 1);
}

/// Four columns: normal, uniform, constant, three values.
std::vector<float> row(Random& random, float shift = 0) {
    return {random.normal() + shift, random.uniform(), 3.0F, static_cast<float>(random.below(3))};
}

DriftReference drift_reference(const DriftOptions& options) {
    std::vector<float> rows;
    Random random(1, 0);
    for (int i = 0; i < 5000; ++i) {
        const auto one = row(random);
        rows.insert(rows.end(), one.begin(), one.end());
    }
    return DriftReference::fit(rows, {"normal", "uniform", "constant", "three"}, options).value();
}

TEST(Drift, WindowsOfTheSameKindKeepTheRateOfFalseAlarms) {
    const DriftReference usual = drift_reference({.window = 500, .false_alarms = 0.05, .least_index = 0});
    DriftWindow window(usual);
    Random random(2, 0);
    int windows = 0, alarms = 0;
    for (int i = 0; i < 500 * 400; ++i) {
        const auto judged = window.see(row(random));
        if (!judged) continue;
        ++windows;
        alarms += DriftWindow::alarms(*judged, usual.options()).empty() ? 0 : 1;
    }
    EXPECT_EQ(windows, 400);
    EXPECT_LE(alarms, 36) << "5 % of 400 are 20";
}

TEST(Drift, AShiftedColumnIsNamedAndOthersAreNot) {
    const DriftReference usual = drift_reference({.window = 500});
    DriftWindow window(usual);
    Random random(3, 0);
    for (int i = 0; i < 499; ++i) EXPECT_FALSE(window.see(row(random, 0.5F)));
    const auto judged = window.see(row(random, 0.5F));
    ASSERT_TRUE(judged);
    const auto alarms = DriftWindow::alarms(*judged, usual.options());
    ASSERT_EQ(alarms.size(), 1U);
    EXPECT_EQ(alarms[0].column, "normal");
    EXPECT_NEAR(alarms[0].distance, 0.1974, 0.06) << "of two normals half a deviation apart: 2 Phi(1/4) - 1";
    EXPECT_NEAR(alarms[0].index, 0.25, 0.12) << "the square of the shift, for normals of one spread";
}

TEST(Drift, AConstantThatMovesIsSeen) {
    const DriftReference usual = drift_reference({.window = 200});
    for (const float value : {2.0F, 3.5F, std::numeric_limits<float>::quiet_NaN()}) {
        DriftWindow window(usual);
        Random random(4, 0);
        std::optional<std::vector<ColumnDrift>> judged;
        for (int i = 0; i < 200; ++i) {
            auto one = row(random);
            one[2] = value;
            judged = window.see(one);
        }
        const auto alarms = DriftWindow::alarms(*judged, usual.options());
        ASSERT_EQ(alarms.size(), 1U) << value;
        EXPECT_EQ(alarms[0].column, "constant");
    }
}

TEST(Drift, RefusesWhatIsNoReference) {
    EXPECT_FALSE(DriftReference::fit(std::vector<float>(100), {"a"}, {}).ok());
    EXPECT_FALSE(DriftReference::fit(std::vector<float>(401), {"a", "b"}, {}).ok());
    EXPECT_FALSE(DriftReference::fit({}, {}, {}).ok());
    std::vector<float> bad(300);
    bad[9] = std::numeric_limits<float>::quiet_NaN();
    EXPECT_FALSE(DriftReference::fit(bad, {"a"}, {}).ok());
}

constexpr std::int64_t kNoon = 20'000 * 86'400LL + 43'200;

TEST(Volume, ASurgeIsToldOnceAMinuteAndDoesNotBecomeUsual) {
    ClientVolume client;
    Random random(1, 0);
    int signs = 0;
    for (std::int64_t minute = 0; minute < 100; ++minute)
        for (std::uint64_t i = 0; i < 90 + random.below(20); ++i)
            signs += client.see(kNoon + 60 * minute, 1, {}) ? 1 : 0;
    EXPECT_EQ(signs, 0);
    for (std::int64_t minute = 100; minute < 110; ++minute)
        for (int i = 0; i < 2000; ++i)
            if (const auto sign = client.see(kNoon + 60 * minute, 1, {})) {
                ++signs;
                EXPECT_EQ(sign->kind, VolumeSign::Kind::rate);
                EXPECT_NEAR(sign->usual, 99.5, 8);
                EXPECT_LE(sign->queries, 450U);
            }
    EXPECT_EQ(signs, 10);
}

TEST(Volume, AnHourThatHeNeverAskedInIsToldAfterTwoWeeks) {
    ClientVolume client;
    for (std::int64_t day = 0; day < 20; ++day) EXPECT_FALSE(client.see(kNoon + day * 86'400, 5, {}));
    const auto sign = client.see(kNoon + 20 * 86'400 - 9 * 3600, 5, {});
    ASSERT_TRUE(sign);
    EXPECT_EQ(sign->kind, VolumeSign::Kind::hour);
    EXPECT_EQ(sign->hour, 3);
    EXPECT_FALSE(client.see(kNoon + 20 * 86'400 - 9 * 3600, 5, {})) << "once";
    ClientVolume fresh;
    (void)fresh.see(kNoon, 1, {});
    EXPECT_FALSE(fresh.see(kNoon + 3 * 86'400 + 7200, 1, {})) << "too little is known of him";
    EXPECT_FALSE(fresh.see(kNoon - 86'400, 1, {})) << "a clock that went back";
}

TEST(Squeezing, MakesFewerLevelsAndMedians) {
    const std::vector<std::int64_t> shape{8, 8};
    EXPECT_TRUE(can_squeeze(shape));
    EXPECT_FALSE(can_squeeze(std::vector<std::int64_t>{28, 28, 3})) << "channels last";
    EXPECT_FALSE(can_squeeze(std::vector<std::int64_t>{100}));
    std::vector<float> row(64, 0.25F);
    row[9] = 1;  // a single bright pixel
    const std::vector<float> out = squeezed(row, shape, 0, 1);
    ASSERT_EQ(out.size(), 3U * 64);
    EXPECT_NEAR(out[0], 4.0 / 15, 1e-6) << "the nearest of 16 levels";
    EXPECT_EQ(out[9], 1);
    for (std::size_t i = 64; i < 3 * 64; ++i) EXPECT_EQ(out[i], 0.25F) << i;
    // 2 x 2 takes the lower of the two in the middle: a pair of bright columns stays, a single one goes.
    std::vector<float> columns(64, 0);
    for (std::size_t y = 0; y < 8; ++y) columns[8 * y + 3] = columns[8 * y + 4] = 1;
    const std::vector<float> kept = squeezed(columns, shape, 0, 1);
    EXPECT_EQ(kept[64 + 3], 1);
    EXPECT_EQ(kept[64 + 4], 0);
    EXPECT_EQ(kept[128 + 3], 1);
    EXPECT_EQ(kept[128 + 4], 1);
}

TEST(Squeezing, FlagsWhatHonestDistancesDoNotReach) {
    Random random(7, 0);
    const auto honest = [&] {
        return std::array<double, kSqueezers>{0.1 * random.uniform(), 0.5 * random.uniform(), random.uniform()};
    };
    std::vector<std::array<double, kSqueezers>> distances;
    for (int i = 0; i < 1000; ++i) distances.push_back(honest());
    const SqueezeReference usual = SqueezeReference::fit(distances, 0.02).value();
    int flagged = 0;
    for (int i = 0; i < 5000; ++i) flagged += usual.flags(honest()) ? 1 : 0;
    EXPECT_LT(flagged / 5000.0, usual.chance());
    EXPECT_TRUE(usual.flags({0.3, 0.1, 0.1})) << "in units of its own squeezer";
    EXPECT_FALSE(SqueezeReference::fit(std::span(distances).first(99), 0.02).ok());
    EXPECT_NEAR(answer_distance(std::vector<float>{1, 0}, std::vector<float>{0, 1}), 2, 1e-9);
    EXPECT_NEAR(answer_distance(std::vector<float>{5, 5}, std::vector<float>{0.5F, 0.5F}), 0, 1e-6);
}

TEST(Squeezing, ACountIsAnAlarmWhenChanceCannotExplainIt) {
    EXPECT_NEAR(binomial_tail(3, 10, 0.1), 0.0701908264, 1e-9);
    EXPECT_NEAR(binomial_tail(10, 10, 0.5), 1.0 / 1024, 1e-12);
    EXPECT_EQ(binomial_tail(0, 10, 0.1), 1);
    EXPECT_EQ(binomial_tail(11, 10, 0.1), 0);
    FlagCount count;
    int needed = 0;
    while (!count.see(true, 0.03)) ++needed;
    EXPECT_EQ(needed, 3) << "0.03 to the fourth is 8.1e-7";
    Random random(3, 0);
    int alarms = 0;
    for (int i = 0; i < 200'000; ++i) alarms += count.see(random.uniform() < 0.03F, 0.03) ? 1 : 0;
    EXPECT_EQ(alarms, 0);
}

TEST(Repeated, AreTheSameRowsAmongTheLastOnes) {
    Repeats repeats(5, 10);
    EXPECT_FALSE(repeats.again(std::vector<float>{1, 2}));
    EXPECT_TRUE(repeats.again(std::vector<float>{1, 2}));
    EXPECT_FALSE(repeats.again(std::vector<float>{2, 1}));
    EXPECT_FALSE(repeats.again(std::vector<float>{1, 2, 0}));
    for (float i = 0; i < 10; ++i) EXPECT_FALSE(repeats.again(std::vector<float>{i}));
    EXPECT_FALSE(repeats.again(std::vector<float>{1, 2})) << "too long ago";
    EXPECT_TRUE(repeats.again(std::vector<float>{9}));
}

TEST(Embeddings, ReadAnswersOfBothKinds) {
    const Answer logits = read_answer(std::vector<float>{1, 3, 2});
    EXPECT_EQ(logits.said, 1);
    EXPECT_NEAR(logits.confidence, 0.6652, 1e-4);
    const Answer probable = read_answer(std::vector<float>{0.0900F, 0.6652F, 0.2447F});
    EXPECT_EQ(probable.said, 1);
    for (std::size_t i = 0; i < 3; ++i) EXPECT_NEAR(probable.scores[i], logits.scores[i], 2e-3);
    EXPECT_EQ(read_answer(std::vector<float>(5000, 0.1F)).scores.size(), kMostScores);
    EXPECT_TRUE(read_answer({}).scores.empty());
}

TEST(Embeddings, DescribeARow) {
    const Embedding of_table({3}, 1);
    std::vector<float> out;
    of_table.append(std::vector<float>{1, 3, 2}, out);
    ASSERT_EQ(out.size(), of_table.columns().size());
    EXPECT_THAT(out, testing::Pointwise(testing::FloatNear(1e-5F), {2.0F, 0.81650F, 1.0F, 1.0F, 1.0F, 3.0F, 2.0F}));
    EXPECT_EQ(of_table.columns()[4], "feature 0");
    const Embedding of_picture({1, 28, 28}, 1);
    EXPECT_EQ(of_picture.length(), 784U);
    out.clear();
    of_picture.append(std::vector<float>(784, 1.0F), out);
    EXPECT_EQ(out.size(), 4 + Embedding::kProjections);
    EXPECT_EQ(out[2], 0) << "a plain picture is not rough";
}

}  // namespace
}  // namespace bartizan::monitor
