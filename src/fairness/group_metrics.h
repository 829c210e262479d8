#pragma once
/// How differently a classifier treats groups of people, each figure with a bootstrap interval. One class is the
/// favourable one (a loan, no alarm); labels and predictions say whether it is the truth and the answer.
/// Names and definitions are those of Fairlearn and AIF360: Dwork et al. 2012 (demographic parity), Hardt et al. 2016
/// (equalised odds, equal opportunity), Chouldechova 2017 (predictive parity), Feldman et al. 2015 (disparate impact
/// and the four-fifths rule of 29 CFR 1607.4), Speicher et al. 2018 (Theil index), Naeini et al. 2015
/// (expected calibration error, here of each group). Thread rule: pure functions.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bartizan/result.h"
#include "core/statistics.h"

namespace bartizan::fairness {

/// Row by row; all of one length. `scores` may be empty: probabilities of the favourable class.
struct Answers {
    std::span<const std::uint8_t> labels, predictions;
    std::span<const double> scores;
    std::span<const std::int32_t> groups;  ///< index into group_names; -1: in none
    std::vector<std::string> group_names;
};

struct Options {
    std::int64_t least_group = 30;  ///< smaller groups are named, and left out of every figure
    int resamples = 1'000;
    std::uint64_t seed = 0;
};

/// Rates of one group; NaN where nothing is in the denominator.
struct GroupRates {
    std::string name;
    std::int64_t samples = 0;
    double base_rate = 0;       ///< share that is favourable in truth
    double selection_rate = 0;  ///< share that the model answers favourably
    double true_positive_rate = 0, false_positive_rate = 0;
    double positive_predictive_value = 0, negative_predictive_value = 0;
    double accuracy = 0;
    double calibration_gap = 0;    ///< mean score less base rate; NaN without scores
    double calibration_error = 0;  ///< expected calibration error over ten equal bins of the score; NaN without scores
    /// What the rates are shares of. Wilson's 95 % intervals.
    std::int64_t true_positives = 0, false_positives = 0, false_negatives = 0, true_negatives = 0;
    Interval selection_interval = {}, true_positive_interval = {}, false_positive_interval = {},
             predictive_interval = {}, accuracy_interval = {};
};

/// A figure over all groups.
struct Disparity {
    std::string_view name;    ///< "equalized_odds_difference"
    double value = 0;         ///< NaN where it is not defined
    Interval interval = {};   ///< 95 %, bootstrap within the groups, percentiles
    std::string least, most;  ///< the groups between which it is
};

struct Fairness {
    std::vector<GroupRates> groups;
    std::vector<std::string> too_small;  ///< "name (12)"
    std::vector<Disparity> disparities;
    double theil_index = 0;  ///< of the benefits (prediction - label + 1) of all rows: 0 is even
    Interval theil_interval = {};

    const Disparity* find(std::string_view name) const;
};

/// Fails with `invalid_input` when lengths differ or fewer than two groups are large enough. O(rows * resamples).
Result<Fairness> measure(const Answers& answers, const Options& options = {});

}  // namespace bartizan::fairness
