#include "registers/scores.h"

#include <cmath>

#include <gtest/gtest.h>

namespace bartizan::registers {
namespace {

using governance::Method;

TEST(Scores, FollowTheRuleWorkedOutByHand) {
    // Everything at its worst, and at its least: 1 + 4 * 0.5 * (0.25 + 0.4 + 0.2) / 3 = 1.5666...
    EXPECT_DOUBLE_EQ(likelihood({1, 1, 1, 1}), 5);
    EXPECT_NEAR(likelihood({0.25, 0.4, 0.2, 0.5}), 1.566666666666667, 1e-12);
    // A partner asks, answers suffice, criticality 3, demonstrated: 1 + 4 * 0.8 * (0.75 + 1 + 0.6) / 3 = 3.50666...
    const double l =
        likelihood({exposure_of("partner"), *knowledge_of("answers"), value_of(3), *maturity_of("demonstrated")});
    EXPECT_NEAR(l, 3.506666666666667, 1e-12);
    // e = 0.6: 1 + 2.50666 * 0.4 = 2.00266...; times 4 = 8.01: moderate, where 14.03 was high.
    EXPECT_NEAR(residual(l, 0.6), 2.002666666666667, 1e-12);
    EXPECT_EQ(band_of(l * 4), Band::critical);  // 14.03 lies above 14
    EXPECT_EQ(band_of(residual(l, 0.6) * 4), Band::moderate);
    EXPECT_DOUBLE_EQ(residual(5, 1), 1);
    EXPECT_DOUBLE_EQ(residual(5, 0), 5);
}

TEST(Scores, WhatNobodyToldIsTheWorst) {
    EXPECT_EQ(exposure_of(""), 1);
    EXPECT_EQ(exposure_of("nonsense"), 1);
    EXPECT_EQ(value_of(0), 1);
    EXPECT_EQ(value_of(9), 1);
    EXPECT_FALSE(knowledge_of("").ok());
    EXPECT_FALSE(maturity_of("imagined").ok());
}

TEST(Scores, BandsBeginWhereTheyAreSaidTo) {
    for (const auto& [score, band] : {std::pair{1.0, Band::low},
                                      {4.0, Band::low},
                                      {4.0 + 1e-12, Band::low},
                                      {4.01, Band::moderate},
                                      {9.0, Band::moderate},
                                      {9.2, Band::high},
                                      {14.0, Band::high},
                                      {14.5, Band::critical},
                                      {25.0, Band::critical}})
        EXPECT_EQ(band_of(score), band) << score;
}

TEST(Scores, EvidenceCountsAtThePessimisticEnd) {
    const Effect share{Function::share, 0.95};
    EXPECT_DOUBLE_EQ(effectiveness(share, Method::test, 0.8, 0.7, 0.9), 0.7);
    EXPECT_DOUBLE_EQ(effectiveness(share, Method::test, 0.8, {}, {}), 0.8);
    EXPECT_DOUBLE_EQ(effectiveness(share, Method::test, 1.0, 1.0, 1.0), 0.95);
    EXPECT_DOUBLE_EQ(effectiveness(share, Method::test, {}, {}, {}), 0);
    EXPECT_DOUBLE_EQ(effectiveness(share, Method::test, 85.0, {}, {}), 0);  // a percentage is no share
    EXPECT_DOUBLE_EQ(effectiveness({Function::one_minus, 0.9}, Method::test, 0.4, 0.3, 0.5), 0.5);
    // AUC 0.7 at the high end: the advantage is 0.4.
    EXPECT_DOUBLE_EQ(effectiveness({Function::advantage_of_auc, 0.95}, Method::test, 0.6, 0.5, 0.7), 0.6);
    EXPECT_DOUBLE_EQ(effectiveness({Function::advantage_of_auc, 0.95}, Method::test, 0.4, 0.3, 0.45), 0.95);
    EXPECT_DOUBLE_EQ(effectiveness({Function::passed, 0.6}, Method::test, {}, {}, {}), 0.6);
    EXPECT_DOUBLE_EQ(effectiveness({Function::passed, 0.6}, Method::examine, {}, {}, {}), 0.3);
}

TEST(Scores, SeveralControlsCountTogetherOnlyWhenIndependent) {
    const double effects[] = {0.5, 0.2};
    EXPECT_DOUBLE_EQ(together(effects, false), 0.5);
    EXPECT_DOUBLE_EQ(together(effects, true), 0.6);  // 1 - 0.5 * 0.8
    EXPECT_DOUBLE_EQ(together({}, true), 0);
    EXPECT_DOUBLE_EQ(together({}, false), 0);
}

TEST(Scores, MoreEffectNeverRaisesARisk) {
    for (double l = 1; l <= 5; l += 0.25)
        for (double e = 0; e < 1; e += 0.05) {
            EXPECT_LE(residual(l, e + 0.05), residual(l, e));
            EXPECT_GE(residual(l, e), 1);
            EXPECT_LE(residual(l, e), l);
        }
}

}  // namespace
}  // namespace bartizan::registers
