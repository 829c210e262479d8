#include "model/output_adapter.h"

#include <string>

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/zeros_like.h>

namespace bartizan::model {
namespace {

// Probabilities below this are taken for this: the logarithm must stay finite.
constexpr double kLeast = 1e-12;
constexpr double kSumTolerance = 1e-3;

bool is_scores(const at::Tensor& output, std::int64_t rows) {
    if (!output.defined() || !at::isFloatingType(output.scalar_type()) || output.dim() == 0) return false;
    return output.size(0) == rows && output.numel() > 0;
}

/// [n, ...] as [n, k]: dimensions of 1 behind the classes are dropped.
at::Tensor as_rows(const at::Tensor& output) {
    const bool narrow = output.scalar_type() == at::kHalf || output.scalar_type() == at::kBFloat16;
    const at::Tensor wide = narrow ? output.to(at::kFloat) : output;
    return wide.dim() == 2 ? wide : wide.reshape({wide.size(0), -1});
}

bool in_unit_range(const at::Tensor& rows) {
    return rows.ge(0).logical_and(rows.le(1 + kSumTolerance)).all().item<bool>();
}

bool sums_to_one(const at::Tensor& rows) { return (rows.sum(1) - 1).abs().max().item<double>() < kSumTolerance; }

}  // namespace

Result<OutputAdapter> OutputAdapter::make(const std::vector<at::Tensor>& outputs, std::int64_t rows) {
    OutputAdapter adapter;
    bool found = false;
    for (std::size_t i = 0; i < outputs.size() && !found; ++i)
        if (is_scores(outputs[i], rows)) {
            adapter.index_ = i;
            found = true;
        }
    if (!found)
        return invalid_input("no output of the model holds scores per item",
                             "a classifier with an output [n, classes] is needed");
    const at::Tensor scores = as_rows(outputs[adapter.index_]).detach();
    adapter.classes_ = std::max<std::int64_t>(2, scores.size(1));
    if (scores.size(1) == 1)
        adapter.kind_ = in_unit_range(scores) ? Kind::probability : Kind::score;
    else
        adapter.kind_ = in_unit_range(scores) && sums_to_one(scores) ? Kind::probabilities : Kind::logits;
    return adapter;
}

at::Tensor OutputAdapter::apply(const std::vector<at::Tensor>& outputs) const {
    const at::Tensor rows = as_rows(outputs.at(index_));
    switch (kind_) {
        case Kind::logits: return rows;
        case Kind::probabilities: return rows.clamp_min(kLeast).log();
        case Kind::score: {
            const at::Tensor score = rows.select(1, 0);
            return at::stack({at::zeros_like(score), score}, 1);
        }
        case Kind::probability: {
            const at::Tensor p = rows.select(1, 0);
            return at::stack({(1 - p).clamp_min(kLeast).log(), p.clamp_min(kLeast).log()}, 1);
        }
    }
    return rows;
}

}  // namespace bartizan::model
