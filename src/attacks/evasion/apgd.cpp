#include "attacks/evasion/apgd.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>

#include "attacks/caseload.h"
#include "attacks/evasion/purposes.h"

namespace bartizan::attacks::evasion {
namespace apgd {
namespace {

// Croce & Hein 2020, section 3.1: weight of the new step against the old direction; first step, in eps.
constexpr double kNewStep = 0.75;
constexpr double kFirstStep = 2;
// Croce & Hein 2021, section 3.3: sparsity of the first step; how the step and the sparsity are then adapted.
constexpr double kFirstSparsity = 0.2;
constexpr double kStillShrinking = 0.95;
constexpr double kStepDivisor = 1.5;
constexpr double kSparsityDivisor = 1.5;
constexpr double kLeastStep = 0.1;
constexpr double kCheckEvery = 0.04;

/// A ball of this multiple of eps, for this share of the steps.
struct Phase {
    double radius;
    double share;
};
constexpr Phase kWholeBall[] = {{1, 1}};
constexpr Phase kShrinkingBall[] = {{3, 0.3}, {2, 0.3}, {1, 0.4}};

/// How the search of one sample stands.
struct Progress {
    std::int64_t target = 0;
    double loss = 0;
    double best = -std::numeric_limits<double>::infinity();
    double best_at_check = -std::numeric_limits<double>::infinity();
    double step = 0;
    std::int64_t rises = 0;  ///< steps since the last check that raised the loss
    bool halved_at_check = true;
    std::int64_t moved = 1;    ///< l1: coordinates that a step moves
    std::int64_t support = 0;  ///< l1: coordinates that the best point had changed at the last check
};

std::vector<std::int64_t> even_checkpoints(std::int64_t steps) {
    const auto every = std::max<std::int64_t>(1, static_cast<std::int64_t>(kCheckEvery * static_cast<double>(steps)));
    std::vector<std::int64_t> checks;
    for (std::int64_t check = every; check <= steps; check += every) checks.push_back(check);
    return checks;
}

std::int64_t support_of(ConstRow a, ConstRow b) {
    std::int64_t count = 0;
    for (std::size_t i = 0; i < a.size(); ++i) count += a[i] != b[i] ? 1 : 0;
    return count;
}

class Search {
public:
    Search(const Ball& ball, bool targeted, const ApgdOptions& options, const Job& job, std::int64_t classes)
        : ball_(ball),
          options_(options),
          loss_(loss_for(options.loss, classes)),
          cases_(job, targeted),
          x_(Rows::copy_of(cases_.clean_rows())),
          old_(Rows::copy_of(x_)),
          best_(Rows::copy_of(x_)),
          gradient_(Rows::zeros_like(x_)),
          best_gradient_(Rows::zeros_like(x_)),
          progress_(static_cast<std::size_t>(cases_.open())) {}

    Result<Outcome> run(const model::Classifier& model, RunContext& ctx) {
        BARTIZAN_TRY(choose_targets(model));
        const bool shrink = ball_.norm == Norm::l1 && options_.shrink;
        const std::span<const Phase> phases = shrink ? std::span<const Phase>(kShrinkingBall) : kWholeBall;
        start_at_random(phases.front().radius, ctx.seed());
        std::int64_t left = options_.steps;
        for (const Phase& phase : phases) {
            const bool final = &phase == &phases.back();
            const auto steps =
                final ? left : static_cast<std::int64_t>(std::ceil(phase.share * static_cast<double>(options_.steps)));
            counts_ = final;
            reach_ = ball_;
            reach_.eps = phase.radius * ball_.eps;
            if (&phase != &phases.front()) move_into_smaller_ball();
            BARTIZAN_TRY(climb(model, std::min(steps, left), &phase == &phases.front(), ctx));
            left -= std::min(steps, left);
        }
        return cases_.outcome();
    }

private:
    Progress& at(std::int64_t slot) { return progress_[static_cast<std::size_t>(slot)]; }

    Result<void> choose_targets(const model::Classifier& model) {
        const bool towards = loss_ == Loss::targeted_dlr || loss_ == Loss::targeted_margin;
        if (!towards) {
            for (std::int64_t slot = 0; slot < cases_.open(); ++slot) at(slot).target = cases_.label(slot);
            return {};
        }
        const ForwardPass pass = BARTIZAN_TRY(ForwardPass::of(model, x_.first(cases_.open()), ForwardPass::Way::forth));
        cases_.spend_all(1, 0);
        for (std::int64_t slot = 0; slot < cases_.open(); ++slot)
            at(slot).target = wrong_class(pass.logits(slot), cases_.label(slot), options_.rank);
        return {};
    }

    void start_at_random(double radius, std::uint64_t seed) {
        Ball ball = ball_;
        ball.eps *= radius;
        for (std::int64_t slot = 0; slot < cases_.open(); ++slot) {
            const auto run = options_.restart * 1000 + options_.rank;
            Random random(seed, cases_.id(slot), purpose(Purpose::apgd_start, run));
            random_start(ball, cases_.clean(slot), random, x_[slot]);
        }
    }

