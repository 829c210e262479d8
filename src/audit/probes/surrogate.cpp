#include "audit/probes/surrogate.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "audit/attacking.h"
#include "model/shards.h"

namespace bartizan::audit::reliability {
namespace {

constexpr int kEpochs = 30;
constexpr float kRate = 0.05F;
constexpr std::int64_t kMaxFitRows = 2000;

/// weights[class][feature], trained by plain gradient descent on the cross-entropy.
class LinearSoftmax {
public:
    LinearSoftmax(std::size_t classes, std::size_t features)
        : classes_(classes), features_(features), weights_(classes * (features + 1), 0) {}

    void fit_row(std::span<const float> x, std::size_t label) {
        std::vector<double> p = probabilities(x);
        p[label] -= 1;
        for (std::size_t c = 0; c < classes_; ++c) {
            float* w = &weights_[c * (features_ + 1)];
            const auto step = static_cast<float>(kRate * p[c]);
            for (std::size_t i = 0; i < features_; ++i) w[i] -= step * x[i];
            w[features_] -= step;
        }
    }

    /// Sign of the gradient of the loss by the input: the worst linf direction.
    void worst_direction(std::span<const float> x, std::size_t label, std::span<float> out) const {
        std::vector<double> p = probabilities(x);
        p[label] -= 1;
        for (std::size_t i = 0; i < features_; ++i) {
            double slope = 0;
            for (std::size_t c = 0; c < classes_; ++c) slope += p[c] * weights_[c * (features_ + 1) + i];
            out[i] = slope > 0 ? 1.0F : slope < 0 ? -1.0F : 0.0F;
        }
    }

private:
    std::vector<double> probabilities(std::span<const float> x) const {
        std::vector<double> scores(classes_);
        for (std::size_t c = 0; c < classes_; ++c) {
            const float* w = &weights_[c * (features_ + 1)];
            double score = w[features_];
            for (std::size_t i = 0; i < features_; ++i) score += static_cast<double>(w[i]) * x[i];
            scores[c] = score;
        }
        const double best = *std::ranges::max_element(scores);
        double sum = 0;
        for (double& score : scores) sum += score = std::exp(score - best);
        for (double& score : scores) score /= sum;
        return scores;
    }

    std::size_t classes_;
    std::size_t features_;
    std::vector<float> weights_;
};

/// The length of a sign step that fills the norm's ball.
float step_length(const Subject& subject, std::size_t features) {
    switch (subject.norm) {
        case catalog::Norm::linf:
            return static_cast<float>(subject.eps);
        case catalog::Norm::l2:
            return static_cast<float>(subject.eps / std::sqrt(static_cast<double>(features)));
        default:
            return static_cast<float>(subject.eps / static_cast<double>(features));
    }
}

}  // namespace

Result<double> transfer_accuracy(const Subject& subject, std::int64_t samples, const RunContext& ctx) {
    const data::Batch fit = BARTIZAN_TRY(select(subject.batch, first_rows(subject.batch, kMaxFitRows)));
    const Evaluation answers = BARTIZAN_TRY(evaluate(*subject.classifier, fit, {}, ctx));
    const auto rows = static_cast<std::size_t>(fit.x.shape()[0]);
    const std::size_t features = fit.x.values<float>().size() / rows;
    LinearSoftmax stand_in(static_cast<std::size_t>(subject.classifier->classes()), features);
    for (int epoch = 0; epoch < kEpochs; ++epoch) {
        BARTIZAN_TRY(ctx.checkpoint());
        for (std::size_t row = 0; row < rows; ++row)
            stand_in.fit_row(fit.x.values<float>().subspan(row * features, features),
                             static_cast<std::size_t>(answers.predictions[row]));
    }
    data::Batch moved = BARTIZAN_TRY(select(subject.batch, first_rows(subject.batch, samples)));
    const std::span<float> values = moved.x.mutable_values<float>();
    const float length = step_length(subject, features);
    std::vector<float> direction(features);
    for (std::size_t row = 0; row < moved.y.size(); ++row) {
        const std::span<float> x = values.subspan(row * features, features);
        stand_in.worst_direction(x, static_cast<std::size_t>(moved.y[row]), direction);
        for (std::size_t i = 0; i < features; ++i) x[i] = std::clamp(x[i] + length * direction[i], 0.0F, 1.0F);
    }
    return BARTIZAN_TRY(evaluate(*subject.classifier, moved, {}, ctx)).accuracy;
}

}  // namespace bartizan::audit::reliability
