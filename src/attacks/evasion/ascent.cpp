#include "attacks/evasion/ascent.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include <ATen/ops/empty.h>

#include "attacks/caseload.h"
#include "attacks/evasion/purposes.h"

namespace bartizan::attacks::evasion {
namespace ascent {
namespace {

/// One start of the attack on the samples of a job.
class Climb {
public:
    Climb(const Ball& ball, bool targeted, const AscentOptions& options, const Job& job)
        : ball_(ball),
          options_(options),
          loss_(targeted ? Loss::targeted_cross_entropy : Loss::cross_entropy),
          cases_(job, targeted),
          x_(Rows::copy_of(cases_.clean_rows())) {
        if (options_.momentum) direction_ = Rows::zeros_like(x_);
        moved_ = std::max<std::int64_t>(1, std::llround(options_.sparsity * static_cast<double>(x_.width())));
    }

    Result<Outcome> run(const model::Classifier& model, RunContext& ctx) {
        if (options_.random_start) start_at_random(ctx.seed());
        for (std::int64_t step = 0; !cases_.all_closed(); ++step) {
            BARTIZAN_TRY(ctx.checkpoint());
            ctx.progress({"", static_cast<std::uint64_t>(step), static_cast<std::uint64_t>(options_.steps), "steps"});
            const bool last = step == options_.steps;
            ForwardPass pass = BARTIZAN_TRY(ForwardPass::of(
                model, x_.first(cases_.open()), last ? ForwardPass::Way::forth : ForwardPass::Way::forth_and_back));
            if (last) {
                judge(pass, nullptr);
                break;
            }
            Rows slopes(at::empty({pass.rows(), pass.classes()}, at::kFloat));
            judge(pass, &slopes);
            Rows gradient = BARTIZAN_TRY(pass.back(slopes.tensor()));
            for (std::int64_t slot = 0; slot < cases_.open(); ++slot)
                if (!cases_.is_marked(slot)) move(slot, gradient[slot]);
            cases_.close_marked([&](std::int64_t to, std::int64_t from) {
                x_.copy_row(to, x_, from);
                if (options_.momentum) direction_.copy_row(to, direction_, from);
            });
        }
        return cases_.outcome();
    }

private:
    void start_at_random(std::uint64_t seed) {
        for (std::int64_t slot = 0; slot < cases_.open(); ++slot) {
            Random random(seed, cases_.id(slot), purpose(Purpose::start, options_.restart));
            random_point(ball_, cases_.clean(slot), random, x_[slot]);
        }
    }

    /// Takes what is fooled; gives the slopes of the loss at the rest.
    void judge(const ForwardPass& pass, Rows* slopes) {
        cases_.spend_all(1, slopes != nullptr ? 1 : 0);
        for (std::int64_t slot = 0; slot < cases_.open(); ++slot) {
            const ConstRow logits = pass.logits(slot);
            if (cases_.reached(slot, logits)) cases_.solve(slot, std::as_const(x_)[slot]);
            const std::int64_t label = cases_.label(slot);
            if (slopes != nullptr) loss_with_slope(loss_, logits, {label, label}, (*slopes)[slot]);
        }
    }

    void move(std::int64_t slot, Row slope) {
        const Row x = x_[slot];
        if (options_.to_worst_point) return worst_linear_point(ball_, cases_.clean(slot), slope, x);
        ascend(ball_.norm, options_.step * ball_.eps, moved_, options_.momentum ? averaged(slot, slope) : slope, x);
        project(ball_, cases_.clean(slot), x);
    }

    /// Dong et al. 2018, equation 6: direction = decay * direction + slope / |slope|_1.
    ConstRow averaged(std::int64_t slot, ConstRow slope) {
        const Row direction = direction_[slot];
        const double size = length(Norm::l1, slope);
        const auto scale = static_cast<float>(size > 0 ? 1 / size : 0);
        const auto decay = static_cast<float>(options_.decay);
        for (std::size_t i = 0; i < direction.size(); ++i) direction[i] = decay * direction[i] + scale * slope[i];
        return direction;
    }

    const Ball& ball_;
    const AscentOptions& options_;
    Loss loss_;
    Caseload cases_;
    Rows x_;
    Rows direction_;
    std::int64_t moved_ = 1;
};

class Ascent final : public Attack {
public:
    Ascent(const Ball& ball, bool targeted, const AscentOptions& options)
        : ball_(ball), targeted_(targeted), options_(options) {}

    Result<Outcome> craft(const model::Classifier& model, const Job& job, RunContext& ctx) const override {
        BARTIZAN_TRY(require_gradient(model));
        return Climb(ball_, targeted_, options_, job).run(model, ctx);
    }

private:
    Ball ball_;
    bool targeted_;
    AscentOptions options_;
};

}  // namespace
}  // namespace ascent

Result<std::unique_ptr<Attack>> make_ascent(const ThreatModel& threat, const AscentOptions& options) {
    const Ball ball = BARTIZAN_TRY(ball_of(threat));
    return std::make_unique<ascent::Ascent>(ball, threat.targeted, options);
}

}  // namespace bartizan::attacks::evasion
