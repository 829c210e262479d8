#include "explain/tree_shap.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "explain/gauss_legendre.h"
#include "model/operators/trees.h"

namespace bartizan::explain {
namespace tree_shap {
namespace {

using model::operators::TreeEnsemble;

bool is_ensemble(const graph::Node& node) {
    return node.domain == "ai.onnx.ml" &&
           (node.op_type == "TreeEnsembleClassifier" || node.op_type == "TreeEnsembleRegressor");
}

Result<const graph::Node*> ensemble_of(const graph::Graph& graph) {
    const auto found = std::ranges::find_if(graph.nodes, is_ensemble);
    if (found == graph.nodes.end()) return unsupported("the model has no tree ensemble");
    if (std::find_if(found + 1, graph.nodes.end(), is_ensemble) != graph.nodes.end())
        return unsupported("the model has several tree ensembles: their votes cannot be told apart");
    return &*found;
}

/// Which votes are the target's, and with which sign.
struct Votes {
    std::int64_t target = 0;
    double sign = 1;
};

/// Two classes whose leaves all vote for one of them: the other's margin is the opposite.
Result<Votes> votes_for(const graph::Node& node, std::int64_t classes, std::int64_t target) {
    if (target < 0 || (target >= classes && !(classes == 1 && target == 1)))
        return invalid_input(fmt::format("there is no class {}, the trees know {}", target, classes));
    if (node.op_type == "TreeEnsembleRegressor") return Votes{.sign = classes == 1 && target == 0 ? -1.0 : 1.0};
    const auto ids = BARTIZAN_TRY(node.integers("class_ids", {}));
    const std::set<std::int64_t> voted(ids.begin(), ids.end());
    if (classes != 2 || voted.size() != 1) return Votes{target, 1};
    return Votes{*voted.begin(), target == 1 ? 1.0 : -1.0};
}

Result<std::int64_t> classes_of(const graph::Node& node) {
    if (node.op_type == "TreeEnsembleRegressor") return node.integer("n_targets", 1);
    const auto numbers = BARTIZAN_TRY(node.integers("classlabels_int64s", {}));
    if (!numbers.empty()) return std::ssize(numbers);
    return std::ssize(BARTIZAN_TRY(node.texts("classlabels_strings")));
}

}  // namespace
}  // namespace tree_shap

Result<std::string> Trees::input_of(const graph::Graph& graph) {
    return BARTIZAN_TRY(tree_shap::ensemble_of(graph))->inputs.at(0);
}

Result<Trees> Trees::of(const graph::Graph& graph, std::int64_t target) {
    using namespace tree_shap;
    const graph::Node& node = *BARTIZAN_TRY(ensemble_of(graph));
    const std::int64_t classes = BARTIZAN_TRY(classes_of(node));
    const Votes votes = BARTIZAN_TRY(votes_for(node, classes, target));
    const auto ensemble = BARTIZAN_TRY_WITHIN(
        TreeEnsemble::make(node, node.op_type == "TreeEnsembleClassifier" ? "class" : "target", classes), node.place());
    using model::operators::Aggregate;
    if (ensemble.aggregate() == Aggregate::minimum || ensemble.aggregate() == Aggregate::maximum)
        return unsupported("the trees' votes are not added up", "take permutation-shapley");
    const double scale =
        votes.sign *
        (ensemble.aggregate() == Aggregate::average ? 1 / static_cast<double>(ensemble.roots().size()) : 1.0);
    Trees trees;
    for (const model::operators::TreeNode& from : ensemble.nodes()) {
        Node& to = trees.nodes_.emplace_back();
        if (from.mode != model::operators::NodeMode::leaf) {
            to.feature = from.feature;
            to.yes = from.when_true;
            to.no = from.when_false;
            to.split = static_cast<std::int32_t>(trees.splits_.size());
            trees.splits_.push_back({from.threshold, static_cast<std::uint8_t>(from.mode), from.missing_is_true});
            continue;
        }
        for (std::int32_t i = from.first_leaf; i < from.first_leaf + from.leaf_count; ++i) {
            const auto& leaf = ensemble.leaves()[static_cast<std::size_t>(i)];
            if (leaf.target == votes.target) to.value += scale * double{leaf.weight};
        }
    }
    trees.roots_ = ensemble.roots();
    trees.features_ = static_cast<std::size_t>(ensemble.features());
    if (static_cast<std::size_t>(votes.target) < ensemble.base().size())
        trees.base_ = votes.sign * double{ensemble.base()[static_cast<std::size_t>(votes.target)]};
    for (const std::int32_t root : trees.roots_) {
        const std::size_t depth = trees.depth_below(root);
        if (depth > kDeepestTree)
            return unsupported(fmt::format("a tree is deeper than {}", kDeepestTree), "take permutation-shapley");
        trees.depth_ = std::max(trees.depth_, depth);
    }
    trees.width_of_paths_ = std::max<std::size_t>(1, std::min(trees.depth_, trees.features_));
    return trees;
}

std::size_t Trees::depth_below(std::int32_t root) const {
    std::vector<std::pair<std::int32_t, std::size_t>> open = {{root, 0}};
    std::size_t deepest = 0;
    while (!open.empty()) {
        const auto [at, depth] = open.back();
        open.pop_back();
        deepest = std::max(deepest, depth);
        const Node& node = nodes_[static_cast<std::size_t>(at)];
        if (node.feature < 0) continue;
        open.emplace_back(node.yes, depth + 1);
        open.emplace_back(node.no, depth + 1);
    }
    return deepest;
}

bool Trees::goes_yes(const Node& node, std::span<const float> row) const {
    const Split& split = splits_[static_cast<std::size_t>(node.split)];
    return model::operators::goes_true({.threshold = split.threshold,
                                        .mode = static_cast<model::operators::NodeMode>(split.mode),
                                        .missing_is_true = split.missing_is_true},
                                       row[static_cast<std::size_t>(node.feature)]);
}

void Trees::count(std::span<const float> rows, std::size_t width) {
    std::vector<std::int64_t> reached(nodes_.size(), 0);
    for (std::size_t row = 0; row + width <= rows.size(); row += width)
        for (std::int32_t at : roots_)
            while (true) {
                ++reached[static_cast<std::size_t>(at)];
                const Node& node = nodes_[static_cast<std::size_t>(at)];
                if (node.feature < 0) break;
                at = goes_yes(node, rows.subspan(row, width)) ? node.yes : node.no;
            }
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
        if (nodes_[i].feature < 0 || reached[i] == 0) continue;
        nodes_[i].share_yes =
            static_cast<double>(reached[static_cast<std::size_t>(nodes_[i].yes)]) / static_cast<double>(reached[i]);
    }
}

