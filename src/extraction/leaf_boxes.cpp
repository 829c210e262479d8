#include "extraction/leaf_boxes.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include <fmt/format.h>

#include "graph/builder.h"

namespace bartizan::extraction {
namespace leaf_boxes {
namespace {

constexpr std::size_t kMostNodes = 1'000'000;
constexpr int kDeepest = 400;

struct Cut {
    std::size_t feature = 0;
    float threshold = 0;
    std::size_t through = 0;   ///< boxes that it goes through
    std::size_t uneven = 0;    ///< difference between the sides
};

bool better(const Cut& a, const Cut& b) {
    return a.through != b.through ? a.through < b.through : a.uneven < b.uneven;
}

using Members = std::vector<std::size_t>;

class Grower {
public:
    Grower(const std::vector<LeafBox>& leaves, std::int64_t classes) : leaves_(leaves), classes_(classes) {}

    Result<std::int64_t> grow(const Members& members, int depth) {
        if (nodes_ >= kMostNodes) return exhausted("the copy would have more than a million nodes");
        const std::optional<Cut> cut = members.size() > 1 && depth < kDeepest ? best_cut(members) : std::nullopt;
        const auto id = static_cast<std::int64_t>(nodes_++);
        if (!cut) return leaf(id, members.front());
        Members below, above;
        for (const std::size_t m : members) {
            if (leaves_[m].low[cut->feature] < cut->threshold) below.push_back(m);
            if (leaves_[m].high[cut->feature] > cut->threshold) above.push_back(m);
        }
        const std::size_t at = ids_.size();
        add(id, "BRANCH_LEQ", static_cast<std::int64_t>(cut->feature), cut->threshold);
        true_[at] = BARTIZAN_TRY(grow(below, depth + 1));
        false_[at] = BARTIZAN_TRY(grow(above, depth + 1));
        return id;
    }

    Result<graph::Graph> graph(const Shape& item_shape) && {
        graph::GraphBuilder builder("copy", 13);
        builder.opset("ai.onnx.ml", 1);
        Shape shape = item_shape;
        shape.insert(shape.begin(), -1);
        std::string input = builder.input("input", DType::f32, shape);
        if (item_shape.size() != 1) input = builder.node("Flatten", {input});
        std::vector<std::int64_t> labels;
        for (std::int64_t c = 0; c < classes_; ++c) labels.push_back(c);
        const std::vector<std::int64_t> zeros(ids_.size(), 0), of_leaf(leaf_ids_.size(), 0);
        builder.domain("ai.onnx.ml").node_with_outputs(
            "TreeEnsembleClassifier", {input}, {"label", "probabilities"},
            {{"classlabels_int64s", labels},
             {"nodes_treeids", zeros},
             {"nodes_nodeids", ids_},
             {"nodes_featureids", features_},
             {"nodes_modes", modes_},
             {"nodes_values", values_},
             {"nodes_truenodeids", true_},
             {"nodes_falsenodeids", false_},
             {"class_treeids", of_leaf},
             {"class_nodeids", leaf_ids_},
             {"class_ids", class_ids_},
             {"class_weights", weights_},
             {"post_transform", std::string("NONE")}});
        builder.output("label", DType::i64, {-1});
        builder.output("probabilities", DType::f32, {-1, classes_});
        return std::move(builder).build();
    }

private:
    void add(std::int64_t id, const char* mode, std::int64_t feature, float value) {
        ids_.push_back(id);
        modes_.emplace_back(mode);
        features_.push_back(feature);
        values_.push_back(value);
        true_.push_back(0);
        false_.push_back(0);
    }

    std::int64_t leaf(std::int64_t id, std::size_t member) {
        add(id, "LEAF", 0, 0);
        for (std::int64_t c = 0; c < classes_; ++c) {
            leaf_ids_.push_back(id);
            class_ids_.push_back(c);
            weights_.push_back(static_cast<float>(leaves_[member].answer[static_cast<std::size_t>(c)]));
        }
        return id;
    }

    /// Among all walls of the members, the one that goes through fewest of them. Nothing: no wall has both sides.
    std::optional<Cut> best_cut(const Members& members) const {
        std::optional<Cut> best;
        const std::size_t features = leaves_[members[0]].low.size();
        std::vector<float> lows, highs;
        for (std::size_t f = 0; f < features; ++f) {
            lows.clear();
            highs.clear();
            for (const std::size_t m : members) lows.push_back(leaves_[m].low[f]), highs.push_back(leaves_[m].high[f]);
            std::ranges::sort(lows);
            std::ranges::sort(highs);
            for (const auto* const walls : {&lows, &highs})
                for (std::size_t i = 0; i < walls->size(); ++i) {
                    const float t = (*walls)[i];
                    if (!std::isfinite(t) || (i > 0 && (*walls)[i - 1] == t)) continue;
                    const auto below = static_cast<std::size_t>(std::ranges::lower_bound(lows, t) - lows.begin());
                    const auto above = static_cast<std::size_t>(highs.end() - std::ranges::upper_bound(highs, t));
                    if (below == 0 || above == 0) continue;
                    const Cut cut{f, t, below + above - members.size(), below > above ? below - above : above - below};
                    if (std::max(below, above) < members.size() && (!best || better(cut, *best))) best = cut;
                }
        }
        return best;
    }

    const std::vector<LeafBox>& leaves_;
    std::int64_t classes_;
    std::size_t nodes_ = 0;
    std::vector<std::int64_t> ids_, features_, true_, false_, leaf_ids_, class_ids_;
    std::vector<std::string> modes_;
    std::vector<float> values_, weights_;
};

}  // namespace
}  // namespace leaf_boxes

Result<graph::Graph> tree_graph(const std::vector<LeafBox>& leaves, const Shape& item_shape, std::int64_t classes) {
    if (leaves.empty()) return invalid_input("a tree without leaves");
    leaf_boxes::Grower grower(leaves, classes);
    leaf_boxes::Members all(leaves.size());
    for (std::size_t i = 0; i < all.size(); ++i) all[i] = i;
    BARTIZAN_TRY(grower.grow(all, 0));
    return std::move(grower).graph(item_shape);
}

}  // namespace bartizan::extraction
