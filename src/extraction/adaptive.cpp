// Knockoff Nets, adaptive (Orekondy et al. 2019, section 4.1.2): a gradient bandit (Sutton & Barto 2018, section 2.8)
// learns from which label of the pool to draw. Rewards as in the paper: certainty, diversity, loss.
#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "core/random.h"
#include "extraction/attacks.h"
#include "model/shards.h"

namespace bartizan::extraction::adaptive {
namespace {

constexpr std::uint32_t kDrawPurpose = 510, kShufflePurpose = 511;
constexpr std::int64_t kMostLabels = 10'000;  // each draw weighs them all

class Adaptive final : public LearningAttack {
public:
    Adaptive(const Params& params, const Start& start)
        : LearningAttack(start, false),
          weights_{params.number("certainty"), params.number("diversity"), params.number("loss")},
          rate_(params.number("rate")),
          rounds_(params.integer("rounds")) {
        const std::int64_t labels = std::ranges::max(start.pool->y) + 1;
        members_.resize(static_cast<std::size_t>(labels));
        for (const std::int64_t item : permutation(std::ssize(start.pool->y), start.seed, kShufflePurpose))
            members_[static_cast<std::size_t>(start.pool->y[static_cast<std::size_t>(item)])].push_back(item);
        preference_.assign(members_.size(), 0);
    }

    Result<void> ask(Victim& victim, std::int64_t queries, RunContext& ctx) override {
        // The copy is trained anew when the transcript has grown by a share, not after each answer as in the paper:
        // the same reward, from a copy that lags a little.
        const double growth = std::pow(static_cast<double>(std::max<std::int64_t>(queries, 2)), 1.0 / static_cast<double>(rounds_));
        while (transcript_.rows() < queries) {
            BARTIZAN_TRY(ctx.checkpoint());
            const auto wanted = static_cast<std::int64_t>(
                std::ceil(std::max(static_cast<double>(transcript_.rows()) * growth, 64.0)));
            const std::int64_t rows = std::min(std::min(wanted, queries) - transcript_.rows(), kBatch);
            const std::vector<Draw> draws = draw(std::max<std::int64_t>(1, rows));
            if (draws.empty()) break;
            BARTIZAN_TRY(ask_and_learn(victim, draws, ctx));
            ctx.progress({"asking", static_cast<std::uint64_t>(transcript_.rows()), static_cast<std::uint64_t>(queries),
                          "queries"});
            if (static_cast<double>(transcript_.rows()) >= trained_at_ * growth && transcript_.rows() < queries) {
                copy_ = BARTIZAN_TRY(copy(ctx));
                trained_at_ = static_cast<double>(transcript_.rows());
            }
        }
        ctx.progress_finish();
        used_up_ = transcript_.rows() < queries;
        return {};
    }

    std::string note() const override {
        return used_up_ ? fmt::format("the pool is used up: only {} queries were asked", transcript_.rows()) : "";
    }

private:
    struct Draw {
        std::size_t label;
        std::int64_t item;
    };

    /// Policy over the labels that still have items: a softmax of the preferences.
    std::vector<double> policy() const {
        std::vector<double> p(members_.size(), 0);
        double largest = -1e300, sum = 0;
        for (std::size_t l = 0; l < p.size(); ++l)
            if (!members_[l].empty()) largest = std::max(largest, preference_[l]);
        for (std::size_t l = 0; l < p.size(); ++l)
            if (!members_[l].empty()) sum += p[l] = std::exp(preference_[l] - largest);
        for (double& value : p) value = sum > 0 ? value / sum : 0;
        return p;
    }

    std::vector<Draw> draw(std::int64_t rows) {
        std::vector<Draw> out;
        Random random(start_.seed, static_cast<std::uint64_t>(transcript_.rows()), kDrawPurpose);
        for (std::int64_t i = 0; i < rows; ++i) {
            const std::vector<double> p = policy();
            double left = random.uniform53();
            std::size_t label = p.size();
            for (std::size_t l = 0; l < p.size(); ++l) {
                if (p[l] <= 0) continue;
                label = l;
                if ((left -= p[l]) < 0) break;
            }
            if (label == p.size()) break;
            out.push_back({label, members_[label].back()});
            members_[label].pop_back();
        }
        return out;
    }

