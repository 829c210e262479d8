// Path finding (Tramer et al. 2016, section 4.2, algorithm 1): a leaf of a decision tree is told by its scores, and is
// a box whose walls are found by bisection along each feature. A step through a wall leads to a leaf not yet known.
#include <algorithm>
#include <cmath>
#include <deque>
#include <numeric>

#include <fmt/format.h>

#include "core/random.h"
#include "extraction/attacks.h"
#include "extraction/leaf_boxes.h"
#include "extraction/numerics.h"

namespace bartizan::extraction::tree_paths {
namespace {

constexpr std::uint32_t kProbePurpose = 540;
constexpr std::size_t kMostLeaves = 50'000;

/// A wall that is looked for: between `inside`, which is in the leaf, and `outside`, which is not.
struct Search {
    std::size_t feature;
    bool upper;
    float inside, outside;
    bool open = true;
};

class TreePaths final : public Attack {
public:
    TreePaths(const Params& params, const Start& start)
        : start_(start),
          tolerance_(params.number("tolerance")),
          patience_(params.integer("patience")),
          box_(box_of(*start.pool, start.info)) {
        // Walls may lie beyond the pool's values, but not where pictures cannot be.
        constexpr double kBeyond = 0.1;
        for (std::size_t f = 0; start.info.kind != data::Kind::image && f < box_.low.size(); ++f) {
            const double margin = kBeyond * (box_.high[f] - box_.low[f]);
            box_.low[f] -= margin;
            box_.high[f] += margin;
        }
    }

    Result<void> ask(Victim& victim, std::int64_t, RunContext& ctx) override {
        if (!order_.empty()) return {};
        order_ = permutation(start_.pool->x.shape()[0], start_.seed, kProbePurpose);
        classes_ = victim.classes();
        BARTIZAN_TRY(check_steps(victim, ctx));
        const Result<void> searched = search(victim, ctx);
        ctx.progress_finish();
        if (searched.ok() || searched.error().code() != Errc::exhausted) return searched;
        complete_ = false;
        return leaves_.empty() ? searched : Result<void>();
    }

    Result<Copy> copy(RunContext&) override {
        if (leaves_.empty()) return invalid_input("no leaf of the tree is known yet", "allow more queries");
        return copy_of(BARTIZAN_TRY(tree_graph(leaves_, start_.info.item_shape, classes_)), start_.info.item_shape,
                       fmt::format("tree of {} leaves", leaves_.size()));
    }

    std::string note() const override {
        return complete_ ? "" : fmt::format("the queries ended before the tree did: {} leaves are known", leaves_.size());
    }

private:
    /// Inputs that hardly differ get the same answer from a tree, and other answers from anything smooth.
    Result<void> check_steps(Victim& victim, RunContext& ctx) const {
        constexpr std::size_t kPairs = 16;
        constexpr double kNear = 1e-3;
        std::vector<float> rows;
        for (std::size_t i = 0; i < kPairs; ++i) {
            std::vector<float> point = probe(2 * i + 1);
            rows.insert(rows.end(), point.begin(), point.end());
            for (std::size_t f = 0; f < point.size(); ++f)
                point[f] += static_cast<float>(kNear * (box_.high[f] - box_.low[f]));
            rows.insert(rows.end(), point.begin(), point.end());
        }
        const Answers answers = BARTIZAN_TRY(ask_points(victim, rows, ctx));
        std::size_t differ = 0;
        for (std::size_t i = 0; i < kPairs; ++i)
            differ += same(answers.row(static_cast<std::int64_t>(2 * i)), answers.row(static_cast<std::int64_t>(2 * i + 1)))
                          ? 0U
                          : 1U;
        if (2 * differ <= kPairs) return {};
        return unsupported(fmt::format("the model is no decision tree: its scores move with its input ({} of {} pairs that "
                                       "hardly differ)",
                                       differ, kPairs),
                           "take knockoff-random, or relu-exact for a small network");
    }

    Result<void> search(Victim& victim, RunContext& ctx) {
        std::int64_t known_in_a_row = 0;
        std::size_t next = 0;
        while (known_in_a_row < patience_) {
            BARTIZAN_TRY(ctx.checkpoint());
            while (!frontier_.empty()) {
                const std::vector<float> point = std::move(frontier_.front());
                frontier_.pop_front();
                if (leaf_at(point) == nullptr) BARTIZAN_TRY(explore(victim, point, ctx));
            }
            const std::vector<float> point = probe(next++);
            if (leaf_at(point) != nullptr) {
                ++known_in_a_row;
                continue;
            }
            known_in_a_row = 0;
            frontier_.push_back(point);
        }
        complete_ = true;
        return {};
    }

    /// Items of the pool, then points at random in their range.
    std::vector<float> probe(std::size_t number) const {
        const std::size_t size = box_.low.size();
        std::vector<float> out(size);
        if (number < order_.size() && number % 2 == 0) {
            const auto item = start_.pool->x.values<float>().subspan(static_cast<std::size_t>(order_[number]) * size, size);
            std::ranges::copy(item, out.begin());
            return out;
        }
        Random random(start_.seed, number, kProbePurpose);
        for (std::size_t i = 0; i < size; ++i)
            out[i] = static_cast<float>(box_.low[i] + random.uniform53() * (box_.high[i] - box_.low[i]));
        return out;
    }

