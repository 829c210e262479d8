#include "attacks/evasion/square.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <utility>
#include <vector>

#include <ATen/TensorOperators.h>

#include "attacks/caseload.h"
#include "attacks/evasion/purposes.h"
#include "attacks/evasion/windows.h"

namespace bartizan::attacks::evasion {
namespace square {
namespace {

constexpr int kRedraws = 8;         // of signs that would change nothing
constexpr std::int64_t kTiles = 5;  // l2, l1: the start covers the picture with 5 x 5 patterns
constexpr std::int64_t kScheduleQueries = 10'000;
constexpr std::int64_t kTellEvery = 16;  // queries between two words of progress

/// The two patterns of one window size.
struct Peaks {
    std::vector<float> upright, lying;
};

class Search {
public:
    Search(const Ball& ball, bool targeted, const SquareOptions& options, const Job& job, std::uint64_t seed)
        : ball_(ball),
          targeted_(targeted),
          options_(options),
          layout_(layout_of(job.x.sizes().slice(1))),
          cases_(job, targeted),
          x_(Rows::copy_of(cases_.clean_rows())),
          loss_(static_cast<std::size_t>(cases_.open()), std::numeric_limits<double>::infinity()),
          undo_(static_cast<std::size_t>(cases_.open())) {
        if (ball_.norm != Norm::linf) best_ = Rows::copy_of(x_);
        for (std::int64_t slot = 0; slot < cases_.open(); ++slot)
            random_.emplace_back(seed, cases_.id(slot), purpose(Purpose::square, options_.restart));
    }

    Result<Outcome> run(const model::Classifier& model, RunContext& ctx) {
        for (std::int64_t query = 0; query < options_.queries && !cases_.all_closed(); ++query) {
            BARTIZAN_TRY(ctx.checkpoint());
            if (query % kTellEvery == 0)
                ctx.progress(
                    {"", static_cast<std::uint64_t>(query), static_cast<std::uint64_t>(options_.queries), "queries"});
            const Window window = query == 0 ? Window{} : window_at(query);
            for (std::int64_t slot = 0; slot < cases_.open(); ++slot) propose(slot, query, window);
            BARTIZAN_TRY(ask(model));
        }
        return cases_.outcome();
    }

private:
    Random& random(std::int64_t slot) { return random_[static_cast<std::size_t>(slot)]; }

    Window window_at(std::int64_t query) const {
        const std::int64_t place = options_.rescale ? query * kScheduleQueries / options_.queries : query;
        const double area = square_share(options_.p_init, place) * static_cast<double>(layout_.height * layout_.width);
        return window_of_area(layout_, area, ball_.norm != Norm::linf);
    }

    void propose(std::int64_t slot, std::int64_t query, const Window& window) {
        if (ball_.norm == Norm::linf)
            query == 0 ? paint_stripes(slot) : paint_window(slot, window);
        else
            query == 0 ? lay_tiles(slot) : move_mass(slot, window);
    }

    /// Asks the model about all proposals; keeps those that help.
    Result<void> ask(const model::Classifier& model) {
        const ForwardPass pass = BARTIZAN_TRY(ForwardPass::of(model, x_.first(cases_.open()), ForwardPass::Way::forth));
        cases_.spend_all(1, 0);
        for (std::int64_t slot = 0; slot < cases_.open(); ++slot) {
            const ConstRow logits = pass.logits(slot);
            double& least = loss_[static_cast<std::size_t>(slot)];
            const double loss = (targeted_ ? -1 : 1) * margin_of(logits, cases_.label(slot));
            if (cases_.reached(slot, logits)) {
                cases_.solve(slot, std::as_const(x_)[slot]);
            } else if (loss < least || least == std::numeric_limits<double>::infinity()) {
                least = loss;
                if (ball_.norm != Norm::linf) best_.copy_row(slot, x_, slot);
            } else {
                take_back(slot);
            }
        }
        cases_.close_marked([&](std::int64_t to, std::int64_t from) {
            const auto t = static_cast<std::size_t>(to), f = static_cast<std::size_t>(from);
            x_.copy_row(to, x_, from);
            if (ball_.norm != Norm::linf) best_.copy_row(to, best_, from);
            loss_[t] = loss_[f];
            random_[t] = random_[f];
            std::swap(undo_[t], undo_[f]);
        });
        return {};
    }

