#pragma once
/// Exact Shapley values of tree ensembles, in double precision, for what one class's trees add up to.
/// Path-dependent (Lundberg et al. 2020, algorithm 2): a feature that is left out goes both ways, in proportion to the
/// rows that went there. Interventional: it takes the value of a background row, averaged over the rows. The first
/// respects how features hang together, the second what the model computes; they differ, and the report says which.
/// The path-dependent values are integrals of polynomials, taken exactly by Gauss-Legendre nodes: unlike the extending
/// and unwinding of the original, that loses no digits on deep trees.
/// Thread rule: immutable once its rows are counted; the functions may be called from several threads at once.

#include <cstdint>
#include <span>
#include <vector>

#include "bartizan/result.h"
#include "graph/graph.h"

namespace bartizan::explain {

/// Deeper trees are refused.
inline constexpr std::size_t kDeepestTree = 512;

class Trees {
public:
    /// The trees of the graph's one ensemble, as they vote for `target`. Fails with `unsupported` where there is none,
    /// or several, where votes are not added up, or a tree is deeper than `kDeepestTree`; `invalid_input` on a target
    /// that is not there.
    static Result<Trees> of(const graph::Graph& graph, std::int64_t target);
    /// The value that goes into the ensemble; fails as `of`.
    static Result<std::string> input_of(const graph::Graph& graph);

    /// Counts how often each node is reached by rows [n, width] of the trees' input. Without it every way is as likely.
    void count(std::span<const float> rows, std::size_t width);

    std::size_t features() const { return features_; }
    /// What the trees add up to, in double; `row` has at least `features()` numbers.
    double margin(std::span<const float> row) const;
    /// Their mean over the rows counted, as path-dependent values see it.
    double expectation() const;

    /// One value for each of `row`'s numbers; they add up to `margin(row) - expectation()`.
    /// O(nodes * depth / 2) multiplications.
    std::vector<double> path_dependent(std::span<const float> row) const;
    /// They add up to `margin(row)` less the mean margin of `background` [n, row.size()], n >= 1. O(nodes) for each.
    std::vector<double> interventional(std::span<const float> row, std::span<const float> background) const;

private:
    struct Node {
        std::int32_t feature = -1;  ///< -1: a leaf
        std::int32_t yes = 0, no = 0;
        std::int32_t split = 0;  ///< in `splits_`
        double share_yes = 0.5;  ///< of the rows that reach it
        double value = 0;        ///< of a leaf
    };
    struct Split {
        float threshold = 0;
        std::uint8_t mode = 0;
        bool missing_is_true = false;
    };
    friend class PathWalk;
    friend class PairWalk;

    bool goes_yes(const Node& node, std::span<const float> row) const;
    double expectation(std::int32_t node) const;
    std::size_t depth_below(std::int32_t root) const;

    std::vector<Node> nodes_;
    std::vector<Split> splits_;
    std::vector<std::int32_t> roots_;
    double base_ = 0;
    std::size_t features_ = 0, depth_ = 0, width_of_paths_ = 0;  ///< most different features on a path
};

}  // namespace bartizan::explain
