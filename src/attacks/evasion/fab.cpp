#include "attacks/evasion/fab.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>

#include "attacks/caseload.h"
#include "attacks/evasion/purposes.h"
#include "attacks/halfspace.h"

namespace bartizan::attacks::evasion {
namespace fab {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr int kFinalSteps = 3;           // section 3.3, "final search"
constexpr double kBeyond = 1e-4;         // how far past the estimated boundary the final search looks
constexpr double kLeastDistance = 1e-8;  // keeps the mix of two points on the boundary defined
constexpr double kRounding = 1e-6;       // of logits, against their size
constexpr double kSharedPassPays = 0.5;  // share of samples across the boundary up to which one pass serves twice

/// Where on the line from the clean input (0) to the answer (1) the boundary is known to be.
struct Bracket {
    double inside = 0, outside = 1;
    double margin_inside = 0, margin_outside = 0;

    /// Where a linear margin would cross, and a little further.
    double guess() const {
        const double share = margin_inside / (margin_inside - margin_outside);
        if (!(share > 0 && share + kBeyond < 1)) return (inside + outside) / 2;
        return inside + (share + kBeyond) * (outside - inside);
    }
};

/// How the search of one sample stands.
struct State {
    double distance = kInfinity;  ///< of the best answer
    std::int64_t target = -1;
    std::vector<float> clean_logits;
    // The boundary, linear at the present point: value + gradient . (z - x) = 0.
    double value = 0;
    double value_at_clean = 0;  ///< of the boundary that the last step went to
    double plane_distance = kInfinity;
    Bracket bracket;
};

class Search {
public:
    Search(const Ball& ball, const FabOptions& options, const Job& job)
        : ball_(ball),
          options_(options),
          cases_(job, false),
          x_(Rows::copy_of(cases_.clean_rows())),
          best_(Rows::copy_of(x_)),
          gradient_(Rows::zeros_like(x_)),
          states_(static_cast<std::size_t>(cases_.open())) {}

    Result<Outcome> run(const model::Classifier& model, RunContext& ctx) {
        const bool nearest = options_.targets == 0;
        const std::int64_t targets =
            nearest ? 1 : std::min(model.classes() - 1 - options_.first_rank, options_.targets);
        total_ = std::max<std::int64_t>(1, targets * options_.restarts * options_.steps);
        if (targets > 0) BARTIZAN_TRY(look_at_clean(model));
        for (std::int64_t target = 0; target < targets; ++target)
            for (std::int64_t restart = 0; restart < options_.restarts && !cases_.all_closed(); ++restart) {
                start(options_.first_rank + target, restart, ctx.seed());
                BARTIZAN_TRY(search(model, ctx));
                BARTIZAN_TRY(try_projections(model));
                BARTIZAN_TRY(refine(model));
                close_done();
            }
        for (std::int64_t slot = 0; slot < cases_.open(); ++slot)
            if (at(slot).distance <= ball_.eps) cases_.keep(slot, std::as_const(best_)[slot]);
        return cases_.outcome();
    }

private:
    /// Which row of a pass belongs to which slot; -1: its slope is not wanted.
    using Slots = std::vector<std::int64_t>;

    State& at(std::int64_t slot) { return states_[static_cast<std::size_t>(slot)]; }

    Slots all_slots() const {
        Slots slots(static_cast<std::size_t>(cases_.open()));
        for (std::size_t i = 0; i < slots.size(); ++i) slots[i] = static_cast<std::int64_t>(i);
        return slots;
    }

    Result<void> look_at_clean(const model::Classifier& model) {
        const ForwardPass pass =
            BARTIZAN_TRY(ForwardPass::of(model, cases_.clean_rows().first(cases_.open()), ForwardPass::Way::forth));
        cases_.spend_all(1, 0);
        for (std::int64_t slot = 0; slot < cases_.open(); ++slot)
            at(slot).clean_logits.assign(pass.logits(slot).begin(), pass.logits(slot).end());
        return {};
    }

