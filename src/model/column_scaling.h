#pragma once
/// Tables whose columns have units of their own (euros, years): a view of them, and of a classifier over them, in which
/// every column runs from 0 to 1. Attacks and radii then mean the same for every column.
/// Thread rule: immutable once made.

#include <memory>

#include "bartizan/result.h"
#include "data/dataset.h"
#include "model/classifier.h"

namespace bartizan::model {

/// Smallest value and width of each column; a constant column has width 0 and stays as it is.
struct ColumnRanges {
    std::vector<float> low;
    std::vector<float> width;
};

/// Of the rows of `x`, [n, columns] float32.
Result<ColumnRanges> column_ranges(const NdArray& x);

/// `x` with every column in [0, 1].
Result<NdArray> to_unit_columns(const NdArray& x, const ColumnRanges& ranges);

/// A classifier over unit columns: undoes the scaling, then asks `inner`.
std::unique_ptr<Classifier> with_unit_columns(std::shared_ptr<const Classifier> inner, const ColumnRanges& ranges);

}  // namespace bartizan::model
