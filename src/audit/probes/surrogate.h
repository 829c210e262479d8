#pragma once
/// A stand-in for the transfer check: a linear softmax classifier fitted to the model's own answers. Crude on
/// purpose: if examples made for it fool the model more than direct attacks do, the model hides its gradients.

#include <cstdint>

#include "audit/probe.h"

namespace bartizan::audit::reliability {

/// Accuracy of the model on the first `samples` inputs after the sign-gradient step that is worst for the stand-in.
Result<double> transfer_accuracy(const Subject& subject, std::int64_t samples, const RunContext& ctx);

}  // namespace bartizan::audit::reliability
