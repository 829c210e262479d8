#pragma once
/// What the attacking probes share: run an attack by name on some rows, remember it, show what it made.

#include <map>
#include <string>
#include <vector>

#include "attacks/runner.h"
#include "audit/probe.h"

namespace bartizan::audit {

/// One attack at one radius on `rows` of the subject's batch.
struct Order {
    std::string attack;
    double eps = 0;
    std::vector<std::int64_t> rows;
    std::map<std::string, std::string> params;
};

/// Runs the order. Fails with `cancelled` if the attack was stopped before its end: half a curve is no curve.
Result<attacks::RunResult> carry_out(const Subject& subject, const Order& order, const RunContext& ctx);

/// Rows of a result where the model was right and stayed right.
std::vector<std::uint8_t> robust_rows(const attacks::RunResult& result);

/// How often robust accuracy is what it is, as a measurement with its Wilson interval.
Measurement proportion(std::string name, std::int64_t part, std::int64_t whole, std::string note = {});

/// "8/255" where it is one, else three digits.
std::string eps_text(double eps);

/// Before, after, difference (of fooled rows, at most `count`): empty if the items are not images.
Result<std::vector<PictureRow>> picture_rows(const Subject& subject, const attacks::RunResult& result,
                                             std::int64_t count);

}  // namespace bartizan::audit