double Trees::margin(std::span<const float> row) const {
    double sum = base_;
    for (std::int32_t at : roots_) {
        while (nodes_[static_cast<std::size_t>(at)].feature >= 0) {
            const Node& node = nodes_[static_cast<std::size_t>(at)];
            at = goes_yes(node, row) ? node.yes : node.no;
        }
        sum += nodes_[static_cast<std::size_t>(at)].value;
    }
    return sum;
}

double Trees::expectation(std::int32_t at) const {
    const Node& node = nodes_[static_cast<std::size_t>(at)];
    if (node.feature < 0) return node.value;
    return node.share_yes * expectation(node.yes) + (1 - node.share_yes) * expectation(node.no);
}

double Trees::expectation() const {
    double sum = base_;
    for (const std::int32_t root : roots_) sum += expectation(root);
    return sum;
}

/// All leaves in one recursion. At quadrature node t a feature on the path stands for the factor z + t (o - z): o, does
/// the row follow; z, the share of rows that did. A leaf's value times its factors, without those of feature j, times
/// (o_j - z_j), integrated over t, is j's share of it.
class PathWalk {
public:
    PathWalk(const Trees& trees, std::span<const float> row, std::vector<double>& values)
        : trees_(trees),
          row_(row),
          values_(values),
          nodes_(gauss_legendre(static_cast<int>((trees.width_of_paths_ + 1) / 2))),
          count_(nodes_.at.size()),
          ways_(row.size()),
          factors_((trees.depth_ + 1) * count_),
          below_((trees.depth_ + 1) * count_) {}

    /// `kNodes`: the number of quadrature nodes, for the compiler to know; 0: any.
    template <std::size_t kNodes>
    void run() {
        for (const std::int32_t root : trees_.roots_) {
            std::fill_n(factors_.begin(), count_, 1.0);
            visit<kNodes>(root, 0);
        }
    }

    std::size_t count() const { return count_; }

private:
    /// How a feature stands on the path so far.
    struct Way {
        double followed = 1, share = 1;
        bool met = false;
    };

    template <std::size_t kNodes>
    void visit(std::int32_t at, std::size_t level) {
        const std::size_t count = kNodes > 0 ? kNodes : count_;
        const Trees::Node& node = trees_.nodes_[static_cast<std::size_t>(at)];
        double* below = below_.data() + level * count;
        const double* factors = factors_.data() + level * count;
        if (node.feature < 0) {
            for (std::size_t q = 0; q < count; ++q) below[q] = factors[q] * node.value;
            return;
        }
        for (std::size_t q = 0; q < count; ++q) below[q] = 0;
        const bool yes = trees_.goes_yes(node, row_);
        descend<kNodes>(node.yes, node, node.share_yes, yes, level);
        descend<kNodes>(node.no, node, 1 - node.share_yes, !yes, level);
    }

