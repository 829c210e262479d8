#pragma once
/// What of the model's answer a caller gets to see. Scores are put through the policy row by row; an answer that cannot
/// be is refused, never let through as it is. Thread rule: pure functions.

#include <string>
#include <string_view>

#include "gateway/exchange.h"
#include "policy/output_policy.h"

namespace bartizan::gateway {

/// The worker's answer, shaped: a body of the form that the request asked for. FP32 outputs of at least two columns are
/// scores; those that are no probabilities go through a softmax first, so that what callers get is always
/// probabilities. Whole numbers stay as they are. Fails with `unsupported` for any other output.
Result<oip::Body> shape_answer(const Exchange& exchange, std::string_view body, std::string_view length,
                               const policy::OutputPolicy& policy);

}  // namespace bartizan::gateway
