#pragma once
/// From statistics of each class to a verdict on the model. Some classes are easy to reach in every clean model
/// ("natural backdoors"), so each statistic is held against what clean models of the same task have for the same class:
/// its logarithm, less their median, over how far clean models lie apart. The threshold is held against those clean
/// models themselves, each judged by the others. Without them the published thresholds are all there is: they flag
/// clean models often, so two statistics must agree and the verdict is called uncalibrated.
/// Thread rule: pure functions.

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "bartizan/result.h"
#include "core/statistics.h"

namespace bartizan::defences {

/// What a scan measures for each class of a model. All but the margins are empty where there was no clean data.
struct ClassStatistics {
    std::vector<double> margins;    ///< maximum margins (margin_scan.h)
    std::vector<double> sizes;      ///< of the reversed triggers (trigger.h)
    std::vector<double> successes;  ///< of the reversed triggers on the clean data; as many as sizes
    std::vector<double> universal;  ///< lowest loss of one change for all items (universal.h), for each target
    std::vector<double> striped;    ///< the same of stripes along either side of a picture; empty for other items
    std::vector<double> paired;     ///< the same for each pair, by source and then target; empty with many classes
};

enum class Verdict : std::uint8_t { clean, suspect, trojaned };
std::string_view to_string(Verdict verdict);

/// The statistics that a class is judged by.
enum class Measure : std::uint8_t { margin, trigger_size, universal_change, stripes, paired_change };
std::string_view to_string(Measure measure);

struct ClassScore {
    double margin_ratio = 1;  ///< above 1: the class is easier to drive to than in clean models (or, without them, than
                              ///< other classes of this model)
    double size_ratio = 1;    ///< above 1: its trigger is smaller than that
    double anomaly = 0;       ///< one-sided anomaly index of the size
    double score = 0;         ///< the largest of all measures, each in units of its threshold
    Measure by = Measure::margin;        ///< the measure that gave it
    std::optional<std::int64_t> source;  ///< where that was a pair: its source class
};

struct Judgement {
    Verdict verdict = Verdict::clean;
    bool calibrated = false;                      ///< there were clean reference models
    double score = 0;                             ///< of the class that stands out most
    std::int64_t target = 0;                      ///< that class
    double threshold = 0;                         ///< scores from here on are suspect
    double margin_p = 1;                          ///< the published test of the margins alone
    double reach = 0;                             ///< how many times the lowest universal loss lies below the median
                                                  ///< one; 0: not measured
    std::int64_t references = 0;                  ///< clean models that the threshold was held against
    std::int64_t references_flagged = 0;          ///< of them, each judged by the others: those that would be flagged
    std::optional<Interval> false_positive_rate;  ///< 95 % interval; nothing with fewer than two references
    std::vector<ClassScore> classes;
};

/// Fails with `invalid_input` when the statistics are not of the same classes.
Result<Judgement> judge(const ClassStatistics& model, const std::vector<ClassStatistics>& references);

}  // namespace bartizan::defences
