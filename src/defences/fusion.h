#pragma once
/// Brings the detectors of poisoned items together. SCAn judges classes and needs no second; a weaker detector only
/// counts together with another one. Each weak detector gets its threshold, and its false-positive rate, from the
/// trusted items. The class-level verdict comes first.
/// Thread rule: pure functions.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "bartizan/result.h"
#include "core/statistics.h"
#include "defences/scan.h"

namespace bartizan::defences {

struct Vote {
    std::string name;            ///< "strip", "neighbours"
    std::vector<double> scores;  ///< of each suspect item: high is suspicious
    double threshold = 0;        ///< items above it are suspects
    double clean_rate = 0;       ///< share of the trusted items above it
    Interval clean_interval;     ///< 95 %
    std::int64_t calibrated_on = 0;
};

/// The threshold that at most `rate` of the clean scores exceed. Fails with `invalid_input` when there are fewer than
/// 1 / rate of them, or a score is not finite.
Result<Vote> calibrated_vote(std::string name, std::vector<double> scores, std::vector<double> clean, double rate);

struct ClassVerdict {
    std::int64_t label = 0;
    std::int64_t items = 0;
    std::int64_t suspects = 0;
    double index = 0;       ///< of SCAn
    bool by_scan = false;   ///< SCAn finds two groups in it
    bool by_votes = false;  ///< far more of its items than of trusted ones gather two votes
};

struct PoisonCheck {
    PoisonVerdict verdict = PoisonVerdict::inconclusive;
    std::vector<ClassVerdict> classes;   ///< in the order of their labels
    std::vector<std::int64_t> suspects;  ///< SCAn's, and those with two votes or more; ascending
};

/// `scan` and the votes are over the same items, labelled `labels`.
PoisonCheck fuse(const ScanResult& scan, std::span<const Vote> votes, std::span<const std::int64_t> labels);

}  // namespace bartizan::defences
