// The same function as a network of one hidden ReLU layer (Jagielski et al. 2020, section 5; Carlini et al. 2020, section
// 4). Along a straight line such a network is piecewise linear and bends where a neuron's input passes 0. The jump of
// the Jacobian across a bend is the outer product of the neuron's output weights and input weights; its bias follows
// from the place of the bend, and the side on which it is active from one more Jacobian. All in float64, from log-odds.
#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "core/random.h"
#include "extraction/attacks.h"
#include "extraction/numerics.h"
#include "extraction/relu_neuron.h"

namespace bartizan::extraction::relu_exact {
namespace {

constexpr std::uint32_t kLinePurpose = 550, kCheckPurpose = 551;
constexpr double kSaturated = 1e-250;
constexpr std::size_t kQuietLines = 3;     // lines without a neuron not yet known, one after another, before it ends
constexpr double kSameDirection = 1e-4;    // 1 - |cosine| of two neurons that are taken for one
constexpr double kStraight = 1e-7;         // relative, of values along a line
constexpr std::int64_t kBatch = 256;
constexpr std::int64_t kChecks = 64;
constexpr double kMatches = 1e-3;          // relative error at the end above which it was another kind of network
constexpr double kNarrowest = 1e-9;        // of the line's range: intervals below are left alone

/// A straight line through the inputs.
struct Line {
    Row origin, direction;
    Row at(double t) const {
        Row out(origin);
        for (std::size_t i = 0; i < out.size(); ++i) out[i] += t * direction[i];
        return out;
    }
};

/// Where the function is and how it rises at one end of an interval.
struct End {
    double t;
    Row value, slope;
};

class ReluExact final : public Attack {
public:
    ReluExact(const Params& params, const Start& start)
        : start_(start),
          most_neurons_(static_cast<std::size_t>(params.integer("neurons"))),
          most_lines_(params.integer("lines")),
          box_(box_of(*start.pool, start.info)) {}

    Result<void> ask(Victim& victim, std::int64_t, RunContext& ctx) override {
        if (done_) return {};
        const auto searched = search(victim, ctx);
        ctx.progress_finish();
        if (!searched.ok() && searched.error().code() == Errc::exhausted)
            return exhausted(fmt::format("{} queries found {} neurons, not all of them", victim.asked(), neurons_.size()),
                             "allow more with --queries");
        BARTIZAN_TRY(searched);
        done_ = true;
        return {};
    }

    Result<Copy> copy(RunContext&) override {
        if (!done_) return invalid_input("the network is not known yet");
        const auto inputs = static_cast<std::int64_t>(box_.low.size()), hidden = std::ssize(neurons_);
        Dense first{.outputs = hidden, .inputs = inputs}, second{.outputs = std::ssize(offset_) + 1, .inputs = hidden};
        second.weight.assign(static_cast<std::size_t>(second.outputs * hidden), 0);
        for (std::size_t n = 0; n < neurons_.size(); ++n) {
            const Neuron& neuron = neurons_[n];
            const double side = neuron.flipped ? -1 : 1;
            for (const double w : neuron.weight) first.weight.push_back(side * w);
            first.bias.push_back(side * neuron.bias);
            for (std::size_t c = 0; c < neuron.out.size(); ++c) second.weight[c * neurons_.size() + n] = neuron.out[c];
        }
        second.bias = offset_;
        second.bias.push_back(0);
        return copy_of(BARTIZAN_TRY(dense_graph(start_.info.item_shape, first, &second, nullptr)),
                       start_.info.item_shape, fmt::format("{} hidden neurons, exact to {:.1g}", hidden, error_));
    }

    std::string note() const override {
        return done_ ? fmt::format("{} neurons; log-odds reproduced to {:.2g} of their size", neurons_.size(), error_) : "";
    }

private:
    Result<void> search(Victim& victim, RunContext& ctx) {
        std::size_t quiet = 0;
        for (std::int64_t number = 0; number < most_lines_ && quiet < kQuietLines; ++number) {
            BARTIZAN_TRY(ctx.checkpoint());
            const std::size_t before = neurons_.size();
            BARTIZAN_TRY(search_line(victim, number, ctx));
            quiet = neurons_.size() > before ? 0 : quiet + 1;
            ctx.progress({"neurons", neurons_.size(), 0, "neurons"});
        }
        if (neurons_.empty())
            return unsupported("the model does not bend along any line: it is linear, or has no ReLU",
                               "take equation for linear models, knockoff-random for others");
        BARTIZAN_TRY(find_sides(victim, ctx));
        return check(victim, ctx);
    }

    // --- asking -----------------------------------------------------------------------------------------------------