    template <std::size_t kNodes>
    void descend(std::int32_t child, const Trees::Node& node, double share, bool follows, std::size_t level) {
        const std::size_t count = kNodes > 0 ? kNodes : count_;
        Way& way = ways_[static_cast<std::size_t>(node.feature)];
        const Way before = way;
        way = {follows ? before.followed : 0.0, before.share * share, true};
        const double o0 = before.followed, z0 = before.share, o1 = way.followed, z1 = way.share;
        if (o1 == 0 && z1 == 0) {  // neither this row nor any other goes there: nothing below counts
            way = before;
            return;
        }
        const double* factors = factors_.data() + level * count;
        double* next = factors_.data() + (level + 1) * count;
        const double* t = nodes_.at.data();
        for (std::size_t q = 0; q < count; ++q)
            next[q] = factors[q] * (z1 + t[q] * (o1 - z1)) / (z0 + t[q] * (o0 - z0));
        visit<kNodes>(child, level + 1);
        const double* found = below_.data() + (level + 1) * count;
        double* below = below_.data() + level * count;
        const double* weight = nodes_.weight.data();
        double sum = 0;
        for (std::size_t q = 0; q < count; ++q) {
            const double gained = (o1 - z1) / (z1 + t[q] * (o1 - z1));
            // What an earlier node of the same feature was given for these leaves is taken back: o0 = z0 = 1 where
            // none.
            const double given = (o0 - z0) / (z0 + t[q] * (o0 - z0));
            sum += weight[q] * found[q] * (gained - given);
            below[q] += found[q];
        }
        values_[static_cast<std::size_t>(node.feature)] += sum;
        way = before;
    }

    const Trees& trees_;
    std::span<const float> row_;
    std::vector<double>& values_;
    Nodes nodes_;
    std::size_t count_;
    std::vector<Way> ways_;
    std::vector<double> factors_, below_;
};

std::vector<double> Trees::path_dependent(std::span<const float> row) const {
    std::vector<double> values(row.size(), 0);
    PathWalk walk(*this, row, values);
    switch (walk.count()) {
        case 1:
            walk.run<1>();
            break;
        case 2:
            walk.run<2>();
            break;
        case 3:
            walk.run<3>();
            break;
        case 4:
            walk.run<4>();
            break;
        case 5:
            walk.run<5>();
            break;
        case 6:
            walk.run<6>();
            break;
        case 7:
            walk.run<7>();
            break;
        case 8:
            walk.run<8>();
            break;
        default:
            walk.run<0>();
            break;
    }
    return values;
}

/// Row and background row walk together; where they part, one branch takes the feature from each. At a leaf with a
/// features from the row and b from the other the Shapley weights are those of a game in which all a, and none of the
/// b, are needed.
class PairWalk {
public:
    PairWalk(const Trees& trees, std::span<const float> row, std::vector<double>& values)
        : trees_(trees), row_(row), values_(values), side_(row.size(), Side::none) {
        const std::size_t most = trees.depth_ + 2;
        log_factorial_.assign(most, 0);
        for (std::size_t i = 1; i < most; ++i)
            log_factorial_[i] = log_factorial_[i - 1] + std::log(static_cast<double>(i));
    }

    void run(std::span<const float> other, double weight) {
        other_ = other;
        weight_ = weight;
        for (const std::int32_t root : trees_.roots_) visit(root);
    }

private:
    enum class Side : std::uint8_t { none, row, other };

    void visit(std::int32_t at) {
        const Trees::Node& node = trees_.nodes_[static_cast<std::size_t>(at)];
        if (node.feature < 0) {
            reach(node.value);
            return;
        }
        const bool mine = trees_.goes_yes(node, row_), theirs = trees_.goes_yes(node, other_);
        Side& side = side_[static_cast<std::size_t>(node.feature)];
        if (mine == theirs || side == Side::row) return visit(mine ? node.yes : node.no);
        if (side == Side::other) return visit(theirs ? node.yes : node.no);
        branch(node.feature, Side::row, from_row_, mine ? node.yes : node.no);
        branch(node.feature, Side::other, from_other_, theirs ? node.yes : node.no);
    }

    void branch(std::int32_t feature, Side side, std::vector<std::int32_t>& list, std::int32_t child) {
        side_[static_cast<std::size_t>(feature)] = side;
        list.push_back(feature);
        visit(child);
        list.pop_back();
        side_[static_cast<std::size_t>(feature)] = Side::none;
    }

    double weight_of(std::size_t a, std::size_t b) const {
        return std::exp(log_factorial_[a] + log_factorial_[b] - log_factorial_[a + b + 1]);
    }

    void reach(double value) {
        const std::size_t a = from_row_.size(), b = from_other_.size();
        if (a > 0) {
            const double share = weight_ * value * weight_of(a - 1, b);
            for (const std::int32_t feature : from_row_) values_[static_cast<std::size_t>(feature)] += share;
        }
        if (b > 0) {
            const double share = weight_ * value * weight_of(a, b - 1);
            for (const std::int32_t feature : from_other_) values_[static_cast<std::size_t>(feature)] -= share;
        }
    }

    const Trees& trees_;
    std::span<const float> row_, other_;
    std::vector<double>& values_;
    std::vector<Side> side_;
    std::vector<std::int32_t> from_row_, from_other_;
    std::vector<double> log_factorial_;
    double weight_ = 1;
};

std::vector<double> Trees::interventional(std::span<const float> row, std::span<const float> background) const {
    std::vector<double> values(row.size(), 0);
    PairWalk walk(*this, row, values);
    const std::size_t rows = background.size() / row.size();
    for (std::size_t i = 0; i < rows; ++i)
        walk.run(background.subspan(i * row.size(), row.size()), 1 / static_cast<double>(rows));
    return values;
}

}  // namespace bartizan::explain