    Result<void> ask_and_learn(Victim& victim, const std::vector<Draw>& draws, RunContext& ctx) {
        std::vector<std::int64_t> positions;
        for (const Draw& one : draws) positions.push_back(one.item);
        const NdArray x = BARTIZAN_TRY(items_at(positions));
        const std::int64_t before = transcript_.rows();
        BARTIZAN_TRY(ask_rows(victim, x, ctx));
        NdArray logits;
        if (copy_.classifier != nullptr) logits = BARTIZAN_TRY(model::predict(*copy_.classifier, x, ctx));
        for (std::size_t i = 0; i < draws.size(); ++i)
            learn(draws[i].label, transcript_.answers.row(before + static_cast<std::int64_t>(i)), logits, i);
        return {};
    }

    void learn(std::size_t label, std::span<const double> answer, const NdArray& logits, std::size_t row) {
        double rewards[3] = {certainty(answer), diversity(answer), 0};
        if (logits.rank() == 2) rewards[2] = cross_entropy(answer, logits, row);
        // Each reward is brought to its own scale before they are added, as in the paper's code of record.
        double reward = 0;
        for (std::size_t k = 0; k < 3; ++k) {
            low_[k] = std::min(low_[k], rewards[k]);
            high_[k] = std::max(high_[k], rewards[k]);
            if (high_[k] > low_[k]) reward += weights_[k] * (rewards[k] - low_[k]) / (high_[k] - low_[k]);
        }
        ++steps_;
        baseline_ += (reward - baseline_) / steps_;
        const std::vector<double> p = policy();
        for (std::size_t l = 0; l < p.size(); ++l)
            preference_[l] += rate_ / std::sqrt(steps_) * (reward - baseline_) * ((l == label ? 1 : 0) - p[l]);
    }

    /// Distance between the two largest scores.
    static double certainty(std::span<const double> answer) {
        double first = 0, second = 0;
        for (const double value : answer) {
            if (value > first)
                second = std::exchange(first, value);
            else
                second = std::max(second, value);
        }
        return first - second;
    }

    /// What classes are answered with more than on the average so far.
    double diversity(std::span<const double> answer) {
        if (mean_.empty()) mean_.assign(answer.size(), 0);
        double sum = 0;
        for (std::size_t c = 0; c < answer.size(); ++c) {
            sum += std::max(0.0, answer[c] - mean_[c]);
            mean_[c] += (answer[c] - mean_[c]) / (steps_ + 1);
        }
        return sum;
    }

    static double cross_entropy(std::span<const double> answer, const NdArray& logits, std::size_t row) {
        const auto scores = logits.values<float>().subspan(row * answer.size(), answer.size());
        const double largest = std::ranges::max(scores);
        double sum = 0, loss = 0;
        for (const float score : scores) sum += std::exp(static_cast<double>(score) - largest);
        for (std::size_t c = 0; c < answer.size(); ++c)
            loss -= answer[c] * (static_cast<double>(scores[c]) - largest - std::log(sum));
        return loss;
    }

    double weights_[3];
    double rate_;
    std::int64_t rounds_;
    std::vector<std::vector<std::int64_t>> members_;  ///< items of each label that were not asked yet
    std::vector<double> preference_, mean_;
    double low_[3] = {1e300, 1e300, 1e300}, high_[3] = {-1e300, -1e300, -1e300};
    double baseline_ = 0, steps_ = 0, trained_at_ = 1;
    bool used_up_ = false;
    Copy copy_;
};

}  // namespace

Result<std::unique_ptr<Attack>> make(const Params& params, const Start& start) {
    if (start.pool->y.empty())
        return invalid_input("knockoff-adaptive needs a pool with labels of any kind: it learns which to draw from",
                             "name them with --label, or take knockoff-random");
    for (const std::int64_t label : start.pool->y)
        if (label < 0 || label >= kMostLabels)
            return invalid_input(fmt::format("the pool has the label {}: 0 to {} are allowed", label, kMostLabels - 1),
                                 "take knockoff-random, which needs no labels");
    return std::make_unique<Adaptive>(params, start);
}

}  // namespace bartizan::extraction::adaptive
