#pragma once
/// What a probe will cost, said before it begins: how often it looks at the model at most, times how long a look takes on
/// this machine, which is measured. Attacks stop early on inputs that fall, so that it is often less.
/// Thread rule: free functions.

#include <optional>
#include <string>

#include "audit/plan.h"
#include "audit/probe.h"
#include "bartizan/result.h"
#include "bartizan/run_context.h"

namespace bartizan::audit {

/// Rows that go through the model.
struct Cost {
    double looks = 0;      ///< forth
    double gradients = 0;  ///< forth and back
};

/// At most, of a probe of the catalogue on this subject. Nothing where the model is not what takes the time (data-seal,
/// data-quality).
std::optional<Cost> cost_of(const PlannedProbe& planned, const Subject& subject);

/// Measures a look and a gradient on some rows, and fills in `expected_seconds` of every probe that has no obstacle. Fails as
/// the model does.
Result<void> expect_costs(const Subject& subject, Plan& plan, const RunContext& ctx);

/// "the audit will take at most about 2 min: White-box evasion 40 s, ..." The longest first.
std::string costs_text(const Subject& subject, const Plan& plan);

}  // namespace bartizan::audit
