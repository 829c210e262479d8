#pragma once
/// Is there a trojan in a finished model? Margins of every class (margin_scan.h); where there is clean data reversed
/// triggers (trigger.h) and changes that move all items alike (universal.h); what stands out in graph and weights
/// (model_lint.h), and a verdict (trojan_verdict.h).
/// Thread rule: free functions; the work is spread over `ctx.threads()`. Same seed, same verdict.

#include <optional>
#include <vector>

#include "bartizan/result.h"
#include "bartizan/run_context.h"
#include "data/dataset.h"
#include "defences/margin_scan.h"
#include "defences/model_lint.h"
#include "defences/trigger.h"
#include "defences/trojan_verdict.h"
#include "defences/universal.h"
#include "model/classifier.h"

namespace bartizan::defences {

struct TrojanOptions {
    MarginOptions margins;
    TriggerOptions triggers;
    UniversalOptions universal;
    UniversalOptions striped = {.ball = UniversalOptions::Ball::largest, .radius = 0.25};
    UniversalOptions paired = {.radius = 0.043, .steps = 15, .samples = 8};
    std::int64_t paired_classes = 20;  ///< with more classes there are too many pairs, and none is looked at
};

/// What was measured of one model.
struct TrojanMeasurements {
    ClassStatistics statistics;
    std::vector<ReversedTrigger> triggers;  ///< one a class; empty: there was no clean data
};

struct TrojanReport {
    TrojanMeasurements measured;
    Judgement judgement;
    std::vector<LintNote> lint;

    /// The reversed trigger of the class that stands out; null without clean data.
    const ReversedTrigger* trigger() const;
};

/// `clean`: labelled rows in [0, 1]; null: only the margins are measured. Fails as `maximum_margins` and
/// `reverse_triggers` do.
Result<TrojanMeasurements> measure_trojan(const model::Classifier& classifier, const data::Batch* clean,
                                          const TrojanOptions& options, RunContext& ctx);

/// The verdict on what was measured, with the lint of `graph` (null: TorchScript, which is not looked into). A finding
/// of the lint makes a clean verdict suspect.
Result<TrojanReport> report_trojan(TrojanMeasurements measured, const std::vector<ClassStatistics>& references,
                                   const graph::Graph* graph);

}  // namespace bartizan::defences
