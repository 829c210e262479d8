#include "quality/out_of_fold.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <numeric>
#include <thread>

#include "core/random.h"

namespace bartizan::quality {
namespace {

constexpr std::size_t kBatch = 64;
constexpr float kDecay = 1e-4F;
constexpr float kMomentum = 0.9F;
/// Steps over the data are worth about so many items whatever its size: small sets are seen more often.
constexpr std::size_t kItemsSeen = 200'000;
constexpr int kLeastEpochs = 3, kMostEpochs = 40;

/// out[i] += scale * in[i]
__attribute__((target_clones("avx512f", "avx2", "default"))) void add_scaled(float* out, const float* in, float scale,
                                                                             std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) out[i] += scale * in[i];
}

/// Sixteen partial sums, so that the compiler may use vectors without being told that order does not matter.
__attribute__((target_clones("avx512f", "avx2", "default"))) float dot(const float* a, const float* b,
                                                                       std::size_t count) {
    constexpr std::size_t kLanes = 16;
    float lanes[kLanes] = {};
    std::size_t i = 0;
    for (; i + kLanes <= count; i += kLanes)
        for (std::size_t lane = 0; lane < kLanes; ++lane) lanes[lane] += a[i + lane] * b[i + lane];
    float sum = 0;
    for (const float lane : lanes) sum += lane;
    for (; i < count; ++i) sum += a[i] * b[i];
    return sum;
}

class Regression {
public:
    Regression(std::size_t width, std::size_t classes)
        : width_(width),
          classes_(classes),
          weights_(classes * width, 0),
          bias_(classes, 0),
          step_(classes * width, 0),
          bias_step_(classes, 0) {}

    void probabilities(const float* row, float* out) const {
        float top = -INFINITY, sum = 0;
        for (std::size_t k = 0; k < classes_; ++k) {
            out[k] = bias_[k] + dot(weights_.data() + k * width_, row, width_);
            top = std::max(top, out[k]);
        }
        for (std::size_t k = 0; k < classes_; ++k) sum += out[k] = std::exp(out[k] - top);
        for (std::size_t k = 0; k < classes_; ++k) out[k] /= sum;
    }

    /// One step of stochastic gradient descent with momentum on these rows.
    void learn(const Matrix& features, std::span<const std::int64_t> labels, std::span<const std::uint32_t> rows,
               float rate) {
        std::vector<float> gradient(weights_.size(), 0), bias(classes_, 0), p(classes_);
        for (const std::uint32_t row : rows) {
            probabilities(features.row(row).data(), p.data());
            p[static_cast<std::size_t>(labels[row])] -= 1;
            for (std::size_t k = 0; k < classes_; ++k) {
                bias[k] += p[k];
                add_scaled(gradient.data() + k * width_, features.row(row).data(), p[k], width_);
            }
        }
        const float scale = 1 / static_cast<float>(rows.size());
        for (std::size_t i = 0; i < weights_.size(); ++i) {
            step_[i] = kMomentum * step_[i] + scale * gradient[i] + kDecay * weights_[i];
            weights_[i] -= rate * step_[i];
        }
        for (std::size_t k = 0; k < classes_; ++k) {
            bias_step_[k] = kMomentum * bias_step_[k] + scale * bias[k];
            bias_[k] -= rate * bias_step_[k];
        }
    }

private:
    std::size_t width_, classes_;
    std::vector<float> weights_, bias_, step_, bias_step_;
};

class Folds {
public:
    Folds(const Matrix& features, std::span<const std::int64_t> labels, std::size_t classes, const RunContext& run)
        : features_(features), labels_(labels), classes_(classes), run_(run), fold_(labels.size()) {
        out_.resize(labels.size() * classes);
        Random random(run.seed(), 0, 11);
        for (auto& fold : fold_) fold = static_cast<int>(random.below(kFolds));
    }

    void train(int fold) {
        std::vector<std::uint32_t> rows;
        for (std::size_t i = 0; i < fold_.size(); ++i)
            if (fold_[i] != fold) rows.push_back(static_cast<std::uint32_t>(i));
        if (rows.empty()) return;
        Regression model(features_.width, classes_);
        Random random(run_.seed(), static_cast<std::uint64_t>(fold), 12);
        const int epochs = std::clamp(static_cast<int>(kItemsSeen / rows.size()), kLeastEpochs, kMostEpochs);
        // Steps shrink with the width, because logits are sums over all columns.
        const float rate = 0.5F / std::sqrt(static_cast<float>(std::max<std::size_t>(16, features_.width)));
        for (int epoch = 0; epoch < epochs && !run_.stop_requested(); ++epoch) {
            for (std::size_t i = rows.size(); i > 1; --i) std::swap(rows[i - 1], rows[random.below(i)]);
            const float now = rate * (1 - static_cast<float>(epoch) / static_cast<float>(epochs));
            for (std::size_t at = 0; at < rows.size(); at += kBatch)
                model.learn(features_, labels_, std::span(rows).subspan(at, std::min(kBatch, rows.size() - at)), now);
        }
        for (std::size_t i = 0; i < fold_.size(); ++i)
            if (fold_[i] == fold) model.probabilities(features_.row(i).data(), out_.data() + i * classes_);
    }

    std::vector<float> take() { return std::move(out_); }

private:
    const Matrix& features_;
    std::span<const std::int64_t> labels_;
    std::size_t classes_;
    const RunContext& run_;
    std::vector<int> fold_;
    std::vector<float> out_;
};

}  // namespace

Result<OutOfFold> out_of_fold(const Matrix& features, std::span<const std::int64_t> labels, std::int64_t classes,
                              const RunContext& run) {
    const auto width = static_cast<std::size_t>(classes);
    if (features.rows() != labels.size() || classes < 2)
        return invalid_input("out-of-fold probabilities need a row of features for each label, and two classes");
    Folds folds(features, labels, width, run);
    std::atomic<int> next{0};
    const auto work = [&] {
        for (int fold = next++; fold < kFolds; fold = next++) {
            folds.train(fold);
            run.progress(
                {.stage = "folds", .done = static_cast<std::uint64_t>(fold + 1), .total = kFolds, .unit = "folds"});
        }
    };
    std::vector<std::thread> helpers;
    for (int i = 1; i < std::min(run.threads(), kFolds); ++i) helpers.emplace_back(work);
    work();
    for (std::thread& helper : helpers) helper.join();
    run.progress_finish();
    BARTIZAN_TRY(run.checkpoint());
    OutOfFold out{.probabilities = folds.take()};
    std::size_t right = 0;
    for (std::size_t i = 0; i < labels.size(); ++i) {
        const auto row = std::span(out.probabilities).subspan(i * width, width);
        right += std::ranges::max_element(row) - row.begin() == labels[i] ? 1 : 0;
    }
    out.accuracy = labels.empty() ? 0 : static_cast<double>(right) / static_cast<double>(labels.size());
    return out;
}

}  // namespace bartizan::quality
