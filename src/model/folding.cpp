#include "model/folding.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <vector>

namespace bartizan::model {
namespace {

const NdArray* float_initializer(const graph::Graph& graph, const std::string& name) {
    const auto found = graph.initializers.find(name);
    return found != graph.initializers.end() && found->second.dtype() == DType::f32 ? &found->second : nullptr;
}

/// Factor and shift per channel that a BatchNormalization comes down to.
struct Affine {
    std::vector<double> factor, shift;
};

std::optional<Affine> affine_of(const graph::Graph& graph, const graph::Node& node) {
    if (node.inputs.size() < 5 || node.integer("training_mode", 0).value_or(1) != 0) return std::nullopt;
    const NdArray* parts[4];
    for (std::size_t i = 0; i < 4; ++i) {
        parts[i] = float_initializer(graph, node.inputs[i + 1]);
        if (parts[i] == nullptr || parts[i]->size() != parts[0]->size()) return std::nullopt;
    }
    const double epsilon = node.real("epsilon", 1e-5F).value_or(1e-5F);
    Affine affine;
    for (std::size_t c = 0; c < static_cast<std::size_t>(parts[0]->size()); ++c) {
        const double factor =
            parts[0]->values<float>()[c] / std::sqrt(static_cast<double>(parts[3]->values<float>()[c]) + epsilon);
        affine.factor.push_back(factor);
        affine.shift.push_back(parts[1]->values<float>()[c] - parts[2]->values<float>()[c] * factor);
    }
    return affine;
}

/// The convolution's weights and bias with the affine map in them; nothing if the shapes do not fit.
bool fold_into(graph::Graph& graph, graph::Node& conv, const Affine& affine) {
    const NdArray* weight = conv.inputs.size() >= 2 ? float_initializer(graph, conv.inputs[1]) : nullptr;
    const bool has_bias = conv.inputs.size() >= 3 && !conv.inputs[2].empty();
    const NdArray* bias = has_bias ? float_initializer(graph, conv.inputs[2]) : nullptr;
    const auto channels = static_cast<std::int64_t>(affine.factor.size());
    if (weight == nullptr || weight->rank() < 3 || weight->shape()[0] != channels || (has_bias && bias == nullptr) ||
        (bias != nullptr && bias->size() != channels))
        return false;
    auto new_weight = NdArray::from<float>(weight->shape(), weight->values<float>());
    auto new_bias = NdArray::zeros(DType::f32, {channels});
    if (!new_weight.ok() || !new_bias.ok()) return false;
    const std::size_t row = static_cast<std::size_t>(weight->size() / channels);
    for (std::size_t c = 0; c < affine.factor.size(); ++c) {
        for (float& value : new_weight->mutable_values<float>().subspan(c * row, row))
            value = static_cast<float>(value * affine.factor[c]);
        const double old_bias = bias == nullptr ? 0 : bias->values<float>()[c];
        new_bias->mutable_values<float>()[c] = static_cast<float>(old_bias * affine.factor[c] + affine.shift[c]);
    }
    const std::string name = conv.outputs[0];
    conv.inputs.resize(3);
    conv.inputs[1] = name + ".folded_weight";
    conv.inputs[2] = name + ".folded_bias";
    graph.initializers[conv.inputs[1]] = std::move(new_weight).value();
    graph.initializers[conv.inputs[2]] = std::move(new_bias).value();
    return true;
}

/// How often each value is read, by nodes and as an output.
std::map<std::string, int> uses_of(const graph::Graph& graph) {
    std::map<std::string, int> uses;
    for (const graph::Node& node : graph.nodes)
        for (const std::string& input : node.inputs) ++uses[input];
    for (const graph::Value& output : graph.outputs) ++uses[output.name];
    return uses;
}

bool is(const graph::Node& node, std::string_view op_type) {
    return node.domain.empty() && node.op_type == op_type && node.inputs.size() == 1 && node.outputs.size() == 1;
}

}  // namespace

graph::Graph fold_batch_norm(graph::Graph graph) {
    auto uses = uses_of(graph);
    std::map<std::string, std::size_t> convolutions;
    std::vector<bool> gone(graph.nodes.size(), false);
    for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
        graph::Node& node = graph.nodes[i];
        if (node.domain.empty() && node.op_type == "Conv" && node.outputs.size() == 1)
            convolutions[node.outputs[0]] = i;
        if (!node.domain.empty() || node.op_type != "BatchNormalization" || node.inputs.empty()) continue;
        const auto conv = convolutions.find(node.inputs[0]);
        if (conv == convolutions.end() || uses[node.inputs[0]] != 1) continue;
        const auto affine = affine_of(graph, node);
        if (!affine || !fold_into(graph, graph.nodes[conv->second], *affine)) continue;
        graph.nodes[conv->second].outputs[0] = node.outputs[0];
        gone[i] = true;
    }
    std::size_t at = 0;
    std::erase_if(graph.nodes, [&](const graph::Node&) { return gone[at++]; });
    return graph;
}

graph::Graph pool_before_relu(graph::Graph graph) {
    auto uses = uses_of(graph);
    std::map<std::string, std::size_t> relus;
    for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
        graph::Node& pool = graph.nodes[i];
        if (is(pool, "Relu")) relus[pool.outputs[0]] = i;
        const auto found = is(pool, "MaxPool") ? relus.find(pool.inputs[0]) : relus.end();
        if (found == relus.end() || uses[pool.inputs[0]] != 1) continue;
        graph::Node& relu = graph.nodes[found->second];
        std::swap(relu.op_type, pool.op_type);
        std::swap(relu.attributes, pool.attributes);
        std::swap(relu.name, pool.name);
    }
    return graph;
}

}  // namespace bartizan::model
