// Losses over classes in dimension 1: NegativeLogLikelihoodLoss and SoftmaxCrossEntropyLoss.
#include <limits>
#include <optional>

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/gather.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/ones_like.h>

#include "model/operators/build.h"
#include "model/operators/families.h"

namespace bartizan::model::operators {
namespace loss {
namespace {

enum class Reduction { none, sum, mean };

struct Options {
    Reduction reduction = Reduction::mean;
    std::optional<std::int64_t> ignored;  ///< label of samples that do not count
};

Result<Options> options_of(const graph::Node& node) {
    BARTIZAN_TRY(expect_inputs(node, 2, 3));
    Options options;
    options.reduction = BARTIZAN_TRY(choice<Reduction>(
        node, "reduction", "mean", {{"none", Reduction::none}, {"sum", Reduction::sum}, {"mean", Reduction::mean}}));
    if (node.has("ignore_index")) options.ignored = BARTIZAN_TRY(node.integer("ignore_index", 0));
    return options;
}

/// -w[label] * log_probability[label] at each place; reduced by the sum of the weights, not by their number.
Result<at::Tensor> negative_log_likelihood(const at::Tensor& log_probabilities, const Call& call,
                                           const Options& options) {
    if (log_probabilities.dim() < 2)
        return invalid_input("class scores of rank " + std::to_string(log_probabilities.dim()) + ", want 2 or more");
    at::Tensor labels = call.inputs[1].to(at::kLong);
    at::Tensor weights;
    at::Tensor counts;
    if (options.ignored) {
        counts = labels != *options.ignored;
        labels = labels * counts;  // any valid label: its weight is zero
    }
    if (call.has(2))
        weights = call.inputs[2].index_select(0, labels.reshape({-1})).reshape(labels.sizes());
    else
        weights = at::ones_like(labels, log_probabilities.options());
    if (counts.defined()) weights = weights * counts;
    const at::Tensor picked = at::gather(log_probabilities, 1, labels.unsqueeze(1)).squeeze(1);
    const at::Tensor losses = -picked * weights;
    if (options.reduction == Reduction::none) return losses;
    return options.reduction == Reduction::sum ? losses.sum() : losses.sum() / weights.sum();
}

Result<Kernel> nll(const graph::Node& node, std::int64_t) {
    const Options options = BARTIZAN_TRY(options_of(node));
    return numeric([options](const Call& call) { return negative_log_likelihood(call.inputs[0], call, options); });
}

Result<Kernel> cross_entropy(const graph::Node& node, std::int64_t) {
    const Options options = BARTIZAN_TRY(options_of(node));
    return half_as_float([options](const Call& call) -> Result<Tensors> {
        if (call.inputs[0].dim() < 2) return invalid_input("SoftmaxCrossEntropyLoss of scores without classes");
        const at::Tensor log_probabilities = at::log_softmax(call.inputs[0], 1);
        at::Tensor value = BARTIZAN_TRY(negative_log_likelihood(log_probabilities, call, options));
        return Tensors{std::move(value), log_probabilities};
    });
}

constexpr OperatorSpec kOperators[] = {
    {"", "NegativeLogLikelihoodLoss", 12, Gradient::smooth, nll},
    {"", "SoftmaxCrossEntropyLoss", 12, Gradient::smooth, cross_entropy},
};

}  // namespace
}  // namespace loss

std::span<const OperatorSpec> loss_operators() { return loss::kOperators; }

}  // namespace bartizan::model::operators
