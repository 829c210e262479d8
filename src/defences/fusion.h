#pragma once
/// Brings the detectors of poisoned items together: classes first, then items.
/// SCAn judges classes and needs no second. A weaker detector counts only together with another one: the weak ones get
/// their thresholds together from the trusted items, such that two of them agree on no more of those than the rate that
/// was asked for. A class in which they agree far more often than on its trusted items is suspicious too; in it, where
/// poison is likely, the rate that the whole set may be wrong about is spent.
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
    std::vector<double> clean;   ///< of each trusted item
    double threshold = 0;        ///< items above it are suspects
    double clean_rate = 0;       ///< share of the trusted items above it
    Interval clean_interval;     ///< 95 %
    std::int64_t calibrated_on = 0;
};

/// The threshold that at most `rate` of the clean scores exceed. Fails with `invalid_input` when there are fewer than
/// 1 / rate of them, or a score is not finite.
Result<Vote> calibrated_vote(std::string name, std::vector<double> scores, std::vector<double> clean, double rate);

/// Scores of one detector, of the suspect and of the trusted items.
struct Scores {
    std::string name;
    std::vector<double> suspect;
    std::vector<double> clean;
};

struct Votes {
    std::vector<Vote> votes;
    double level = 0;                          ///< share of the trusted items that each vote may be wrong about
    double rate = 0;                           ///< what was asked for
    std::vector<std::uint8_t> clean_suspects;  ///< of each trusted item: two votes or more
    double clean_rate = 0;                     ///< share of them
    Interval clean_interval;                   ///< 95 %
};

/// Thresholds at the largest level at which two votes or more fall on at most `rate` of the trusted items: a level of
/// its own for each would make pairs far rarer than the rate. One detector alone gets the rate itself, and convicts nobody.
/// Fails as `calibrated_vote`, and where the detectors did not judge the same trusted items.
Result<Votes> calibrate_together(std::vector<Scores> scores, double rate);

struct ClassVerdict {
    std::int64_t label = 0;
    std::int64_t items = 0;
    double index = 0;                ///< of SCAn
    bool by_scan = false;            ///< SCAn finds two groups in it
    bool by_votes = false;           ///< far more of its items than of its trusted ones gather two votes
    std::vector<std::int64_t> rows;  ///< its suspects, ascending; none unless one of the two is so
};

struct PoisonCheck {
    PoisonVerdict verdict = PoisonVerdict::inconclusive;
    std::vector<ClassVerdict> classes;   ///< in the order of their labels
    std::vector<std::int64_t> suspects;  ///< of all suspicious classes, ascending
    std::vector<std::int64_t> doubtful;  ///< two votes or more in other classes: chance, or wrong labels
};

/// `scan` and the votes are over the same items, labelled `labels`; `trusted` are the labels of the trusted items. Two
/// votes are needed, whatever the number of detectors. In a class that is suspicious by votes beyond what SCAn
/// names, items count whose two loudest detectors together exceed what all but `rate` * items / class items of its
/// trusted items reach (a tenth at the most).
PoisonCheck fuse(const ScanResult& scan, const Votes& votes, std::span<const std::int64_t> labels,
                 std::span<const std::int64_t> trusted = {});

}  // namespace bartizan::defences