    /// linf: a random point scaled to touch the ball; l2: on a random direction; l1: a Gaussian point, projected.
    static void random_start(const Ball& ball, ConstRow clean, Random& random, Row out) {
        if (ball.norm == Norm::l1) {
            random.fill_normal(out);
        } else if (ball.norm == Norm::l2) {
            return random_point(ball, clean, random, out);
        } else {
            random.fill_uniform(out, -1, 1);
            const double scale = ball.eps / std::max(1e-12, length(Norm::linf, out));
            for (float& value : out) value = static_cast<float>(scale * value);
        }
        for (std::size_t i = 0; i < out.size(); ++i) out[i] += clean[i];
        project(ball, clean, out);
    }

    void move_into_smaller_ball() {
        for (std::int64_t slot = 0; slot < cases_.open(); ++slot) {
            x_.copy_row(slot, best_, slot);
            project(reach_, cases_.clean(slot), x_[slot]);
        }
    }

    void begin(bool fresh) {
        const std::int64_t width = x_.width();
        for (std::int64_t slot = 0; slot < cases_.open(); ++slot) {
            const std::int64_t target = at(slot).target;
            Progress& p = at(slot) = Progress{.target = target};
            p.step = (ball_.norm == Norm::l1 ? 1 : kFirstStep) * reach_.eps;
            p.support = fresh ? width : support_of(x_[slot], cases_.clean(slot));
            p.moved = moved_for(fresh ? kFirstSparsity * static_cast<double>(width)
                                      : static_cast<double>(p.support) / kSparsityDivisor);
            old_.copy_row(slot, x_, slot);
            best_.copy_row(slot, x_, slot);
        }
    }

    std::int64_t moved_for(double coordinates) const {
        return std::clamp<std::int64_t>(static_cast<std::int64_t>(coordinates), 1, x_.width());
    }

    Result<void> climb(const model::Classifier& model, std::int64_t steps, bool fresh, RunContext& ctx) {
        begin(fresh);
        const auto checks = ball_.norm == Norm::l1 ? even_checkpoints(steps) : apgd_checkpoints(steps);
        auto check = checks.begin();
        std::int64_t last_check = 0;
        BARTIZAN_TRY(evaluate(model, steps > 0, ctx));
        for (std::int64_t step = 1; step <= steps && !cases_.all_closed(); ++step) {
            ctx.progress(
                {"", static_cast<std::uint64_t>(done_++), static_cast<std::uint64_t>(options_.steps), "steps"});
            for (std::int64_t slot = 0; slot < cases_.open(); ++slot) advance(slot, step == 1);
            BARTIZAN_TRY(evaluate(model, step < steps, ctx));
            if (check == checks.end() || step != *check) continue;
            for (std::int64_t slot = 0; slot < cases_.open(); ++slot) judge(slot, step - last_check);
            last_check = *check++;
        }
        return {};
    }

    /// Loss and gradient at `x_`; takes what is fooled, remembers what is best.
    Result<void> evaluate(const model::Classifier& model, bool with_gradient, RunContext& ctx) {
        BARTIZAN_TRY(ctx.checkpoint());
        const auto way = with_gradient ? ForwardPass::Way::forth_and_back : ForwardPass::Way::forth;
        std::vector<double> losses(static_cast<std::size_t>(cases_.open()), 0);
        for (std::int64_t round = 0; round < options_.eot; ++round) {
            ForwardPass pass = BARTIZAN_TRY(ForwardPass::of(model, x_.first(cases_.open()), way));
            Rows slopes(at::empty({pass.rows(), pass.classes()}, at::kFloat));
            for (std::int64_t slot = 0; slot < cases_.open(); ++slot) {
                const ConstRow logits = pass.logits(slot);
                losses[static_cast<std::size_t>(slot)] +=
                    loss_with_slope(loss_, logits, {cases_.label(slot), at(slot).target}, slopes[slot]);
                if (counts_ && round + 1 == options_.eot && cases_.reached(slot, logits))
                    cases_.solve(slot, std::as_const(x_)[slot]);
            }
            if (with_gradient) BARTIZAN_TRY(follow_back(pass, slopes, round));
        }
        cases_.spend_all(options_.eot, with_gradient ? options_.eot : 0);
        for (std::int64_t slot = 0; slot < cases_.open(); ++slot)
            remember(slot, losses[static_cast<std::size_t>(slot)] / static_cast<double>(options_.eot));
        cases_.close_marked([&](std::int64_t to, std::int64_t from) {
            for (Rows* rows : {&x_, &old_, &best_, &gradient_, &best_gradient_}) rows->copy_row(to, *rows, from);
            at(to) = at(from);
        });
        return {};
    }