    /// Log-odds of the points, without the last class's zeros: [points][classes - 1].
    Result<std::vector<Row>> values(Victim& victim, const std::vector<Row>& points, RunContext& ctx) {
        std::vector<Row> out;
        for (std::size_t begin = 0; begin < points.size(); begin += static_cast<std::size_t>(kBatch)) {
            Row rows;
            const std::size_t end = std::min(points.size(), begin + static_cast<std::size_t>(kBatch));
            for (std::size_t i = begin; i < end; ++i) rows.insert(rows.end(), points[i].begin(), points[i].end());
            const Answers answers = BARTIZAN_TRY(victim.ask(BARTIZAN_TRY(items_of(rows, start_.info.item_shape)), ctx));
            const Row odds = log_odds(answers);
            smallest_ = std::min(smallest_, smallest_score(answers));
            const auto classes = static_cast<std::size_t>(answers.classes);
            for (std::size_t i = 0; i < end - begin; ++i)
                out.emplace_back(odds.begin() + static_cast<std::ptrdiff_t>(i * classes),
                                 odds.begin() + static_cast<std::ptrdiff_t>(i * classes + classes - 1));
        }
        return out;
    }

    /// d value / d x at `x` by steps of `step`, small enough not to reach a bend: [features][classes - 1].
    Result<std::vector<Row>> jacobian(Victim& victim, const Row& x, double step, RunContext& ctx) {
        std::vector<Row> points{x};
        for (std::size_t f = 0; f < x.size(); ++f) {
            points.push_back(x);
            points.back()[f] += step;
        }
        std::vector<Row> at = BARTIZAN_TRY(values(victim, points, ctx));
        std::vector<Row> out;
        for (std::size_t f = 0; f < x.size(); ++f) {
            Row slope(at[0].size());
            const double exact_step = points[f + 1][f] - x[f];
            for (std::size_t c = 0; c < slope.size(); ++c) slope[c] = (at[f + 1][c] - at[0][c]) / exact_step;
            out.push_back(std::move(slope));
        }
        return out;
    }

    // --- bends along a line -----------------------------------------------------------------------------------------

    Line line(std::int64_t number) const {
        Random random(start_.seed, static_cast<std::uint64_t>(number), kLinePurpose);
        Line out{Row(box_.low.size()), Row(box_.low.size())};
        for (std::size_t i = 0; i < out.origin.size(); ++i) {
            const double range = std::max(box_.high[i] - box_.low[i], 1e-9);
            out.origin[i] = box_.low[i] + random.uniform53() * range;
            out.direction[i] = static_cast<double>(random.normal()) * range;
        }
        const double size = length(out.direction);
        for (double& value : out.direction) value /= size;
        return out;
    }

    /// Value and slope at `t`, the slope towards `towards`.
    Result<End> end_at(Victim& victim, const Line& along, double t, double towards, RunContext& ctx) {
        const double step = 1e-4 * (towards - t);
        auto at = BARTIZAN_TRY(values(victim, {along.at(t), along.at(t + step)}, ctx));
        End out{t, at[0], Row(at[0].size())};
        for (std::size_t c = 0; c < out.slope.size(); ++c) out.slope[c] = (at[1][c] - at[0][c]) / step;
        return out;
    }

    Result<void> search_line(Victim& victim, std::int64_t number, RunContext& ctx) {
        const Line along = line(number);
        // As far as the scores can still be told from 0: there each neuron is passed by nearly every line.
        double reach = 1000 * std::sqrt(static_cast<double>(box_.low.size()));
        for (int i = 0; i < 40; ++i) {
            smallest_ = 1;
            BARTIZAN_TRY(values(victim, {along.at(-reach), along.at(reach)}, ctx));
            if (smallest_ > kSaturated) break;
            reach /= 2;
        }
        std::vector<double> bends;
        BARTIZAN_TRY(bends_between(victim, along, -reach, reach, reach, bends, ctx));
        std::ranges::sort(bends);
        for (std::size_t i = 0; i < bends.size(); ++i) {
            const double before = i == 0 ? bends[i] + reach : bends[i] - bends[i - 1];
            const double after = i + 1 == bends.size() ? reach - bends[i] : bends[i + 1] - bends[i];
            BARTIZAN_TRY(read_neuron(victim, along, bends[i], std::min(before, after), ctx));
            if (neurons_.size() > most_neurons_)
                return unsupported(fmt::format("more than {} neurons: a deeper or wider network than this attack solves",
                                               most_neurons_),
                                   "raise --param neurons=N, or take knockoff-random");
        }
        return {};
    }

