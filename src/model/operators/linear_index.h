#pragma once
/// Index tuples, as GatherND and ScatterND take them, turned into row numbers of a flattened tensor. Every index
/// is checked here, so that a wrong one fails instead of landing in another row.
/// Thread rule: free functions over values.

#include <ATen/core/Tensor.h>

#include "model/kernel.h"

namespace bartizan::model::operators {

/// Indices in [-size, size) as [0, size); others stay outside.
at::Tensor from_start(const at::Tensor& indices, std::int64_t size);

struct LinearIndex {
    at::Tensor rows;   ///< int64 [number of tuples]
    Shape rows_shape;  ///< the indexed tensor as [all rows, rest...]
    Shape rest;        ///< dimensions that the tuples leave open
};

/// The last dimension of `indices` holds tuples over the dimensions of `x` after `batch_dims`; its dimensions before
/// that meet those of `x`. Fails with `invalid_input` on tuples that are too long or point outside.
Result<LinearIndex> linear_index(const at::Tensor& x, const at::Tensor& indices, std::int64_t batch_dims);

}  // namespace bartizan::model::operators