    Result<void> follow_back(ForwardPass& pass, const Rows& slopes, std::int64_t round) {
        Rows gradient = BARTIZAN_TRY(pass.back(slopes.tensor()));
        if (round == 0)
            gradient_ = std::move(gradient);
        else
            for (std::int64_t slot = 0; slot < cases_.open(); ++slot)
                std::ranges::transform(gradient_[slot], gradient[slot], gradient_[slot].begin(), std::plus<>());
        return {};
    }

    void remember(std::int64_t slot, double loss) {
        Progress& p = at(slot);
        if (loss > p.loss) ++p.rises;
        p.loss = loss;
        if (!(loss > p.best)) return;
        if (p.best == -std::numeric_limits<double>::infinity()) p.rises = 0;  // the start is no rise
        p.best = loss;
        best_.copy_row(slot, x_, slot);
        best_gradient_.copy_row(slot, gradient_, slot);
    }

    void advance(std::int64_t slot, bool first) {
        const ConstRow clean = cases_.clean(slot);
        const Row x = x_[slot], old = old_[slot];
        const Progress& p = at(slot);
        next_.assign(x.begin(), x.end());
        ascend(ball_.norm, p.step, p.moved, gradient_[slot], next_);
        project(reach_, clean, next_);
        if (ball_.norm == Norm::l1 || first) {
            std::ranges::copy(x, old.begin());
            std::ranges::copy(next_, x.begin());
            return;
        }
        constexpr auto kNew = static_cast<float>(kNewStep), kOld = static_cast<float>(1 - kNewStep);
        for (std::size_t i = 0; i < x.size(); ++i) {
            const float here = x[i];
            x[i] = here + kNew * (next_[i] - here) + kOld * (here - old[i]);
            old[i] = here;
        }
        project(reach_, clean, x);
    }

    void judge(std::int64_t slot, std::int64_t steps) {
        if (ball_.norm == Norm::l1) return adapt_sparsity(slot);
        Progress& p = at(slot);
        // Conditions 1 and 2 of section 3.2.
        const bool stalls = static_cast<double>(p.rises) < options_.rho * static_cast<double>(steps);
        const bool idle = !p.halved_at_check && p.best <= p.best_at_check;
        p.halved_at_check = stalls || idle;
        p.best_at_check = p.best;
        p.rises = 0;
        if (!p.halved_at_check) return;
        p.step /= 2;
        return_to_best(slot);
    }

    void adapt_sparsity(std::int64_t slot) {
        Progress& p = at(slot);
        const std::int64_t support = support_of(std::as_const(best_)[slot], cases_.clean(slot));
        const bool shrinking = static_cast<double>(support) < kStillShrinking * static_cast<double>(p.support);
        p.moved = moved_for(static_cast<double>(support) / kSparsityDivisor);
        p.support = support;
        p.step = shrinking ? reach_.eps : std::max(p.step / kStepDivisor, kLeastStep * reach_.eps);
        if (shrinking) return_to_best(slot);
    }

    void return_to_best(std::int64_t slot) {
        x_.copy_row(slot, best_, slot);
        gradient_.copy_row(slot, best_gradient_, slot);
    }

    const Ball& ball_;
    const ApgdOptions& options_;
    Loss loss_;
    Ball reach_;           ///< the ball of the present phase
    bool counts_ = false;  ///< what fools in this phase is an answer
    Caseload cases_;
    Rows x_, old_, best_, gradient_, best_gradient_;
    std::vector<Progress> progress_;
    std::vector<float> next_;
    std::int64_t done_ = 0;
};

class Apgd final : public Attack {
public:
    Apgd(const Ball& ball, bool targeted, const ApgdOptions& options)
        : ball_(ball), targeted_(targeted), options_(options) {}

    Result<Outcome> craft(const model::Classifier& model, const Job& job, RunContext& ctx) const override {
        BARTIZAN_TRY(require_gradient(model));
        if (options_.rank >= model.classes() - 1) return Caseload(job, targeted_).outcome();
        return Search(ball_, targeted_, options_, job, model.classes()).run(model, ctx);
    }

private:
    Ball ball_;
    bool targeted_;
    ApgdOptions options_;
};

}  // namespace
}  // namespace apgd

std::vector<std::int64_t> apgd_checkpoints(std::int64_t steps) {
    // In whole percents, so that nothing is lost in rounding.
    std::vector<std::int64_t> checks;
    std::int64_t before = 0, percent = 22;
    while (percent <= 100) {
        const std::int64_t check = std::max<std::int64_t>(1, (percent * steps + 99) / 100);
        if (checks.empty() || check > checks.back()) checks.push_back(check);
        const std::int64_t next = percent + std::max<std::int64_t>(percent - before - 3, 6);
        before = std::exchange(percent, next);
    }
    return checks;
}

Result<std::unique_ptr<Attack>> make_apgd(const ThreatModel& threat, const ApgdOptions& options) {
    const Ball ball = BARTIZAN_TRY(ball_of(threat));
    return std::make_unique<apgd::Apgd>(ball, threat.targeted, options);
}

}  // namespace bartizan::attacks::evasion