    /// Carlini et al. 2020, section 4.3.1: where the tangents of both ends meet is the bend, if there is one alone.
    Result<void> bends_between(Victim& victim, const Line& along, double from, double to, double reach,
                               std::vector<double>& bends, RunContext& ctx) {
        std::vector<std::pair<double, double>> open{{from, to}};
        while (!open.empty()) {
            BARTIZAN_TRY(ctx.checkpoint());
            const auto [low, high] = open.back();
            open.pop_back();
            if (high - low < kNarrowest * reach || bends.size() > 4 * most_neurons_ + 16) continue;
            const End left = BARTIZAN_TRY(end_at(victim, along, low, high, ctx));
            const End right = BARTIZAN_TRY(end_at(victim, along, high, low, ctx));
            double scale = 1e-300, value_scale = 1e-300, change = 0;
            std::size_t most = 0;
            for (std::size_t c = 0; c < left.slope.size(); ++c) {
                scale = std::max({scale, std::abs(left.slope[c]), std::abs(right.slope[c])});
                value_scale = std::max({value_scale, std::abs(left.value[c]), std::abs(right.value[c])});
                if (std::abs(left.slope[c] - right.slope[c]) > change)
                    change = std::abs(left.slope[c] - right.slope[c]), most = c;
            }
            // Rounding of the values, over the step that the slopes were taken with.
            const double slope_noise = 1e-13 * value_scale / (1e-4 * (high - low));
            if (change < std::max(kStraight * scale, 4 * slope_noise)) {
                if (straight(left, right, value_scale)) continue;
                split(open, low, high);
                continue;
            }
            const double bend = (right.value[most] - left.value[most] + left.slope[most] * low - right.slope[most] * high) /
                                (left.slope[most] - right.slope[most]);
            if (bend > low && bend < high) {
                const auto at = BARTIZAN_TRY(values(victim, {along.at(bend)}, ctx));
                double off = 0;
                for (std::size_t c = 0; c < left.slope.size(); ++c)
                    off = std::max({off, std::abs(at[0][c] - left.value[c] - left.slope[c] * (bend - low)),
                                    std::abs(at[0][c] - right.value[c] - right.slope[c] * (bend - high))});
                if (off < kStraight * value_scale + 8 * slope_noise * (high - low)) {
                    bends.push_back(bend);
                    continue;
                }
            }
            split(open, low, high);
        }
        return {};
    }

    static bool straight(const End& left, const End& right, double scale) {
        for (std::size_t c = 0; c < left.slope.size(); ++c)
            if (std::abs(right.value[c] - left.value[c] - left.slope[c] * (right.t - left.t)) > 100 * kStraight * scale)
                return false;
        return true;
    }

    /// Not in the middle: networks made by symmetric rules bend there.
    static void split(std::vector<std::pair<double, double>>& open, double low, double high) {
        const double middle = low + 0.4871 * (high - low);
        open.emplace_back(middle, high);
        open.emplace_back(low, middle);
    }

    // --- the neuron at a bend ---------------------------------------------------------------------------------------

    bool known(const Row& weight) const {
        return std::ranges::any_of(neurons_, [&](const Neuron& one) {
            return 1 - std::abs(dot(one.weight, weight)) < kSameDirection;
        });
    }

    /// Does a neuron that is known bend at this place of the line?
    bool explained(const Row& x, double gap) const {
        return std::ranges::any_of(neurons_, [&](const Neuron& one) {
            return std::abs(dot(one.weight, x) + one.bias) < 1e-6 * std::max(1.0, std::min(gap, 1.0));
        });
    }

    Result<void> read_neuron(Victim& victim, const Line& along, double bend, double gap, RunContext& ctx) {
        if (explained(along.at(bend), gap)) return {};
        double away = std::min(gap / 4, 0.05);
        for (int attempt = 0; attempt < 4; ++attempt, away /= 8) {
            const double step = away * 1e-3;
            const auto after = BARTIZAN_TRY(jacobian(victim, along.at(bend + away), step, ctx));
            const auto before = BARTIZAN_TRY(jacobian(victim, along.at(bend - away), step, ctx));
            std::vector<Row> jump(after);
            for (std::size_t f = 0; f < jump.size(); ++f)
                for (std::size_t c = 0; c < jump[f].size(); ++c) jump[f][c] -= before[f][c];
            Neuron neuron;
            if (!factor(jump, along.direction, neuron)) continue;
            if (known(neuron.weight)) return {};
            neuron.bias = -dot(neuron.weight, along.at(bend));
            neurons_.push_back(std::move(neuron));
            return {};
        }
        return {};
    }

