#pragma once
/// Leaves of a decision tree as boxes, and the tree that has them. Internal to `extraction`.
/// Thread rule: plain values, pure functions.

#include <cstdint>
#include <vector>

#include "bartizan/ndarray.h"
#include "bartizan/result.h"
#include "graph/graph.h"

namespace bartizan::extraction {

/// low < x <= high in every feature.
struct LeafBox {
    std::vector<float> low, high;
    std::vector<double> answer;

    bool contains(const std::vector<float>& point) const {
        for (std::size_t f = 0; f < point.size(); ++f)
            if (!(low[f] < point[f] && point[f] <= high[f])) return false;
        return true;
    }
};

/// A tree (ai.onnx.ml TreeEnsembleClassifier) that answers as the leaves do. Where boxes are those of a whole tree there
/// is always a cut that goes through none of them; where some are missing, the cut that goes through fewest is taken,
/// and space that no box covers gets the answer of a neighbour. Fails with `exhausted` beyond a million nodes.
Result<graph::Graph> tree_graph(const std::vector<LeafBox>& leaves, const Shape& item_shape, std::int64_t classes);

}  // namespace bartizan::extraction
