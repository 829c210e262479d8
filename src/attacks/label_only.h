#pragma once
/// How far an item lies from where a model's answer changes, by its answers alone: what tells members from others when
/// scores are hidden (Choquette-Choo et al. 2021, arXiv:2007.14321; Li and Zhang 2021, arXiv:2007.15528). The distance is
/// sought as HopSkipJump does (Chen et al. 2020, arXiv:1904.02144, algorithm 2, l2), from the nearest item with another
/// answer; the cheap form counts how much noise an answer withstands.
/// Thread rule: pure functions; they use `ctx.threads()`.

#include <cstdint>
#include <span>
#include <vector>

#include "bartizan/ndarray.h"
#include "bartizan/result.h"
#include "bartizan/run_context.h"
#include "model/classifier.h"

namespace bartizan::attacks {

struct LabelOnlyOptions {
    std::int64_t queries = 400;  ///< answers that may be asked for each item
    /// Every feature is measured by this (pictures: all by 1, tables: each column by its deviation); one for each, above 0.
    std::vector<float> scale;
};

/// The l2 distance, in units of `scale`, of each item of `x` float32 [n, item shape] to the nearest point found with an
/// answer that is not its label; 0 for items that are answered wrongly. An upper bound of the true distance. Items whose
/// answer nothing among the rows of `x` contradicts get the largest distance found. Points stay within the range of `x`.
/// Fails as the model does, `cancelled`, `invalid_input` on labels or scales of another number.
Result<std::vector<double>> boundary_distances(const model::Classifier& classifier, const NdArray& x,
                                               std::span<const std::int64_t> labels, const LabelOnlyOptions& options,
                                               RunContext& ctx);

/// The share of noisy copies that keep the right answer, over four strengths of noise from 1/8 to 1 of `scale`.
Result<std::vector<double>> noise_robustness(const model::Classifier& classifier, const NdArray& x,
                                             std::span<const std::int64_t> labels, const LabelOnlyOptions& options,
                                             RunContext& ctx);

}  // namespace bartizan::attacks
