#include "monitor/outlier.h"

#include <array>
#include <cmath>

#include <gtest/gtest.h>

#include "core/random.h"

namespace bartizan::monitor {
namespace {

constexpr std::size_t kRows = 2000, kWidth = 128, kClasses = 5;

/// Rows of five kinds of features, with logits that are sure of their kind; `kind` -1: of a sixth, with less sure ones.
struct Made {
    std::vector<float> features, outputs;
};
Made made(std::size_t rows, std::uint64_t seed, bool strange = false) {
    Made out;
    Random centres(99, 0), random(seed, 1);
    std::vector<float> centre((kClasses + 1) * kWidth);
    centres.fill_normal(centre);
    for (std::size_t i = 0; i < rows; ++i) {
        const std::size_t kind = strange ? kClasses : i % kClasses;
        for (std::size_t j = 0; j < kWidth; ++j)
            out.features.push_back(centre[kind * kWidth + j] + 0.5F * random.normal());
        for (std::size_t c = 0; c < kClasses; ++c)
            out.outputs.push_back((!strange && c == kind ? 8.0F : 0.0F) + random.normal());
    }
    return out;
}

OutlierReference reference() {
    const Made usual = made(kRows, 1);
    auto fitted = OutlierReference::fit(usual.features, kWidth, usual.outputs, kClasses, {.seed = 3});
    EXPECT_TRUE(fitted.ok()) << fitted.error().line();
    return std::move(fitted).value();
}

double share_flagged(const OutlierReference& usual, const Made& rows) {
    double flagged = 0;
    const std::size_t count = rows.features.size() / kWidth;
    for (std::size_t i = 0; i < count; ++i)
        flagged += usual.flags(usual.score(std::span(rows.features).subspan(i * kWidth, kWidth),
                                           std::span(rows.outputs).subspan(i * kClasses, kClasses)));
    return flagged / static_cast<double>(count);
}

TEST(Outliers, HonestRowsAreFlaggedNoMoreThanTold) {
    const OutlierReference usual = reference();
    const double share = share_flagged(usual, made(4000, 2));
    EXPECT_LE(share, usual.chance());
    EXPECT_GT(share, 0.01);
}

TEST(Outliers, RowsOfAnotherKindAreFlagged) { EXPECT_GT(share_flagged(reference(), made(1000, 3, true)), 0.9); }

/// Against the textbook: two dimensions, the inverse written out.
TEST(Outliers, TheDistanceIsMahalanobis) {
    Random random(5, 0);
    std::vector<float> features, outputs;
    for (int i = 0; i < 400; ++i) {
        const double angle = 0.8 * (i % 2) + 0.1 * random.normal();
        features.insert(features.end(), {static_cast<float>(std::cos(angle)), static_cast<float>(std::sin(angle))});
        outputs.insert(outputs.end(), {i % 2 == 0 ? 4.0F : 0.0F, i % 2 == 0 ? 0.0F : 4.0F});
    }
    const auto usual = OutlierReference::fit(features, 2, outputs, 2, {}).value();
    std::array<std::array<double, 2>, 2> mean{};
    for (std::size_t i = 0; i < 200; ++i)
        for (std::size_t k = 0; k < 2; ++k) mean[i % 2][k] += features[i * 2 + k] / 100.0;
    double xx = 0, xy = 0, yy = 0;
    for (std::size_t i = 0; i < 200; ++i) {
        const double x = features[i * 2] - mean[i % 2][0], y = features[i * 2 + 1] - mean[i % 2][1];
        xx += x * x / 200;
        xy += x * y / 200;
        yy += y * y / 200;
    }
    const double ridge = 1e-3 * (xx + yy) / 2;
    xx += ridge;
    yy += ridge;
    const std::array<float, 2> point = {0.6F, -0.8F}, output = {1, 2};
    double least = 1e300;
    for (const auto& centre : mean) {
        const double x = point[0] - centre[0], y = point[1] - centre[1];
        least = std::min(least, (yy * x * x - 2 * xy * x * y + xx * y * y) / (xx * yy - xy * xy));
    }
    const auto score = usual.score(point, output);
    EXPECT_NEAR(score.distance / least, 1, 1e-5);
    EXPECT_NEAR(score.energy, -std::log(std::exp(1.0) + std::exp(2.0)), 1e-6);
    EXPECT_LT(score.p_value, 0.05);
}

TEST(Outliers, ProbabilitiesAreTakenForWhatTheyAre) {
    std::vector<float> features, outputs;
    Random random(5, 0);
    for (int i = 0; i < 400; ++i) {
        features.insert(features.end(), {1 + 0.1F * random.normal(), random.normal()});
        const float p = 0.9F + 0.05F * random.uniform();
        outputs.insert(outputs.end(), {p, 1 - p});
    }
    const auto usual = OutlierReference::fit(features, 2, outputs, 2, {}).value();
    const std::array<float, 2> point = {1, 0}, unsure = {0.55F, 0.45F};
    EXPECT_NEAR(usual.score(point, unsure).energy, -std::log(0.55), 1e-6);
    EXPECT_TRUE(usual.flags(usual.score(point, unsure)));
}

TEST(Outliers, WhatIsKeptWithAVersionSaysTheSame) {
    const OutlierReference usual = reference();
    const auto again = OutlierReference::parse(usual.text());
    ASSERT_TRUE(again.ok()) << again.error().line();
    const Made rows = made(50, 4, true);
    for (std::size_t i = 0; i < 50; ++i) {
        const auto features = std::span(rows.features).subspan(i * kWidth, kWidth);
        const auto output = std::span(rows.outputs).subspan(i * kClasses, kClasses);
        EXPECT_EQ(again->score(features, output).p_value, usual.score(features, output).p_value);
    }
    EXPECT_EQ(again->chance(), usual.chance());
}

TEST(Outliers, DamagedStatisticsAreRefused) {
    const std::string text = reference().text();
    EXPECT_FALSE(OutlierReference::parse("{}").ok());
    EXPECT_FALSE(OutlierReference::parse("[1").ok());
    for (std::size_t at = 0; at < text.size(); at += 97) EXPECT_FALSE(OutlierReference::parse(text.substr(0, at)).ok());
    for (const auto& [was, is] : {std::pair{"\"width\":128", "\"width\":129000000"},
                                  {"\"width\":128", "\"width\":3"},
                                  {"\"classes\":5", "\"classes\":0"},
                                  {"\"class\":-1", "\"class\":77"},
                                  {"bartizan-outliers-1", "bartizan-outliers-2"},
                                  {"\"means\":[[", "\"means\":[[\"x\","}}) {
        std::string damaged = text;
        damaged.replace(damaged.find(was), std::string(was).size(), is);
        EXPECT_FALSE(OutlierReference::parse(damaged).ok()) << is;
    }
}

TEST(Outliers, RefusesWhatItCannotLearnFrom) {
    Made usual = made(150, 1);
    EXPECT_FALSE(OutlierReference::fit(usual.features, kWidth, usual.outputs, kClasses, {}).ok());
    usual = made(400, 1);
    EXPECT_FALSE(OutlierReference::fit(usual.features, kWidth, usual.outputs, kClasses + 1, {}).ok());
    usual.features[7] = NAN;
    EXPECT_FALSE(OutlierReference::fit(usual.features, kWidth, usual.outputs, kClasses, {}).ok());
    // A row that is no number is as far out as can be.
    const OutlierReference fitted = reference();
    std::vector<float> bad(kWidth, INFINITY), output(kClasses, 0);
    EXPECT_TRUE(fitted.flags(fitted.score(bad, output)));
}

}  // namespace
}  // namespace bartizan::monitor
