#include "audit/evaluation.h"

#include <algorithm>
#include <cmath>
#include <span>

#include <fmt/format.h>

#include "model/shards.h"

namespace bartizan::audit {
namespace {

constexpr int kBins = 15;

struct RowScore {
    std::int64_t predicted = 0;
    double confidence = 0;
    double log_likelihood = 0;  ///< of the true class
};

/// Softmax of one row, in double so that confident models do not saturate.
RowScore score_row(std::span<const float> logits, std::int64_t label) {
    const auto best = std::ranges::max_element(logits);
    double sum = 0;
    for (const float logit : logits) sum += std::exp(static_cast<double>(logit) - *best);
    const double log_sum = std::log(sum) + *best;
    return {best - logits.begin(), std::exp(*best - log_sum), logits[static_cast<std::size_t>(label)] - log_sum};
}

Result<void> check_row(std::span<const float> logits, std::int64_t label, std::size_t row) {
    if (label < 0 || label >= static_cast<std::int64_t>(logits.size()))
        return invalid_input(fmt::format("row {} has label {}, the model has classes 0 to {}", row, label,
                                         logits.size() - 1),
                             "give the data that this model was made for");
    for (const float logit : logits)
        if (!std::isfinite(logit))
            return invalid_input(fmt::format("the model's output for row {} is not a finite number", row),
                                 "check --mean, --std and --range, and the model itself");
    return {};
}

void finish_bins(Evaluation& evaluation) {
    for (ConfidenceBin& bin : evaluation.bins) {
        if (bin.samples == 0) continue;
        const auto n = static_cast<double>(bin.samples);
        bin.accuracy /= n;
        bin.confidence /= n;
        evaluation.expected_calibration_error +=
            n / static_cast<double>(evaluation.samples) * std::abs(bin.accuracy - bin.confidence);
    }
}

}  // namespace

std::string class_name(const std::vector<std::string>& names, std::int64_t index) {
    const auto at = static_cast<std::size_t>(index);
    return index >= 0 && at < names.size() ? names[at] : fmt::format("class {}", index);
}

Result<Evaluation> score(const NdArray& logits, const data::Batch& batch,
                         const std::vector<std::string>& class_names) {
    const auto rows = static_cast<std::size_t>(logits.shape().at(0));
    const auto width = static_cast<std::size_t>(logits.shape().at(1));
    if (batch.y.size() != rows) return invalid_input("the data has no labels", "accuracy needs labelled data");
    if (rows == 0) return invalid_input("the data set is empty");
    Evaluation evaluation;
    evaluation.samples = static_cast<std::int64_t>(rows);
    evaluation.classes.resize(width);
    evaluation.confusion.assign(width, std::vector<std::int64_t>(width, 0));
    for (int i = 0; i < kBins; ++i)
        evaluation.bins.push_back({static_cast<double>(i) / kBins, static_cast<double>(i + 1) / kBins, 0, 0, 0});

    const std::span<const float> all = logits.values<float>();
    for (std::size_t row = 0; row < rows; ++row) {
        const std::span<const float> values = all.subspan(row * width, width);
        BARTIZAN_TRY(check_row(values, batch.y[row], row));
        const RowScore one = score_row(values, batch.y[row]);
        const bool correct = one.predicted == batch.y[row];
        const auto label = static_cast<std::size_t>(batch.y[row]);
        const auto predicted = static_cast<std::size_t>(one.predicted);
        evaluation.correct += correct ? 1 : 0;
        evaluation.correct_rows.push_back(correct ? 1 : 0);
        evaluation.predictions.push_back(one.predicted);
        evaluation.mean_confidence += one.confidence / static_cast<double>(rows);
        evaluation.negative_log_likelihood -= one.log_likelihood / static_cast<double>(rows);
        ++evaluation.classes[label].samples;
        evaluation.classes[label].correct += correct ? 1 : 0;
        ++evaluation.classes[predicted].predicted;
        ++evaluation.confusion[label][predicted];
        ConfidenceBin& bin = evaluation.bins[static_cast<std::size_t>(
            std::min(kBins - 1, static_cast<int>(one.confidence * kBins)))];
        ++bin.samples;
        bin.accuracy += correct ? 1 : 0;
        bin.confidence += one.confidence;
    }
    evaluation.accuracy = static_cast<double>(evaluation.correct) / static_cast<double>(rows);
    evaluation.interval = wilson_interval(evaluation.correct, evaluation.samples);
    for (std::size_t i = 0; i < width; ++i) {
        ClassScore& one = evaluation.classes[i];
        one.name = class_name(class_names, static_cast<std::int64_t>(i));
        one.interval = wilson_interval(one.correct, one.samples);
    }
    finish_bins(evaluation);
    return evaluation;
}

Result<Evaluation> evaluate(const model::Classifier& classifier, const data::Batch& batch,
                            const std::vector<std::string>& class_names, const RunContext& ctx) {
    const NdArray logits = BARTIZAN_TRY(model::predict(classifier, batch.x, ctx));
    return score(logits, batch, class_names);
}

}  // namespace bartizan::audit
