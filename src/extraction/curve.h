#pragma once
/// How good the copy is for how many queries: agreement with the victim, accuracy, and how many adversarial examples made
/// on the copy fool the victim; and from that the queries that a given agreement takes.
/// Thread rule: free functions; they work on `ctx.threads()` threads.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bartizan/result.h"
#include "bartizan/run_context.h"
#include "core/statistics.h"
#include "extraction/attack.h"

namespace bartizan::extraction {

/// Items that judge the copy, with what the victim says of them.
struct Judges {
    data::Batch items;  ///< labels may be empty
    Answers answers;    ///< the victim's, without an output policy
    double eps = 0;     ///< linf radius of the examples for the transfer; 0: transfer is not measured
    std::int64_t transfer_items = 200;  ///< of the judges
};

struct Share {
    std::int64_t part = 0, whole = 0;
    double value() const { return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole); }
    Interval interval() const { return wilson_interval(part, whole); }
};

struct Point {
    std::int64_t queries = 0;
    Share agreement;
    Share accuracy;  ///< of the copy; none: the judges have no labels
    Share transfer;  ///< of the examples, that fool the victim; none: not measured
    double score_gap = 0;  ///< mean distance (L1) of the copy's probabilities to the victim's
};

struct Run {
    std::vector<Point> points;  ///< ascending
    Copy copy;                  ///< of the last point
    bool complete = true;       ///< false: it was stopped, what is here was finished before
    std::string note;
};

/// Where the curve is looked at: N/16, N/8, N/4, N/2, N, without those below 16; N alone for exact attacks.
std::vector<std::int64_t> query_points(std::int64_t queries, bool learns);

/// Runs the attack to each of `points` in turn. A copy that cannot be made at the first point fails as the attack does;
/// when `ctx` asks to stop after the first point, what was finished is given.
Result<Run> run(Attack& attack, Victim& victim, const Judges& judges, const std::vector<std::int64_t>& points,
                RunContext& ctx);

/// What the copy is worth.
Result<Point> judge(const Copy& copy, Victim& victim, const Judges& judges, std::int64_t queries, RunContext& ctx);

/// Queries after which the agreement reaches `level`: between two points by the logarithm of the queries. Nothing: the
/// curve does not reach it. `low`, `high`: from the ends of the agreement's intervals; nothing where they do not reach
/// it, or (`low`) where the first point is above it already.
struct QueriesTo {
    std::optional<double> value, low, high;
};
QueriesTo queries_to(const std::vector<Point>& points, double level);

/// What a policy costs those who ask in good faith.
struct UserCost {
    double distance = 0;   ///< mean L1 between what they see and the scores
    Share argmax_kept;
    double calibration_error = 0, calibration_error_before = 0;  ///< 15 bins; needs labels
};
UserCost user_cost(const policy::OutputPolicy& policy, const Judges& judges);

}  // namespace bartizan::extraction
