#pragma once
/// What tells two trainings apart that would not end in the same weights.
/// Thread rule: a pure function of its arguments.

#include <cstdint>
#include <string>

#include "bartizan/result.h"
#include "data/dataset.h"
#include "model/model.h"
#include "training/trainer.h"

namespace bartizan::training {

/// SHA-256 in hexadecimal of the model with the weights it has now, the options, the seed and the data: all labels,
/// and 256 rows spread evenly (a data set may be too large to read twice). Fails as `graph::serialize_onnx` and
/// `Dataset::read` do; `unsupported` for models without a graph.
Result<std::string> fingerprint_of(const model::Model& model, const data::Dataset& dataset, const Options& options,
                                   std::uint64_t seed);

}  // namespace bartizan::training
