#pragma once
/// How far a model can be driven towards each class by any input at all: the maximum margin statistic of MM-BD (Wang,
/// Xiang, Miller, Kesidis 2024, "MM-BD: Post-Training Detection of Backdoor Attacks with Arbitrary Backdoor Pattern
/// Types Using a Maximum Margin Statistic", equation 2). The target class of a trojan stands out. Needs no data.
///
/// The margins are of logits: a classifier cuts a trailing softmax and applies the model's normalisation, so the inputs
/// searched are those of the data, 0 to 1. The maximum over that box is climbed with sign steps of falling length in
/// place of the paper's plain gradient with momentum: the same maximum in a fifth of the steps.
/// Thread rule: free functions; the work is spread over `ctx.threads()`. Same seed, same numbers.

#include <cstdint>
#include <vector>

#include "bartizan/result.h"
#include "bartizan/run_context.h"
#include "model/classifier.h"

namespace bartizan::defences {

struct MarginOptions {
    int restarts = 6;   ///< random starts for each class
    int steps = 40;     ///< gradient steps of each
    double step = 0.1;  ///< length of the first; the last is a twentieth of it
};

/// For each class, the largest logit of the class minus the largest other that was reached.
/// Fails with `unsupported` if the model gives no gradient, `invalid_input` if its logits are not finite, `cancelled`.
Result<std::vector<double>> maximum_margins(const model::Classifier& classifier, const MarginOptions& options,
                                            RunContext& ctx);

/// The paper's test (its equation 4): with the largest margin left out, a Gamma distribution is fitted to the others;
/// the chance that the largest of as many draws is as large. 1 with fewer than four classes, where there is no null.
double margin_p_value(const std::vector<double>& margins);

}  // namespace bartizan::defences