    void take_back(std::int64_t slot) {
        if (ball_.norm != Norm::linf) return;
        Undo& undo = undo_[static_cast<std::size_t>(slot)];
        const Row x = x_[slot];
        const float* value = undo.values.data();
        for (std::int64_t channel = 0; channel < layout_.channels; ++channel)
            for_each_in(layout_, channel, undo.window, [&](std::size_t offset, std::size_t) { x[offset] = *value++; });
    }

    float painted(float clean, float sign) const {
        const auto eps = static_cast<float>(ball_.eps);
        return std::min(std::max(clean + sign * eps, ball_.low), ball_.high);
    }

    /// Algorithm 1, start: each column of each channel is one sign.
    void paint_stripes(std::int64_t slot) {
        const ConstRow clean = cases_.clean(slot);
        const Row x = x_[slot];
        for (std::int64_t channel = 0; channel < layout_.channels; ++channel)
            for (std::int64_t column = 0; column < layout_.width; ++column) {
                const float sign = random(slot).sign();
                const Window stripe{0, column, layout_.height, 1};
                for_each_in(layout_, channel, stripe,
                            [&](std::size_t offset, std::size_t) { x[offset] = painted(clean[offset], sign); });
            }
    }

    /// Algorithm 2: one sign for each channel of a window, drawn anew if that would change nothing.
    void paint_window(std::int64_t slot, const Window& size) {
        const ConstRow clean = cases_.clean(slot);
        const Row x = x_[slot];
        Undo& undo = undo_[static_cast<std::size_t>(slot)];
        undo.window = placed(layout_, size, random(slot));
        undo.values.clear();
        for (std::int64_t channel = 0; channel < layout_.channels; ++channel)
            for_each_in(layout_, channel, undo.window,
                        [&](std::size_t offset, std::size_t) { undo.values.push_back(x[offset]); });
        bool changed = false;
        for (int draw = 0; draw < kRedraws && !changed; ++draw)
            for (std::int64_t channel = 0; channel < layout_.channels; ++channel) {
                const float sign = random(slot).sign();
                for_each_in(layout_, channel, undo.window, [&](std::size_t offset, std::size_t) {
                    const float value = painted(clean[offset], sign);
                    changed = changed || value != x[offset];
                    x[offset] = value;
                });
            }
    }

    const std::vector<float>& peaks(const Window& window, bool upright) {
        Peaks& both = peaks_[{window.height, window.width}];
        if (both.upright.empty()) {
            both.upright = two_peaks(ball_.norm, window.height, window.width, true);
            both.lying = two_peaks(ball_.norm, window.height, window.width, false);
        }
        return upright ? both.upright : both.lying;
    }

    /// The start in l2 and l1: a grid of patterns of random sign, scaled to the ball.
    void lay_tiles(std::int64_t slot) {
        Window tile{0, 0, std::max<std::int64_t>(1, layout_.height / kTiles),
                    std::max<std::int64_t>(1, layout_.width / kTiles)};
        delta_.assign(x_[slot].size(), 0.0F);
        for (tile.row = 0; tile.row + tile.height <= layout_.height; tile.row += tile.height)
            for (tile.column = 0; tile.column + tile.width <= layout_.width; tile.column += tile.width) {
                const std::vector<float>& pattern = peaks(tile, random(slot).sign() > 0);
                for (std::int64_t channel = 0; channel < layout_.channels; ++channel) {
                    const float sign = random(slot).sign();
                    for_each_in(layout_, channel, tile,
                                [&](std::size_t offset, std::size_t place) { delta_[offset] = sign * pattern[place]; });
                }
            }
        go_to_delta(slot);
    }

    /// Algorithm 3: the mass of two windows, and what of the radius is unused, goes into the first of them, in its old
    /// direction mixed with a new pattern.
    void move_mass(std::int64_t slot, const Window& size) {
        const ConstRow clean = cases_.clean(slot), best = std::as_const(best_)[slot];
        delta_.resize(best.size());
        for (std::size_t i = 0; i < best.size(); ++i) delta_[i] = best[i] - clean[i];
        const Window into = placed(layout_, size, random(slot)), out_of = placed(layout_, size, random(slot));
        const double used = length(ball_.norm, delta_);
        const std::vector<float>& pattern = peaks(into, random(slot).sign() > 0);
        for (std::int64_t channel = 0; channel < layout_.channels; ++channel)
            move_mass_of(channel, used, into, out_of, pattern, random(slot).sign());
        go_to_delta(slot);
    }