    void start(std::int64_t rank, std::int64_t restart, std::uint64_t seed) {
        for (std::int64_t slot = 0; slot < cases_.open(); ++slot) {
            const ConstRow clean = cases_.clean(slot);
            std::ranges::copy(clean, x_[slot].begin());
            if (options_.targets > 0) at(slot).target = wrong_class(at(slot).clean_logits, cases_.label(slot), rank);
            if (restart == 0) continue;
            Ball nearby = ball_;
            nearby.eps = std::min(ball_.eps, at(slot).distance) / 2;
            Random random(seed, cases_.id(slot), purpose(Purpose::fab_start, restart * 1000 + rank));
            random_point(nearby, clean, random, x_[slot]);
        }
    }

    Result<void> search(const model::Classifier& model, RunContext& ctx) {
        double share_across = 1;
        BARTIZAN_TRY(linearise(model, all_slots()));
        for (std::int64_t step = 1; step <= options_.steps && !cases_.all_closed(); ++step) {
            BARTIZAN_TRY(ctx.checkpoint());
            ctx.progress({"", static_cast<std::uint64_t>(done_++), static_cast<std::uint64_t>(total_), "steps"});
            for (std::int64_t slot = 0; slot < cases_.open(); ++slot) approach(slot);
            share_across = BARTIZAN_TRY(look(model, share_across, step < options_.steps));
        }
        return {};
    }

    /// Looks where the samples now are, takes what is across the boundary and steps it back, and linearises anew for
    /// the next step. Few across: the pass that tells also gives the others their slopes. Many across: a plain pass
    /// tells, as almost all need another one. Returns the share that was across.
    Result<double> look(const model::Classifier& model, double share_across, bool more) {
        const bool shared = more && share_across < kSharedPassPays;
        const auto way = shared ? ForwardPass::Way::forth_and_back : ForwardPass::Way::forth;
        ForwardPass pass = BARTIZAN_TRY(ForwardPass::of(model, x_.first(cases_.open()), way));
        cases_.spend_all(1, 0);
        Slots across, short_of = all_slots();
        for (std::int64_t slot = 0; slot < cases_.open(); ++slot)
            if (cases_.reached(slot, pass.logits(slot))) {
                across.push_back(slot);
                short_of[static_cast<std::size_t>(slot)] = -1;
            }
        const double share = static_cast<double>(across.size()) / static_cast<double>(cases_.open());
        // The pass is followed back before `x_`, which it was made from, changes.
        if (shared && across.size() < short_of.size()) BARTIZAN_TRY(follow_back(pass, short_of));
        for (const std::int64_t slot : across) take_and_step_back(slot);
        if (shared) {
            std::erase_if(across, [&](std::int64_t slot) { return cases_.is_marked(slot); });
            BARTIZAN_TRY(linearise(model, across));
        }
        close_done();
        if (more && !shared && !cases_.all_closed()) BARTIZAN_TRY(linearise(model, all_slots()));
        return share;
    }

    void close_done() {
        cases_.close_marked([&](std::int64_t to, std::int64_t from) {
            for (Rows* rows : {&x_, &best_, &gradient_}) rows->copy_row(to, *rows, from);
            at(to) = std::move(at(from));
        });
    }

    /// The nearest boundary of each slot at `x_`.
    Result<void> linearise(const model::Classifier& model, const Slots& slots) {
        if (slots.empty()) return {};
        Rows batch(x_.first(static_cast<std::int64_t>(slots.size())));
        if (static_cast<std::int64_t>(slots.size()) != cases_.open()) {
            batch = Rows::copy_of(batch);
            for (std::size_t i = 0; i < slots.size(); ++i) batch.copy_row(static_cast<std::int64_t>(i), x_, slots[i]);
        }
        ForwardPass pass = BARTIZAN_TRY(ForwardPass::of(model, batch.tensor(), ForwardPass::Way::forth_and_back));
        for (const std::int64_t slot : slots) cases_.spend(slot, 1, 0);
        return follow_back(pass, slots);
    }

    Result<void> follow_back(ForwardPass& pass, const Slots& slots) {
        for (const std::int64_t slot : slots)
            if (slot >= 0) at(slot).plane_distance = kInfinity;
        if (options_.targets > 0)
            return follow_back_to(
                pass, slots, [&](std::int64_t slot) { return at(slot).target; }, false);
        for (std::int64_t other = 0; other < pass.classes(); ++other)
            BARTIZAN_TRY(follow_back_to(
                pass, slots, [&](std::int64_t) { return other; }, other + 1 < pass.classes()));
        return {};
    }

