#pragma once
/// From statistics of each class to a verdict on the model. Some classes are easy to reach in every clean model
/// ("natural backdoors"), so each statistic is divided by what clean models of the same task have for the same class;
/// the threshold is held against those clean models themselves, each judged by the others. Without them the published
/// thresholds are all there is: they flag clean models often, so two statistics must agree and the verdict is called
/// uncalibrated.
/// Thread rule: pure functions.

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "bartizan/result.h"
#include "core/statistics.h"

namespace bartizan::defences {

/// What a scan measures for each class of a model.
struct ClassStatistics {
    std::vector<double> margins;    ///< maximum margins (margin_scan.h)
    std::vector<double> sizes;      ///< of the reversed triggers (trigger.h); empty: there was no clean data
    std::vector<double> successes;  ///< of the reversed triggers on the clean data; as many as sizes
};

enum class Verdict : std::uint8_t { clean, suspect, trojaned };
std::string_view to_string(Verdict verdict);

struct ClassScore {
    double margin_ratio = 1;  ///< above 1: the class is easier to drive to than in clean models (or, without them, than
                              ///< other classes of this model)
    double size_ratio = 1;    ///< above 1: its trigger is smaller than that
    double anomaly = 0;       ///< one-sided anomaly index of the size
    double score = 1;         ///< the larger of the ratios
};

struct Judgement {
    Verdict verdict = Verdict::clean;
    bool calibrated = false;                      ///< there were clean reference models
    double score = 1;                             ///< of the class that stands out most
    std::int64_t target = 0;                      ///< that class
    double threshold = 0;                         ///< scores from here on are suspect
    double margin_p = 1;                          ///< the published test of the margins alone
    std::int64_t references = 0;                  ///< clean models that the threshold was held against
    std::int64_t references_flagged = 0;          ///< of them, each judged by the others: those that would be flagged
    std::optional<Interval> false_positive_rate;  ///< 95 % interval; nothing with fewer than two references
    std::vector<ClassScore> classes;
};

/// Fails with `invalid_input` when the statistics are not of the same classes.
Result<Judgement> judge(const ClassStatistics& model, const std::vector<ClassStatistics>& references);

}  // namespace bartizan::defences
