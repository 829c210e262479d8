#pragma once
/// Tree ensembles (ai.onnx.ml TreeEnsembleClassifier and TreeEnsembleRegressor) as flat arrays. Everything is checked
/// when the ensemble is made: after that a walk ends, whatever the input. Internal to the tensor modules.
/// Thread rule: immutable once made.

#include <cmath>
#include <cstdint>
#include <vector>

#include "bartizan/result.h"
#include "graph/graph.h"

namespace bartizan::model::operators {

enum class NodeMode : std::uint8_t { leaf, le, lt, ge, gt, eq, ne };

struct TreeNode {
    float threshold = 0;
    std::int32_t feature = 0;
    std::int32_t when_true = 0, when_false = 0;   ///< node numbers; there are no cycles
    std::int32_t first_leaf = 0, leaf_count = 0;  ///< range in `leaves`
    NodeMode mode = NodeMode::leaf;
    bool missing_is_true = false;
};

/// Which way a value goes at a node that is no leaf.
inline bool goes_true(const TreeNode& node, float value) {
    if (node.missing_is_true && std::isnan(value)) return true;
    switch (node.mode) {
        case NodeMode::le:
            return value <= node.threshold;
        case NodeMode::lt:
            return value < node.threshold;
        case NodeMode::ge:
            return value >= node.threshold;
        case NodeMode::gt:
            return value > node.threshold;
        case NodeMode::eq:
            return value == node.threshold;
        case NodeMode::ne:
            return value != node.threshold;
        case NodeMode::leaf:
            break;
    }
    return false;
}

struct Leaf {
    std::int32_t target = 0;
    float weight = 0;
};

enum class Aggregate { sum, average, minimum, maximum };

class TreeEnsemble {
public:
    /// `prefix` is "class" or "target": the names of the leaf attributes. Fails with `invalid_input` naming what does
    /// not fit: lists of different lengths, a child that is not there, a cycle, a feature or target out of range.
    static Result<TreeEnsemble> make(const graph::Node& node, const char* prefix, std::int64_t targets);

    /// Adds up the leaves that each row of `x` [rows, features] reaches into `out` [rows, targets]. A row too short
    /// for a feature that the trees ask for is refused.
    Result<void> run(const float* x, std::int64_t rows, std::int64_t features, float* out) const;

    std::int64_t targets() const { return targets_; }
    const std::vector<TreeNode>& nodes() const { return nodes_; }
    const std::vector<Leaf>& leaves() const { return leaves_; }
    const std::vector<std::int32_t>& roots() const { return roots_; }
    const std::vector<float>& base() const { return base_; }
    Aggregate aggregate() const { return aggregate_; }
    /// One more than the largest feature asked for.
    std::int64_t features() const { return features_; }

private:
    std::int32_t walk(const float* row, std::int32_t node) const;

    std::vector<TreeNode> nodes_;
    std::vector<Leaf> leaves_;
    std::vector<std::int32_t> roots_;
    std::vector<float> base_;
    std::int64_t targets_ = 0;
    std::int64_t features_ = 0;  ///< one more than the largest feature asked for
    Aggregate aggregate_ = Aggregate::sum;
};

}  // namespace bartizan::model::operators
