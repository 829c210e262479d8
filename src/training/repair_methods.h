#pragma once
/// The methods of repair.h, each as a change of weights in place. Internal to `training`: shows tensors.
/// Thread rule: alone.

#include <vector>

#include <ATen/core/Tensor.h>

#include "bartizan/result.h"
#include "bartizan/run_context.h"
#include "model/classifier.h"
#include "training/repair.h"

namespace bartizan::training {

/// What the methods work on.
struct Patient {
    model::Model& model;
    const model::Classifier& classifier;
    std::vector<at::Tensor> parameters;  ///< that are descended on
    at::Tensor x, y;                     ///< clean rows; what to answer: [n, classes], summing to 1
    at::Tensor labels;                   ///< true classes of the rows: int64 [n]
    at::Tensor mask, pattern;            ///< of the reversed trigger, shaped like an item
    std::int64_t target = 0;
};

/// Positions of the rows of other classes than the target: int64. A trigger on rows of the target, with their label,
/// would teach it.
at::Tensor others_of(const Patient& patient, const at::Tensor& labels);

Result<void> apply(RepairMethod method, Patient& patient, const RepairOptions& options, const RunContext& ctx);

}  // namespace bartizan::training
