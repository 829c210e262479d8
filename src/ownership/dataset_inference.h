#pragma once
/// Dataset inference (Maini, Yaghini, Papernot 2021, in a black-box form): a model that was trained on the owner's private
/// items, or copied from one that was, keeps more distance between their class and the next than for public items of the
/// same kind. Supporting evidence only: independent models trained on other data of the same distribution may show the
/// same (Szyller et al. 2023), so a verdict needs independent models to compare with.
/// Thread rule: free functions.

#include <cstdint>
#include <span>
#include <vector>

#include "bartizan/result.h"
#include "bartizan/run_context.h"
#include "data/dataset.h"
#include "model/classifier.h"

namespace bartizan::ownership {

/// log-odds of the true class against the largest other one, of each item.
Result<std::vector<double>> margins(const model::Classifier& classifier, const data::Batch& items, const RunContext& ctx);

struct DatasetInference {
    double effect = 0;   ///< difference of the mean margins, private less public, in pooled deviations
    double p_value = 1;  ///< Welch, one-sided: is there a difference at all?
};
DatasetInference infer(std::span<const double> private_margins, std::span<const double> public_margins);

}  // namespace bartizan::ownership
