#pragma once
/// What the exact attacks compute with: answers as differences of logarithms, small linear systems, networks from
/// matrices. Internal to `extraction`. Thread rule: pure functions.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "bartizan/ndarray.h"
#include "bartizan/result.h"
#include "data/dataset.h"
#include "extraction/victim.h"
#include "graph/graph.h"

namespace bartizan::extraction {

/// Least and largest value of each number of an item over the pool; [0, 1] for pictures.
struct Box {
    std::vector<double> low, high;
};
Box box_of(const data::Batch& pool, const data::Info& info);

/// log p_k - log p_last for every class k of each row, the last one's 0 included: a victim's logits but for a constant
/// in each row, as no softmax can hide. Float64 [rows * classes].
std::vector<double> log_odds(const Answers& answers);
/// The smallest score; where it is nearly 0 a logarithm says little.
double smallest_score(const Answers& answers);

/// Rows of doubles as float64 items.
Result<NdArray> items_of(std::span<const double> rows, const Shape& item_shape);

/// Solves the square system a x = b (row-major, destroyed) by elimination with pivoting; false: singular.
bool solve(std::vector<double>& a, std::vector<double>& b);

/// weight [outputs, inputs] and bias of a dense layer, row-major.
struct Dense {
    std::int64_t outputs = 0, inputs = 0;
    std::vector<double> weight, bias;
};
/// A network of one dense layer, or of two with ReLU between them and a dense layer `skip` around both (may be empty).
Result<graph::Graph> dense_graph(const Shape& item_shape, const Dense& first, const Dense* second, const Dense* skip);

}  // namespace bartizan::extraction
