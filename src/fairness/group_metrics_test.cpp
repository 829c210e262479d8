#include "fairness/group_metrics.h"

#include <cmath>

#include <gtest/gtest.h>

#include "core/random.h"

namespace bartizan::fairness {
namespace {

struct Rows {
    std::vector<std::uint8_t> labels, predictions;
    std::vector<double> scores;
    std::vector<std::int32_t> groups;

    void add(int group, int label, int prediction, int times, double score = 0.5) {
        for (int i = 0; i < times; ++i) {
            groups.push_back(group);
            labels.push_back(static_cast<std::uint8_t>(label));
            predictions.push_back(static_cast<std::uint8_t>(prediction));
            scores.push_back(score);
        }
    }
    Answers answers(std::vector<std::string> names) const {
        return {labels, predictions, scores, groups, std::move(names)};
    }
};

/// Group a: 10 rows, tp 4 fp 1 fn 1 tn 4; b: 8 rows, tp 2 fp 1 fn 2 tn 3; c: 5 rows, tp 2 fp 2 fn 0 tn 1.
Rows table() {
    Rows rows;
    rows.add(0, 1, 1, 4, 0.9);
    rows.add(0, 0, 1, 1, 0.6);
    rows.add(0, 1, 0, 1, 0.4);
    rows.add(0, 0, 0, 4, 0.1);
    rows.add(1, 1, 1, 2, 0.8);
    rows.add(1, 0, 1, 1, 0.7);
    rows.add(1, 1, 0, 2, 0.3);
    rows.add(1, 0, 0, 3, 0.2);
    rows.add(2, 1, 1, 2, 1.0);
    rows.add(2, 0, 1, 2, 0.6);
    rows.add(2, 0, 0, 1, 0.0);
    return rows;
}

constexpr double kExact = 1e-12;

double value(const Fairness& found, std::string_view name) {
    const Disparity* disparity = found.find(name);
    return disparity == nullptr ? NAN : disparity->value;
}

TEST(GroupMetrics, AreTheHandComputedOnes) {
    const Rows rows = table();
    const auto found = measure(rows.answers({"a", "b", "c"}), {.least_group = 5, .resamples = 20});
    ASSERT_TRUE(found.ok()) << found.error().line();
    // Selection rates 5/10, 3/8, 4/5; true positive rates 4/5, 2/4, 2/2; false positive rates 1/5, 1/4, 2/3;
    // predictive values 4/5, 2/3, 2/4; negative 4/5, 3/5, 1/1; accuracies 8/10, 5/8, 3/5.
    EXPECT_NEAR(value(*found, "demographic_parity_difference"), 0.8 - 0.375, kExact);
    EXPECT_NEAR(value(*found, "disparate_impact_ratio"), 0.375 / 0.8, kExact);
    EXPECT_NEAR(value(*found, "equal_opportunity_difference"), 0.5, kExact);
    EXPECT_NEAR(value(*found, "equal_opportunity_ratio"), 0.5, kExact);
    EXPECT_NEAR(value(*found, "false_positive_rate_difference"), 2.0 / 3 - 0.2, kExact);
    EXPECT_NEAR(value(*found, "equalized_odds_difference"), 0.5, kExact);
    EXPECT_NEAR(value(*found, "equalized_odds_ratio"), 0.2 / (2.0 / 3), kExact);
    EXPECT_NEAR(value(*found, "average_odds_difference"), (0.5 + 2.0 / 3 - 0.2) / 2, kExact);
    EXPECT_NEAR(value(*found, "predictive_parity_difference"), 0.3, kExact);
    EXPECT_NEAR(value(*found, "negative_predictive_value_difference"), 0.4, kExact);
    EXPECT_NEAR(value(*found, "accuracy_difference"), 0.2, kExact);
    // Mean scores 5.0/10, 3.5/8, 3.2/5; base rates 5/10, 4/8, 2/5: gaps 0, -0.0625, 0.24.
    EXPECT_NEAR(found->groups[0].calibration_gap, 0.0, kExact);
    EXPECT_NEAR(found->groups[1].calibration_gap, -0.0625, kExact);
    EXPECT_NEAR(value(*found, "calibration_gap_difference"), 0.3025, kExact);
    // Ten bins: a 0.4 + 0.6 + 0.6 + 0.4 of 10 rows, b 0.4 + 0.7 + 1.4 + 0.6 of 8, c 1.2 of 5.
    EXPECT_NEAR(found->groups[0].calibration_error, 0.2, kExact);
    EXPECT_NEAR(found->groups[1].calibration_error, 3.1 / 8, kExact);
    EXPECT_NEAR(found->groups[2].calibration_error, 0.24, kExact);
    EXPECT_NEAR(value(*found, "calibration_error_difference"), 3.1 / 8 - 0.2, kExact);
    EXPECT_EQ(found->groups[0].true_positives, 4);
    EXPECT_EQ(found->groups[1].false_negatives, 2);
    for (const Disparity& one : found->disparities) {
        EXPECT_LE(one.interval.low, one.interval.high) << one.name;
        EXPECT_FALSE(std::isnan(one.interval.low)) << one.name << " has its interval";
    }
    EXPECT_LE(found->theil_interval.low, found->theil_index);
    EXPECT_GE(found->theil_interval.high, found->theil_index);
    EXPECT_EQ(found->find("demographic_parity_difference")->least, "b");
    EXPECT_EQ(found->find("demographic_parity_difference")->most, "c");
    // Benefits: 16 rows of 1, 4 of 2, 3 of 0; mean 24/23.
    const double mean = 24.0 / 23;
    EXPECT_NEAR(found->theil_index, (16 * (1 / mean) * std::log(1 / mean) + 4 * (2 / mean) * std::log(2 / mean)) / 23,
                kExact);
}

TEST(GroupMetrics, ErrorsOfBothSignsDoNotCancelInTheCalibrationError) {
    Rows rows;
    rows.add(0, 1, 1, 40, 0.75);  // too low by a quarter
    rows.add(0, 0, 0, 40, 0.25);  // too high by a quarter
    rows.add(1, 1, 1, 40, 1);
    rows.add(1, 0, 0, 40, 0);
    const auto found = measure(rows.answers({"a", "b"}), {.resamples = 20});
    EXPECT_NEAR(value(*found, "calibration_gap_difference"), 0, kExact);
    EXPECT_NEAR(value(*found, "calibration_error_difference"), 0.25, kExact);
    Answers without = rows.answers({"a", "b"});
    without.scores = {};
    EXPECT_TRUE(std::isnan(value(*measure(without, {.resamples = 20}), "calibration_error_difference")));
}

TEST(GroupMetrics, OfTheCompasTableArePublished) {
    // Angwin et al. 2016 (ProPublica), Broward County, scores medium and high as prediction of recidivism:
    // African-American: low/survived 990, low/recidivated 532, high/survived 805, high/recidivated 1369.
    // White: 1139, 461, 349, 505. Published: FPR 44.85 % and 23.45 %, FNR 27.99 % and 47.72 %, PPV 0.63 and 0.59.
    Rows rows;
    rows.add(0, 0, 0, 990);
    rows.add(0, 1, 0, 532);
    rows.add(0, 0, 1, 805);
    rows.add(0, 1, 1, 1369);
    rows.add(1, 0, 0, 1139);
    rows.add(1, 1, 0, 461);
    rows.add(1, 0, 1, 349);
    rows.add(1, 1, 1, 505);
    const auto found = measure(rows.answers({"African-American", "White"}), {.resamples = 200});
    ASSERT_TRUE(found.ok());
    EXPECT_NEAR(found->groups[0].false_positive_rate, 0.4485, 5e-5);
    EXPECT_NEAR(found->groups[1].false_positive_rate, 0.2345, 5e-5);
    EXPECT_NEAR(1 - found->groups[0].true_positive_rate, 0.2799, 5e-5);
    EXPECT_NEAR(1 - found->groups[1].true_positive_rate, 0.4772, 5e-5);
    EXPECT_NEAR(found->groups[0].positive_predictive_value, 0.63, 5e-3);
    EXPECT_NEAR(found->groups[1].positive_predictive_value, 0.59, 5e-3);
    EXPECT_NEAR(value(*found, "false_positive_rate_difference"), 805.0 / 1795 - 349.0 / 1488, 1e-12);
    const Interval interval = found->find("false_positive_rate_difference")->interval;
    // Normal approximation: 0.2139 +- 1.96 * sqrt(.4485 * .5515 / 1795 + .2345 * .7655 / 1488) = +- 0.0315
    EXPECT_NEAR(interval.low, 0.2139 - 0.0315, 0.008);
    EXPECT_NEAR(interval.high, 0.2139 + 0.0315, 0.008);
}

TEST(GroupMetrics, IntervalsHoldTheTruthAsOftenAsTheySay) {
    // Selection rates 0.5 and 0.3: the interval of the difference should hold 0.2 in about 95 of 100 samples.
    int held = 0;
    for (std::uint64_t seed = 0; seed < 100; ++seed) {
        Random random(seed, 77);
        Rows rows;
        for (int i = 0; i < 600; ++i) rows.add(i % 2, 0, random.uniform() < (i % 2 == 0 ? 0.5F : 0.3F) ? 1 : 0, 1);
        const auto found = measure(rows.answers({"a", "b"}), {.resamples = 200, .seed = seed});
        const Interval interval = found->find("demographic_parity_difference")->interval;
        held += interval.low <= 0.2 && 0.2 <= interval.high ? 1 : 0;
    }
    EXPECT_GE(held, 88);
    EXPECT_LE(held, 100);
}

TEST(GroupMetrics, SmallGroupsAreNamedAndLeftOut) {
    Rows rows;
    rows.add(0, 1, 1, 40);
    rows.add(1, 1, 0, 40);
    rows.add(2, 1, 1, 12);
    rows.add(-1, 1, 1, 100);
    const auto found = measure(rows.answers({"a", "b", "few", "none"}), {.resamples = 10});
    ASSERT_TRUE(found.ok());
    EXPECT_EQ(found->too_small, std::vector<std::string>{"few (12)"});
    EXPECT_EQ(found->groups.size(), 2U);
    EXPECT_EQ(value(*found, "disparate_impact_ratio"), 0);
    EXPECT_TRUE(std::isnan(value(*found, "false_positive_rate_difference"))) << "nobody is unfavourable in truth";
    EXPECT_EQ(value(*found, "equalized_odds_difference"), 1) << "by the rate that is defined";
}

TEST(GroupMetrics, ASelectionOfNobodyIsNoDisparity) {
    Rows rows;
    rows.add(0, 1, 0, 40);
    rows.add(1, 0, 0, 40);
    const auto found = measure(rows.answers({"a", "b"}), {.resamples = 10});
    EXPECT_EQ(value(*found, "disparate_impact_ratio"), 1);
    EXPECT_EQ(value(*found, "demographic_parity_difference"), 0);
}

TEST(GroupMetrics, BadInputIsRefused) {
    Rows rows;
    rows.add(0, 1, 1, 50);
    EXPECT_FALSE(measure(rows.answers({"a"})).ok()) << "one group";
    EXPECT_FALSE(measure(rows.answers({})).ok()) << "no name";
    rows.groups.pop_back();
    EXPECT_FALSE(measure(rows.answers({"a", "b"})).ok()) << "lengths differ";
}

TEST(GroupMetrics, TheSameSeedGivesTheSameIntervals) {
    const Rows rows = table();
    const Options options{.least_group = 5, .resamples = 50, .seed = 3};
    const auto one = measure(rows.answers({"a", "b", "c"}), options),
               two = measure(rows.answers({"a", "b", "c"}), options);
    for (std::size_t i = 0; i < one->disparities.size(); ++i)
        EXPECT_EQ(one->disparities[i].interval.low, two->disparities[i].interval.low);
}

}  // namespace
}  // namespace bartizan::fairness
