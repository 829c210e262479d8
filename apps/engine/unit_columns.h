#pragma once
/// A data set of a table whose columns are shown from 0 to 1, as attacks take for granted.

#include <memory>

#include "data/dataset.h"
#include "model/column_scaling.h"

namespace bartizan::engine {

/// `inner`, every row scaled by `ranges` as it is read.
std::unique_ptr<const data::Dataset> with_unit_columns(std::unique_ptr<const data::Dataset> inner,
                                                       model::ColumnRanges ranges);

}  // namespace bartizan::engine
