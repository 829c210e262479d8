#pragma once
/// Model inversion: an input that a model takes for a class as surely as can be, with priors that keep it like data
/// (Fredrikson et al. 2015, "Model Inversion Attacks that Exploit Confidence Information"; smoothness after Mahendran and
/// Vedaldi 2015, arXiv:1412.0035). What comes out is what the model thinks typical of a class: it shows a person where a
/// class is a person, and no single training item where a class has many.
/// Thread rule: pure function.

#include <cstdint>

#include "bartizan/ndarray.h"
#include "bartizan/result.h"
#include "bartizan/run_context.h"
#include "model/classifier.h"

namespace bartizan::attacks {

struct InversionOptions {
    std::int64_t steps = 300;     ///< of Adam
    std::int64_t starts = 4;      ///< for each class; the results are averaged: what they share is the class
    double smoothness = 0.5;      ///< weight of the mean absolute difference of neighbouring pixels; pictures alone
    double modesty = 0.05;        ///< weight of the mean squared distance from the middle
    double low = 0, high = 1;     ///< range of the values
};

/// One input for each of the model's classes, float32 [classes, item shape], in data units. Pictures are told by their
/// shape: [H,W], [1|3,H,W], [H,W,1|3]. Fails with `unsupported` if the model gives no gradient, `cancelled`.
Result<NdArray> invert_classes(const model::Classifier& classifier, const InversionOptions& options, RunContext& ctx);

}  // namespace bartizan::attacks
