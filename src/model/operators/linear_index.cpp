#include "model/operators/linear_index.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros.h>

namespace bartizan::model::operators {

at::Tensor from_start(const at::Tensor& indices, std::int64_t size) {
    return at::where(indices < 0, indices + size, indices);
}

Result<LinearIndex> linear_index(const at::Tensor& x, const at::Tensor& indices, std::int64_t batch_dims) {
    const std::int64_t width = indices.size(-1);
    if (batch_dims + width > x.dim())
        return invalid_input("index tuples of " + std::to_string(width) + " for data of rank " +
                             std::to_string(x.dim()));
    std::int64_t batches = 1;
    for (std::int64_t d = 0; d < batch_dims; ++d) {
        if (x.size(d) != indices.size(d)) return invalid_input("data and indices differ in a batch dimension");
        batches *= x.size(d);
    }
    std::int64_t tuples = 1;  // of one batch
    for (std::int64_t d = batch_dims; d < indices.dim() - 1; ++d) tuples *= indices.size(d);
    const at::Tensor split = indices.to(at::kLong).reshape({batches, tuples, width});
    at::Tensor row = at::arange(batches, at::kLong).unsqueeze(1).expand({batches, tuples});
    LinearIndex index;
    std::int64_t rows = batches;
    for (std::int64_t k = 0; k < width; ++k) {
        const std::int64_t size = x.size(batch_dims + k);
        const at::Tensor part = from_start(split.select(2, k), size);
        if ((part < 0).logical_or(part >= size).any().item<bool>())
            return invalid_input("an index lies outside dimension " + std::to_string(batch_dims + k) + " of size " +
                                 std::to_string(size));
        row = row * size + part;
        rows *= size;
    }
    index.rows = row.reshape({-1});
    index.rest.assign(x.sizes().begin() + batch_dims + width, x.sizes().end());
    index.rows_shape = index.rest;
    index.rows_shape.insert(index.rows_shape.begin(), rows);
    return index;
}

}  // namespace bartizan::model::operators
