#include "quality/out_of_fold.h"

#include <algorithm>
#include <atomic>
#include <thread>

#include "core/random.h"
#include "quality/small_network.h"

namespace bartizan::quality {
namespace {

constexpr std::size_t kBatch = 128;
constexpr float kRate = 2e-3F;
/// Items are seen about so many times in all whatever their number: small sets are gone over more often.
constexpr std::size_t kItemsSeen = 250'000;
constexpr int kLeastEpochs = 1, kMostEpochs = 40;

class Folds {
public:
    Folds(const Matrix& features, std::span<const std::int64_t> labels, std::size_t classes, const RunContext& run)
        : features_(features), labels_(labels), classes_(classes), run_(run), fold_(labels.size()) {
        out_.resize(labels.size() * classes);
        Random random(run.seed(), 0, 11);
        for (auto& fold : fold_) fold = static_cast<int>(random.below(kFolds));
    }

    void train(int fold) {
        std::vector<std::uint32_t> rows, held_out;
        for (std::size_t i = 0; i < fold_.size(); ++i)
            (fold_[i] == fold ? held_out : rows).push_back(static_cast<std::uint32_t>(i));
        if (rows.empty()) return;
        Random random(run_.seed(), static_cast<std::uint64_t>(fold), 12);
        SmallNetwork network(features_.width, classes_, random);
        const int epochs = std::clamp(static_cast<int>(kItemsSeen / rows.size()), kLeastEpochs, kMostEpochs);
        const auto steps = static_cast<float>(epochs) * static_cast<float>((rows.size() + kBatch - 1) / kBatch);
        float step = 0;
        for (int epoch = 0; epoch < epochs; ++epoch) {
            for (std::size_t i = rows.size(); i > 1; --i) std::swap(rows[i - 1], rows[random.below(i)]);
            for (std::size_t at = 0; at < rows.size() && !run_.stop_requested(); at += kBatch)
                network.learn(features_, labels_, std::span(rows).subspan(at, std::min(kBatch, rows.size() - at)),
                              kRate * (1 - step++ / steps));
        }
        std::vector<float> found(held_out.size() * classes_);
        network.probabilities(features_, held_out, found.data());
        for (std::size_t i = 0; i < held_out.size(); ++i)
            std::copy_n(found.data() + i * classes_, classes_, out_.data() + held_out[i] * classes_);
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