    const LeafBox* leaf_at(const std::vector<float>& point) const {
        const auto found = std::ranges::find_if(leaves_, [&](const LeafBox& leaf) { return leaf.contains(point); });
        return found == leaves_.end() ? nullptr : &*found;
    }

    Result<Answers> ask_points(Victim& victim, const std::vector<float>& rows, RunContext& ctx) const {
        Shape shape = start_.info.item_shape;
        shape.insert(shape.begin(), std::ssize(rows) / std::ssize(box_.low));
        const NdArray x = BARTIZAN_TRY(NdArray::from<float>(shape, rows));
        return victim.ask(x, ctx);
    }

    static bool same(std::span<const double> a, std::span<const double> b) {
        constexpr double kSame = 1e-6;  // float32 scores, taken through logarithm and back
        return std::ranges::equal(a, b, [](double x, double y) { return std::abs(x - y) <= kSame; });
    }

    /// The box around `point` in which the answer is the same, and what lies behind its walls.
    Result<void> explore(Victim& victim, const std::vector<float>& point, RunContext& ctx) {
        if (leaves_.size() == kMostLeaves)
            return unsupported(fmt::format("the model has more than {} leaves, or is no tree", kMostLeaves),
                               "take knockoff-random");
        const Answers at = BARTIZAN_TRY(ask_points(victim, point, ctx));
        const std::vector<double> answer(at.scores);
        std::vector<Search> searches;
        for (std::size_t f = 0; f < box_.low.size(); ++f) {
            searches.push_back({f, false, point[f], static_cast<float>(box_.low[f])});
            searches.push_back({f, true, point[f], static_cast<float>(box_.high[f])});
        }
        std::erase_if(searches, [](const Search& one) { return one.inside == one.outside; });
        BARTIZAN_TRY(look_at_ends(victim, point, answer, searches, ctx));
        std::erase_if(searches, [](const Search& one) { return !one.open; });
        BARTIZAN_TRY(bisect(victim, point, answer, searches, ctx));
        LeafBox leaf{.low = std::vector<float>(point.size(), -INFINITY),
                     .high = std::vector<float>(point.size(), INFINITY),
                     .answer = answer};
        for (const Search& one : searches) {
            // ONNX trees ask x <= threshold: the lower side of a wall belongs to the smaller values.
            (one.upper ? leaf.high : leaf.low)[one.feature] = one.upper ? one.inside : one.outside;
            std::vector<float> beyond = point;
            beyond[one.feature] = one.outside;
            frontier_.push_back(std::move(beyond));
        }
        leaves_.push_back(std::move(leaf));
        ctx.progress({"leaves", leaves_.size(), 0, "leaves"});
        return {};
    }

    /// A wall is only looked for where the far end of the range gives another answer.
    Result<void> look_at_ends(Victim& victim, const std::vector<float>& point, std::span<const double> answer,
                              std::vector<Search>& searches, RunContext& ctx) const {
        std::vector<float> rows;
        for (const Search& one : searches) append(rows, point, one.feature, one.outside);
        const Answers answers = BARTIZAN_TRY(ask_points(victim, rows, ctx));
        for (std::size_t i = 0; i < searches.size(); ++i)
            searches[i].open = !same(answers.row(static_cast<std::int64_t>(i)), answer);
        return {};
    }

    /// All walls at once: one batch of queries for each halving.
    Result<void> bisect(Victim& victim, const std::vector<float>& point, std::span<const double> answer,
                        std::vector<Search>& searches, RunContext& ctx) const {
        while (true) {
            std::vector<float> rows;
            std::vector<Search*> asked;
            std::vector<float> middles;
            for (Search& one : searches) {
                const float middle = std::midpoint(one.inside, one.outside);
                const double range = box_.high[one.feature] - box_.low[one.feature];
                const bool fine = std::abs(static_cast<double>(one.outside) - one.inside) <= tolerance_ * range;
                if (middle == one.inside || middle == one.outside || fine) continue;
                append(rows, point, one.feature, middle);
                asked.push_back(&one);
                middles.push_back(middle);
            }
            if (asked.empty()) return {};
            BARTIZAN_TRY(ctx.checkpoint());
            const Answers answers = BARTIZAN_TRY(ask_points(victim, rows, ctx));
            for (std::size_t i = 0; i < asked.size(); ++i)
                (same(answers.row(static_cast<std::int64_t>(i)), answer) ? asked[i]->inside : asked[i]->outside) = middles[i];
        }
    }

    static void append(std::vector<float>& rows, const std::vector<float>& point, std::size_t feature, float value) {
        rows.insert(rows.end(), point.begin(), point.end());
        rows[rows.size() - point.size() + feature] = value;
    }

    const Start start_;
    double tolerance_;
    std::int64_t patience_;
    Box box_;
    std::int64_t classes_ = 0;
    std::vector<std::int64_t> order_;
    std::vector<LeafBox> leaves_;
    std::deque<std::vector<float>> frontier_;
    bool complete_ = false;
};

}  // namespace

Result<std::unique_ptr<Attack>> make(const Params& params, const Start& start) {
    return std::make_unique<TreePaths>(params, start);
}

}  // namespace bartizan::extraction::tree_paths
