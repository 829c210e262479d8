#pragma once
/// Is there a trojan in a finished model? Margins of every class (margin_scan.h); where there is clean data what a patch
/// costs (trigger_sketch.h) and changes that move all items alike (universal.h); what stands out in graph and weights
/// (model_lint.h), a verdict (trojan_verdict.h), and the trigger of the class that stands out (trigger.h).
/// Thread rule: free functions; the work is spread over `ctx.threads()`. Same seed, same verdict.

#include <optional>
#include <vector>

#include "bartizan/result.h"
#include "bartizan/run_context.h"
#include "data/dataset.h"
#include "defences/margin_scan.h"
#include "defences/model_lint.h"
#include "defences/trigger.h"
#include "defences/trigger_sketch.h"
#include "defences/trojan_verdict.h"
#include "defences/universal.h"
#include "model/classifier.h"

namespace bartizan::defences {

struct TrojanOptions {
    MarginOptions margins;
    SketchOptions sketches;
    TriggerOptions triggers;  ///< of the one class whose trigger is shown
    UniversalOptions universal = {.steps = 18};
    UniversalOptions striped = {
        .ball = UniversalOptions::Ball::largest, .radius = 0.25, .steps = 12, .samples = 24};
    UniversalOptions paired = {.radius = 0.043, .steps = 10, .samples = 8};
    std::int64_t paired_classes = 20;  ///< with more classes there are too many pairs, and none is looked at
};

/// What was measured of one model.
struct TrojanMeasurements {
    ClassStatistics statistics;
    std::vector<ReversedTrigger> sketches;  ///< one a class; empty: there was no clean data
};

struct TrojanReport {
    TrojanMeasurements measured;
    Judgement judgement;
    std::vector<LintNote> lint;
    std::optional<ReversedTrigger> trigger;  ///< of the class that stands out; nothing without clean data
};

/// `clean`: labelled rows in [0, 1]; null: only the margins are measured. Fails as `maximum_margins` and
/// `sketch_triggers` do.
Result<TrojanMeasurements> measure_trojan(const model::Classifier& classifier, const data::Batch* clean,
                                          const TrojanOptions& options, RunContext& ctx);

/// The verdict on what was measured, with the lint of `graph` (null: TorchScript, which is not looked into), without
/// the trigger. A finding of the lint makes a clean verdict suspect.
Result<TrojanReport> report_trojan(TrojanMeasurements measured, const std::vector<ClassStatistics>& references,
                                   const graph::Graph* graph);

/// Both, and the trigger of the class that stands out.
Result<TrojanReport> scan_trojan(const model::Classifier& classifier, const data::Batch* clean,
                                 const TrojanOptions& options, const std::vector<ClassStatistics>& references,
                                 RunContext& ctx);

}  // namespace bartizan::defences
