// Equation solving (Tramer et al. 2016, section 4.1): the log-odds of a logistic model are linear in its input, so a
// query at a base point and one along each feature give every weight.
#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "core/random.h"
#include "extraction/attacks.h"
#include "extraction/numerics.h"

namespace bartizan::extraction::equation {
namespace {

constexpr std::uint32_t kTrialPurpose = 530;
constexpr std::int64_t kTrials = 8;
// Log-odds of float32 models carry about 1e-6; what is no line differs by far more.
constexpr double kStraight = 1e-3;
constexpr std::int64_t kBatch = 256;
constexpr int kMostHalvings = 20;
constexpr double kSaturated = 1e-11;

class Equation final : public Attack {
public:
    explicit Equation(const Start& start) : start_(start), box_(box_of(*start.pool, start.info)) {}

    Result<void> ask(Victim& victim, std::int64_t queries, RunContext& ctx) override {
        if (done_) return {};
        const auto features = static_cast<std::int64_t>(box_.low.size());
        if (queries < features + 1 + 3 * kTrials)
            return invalid_input(fmt::format("{} features and the test for a line take {} queries, {} are allowed", features,
                                             features + 1 + 3 * kTrials, queries),
                                 "allow more with --queries");
        BARTIZAN_TRY(check_line(victim, ctx));
        return solve_weights(victim, ctx);
    }

    Result<Copy> copy(RunContext&) override {
        if (!done_) return invalid_input("the weights are not known yet");
        return copy_of(BARTIZAN_TRY(dense_graph(start_.info.item_shape, layer_, nullptr, nullptr)),
                       start_.info.item_shape, "linear");
    }

private:
    /// A linear model's log-odds half-way between two inputs are the mean of theirs.
    Result<void> check_line(Victim& victim, RunContext& ctx) {
        const std::size_t size = box_.low.size();
        std::vector<double> rows;
        for (std::int64_t trial = 0; trial < kTrials; ++trial) {
            Random random(start_.seed, static_cast<std::uint64_t>(trial), kTrialPurpose);
            std::vector<double> a(size), b(size), middle(size);
            for (std::size_t i = 0; i < size; ++i) {
                a[i] = box_.low[i] + random.uniform53() * (box_.high[i] - box_.low[i]);
                b[i] = box_.low[i] + random.uniform53() * (box_.high[i] - box_.low[i]);
                middle[i] = (a[i] + b[i]) / 2;
            }
            for (const auto* const row : {&a, &b, &middle}) rows.insert(rows.end(), row->begin(), row->end());
        }
        const Answers answers =
            BARTIZAN_TRY(victim.ask(BARTIZAN_TRY(items_of(rows, start_.info.item_shape)), ctx));
        const std::vector<double> odds = log_odds(answers);
        const auto classes = static_cast<std::size_t>(answers.classes);
        double worst = 0, scale = 0;
        for (std::size_t trial = 0; trial < static_cast<std::size_t>(kTrials); ++trial)
            for (std::size_t c = 0; c < classes; ++c) {
                const double a = odds[3 * trial * classes + c], b = odds[(3 * trial + 1) * classes + c];
                worst = std::max(worst, std::abs(odds[(3 * trial + 2) * classes + c] - (a + b) / 2));
                scale = std::max({scale, std::abs(a), std::abs(b)});
            }
        if (worst > kStraight * std::max(scale, 1.0))
            return unsupported(
                fmt::format("the model is not linear: half-way between two inputs its log-odds are off by {:.3g} (of {:.3g})",
                            worst, scale),
                "take knockoff-random; answers that are rounded or changed look like this too");
        return {};
    }

    Result<void> solve_weights(Victim& victim, RunContext& ctx) {
        const std::size_t size = box_.low.size();
        const std::vector<double> base = middle();
        const Answers at_base = BARTIZAN_TRY(victim.ask(BARTIZAN_TRY(items_of(base, start_.info.item_shape)), ctx));
        const std::vector<double> origin = log_odds(at_base);
        const auto classes = static_cast<std::size_t>(at_base.classes);
        layer_ = {.outputs = at_base.classes, .inputs = static_cast<std::int64_t>(size)};
        layer_.weight.assign(classes * size, 0);
        layer_.bias = origin;
        for (std::size_t begin = 0; begin < size; begin += static_cast<std::size_t>(kBatch)) {
            BARTIZAN_TRY(ctx.checkpoint());
            BARTIZAN_TRY(solve_features(victim, base, origin, begin,
                                        std::min(size, begin + static_cast<std::size_t>(kBatch)), ctx));
            ctx.progress({"asking", begin, size, "features"});
        }
        ctx.progress_finish();
        done_ = true;
        return {};
    }

    std::vector<double> middle() const {
        std::vector<double> out(box_.low.size());
        for (std::size_t i = 0; i < out.size(); ++i) out[i] = (box_.low[i] + box_.high[i]) / 2;
        return out;
    }

    /// One query for each feature in [begin, end); a step is halved while it saturates the answer.
    Result<void> solve_features(Victim& victim, const std::vector<double>& base, const std::vector<double>& origin,
                                std::size_t begin, std::size_t end, RunContext& ctx) {
        const auto classes = origin.size();
        std::vector<double> step(end - begin);
        std::vector<std::size_t> open;
        for (std::size_t f = begin; f < end; ++f) {
            const double reach = box_.high[f] - base[f];
            step[f - begin] = reach > 0 ? reach : 1;
            open.push_back(f);
        }
        for (int attempt = 0; !open.empty(); ++attempt) {
            std::vector<double> rows;
            for (const std::size_t f : open) {
                rows.insert(rows.end(), base.begin(), base.end());
                rows[rows.size() - base.size() + f] += step[f - begin];
            }
            const Answers answers = BARTIZAN_TRY(victim.ask(BARTIZAN_TRY(items_of(rows, start_.info.item_shape)), ctx));
            const std::vector<double> odds = log_odds(answers);
            std::vector<std::size_t> again;
            for (std::size_t i = 0; i < open.size(); ++i) {
                const std::size_t f = open[i];
                if (std::ranges::min(answers.row(static_cast<std::int64_t>(i))) < kSaturated && attempt < kMostHalvings) {
                    step[f - begin] /= 2;
                    again.push_back(f);
                    continue;
                }
                for (std::size_t c = 0; c < classes; ++c) {
                    const double slope = (odds[i * classes + c] - origin[c]) / step[f - begin];
                    layer_.weight[c * base.size() + f] = slope;
                    layer_.bias[c] -= slope * base[f];
                }
            }
            open = std::move(again);
        }
        return {};
    }

    const Start start_;
    Box box_;
    Dense layer_;
    bool done_ = false;
};

}  // namespace

Result<std::unique_ptr<Attack>> make(const Params&, const Start& start) { return std::make_unique<Equation>(start); }

}  // namespace bartizan::extraction::equation