    /// The slope of z_other - z_label; kept where that boundary is the nearest so far (equation 8).
    template <class Other>
    Result<void> follow_back_to(ForwardPass& pass, const Slots& slots, const Other& other, bool again) {
        Rows slopes(at::zeros({pass.rows(), pass.classes()}, at::kFloat));
        for (std::int64_t row = 0; row < pass.rows(); ++row) {
            const std::int64_t slot = slots[static_cast<std::size_t>(row)];
            if (slot < 0 || other(slot) == cases_.label(slot)) continue;
            slopes[row][static_cast<std::size_t>(other(slot))] = 1;
            slopes[row][static_cast<std::size_t>(cases_.label(slot))] = -1;
        }
        const Rows gradient = BARTIZAN_TRY(pass.back(slopes.tensor(), again));
        for (std::int64_t row = 0; row < pass.rows(); ++row) {
            const std::int64_t slot = slots[static_cast<std::size_t>(row)];
            if (slot < 0) continue;
            cases_.spend(slot, 0, 1);
            if (other(slot) != cases_.label(slot)) take_if_nearer(slot, other(slot), pass.logits(row), gradient[row]);
        }
        return {};
    }

    void take_if_nearer(std::int64_t slot, std::int64_t other, ConstRow logits, ConstRow slope) {
        const double value = static_cast<double>(logits[static_cast<std::size_t>(other)]) -
                             logits[static_cast<std::size_t>(cases_.label(slot))];
        const Norm dual = ball_.norm == Norm::linf ? Norm::l1 : ball_.norm == Norm::l1 ? Norm::linf : Norm::l2;
        const double away = std::abs(value) / (length(dual, slope) + 1e-12);
        if (!(away < at(slot).plane_distance)) return;
        at(slot).plane_distance = away;
        at(slot).value = value;
        std::ranges::copy(slope, gradient_[slot].begin());
    }

    /// Equations 9 and 10: x = (1 - a)(x + eta d1) + a (clean + eta d2), within the range.
    void approach(std::int64_t slot) {
        const ConstRow clean = cases_.clean(slot), slope = std::as_const(gradient_)[slot];
        const Row x = x_[slot];
        from_x_.resize(x.size());
        from_clean_.resize(x.size());
        double& value_at_clean = at(slot).value_at_clean;
        value_at_clean = at(slot).value;
        for (std::size_t i = 0; i < x.size(); ++i)
            value_at_clean += static_cast<double>(slope[i]) * (static_cast<double>(clean[i]) - x[i]);
        step_to_plane(ball_, x, at(slot).value, slope, from_x_);
        step_to_plane(ball_, clean, value_at_clean, slope, from_clean_);
        const double d1 = std::max(kLeastDistance, length(ball_.norm, from_x_));
        const double d2 = std::max(kLeastDistance, length(ball_.norm, from_clean_));
        const auto a = static_cast<float>(std::min(d1 / (d1 + d2), options_.alpha_max));
        const auto eta = static_cast<float>(options_.eta);
        for (std::size_t i = 0; i < x.size(); ++i) {
            const float mixed = (1 - a) * (x[i] + eta * from_x_[i]) + a * (clean[i] + eta * from_clean_[i]);
            x[i] = std::min(std::max(mixed, ball_.low), ball_.high);
        }
    }

    void take(std::int64_t slot, ConstRow x) {
        const double away = distance(ball_.norm, x, cases_.clean(slot));
        if (!(away < at(slot).distance)) return;
        at(slot).distance = away;
        std::ranges::copy(x, best_[slot].begin());
        if (options_.stop_within_eps && away <= ball_.eps) cases_.solve(slot, x);
    }

    void take_and_step_back(std::int64_t slot) {
        const ConstRow clean = cases_.clean(slot);
        const Row x = x_[slot];
        take(slot, x);
        const auto beta = static_cast<float>(options_.beta);
        for (std::size_t i = 0; i < x.size(); ++i) x[i] = clean[i] + beta * (x[i] - clean[i]);
    }

