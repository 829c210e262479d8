#pragma once
/// How good a classifier is on labelled data: accuracy with its interval, per class, confusion, calibration.

#include <cstdint>
#include <string>
#include <vector>

#include "bartizan/result.h"
#include "bartizan/run_context.h"
#include "core/statistics.h"
#include "data/dataset.h"
#include "model/classifier.h"

namespace bartizan::audit {

struct ClassScore {
    std::string name;
    std::int64_t samples = 0;
    std::int64_t correct = 0;
    std::int64_t predicted = 0;  ///< how often the model says this class
    Interval interval;           ///< Wilson, of correct / samples
};

/// One bin of the reliability diagram: predictions with a confidence in [low, high).
struct ConfidenceBin {
    double low = 0, high = 0;
    std::int64_t samples = 0;
    double accuracy = 0, confidence = 0;
};

struct Evaluation {
    std::int64_t samples = 0;
    std::int64_t correct = 0;
    double accuracy = 0;
    Interval interval;                   ///< Wilson, 95 %
    double expected_calibration_error = 0;  ///< 15 equal bins (Guo et al. 2017, equation 3)
    double mean_confidence = 0;
    double negative_log_likelihood = 0;  ///< nats per sample
    std::vector<ClassScore> classes;
    std::vector<std::vector<std::int64_t>> confusion;  ///< [true][predicted]
    std::vector<ConfidenceBin> bins;
    std::vector<std::uint8_t> correct_rows;            ///< per sample
    std::vector<std::int64_t> predictions;             ///< per sample
};

/// Scores `logits` [n, classes] against labels. Fails with `invalid_input` on a label outside the classes (naming
/// the row) or a logit that is not a number.
Result<Evaluation> score(const NdArray& logits, const data::Batch& batch, const std::vector<std::string>& class_names);

/// Runs the classifier on `batch` and scores it.
Result<Evaluation> evaluate(const model::Classifier& classifier, const data::Batch& batch,
                            const std::vector<std::string>& class_names, const RunContext& ctx);

/// "ankle boot" or "class 9".
std::string class_name(const std::vector<std::string>& names, std::int64_t index);

}  // namespace bartizan::audit
