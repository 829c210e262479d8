#include "model/row_gradients.h"

#include <algorithm>
#include <functional>
#include <map>
#include <string_view>

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/bmm.h>
#include <ATen/ops/matmul.h>
#include <fmt/format.h>
#include <torch/csrc/autograd/autograd.h>

#include "model/operators/convolution.h"
#include "model/operators/patches.h"
#include "model/operators/window.h"

namespace bartizan::model {
namespace row_gradients {
namespace {

/// One weight's part: the squared length of each row's gradient [n], and the sum of the rows scaled by a factor each.
struct Part {
    at::Tensor squares;
    std::function<at::Tensor(const at::Tensor&)> sum;
};

at::Tensor squares_of(const at::Tensor& rows) {
    const at::Tensor flat = rows.flatten(1);
    return (flat * flat).sum(1);
}

/// `factors` [n] laid along the first axis of something of rank `dim`.
at::Tensor along_rows(const at::Tensor& factors, std::int64_t dim) {
    std::vector<std::int64_t> shape(static_cast<std::size_t>(dim), 1);
    shape[0] = factors.size(0);
    return factors.reshape(shape);
}

/// Each row's gradient is at hand, [n, ...], as many numbers as the weight has.
Part explicit_part(const at::Tensor& rows, const at::Tensor& weight) {
    const at::Tensor flat = rows.flatten(1);
    return {squares_of(flat),
            [flat, weight](const at::Tensor& factors) { return at::matmul(factors, flat).reshape(weight.sizes()); }};
}

/// Of a weight that is added, broadcast over rows and other axes.
Result<Part> added_part(const at::Tensor& back, const at::Tensor& weight, double scale) {
    const std::int64_t extra = back.dim() - weight.dim();
    if (extra < 0 || (extra == 0 && weight.size(0) != 1)) return unsupported("a weight is laid along the batch");
    std::vector<std::int64_t> summed;
    for (std::int64_t axis = 1; axis < back.dim(); ++axis)
        if (axis < extra || weight.size(axis - extra) == 1) summed.push_back(axis);
    at::Tensor rows = summed.empty() ? back : back.sum(summed, true);
    return explicit_part((rows * scale).reshape({back.size(0), -1}), weight);
}

/// `in` [n, k], `back` [n, m]; the weight is [k, m], or [m, k] when transposed.
Part linear_part(const at::Tensor& in, const at::Tensor& back, bool transposed, double scale) {
    return {squares_of(in) * squares_of(back) * (scale * scale), [=](const at::Tensor& factors) {
                const at::Tensor scaled = back * (factors * scale).unsqueeze(1);
                return transposed ? at::matmul(scaled.t(), in) : at::matmul(in.t(), scaled);
            }};
}

/// `in` [n, t, k], `back` [n, t, m]; the weight is [k, m].
Part sequence_part(const at::Tensor& in, const at::Tensor& back) {
    const std::int64_t t = in.size(1), k = in.size(2), m = back.size(2);
    const bool ghost = t * (k + m) < k * m;
    const at::Tensor squares =
        ghost ? (at::bmm(in, in.transpose(1, 2)) * at::bmm(back, back.transpose(1, 2))).flatten(1).sum(1)
              : squares_of(at::bmm(in.transpose(1, 2), back));
    return {squares, [=](const at::Tensor& factors) {
                const at::Tensor scaled = back * along_rows(factors, 3);
                return at::matmul(in.reshape({-1, k}).t(), scaled.reshape({-1, m}));
            }};
}

/// The patches that each output of a convolution of two axes reads: [n, groups, c / groups * kernel, outputs].
Result<at::Tensor> patches_of(const graph::Node& node, const at::Tensor& x, const at::Tensor& weight,
                              std::int64_t groups) {
    if (x.dim() != 4) return unsupported("only convolutions of two axes have gradients of single rows here");
    const auto window = BARTIZAN_TRY(
        operators::complete(BARTIZAN_TRY(operators::read_window(node)), 2, operators::spatial_sizes(weight)));
    const auto layout = BARTIZAN_TRY(operators::lay_out(window, operators::spatial_sizes(x)));
    const at::Tensor columns = operators::patches(x, window, layout);
    return columns.reshape({x.size(0), groups, columns.size(1) / groups, columns.size(2)});
}

Result<Part> convolution_part(const graph::Node& node, const Tap& tap, const at::Tensor& back) {
    const at::Tensor &x = tap.inputs[0], &weight = tap.inputs[1];
    const std::int64_t groups = BARTIZAN_TRY(operators::read_groups(node));
    const at::Tensor patches = BARTIZAN_TRY(patches_of(node, x, weight, groups));
    const std::int64_t n = x.size(0), width = patches.size(2), places = patches.size(3);
    const at::Tensor in = patches.reshape({n * groups, width, places});
    const at::Tensor grouped = back.reshape({n * groups, weight.size(0) / groups, places});
    const std::int64_t channels = grouped.size(1);
    if (places * (width + channels) >= width * channels) {
        // The wider side first: for BLAS a third faster. Turned once, when the rows are summed.
        const at::Tensor rows = at::bmm(in, grouped.transpose(1, 2)).reshape({n, -1});
        return Part{squares_of(rows), [=](const at::Tensor& factors) {
                        const at::Tensor sum = at::matmul(factors, rows).reshape({groups, width, channels});
                        return sum.transpose(1, 2).reshape(weight.sizes());
                    }};
    }
    const at::Tensor squares =
        (at::bmm(in.transpose(1, 2), in) * at::bmm(grouped.transpose(1, 2), grouped)).reshape({n, -1}).sum(1);
    return Part{squares, [&tap, back](const at::Tensor& factors) {
                    const at::AutoGradMode on(true);
                    return torch::autograd::grad({tap.output}, {tap.inputs[1]},
                                                 {back * along_rows(factors, back.dim())}, true)[0];
                }};
}

Result<Part> gemm_part(const graph::Node& node, const Tap& tap, std::size_t input, const at::Tensor& back) {
    const double alpha = BARTIZAN_TRY(node.real("alpha", 1)), beta = BARTIZAN_TRY(node.real("beta", 1));
    if (input == 2) return added_part(back, tap.inputs[2], beta);
    const bool transposed = BARTIZAN_TRY(node.integer("transB", 0)) != 0;
    return linear_part(tap.inputs[0], back, transposed, alpha);
}

Result<Part> product_part(const Tap& tap, const at::Tensor& back) {
    const at::Tensor &in = tap.inputs[0], &weight = tap.inputs[1];
    if (in.dim() == 2) return linear_part(in, back, false, 1);
    const std::int64_t n = in.size(0);
    return sequence_part(in.reshape({n, -1, weight.size(0)}), back.reshape({n, -1, weight.size(1)}));
}

Result<Part> part_of(const graph::Node& node, const Tap& tap, std::size_t input, const at::Tensor& back) {
    if (node.op_type == "Gemm") return gemm_part(node, tap, input, back);
    if (node.op_type == "MatMul") return product_part(tap, back);
    if (node.op_type == "Add" || input == 2) {
        const bool channels = node.op_type == "Conv";
        return added_part(channels ? back.flatten(2).sum(2) : back, tap.inputs[input], 1);
    }
    return convolution_part(node, tap, back);
}

/// Is this use of a weight one whose rows' gradients are known?
bool fits(const graph::Node& node, std::size_t input, const at::Tensor& weight) {
    if (node.op_type == "Conv") return input > 0;
    if (node.op_type == "Gemm") {
        const auto turned = node.integer("transA", 0);
        return input > 0 && turned.ok() && *turned == 0;
    }
    if (node.op_type == "MatMul") return input == 1 && weight.dim() == 2;
    return node.op_type == "Add";
}

const graph::Node* node_of(const graph::Graph& graph, const std::string& value) {
    const auto found = std::ranges::find_if(
        graph.nodes, [&](const graph::Node& node) { return !node.outputs.empty() && node.outputs[0] == value; });
    return found == graph.nodes.end() ? nullptr : &*found;
}

/// All parts of a run, and the weight that each is of.
struct Parts {
    std::vector<Part> parts;
    std::vector<std::size_t> weight;
};

Result<void> add_parts(const graph::Graph& graph, const std::vector<NamedTensor>& weights, const Tap& tap,
                       const at::Tensor& back, std::int64_t rows, Parts& out) {
    const graph::Node* node = node_of(graph, tap.value);
    if (node == nullptr) return internal_error("a node that ran is not in the graph: " + tap.value);
    if (back.dim() < 1 || back.size(0) != rows)
        return unsupported(fmt::format("{} does not keep the rows of a batch apart", node->place()));
    for (std::size_t input = 0; input < tap.inputs.size(); ++input)
        for (std::size_t w = 0; w < weights.size(); ++w) {
            if (!tap.inputs[input].defined() || !tap.inputs[input].is_same(weights[w].tensor)) continue;
            out.parts.push_back(BARTIZAN_TRY_WITHIN(part_of(*node, tap, input, back), node->place()));
            out.weight.push_back(w);
        }
    return {};
}

}  // namespace
}  // namespace row_gradients

Result<void> check_row_gradients(const graph::Graph& graph, const std::vector<NamedTensor>& weights) {
    std::map<std::string, int, std::less<>> uses;
    for (const graph::Node& node : graph.nodes) {
        if (node.op_type == "BatchNormalization")
            return unsupported(node.place() + " mixes the rows of a batch, so that no row's share can be bounded",
                               "train a model with group or layer normalisation, or none");
        for (std::size_t input = 0; input < node.inputs.size(); ++input)
            for (const NamedTensor& weight : weights) {
                if (weight.name != node.inputs[input]) continue;
                if (!row_gradients::fits(node, input, weight.tensor) || ++uses[weight.name] > 1 ||
                    weight.tensor.scalar_type() != at::kFloat)
                    return unsupported(fmt::format("the gradients of single rows are not known for weight '{}' of {}",
                                                   weight.name, node.place()));
            }
    }
    return {};
}

Result<ClippedSum> clipped_row_gradients(const graph::Graph& graph, const std::vector<NamedTensor>& weights,
                                         const std::vector<Tap>& taps, const at::Tensor& loss, std::int64_t rows,
                                         double bound) {
    Tensors outputs;
    for (const Tap& tap : taps) outputs.push_back(tap.output);
    const Tensors backs = torch::autograd::grad({loss}, outputs, {}, true);
    const at::NoGradGuard no_grad;
    row_gradients::Parts parts;
    for (std::size_t i = 0; i < taps.size(); ++i)
        BARTIZAN_TRY(row_gradients::add_parts(graph, weights, taps[i], backs[i], rows, parts));
    if (parts.parts.empty()) return unsupported("no weight took part in the run");
    at::Tensor squares = parts.parts[0].squares.clone();
    for (std::size_t i = 1; i < parts.parts.size(); ++i) squares.add_(parts.parts[i].squares);
    const at::Tensor lengths = squares.sqrt();
    const at::Tensor factors = bound / lengths.clamp_min(bound);
    ClippedSum out{.clipped = lengths.gt(bound).sum().item<std::int64_t>()};
    out.gradients.resize(weights.size());
    for (std::size_t i = 0; i < parts.parts.size(); ++i)
        out.gradients[parts.weight[i]] = parts.parts[i].sum(factors).detach();
    return out;
}

}  // namespace bartizan::model