    // --- the sides, the offset, the check -----------------------------------------------------------------------------

    /// relu(-u) = relu(u) - u: a neuron taken for the wrong side differs by a linear function. At one point the Jacobian
    /// less what the neurons give is the sum of -out (x) weight over those that are flipped: a linear system.
    Result<void> find_sides(Victim& victim, RunContext& ctx) {
        Random random(start_.seed, 1, kCheckPurpose);
        Row x(box_.low.size());
        for (std::size_t i = 0; i < x.size(); ++i) x[i] = box_.low[i] + random.uniform53() * (box_.high[i] - box_.low[i]);
        double nearest = 1;
        for (const Neuron& one : neurons_) nearest = std::min(nearest, std::abs(dot(one.weight, x) + one.bias));
        const auto slopes = BARTIZAN_TRY(jacobian(victim, x, 1e-2 * nearest, ctx));
        const auto value = BARTIZAN_TRY(values(victim, {x}, ctx))[0];
        std::vector<Row> missing(slopes);  // [feature][class]
        for (const Neuron& one : neurons_)
            if (dot(one.weight, x) + one.bias > 0)
                for (std::size_t f = 0; f < x.size(); ++f)
                    for (std::size_t c = 0; c < value.size(); ++c) missing[f][c] -= one.weight[f] * one.out[c];
        const std::size_t n = neurons_.size();
        Row matrix(n * n), right(n, 0);
        for (std::size_t i = 0; i < n; ++i) {
            for (std::size_t j = 0; j < n; ++j)
                matrix[i * n + j] =
                    dot(neurons_[i].weight, neurons_[j].weight) * dot(neurons_[i].out, neurons_[j].out);
            for (std::size_t f = 0; f < x.size(); ++f) right[i] -= neurons_[i].weight[f] * dot(neurons_[i].out, missing[f]);
        }
        if (!solve(matrix, right))
            return unsupported(fmt::format("the sides of {} neurons cannot be told: they are more than inputs and classes allow, "
                                           "or there is more than one hidden layer", n),
                               "take knockoff-random");
        offset_ = value;
        for (std::size_t i = 0; i < n; ++i) {
            neurons_[i].flipped = right[i] > 0.5;
            const double u = (dot(neurons_[i].weight, x) + neurons_[i].bias) * (neurons_[i].flipped ? -1 : 1);
            for (std::size_t c = 0; u > 0 && c < value.size(); ++c) offset_[c] -= u * neurons_[i].out[c];
        }
        return {};
    }

    Row predicted(const Row& x) const {
        Row out(offset_);
        for (const Neuron& one : neurons_) {
            const double u = (dot(one.weight, x) + one.bias) * (one.flipped ? -1 : 1);
            for (std::size_t c = 0; u > 0 && c < out.size(); ++c) out[c] += u * one.out[c];
        }
        return out;
    }

    Result<void> check(Victim& victim, RunContext& ctx) {
        std::vector<Row> points;
        const auto pool = start_.pool->x.values<float>();
        const std::size_t size = box_.low.size(), rows = pool.size() / size;
        for (std::size_t i = 0; i < std::min<std::size_t>(kChecks, rows); ++i)
            points.emplace_back(pool.begin() + static_cast<std::ptrdiff_t>(i * size),
                                pool.begin() + static_cast<std::ptrdiff_t>((i + 1) * size));
        const auto truth = BARTIZAN_TRY(values(victim, points, ctx));
        double worst = 0, scale = 1e-300;
        for (std::size_t i = 0; i < points.size(); ++i) {
            const Row mine = predicted(points[i]);
            for (std::size_t c = 0; c < mine.size(); ++c) {
                worst = std::max(worst, std::abs(mine[c] - truth[i][c]));
                scale = std::max(scale, std::abs(truth[i][c]));
            }
        }
        error_ = worst / scale;
        if (error_ > kMatches)
            return unsupported(fmt::format("{} bends were found, but a network of one hidden ReLU layer does not explain the "
                                           "model (off by {:.2g} of its log-odds)",
                                           neurons_.size(), error_),
                               "take knockoff-random; answers in float32, rounded or changed look like this too");
        return {};
    }

    const Start start_;
    std::size_t most_neurons_;
    std::int64_t most_lines_;
    Box box_;
    std::vector<Neuron> neurons_;
    Row offset_;
    double smallest_ = 1, error_ = 0;
    bool done_ = false;
};

}  // namespace

Result<std::unique_ptr<Attack>> make(const Params& params, const Start& start) {
    return std::make_unique<ReluExact>(params, start);
}

}  // namespace bartizan::extraction::relu_exact