    /// The clean inputs' own projections on the boundaries that were found last: where those are linear, nothing is
    /// nearer.
    Result<void> try_projections(const model::Classifier& model) {
        if (cases_.all_closed()) return {};
        for (std::int64_t slot = 0; slot < cases_.open(); ++slot) {
            const ConstRow clean = cases_.clean(slot);
            const Row x = x_[slot];
            from_clean_.resize(x.size());
            step_to_plane(ball_, clean, (1 + kBeyond) * at(slot).value_at_clean, std::as_const(gradient_)[slot],
                          from_clean_);
            for (std::size_t i = 0; i < x.size(); ++i)
                x[i] = std::min(std::max(clean[i] + from_clean_[i], ball_.low), ball_.high);
        }
        const ForwardPass pass = BARTIZAN_TRY(ForwardPass::of(model, x_.first(cases_.open()), ForwardPass::Way::forth));
        cases_.spend_all(1, 0);
        for (std::int64_t slot = 0; slot < cases_.open(); ++slot)
            if (clearly_across(slot, pass.logits(slot))) take(slot, std::as_const(x_)[slot]);
        return {};
    }

    /// Misclassified by more than rounding: so that the answer holds in another batch, too.
    bool clearly_across(std::int64_t slot, ConstRow logits) const {
        const double scale = length(Norm::linf, logits);
        return margin_of(logits, cases_.label(slot)) < -kRounding * (1 + scale);
    }

    /// Walks on the line between the answers and the clean inputs to where the margin, taken as linear, crosses 0.
    Result<void> refine(const model::Classifier& model) {
        if (cases_.all_closed()) return {};
        const Rows ends = Rows::copy_of(best_);
        Rows trial = Rows::copy_of(best_);
        for (int step = 0; step <= kFinalSteps; ++step) {
            const ForwardPass pass =
                BARTIZAN_TRY(ForwardPass::of(model, trial.first(cases_.open()), ForwardPass::Way::forth));
            cases_.spend_all(1, 0);
            for (std::int64_t slot = 0; slot < cases_.open(); ++slot) {
                if (at(slot).distance == kInfinity) continue;
                narrow(slot, step, pass.logits(slot), trial[slot]);
                const auto t = static_cast<float>(at(slot).bracket.guess());
                const ConstRow clean = cases_.clean(slot), end = ends[slot];
                for (std::size_t i = 0; i < clean.size(); ++i)
                    trial[slot][i] = std::clamp(clean[i] + t * (end[i] - clean[i]), ball_.low, ball_.high);
            }
        }
        return {};
    }

    /// What the margin at `trial` says about the bracket. Step 0 looks at the answer itself.
    void narrow(std::int64_t slot, int step, ConstRow logits, ConstRow trial) {
        Bracket& bracket = at(slot).bracket;
        const double margin = margin_of(logits, cases_.label(slot));
        if (step == 0) {
            bracket = {0, 1, margin_of(at(slot).clean_logits, cases_.label(slot)), margin};
            return;
        }
        const double place = bracket.guess();
        const bool across = clearly_across(slot, logits);
        (across ? bracket.outside : bracket.inside) = place;
        (across ? bracket.margin_outside : bracket.margin_inside) = margin;
        if (across) take(slot, trial);
    }

    const Ball& ball_;
    const FabOptions& options_;
    Caseload cases_;
    Rows x_, best_, gradient_;
    std::vector<State> states_;
    std::vector<float> from_x_, from_clean_;
    std::int64_t done_ = 0, total_ = 1;
};

class Fab final : public Attack {
public:
    Fab(const Ball& ball, const FabOptions& options) : ball_(ball), options_(options) {}

    Result<Outcome> craft(const model::Classifier& model, const Job& job, RunContext& ctx) const override {
        BARTIZAN_TRY(require_gradient(model));
        return Search(ball_, options_, job).run(model, ctx);
    }

private:
    Ball ball_;
    FabOptions options_;
};

}  // namespace
}  // namespace fab

Result<std::unique_ptr<Attack>> make_fab(const ThreatModel& threat, const FabOptions& options) {
    const Ball ball = BARTIZAN_TRY(ball_of(threat));
    return std::make_unique<fab::Fab>(ball, options);
}

}  // namespace bartizan::attacks::evasion
