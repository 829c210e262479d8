#include "model/batch_runner.h"

#include <algorithm>

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/cat.h>

#include "model/batch_widening.h"

namespace bartizan::model {
namespace batch_runner {
namespace {

// Rounding differs between batch sizes (other kernels, other orders of summing); mixing up rows differs by far more.
constexpr double kSameAnswer = 1e-4;

bool alike(const at::Tensor& a, const at::Tensor& b) {
    if (a.defined() != b.defined()) return false;
    if (!a.defined() || a.numel() == 0) return true;
    if (a.sizes() != b.sizes()) return false;
    const at::Tensor x = a.detach().to(at::kDouble), y = b.detach().to(at::kDouble);
    return (x - y).abs().max().item<double>() <= kSameAnswer * (1 + x.abs().max().item<double>());
}

bool same_answers(const std::vector<at::Tensor>& apart, const Result<std::vector<at::Tensor>>& together) {
    return together.ok() && std::ranges::equal(apart, *together, alike);
}

/// The first `rows` rows of each output, as far as an output has rows at all.
void keep_rows(std::vector<at::Tensor>& outputs, std::int64_t rows, std::int64_t piece) {
    for (at::Tensor& output : outputs)
        if (output.defined() && output.dim() > 0 && output.size(0) == piece) output = output.narrow(0, 0, rows);
}

}  // namespace
}  // namespace batch_runner

Result<void> BatchRunner::prepare(const at::Tensor& trial) {
    if (input_.fixed_batch() == 0) return {};
    piece_ = input_.fixed_batch();
    const std::vector<at::Tensor> apart = BARTIZAN_TRY(run(trial, Mode::evaluation));
    piece_ = 0;
    if (batch_runner::same_answers(apart, run(trial, Mode::evaluation))) return {};
    if (const graph::Graph* graph = model_->graph()) {
        auto widened = model_->view(widen_batch(*graph, input_.fixed_batch()));
        if (widened.ok()) {
            std::swap(model_, *widened);
            if (batch_runner::same_answers(apart, run(trial, Mode::evaluation))) return {};
            std::swap(model_, *widened);
        }
    }
    piece_ = input_.fixed_batch();
    return {};
}

Result<std::vector<at::Tensor>> BatchRunner::run(const at::Tensor& x, Mode mode) const {
    return piece_ == 0 || x.size(0) == piece_ ? run_whole(x, mode) : run_in_pieces(x, mode);
}

Result<std::vector<at::Tensor>> BatchRunner::run_whole(const at::Tensor& x, Mode mode) const {
    const at::Tensor input = input_.apply(x);
    return model_->run({&input, 1}, mode);
}

Result<std::vector<at::Tensor>> BatchRunner::run_in_pieces(const at::Tensor& x, Mode mode) const {
    std::vector<std::vector<at::Tensor>> parts(model_->info().outputs.size());
    for (std::int64_t row = 0; row < x.size(0); row += piece_) {
        const std::int64_t rows = std::min(piece_, x.size(0) - row);
        at::Tensor piece = x.narrow(0, row, rows);
        // The last row again and again: its values are as good as any, and nobody sees what they give.
        if (rows < piece_) piece = at::cat({piece, piece.narrow(0, rows - 1, 1).repeat_interleave(piece_ - rows, 0)});
        std::vector<at::Tensor> outputs = BARTIZAN_TRY(run_whole(piece, mode));
        batch_runner::keep_rows(outputs, rows, piece_);
        for (std::size_t i = 0; i < std::min(parts.size(), outputs.size()); ++i)
            if (outputs[i].defined()) parts[i].push_back(outputs[i].dim() == 0 ? outputs[i].reshape({1}) : outputs[i]);
    }
    std::vector<at::Tensor> joined(parts.size());
    for (std::size_t i = 0; i < parts.size(); ++i)
        if (!parts[i].empty()) joined[i] = at::cat(parts[i]);
    return joined;
}

}  // namespace bartizan::model
