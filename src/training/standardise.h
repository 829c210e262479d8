#pragma once
/// Columns of a table have units of their own: euros beside years. A network that is to learn from all of them takes each
/// less its mean, over its deviation; the two become constants of its graph, so that the file alone says what it expects.
/// Thread rule: pure functions.

#include "bartizan/result.h"
#include "data/dataset.h"
#include "graph/graph.h"

namespace bartizan::training {

/// Mean and deviation of each column over all rows.
struct ColumnStatistics {
    std::vector<float> mean;
    std::vector<float> deviation;  ///< 1 where the column is constant
};

/// Of a table of float32 rows. Cost: one pass, by chunks of rows; sums in double (Chan et al. 1983).
/// Fails with what reading a row fails with.
Result<ColumnStatistics> column_statistics(const data::Dataset& table);

/// Puts (x - mean) / deviation behind the graph's only input [N, columns].
/// Fails with `invalid_input` if the graph has another input or another number of columns.
Result<void> standardise(graph::Graph& graph, const ColumnStatistics& statistics);

}  // namespace bartizan::training