    void move_mass_of(std::int64_t channel, double used, const Window& into, const Window& out_of,
                      const std::vector<float>& pattern, float sign) {
        const int power = ball_.norm == Norm::l2 ? 2 : 1;
        const auto raised = [&](double value) { return power == 2 ? value * value : std::abs(value); };
        const auto root = [&](double value) { return power == 2 ? std::sqrt(value) : value; };
        double inside = 0, both = 0, mixed_size = 0;
        for_each_in(layout_, channel, into, [&](std::size_t o, std::size_t) { inside += raised(delta_[o]); });
        both = inside;
        for (std::int64_t r = out_of.row; r < out_of.row + out_of.height; ++r)
            for (std::int64_t c = out_of.column; c < out_of.column + out_of.width; ++c) {
                if (into.contains(r, c)) continue;
                float& value = delta_[static_cast<std::size_t>(channel * layout_.channel_step + r * layout_.row_step +
                                                               c * layout_.column_step)];
                both += raised(value);
                value = 0;
            }
        const double scale = 1 / std::max(1e-12, root(inside));
        for_each_in(layout_, channel, into, [&](std::size_t o, std::size_t place) {
            delta_[o] = static_cast<float>(delta_[o] * scale + sign * pattern[place]);
            mixed_size += raised(delta_[o]);
        });
        const double unused = std::max(0.0, raised(ball_.eps) - raised(used));
        const double available = root(both + unused / static_cast<double>(layout_.channels));
        const auto factor = static_cast<float>(available / std::max(1e-12, root(mixed_size)));
        for_each_in(layout_, channel, into, [&](std::size_t o, std::size_t) { delta_[o] *= factor; });
    }

    /// x = clean + delta, stretched to the radius, in the range.
    void go_to_delta(std::int64_t slot) {
        const ConstRow clean = cases_.clean(slot);
        const Row x = x_[slot];
        const double size = length(ball_.norm, delta_);
        const auto factor = static_cast<float>(size > 0 ? ball_.eps / size : 0);
        for (std::size_t i = 0; i < x.size(); ++i)
            x[i] = std::min(std::max(clean[i] + factor * delta_[i], ball_.low), ball_.high);
        project(ball_, clean, x);
    }

    /// What a window held before the last proposal, channel by channel.
    struct Undo {
        Window window;
        std::vector<float> values;
    };

    const Ball& ball_;
    bool targeted_;
    const SquareOptions& options_;
    PictureLayout layout_;
    Caseload cases_;
    Rows x_, best_;
    std::vector<double> loss_;
    std::vector<Undo> undo_;
    std::vector<Random> random_;
    std::vector<float> delta_;
    std::map<std::pair<std::int64_t, std::int64_t>, Peaks> peaks_;
};

class Square final : public Attack {
public:
    Square(const Ball& ball, bool targeted, const SquareOptions& options)
        : ball_(ball), targeted_(targeted), options_(options) {}

    Result<Outcome> craft(const model::Classifier& model, const Job& job, RunContext& ctx) const override {
        return Search(ball_, targeted_, options_, job, ctx.seed()).run(model, ctx);
    }

private:
    Ball ball_;
    bool targeted_;
    SquareOptions options_;
};

}  // namespace
}  // namespace square

Result<std::unique_ptr<Attack>> make_square(const ThreatModel& threat, const SquareOptions& options) {
    const Ball ball = BARTIZAN_TRY(ball_of(threat));
    return std::make_unique<square::Square>(ball, threat.targeted, options);
}

double square_share(double p_init, std::int64_t query) {
    double share = p_init;
    for (const std::int64_t halving : {10, 50, 200, 500, 1000, 2000, 4000, 6000, 8000})
        if (query > halving) share /= 2;
    return share;
}

}  // namespace bartizan::attacks::evasion
