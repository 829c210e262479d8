#include "model/output_adapter.h"

#include <algorithm>
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

/// [n, ...] as [n, k] of `type`: dimensions of 1 around the classes are dropped.
at::Tensor as_rows(const at::Tensor& output, at::ScalarType type) {
    const at::Tensor wide = output.to(type);  // itself if it has the type
    return wide.dim() == 2 ? wide : wide.reshape({wide.size(0), -1});
}

bool in_unit_range(const at::Tensor& rows) {
    return rows.ge(0).logical_and(rows.le(1 + kSumTolerance)).all().item<bool>();
}

bool sums_to_one(const at::Tensor& rows) { return (rows.sum(1) - 1).abs().max().item<double>() < kSumTolerance; }

}  // namespace

Result<OutputAdapter> OutputAdapter::make(const std::vector<at::Tensor>& outputs, std::int64_t rows) {
    OutputAdapter adapter;
    const auto choose = [&](auto&& wanted) {
        const auto found = std::ranges::find_if(outputs, wanted);
        adapter.index_ = static_cast<std::size_t>(found - outputs.begin());
        return found != outputs.end();
    };
    const bool several = choose([&](const at::Tensor& t) { return is_scores(t, rows) && t.numel() > rows; });
    if (!several && !choose([&](const at::Tensor& t) { return is_scores(t, rows); }))
        return invalid_input("no output of the model holds scores per item",
                             "a classifier with an output [n, classes] is needed");
    const at::Tensor scores = as_rows(outputs[adapter.index_], at::kDouble).detach();
    adapter.classes_ = std::max<std::int64_t>(2, scores.size(1));
    if (scores.size(1) == 1)
        adapter.kind_ = in_unit_range(scores) ? Kind::probability : Kind::score;
    else
        adapter.kind_ = in_unit_range(scores) && sums_to_one(scores) ? Kind::probabilities : Kind::logits;
    return adapter;
}

void OutputAdapter::not_probabilities() {
    if (kind_ == Kind::probability) kind_ = Kind::score;
    if (kind_ == Kind::probabilities) kind_ = Kind::logits;
}

at::Tensor OutputAdapter::apply(const std::vector<at::Tensor>& outputs, at::ScalarType type) const {
    const at::Tensor rows = as_rows(outputs.at(index_), type);
    switch (kind_) {
        case Kind::logits:
            return rows;
        case Kind::probabilities:
            return rows.clamp_min(kLeast).log();
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
