#include "model/operators/trees.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <string>

namespace bartizan::model::operators {
namespace {

constexpr std::size_t kMaxNodes = 50'000'000;
constexpr std::int64_t kMaxFeature = 10'000'000;
constexpr std::int64_t kMaxTargets = 1'000'000;

/// The parallel lists that a node's attributes hold.
struct Lists {
    std::vector<std::int64_t> tree, id, feature, when_true, when_false, missing;
    std::vector<float> value;
    std::vector<std::string> mode;
};

Result<Lists> read_lists(const graph::Node& node) {
    Lists lists;
    lists.tree = BARTIZAN_TRY(node.integers("nodes_treeids", {}));
    lists.id = BARTIZAN_TRY(node.integers("nodes_nodeids", {}));
    lists.feature = BARTIZAN_TRY(node.integers("nodes_featureids", {}));
    lists.when_true = BARTIZAN_TRY(node.integers("nodes_truenodeids", {}));
    lists.when_false = BARTIZAN_TRY(node.integers("nodes_falsenodeids", {}));
    lists.missing = BARTIZAN_TRY(node.integers("nodes_missing_value_tracks_true", {}));
    lists.value = BARTIZAN_TRY(node.reals("nodes_values", {}));
    lists.mode = BARTIZAN_TRY(node.texts("nodes_modes"));
    const std::size_t count = lists.tree.size();
    if (count == 0) return invalid_input("the ensemble has no nodes");
    if (count > kMaxNodes) return exhausted("the ensemble has more than " + std::to_string(kMaxNodes) + " nodes");
    if (lists.missing.empty()) lists.missing.assign(count, 0);
    for (const std::size_t size : {lists.id.size(), lists.feature.size(), lists.when_true.size(), lists.when_false.size(),
                                   lists.missing.size(), lists.value.size(), lists.mode.size()})
        if (size != count)
            return invalid_input("the lists of nodes have " + std::to_string(count) + " and " + std::to_string(size) +
                                 " entries");
    return lists;
}

Result<NodeMode> mode_of(const std::string& text) {
    constexpr std::pair<const char*, NodeMode> kModes[] = {
        {"LEAF", NodeMode::leaf},      {"BRANCH_LEQ", NodeMode::le}, {"BRANCH_LT", NodeMode::lt},
        {"BRANCH_GTE", NodeMode::ge},  {"BRANCH_GT", NodeMode::gt},  {"BRANCH_EQ", NodeMode::eq},
        {"BRANCH_NEQ", NodeMode::ne},
    };
    for (const auto& [name, mode] : kModes)
        if (text == name) return mode;
    return invalid_input("node mode '" + text + "' is unknown");
}

using Key = std::pair<std::int64_t, std::int64_t>;  // tree, node

std::string name_of(const Key& key) { return "node " + std::to_string(key.second) + " of tree " + std::to_string(key.first); }

/// Every node has at most one parent and is reached from a root: then no walk comes round.
Result<std::vector<std::int32_t>> find_roots(const std::vector<TreeNode>& nodes) {
    std::vector<std::uint8_t> has_parent(nodes.size(), 0);
    for (const TreeNode& node : nodes) {
        if (node.mode == NodeMode::leaf) continue;
        for (const std::int32_t child : {node.when_true, node.when_false}) {
            std::uint8_t& mark = has_parent[static_cast<std::size_t>(child)];
            if (mark != 0) return invalid_input("a tree node has two parents");
            mark = 1;
        }
    }
    std::vector<std::int32_t> roots;
    for (std::size_t i = 0; i < nodes.size(); ++i)
        if (has_parent[i] == 0) roots.push_back(static_cast<std::int32_t>(i));
    std::vector<std::int32_t> open = roots;
    std::size_t reached = 0;
    while (!open.empty()) {
        const TreeNode& node = nodes[static_cast<std::size_t>(open.back())];
        open.pop_back();
        ++reached;
        if (node.mode == NodeMode::leaf) continue;
        open.push_back(node.when_true);
        open.push_back(node.when_false);
    }
    if (reached != nodes.size()) return invalid_input("a tree has a cycle");
    return roots;
}

Result<Aggregate> aggregate_of(const graph::Node& node) {
    const std::string text = BARTIZAN_TRY(node.text("aggregate_function", "SUM"));
    if (text == "SUM") return Aggregate::sum;
    if (text == "AVERAGE") return Aggregate::average;
    if (text == "MIN") return Aggregate::minimum;
    if (text == "MAX") return Aggregate::maximum;
    return invalid_input("aggregate_function '" + text + "' is unknown");
}

/// One leaf entry of the attributes, with its node.
struct LeafEntry {
    std::int32_t node;
    Leaf leaf;
};

Result<std::vector<LeafEntry>> read_leaves(const graph::Node& node, const std::string& prefix, std::int64_t targets,
                                           const std::map<Key, std::int32_t>& numbers) {
    const auto trees = BARTIZAN_TRY(node.integers(prefix + "_treeids", {}));
    const auto ids = BARTIZAN_TRY(node.integers(prefix + "_nodeids", {}));
    const auto places = BARTIZAN_TRY(node.integers(prefix + "_ids", {}));
    const auto weights = BARTIZAN_TRY(node.reals(prefix + "_weights", {}));
    if (trees.size() != ids.size() || trees.size() != places.size() || trees.size() != weights.size())
        return invalid_input("the lists of leaves differ in length");
    std::vector<LeafEntry> entries;
    for (std::size_t i = 0; i < trees.size(); ++i) {
        const auto found = numbers.find({trees[i], ids[i]});
        if (found == numbers.end()) return invalid_input("a leaf belongs to " + name_of({trees[i], ids[i]}) + ", which is not there");
        if (places[i] < 0 || places[i] >= targets)
            return invalid_input("a leaf votes for " + std::to_string(places[i]) + " of " + std::to_string(targets));
        entries.push_back({found->second, {static_cast<std::int32_t>(places[i]), weights[i]}});
    }
    std::ranges::stable_sort(entries, {}, &LeafEntry::node);
    return entries;
}

}  // namespace

Result<TreeEnsemble> TreeEnsemble::make(const graph::Node& node, const char* prefix, std::int64_t targets) {
    if (targets < 1 || targets > kMaxTargets) return invalid_input(std::to_string(targets) + " targets make no sense");
    const Lists lists = BARTIZAN_TRY(read_lists(node));
    TreeEnsemble ensemble;
    ensemble.targets_ = targets;
    ensemble.aggregate_ = BARTIZAN_TRY(aggregate_of(node));
    std::map<Key, std::int32_t> numbers;
    for (std::size_t i = 0; i < lists.tree.size(); ++i)
        if (!numbers.emplace(Key{lists.tree[i], lists.id[i]}, static_cast<std::int32_t>(i)).second)
            return invalid_input(name_of({lists.tree[i], lists.id[i]}) + " is there twice");
    for (std::size_t i = 0; i < lists.tree.size(); ++i) {
        TreeNode& made = ensemble.nodes_.emplace_back();
        made.mode = BARTIZAN_TRY(mode_of(lists.mode[i]));
        made.threshold = lists.value[i];
        made.missing_is_true = lists.missing[i] != 0;
        if (made.mode == NodeMode::leaf) continue;
        if (lists.feature[i] < 0 || lists.feature[i] > kMaxFeature)
            return invalid_input(name_of({lists.tree[i], lists.id[i]}) + " asks for feature " + std::to_string(lists.feature[i]));
        made.feature = static_cast<std::int32_t>(lists.feature[i]);
        ensemble.features_ = std::max(ensemble.features_, lists.feature[i] + 1);
        for (const auto& [child, target] : {std::pair{lists.when_true[i], &made.when_true}, {lists.when_false[i], &made.when_false}}) {
            const auto found = numbers.find({lists.tree[i], child});
            if (found == numbers.end())
                return invalid_input(name_of({lists.tree[i], lists.id[i]}) + " has a child " + std::to_string(child) + " that is not there");
            *target = found->second;
        }
    }
    ensemble.roots_ = BARTIZAN_TRY(find_roots(ensemble.nodes_));
    for (const LeafEntry& entry : BARTIZAN_TRY(read_leaves(node, prefix, targets, numbers))) {
        TreeNode& made = ensemble.nodes_[static_cast<std::size_t>(entry.node)];
        if (made.leaf_count++ == 0) made.first_leaf = static_cast<std::int32_t>(ensemble.leaves_.size());
        ensemble.leaves_.push_back(entry.leaf);
    }
    ensemble.base_ = BARTIZAN_TRY(node.reals("base_values", {}));
    if (ensemble.base_.size() > static_cast<std::size_t>(targets))
        return invalid_input("base_values has " + std::to_string(ensemble.base_.size()) + " values for " +
                             std::to_string(targets) + " targets");
    return ensemble;
}

std::int32_t TreeEnsemble::walk(const float* row, std::int32_t at) const {
    for (;;) {
        const TreeNode& node = nodes_[static_cast<std::size_t>(at)];
        if (node.mode == NodeMode::leaf) return at;
        at = goes_true(node, row[node.feature]) ? node.when_true : node.when_false;
    }
}

Result<void> TreeEnsemble::run(const float* x, std::int64_t rows, std::int64_t features, float* out) const {
    if (features < features_)
        return invalid_input("rows have " + std::to_string(features) + " columns, the trees ask for column " +
                             std::to_string(features_ - 1));
    const bool extreme = aggregate_ == Aggregate::minimum || aggregate_ == Aggregate::maximum;
    std::vector<double> sums(static_cast<std::size_t>(targets_));
    std::vector<std::uint8_t> met(sums.size());
    for (std::int64_t row = 0; row < rows; ++row) {
        std::ranges::fill(sums, 0);
        std::ranges::fill(met, 0);
        for (const std::int32_t root : roots_) {
            const TreeNode& leaf = nodes_[static_cast<std::size_t>(walk(x + row * features, root))];
            for (std::int32_t i = leaf.first_leaf; i < leaf.first_leaf + leaf.leaf_count; ++i) {
                const Leaf& vote = leaves_[static_cast<std::size_t>(i)];
                double& sum = sums[static_cast<std::size_t>(vote.target)];
                std::uint8_t& seen = met[static_cast<std::size_t>(vote.target)];
                if (!extreme) sum += vote.weight;
                else if (seen == 0) sum = vote.weight;
                else sum = aggregate_ == Aggregate::minimum ? std::min<double>(sum, vote.weight) : std::max<double>(sum, vote.weight);
                seen = 1;
            }
        }
        for (std::size_t target = 0; target < sums.size(); ++target) {
            if (aggregate_ == Aggregate::average) sums[target] /= static_cast<double>(roots_.size());
            if (target < base_.size()) sums[target] += base_[target];
            out[row * targets_ + static_cast<std::int64_t>(target)] = static_cast<float>(sums[target]);
        }
    }
    return {};
}

}  // namespace bartizan::model::operators
