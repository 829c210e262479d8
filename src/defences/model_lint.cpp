#include "defences/model_lint.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <set>

#include <fmt/format.h>

#include "core/statistics.h"
#include "graph/topology.h"

namespace bartizan::defences {
namespace model_lint {
namespace {

// A wire so many times heavier than that of the usual neuron is not what training leaves.
constexpr double kHeavy = 8;
constexpr std::int64_t kFewestNeurons = 8;  // fewer have no usual one
// Wires below the first, of a neuron's heaviest, are as good as cut. Most of an isolated neuron's are, few of the usual
// neuron's.
constexpr double kSilent = 1e-3, kIsolated = 0.8, kDense = 0.1;
constexpr std::int64_t kFewestWires = 16;
// Of the nodes with weights on the longest way: a side branch has fewer.
constexpr int kShort = 2;

constexpr std::string_view kMovers[] = {"Identity",
                                        "Reshape",
                                        "Flatten",
                                        "Squeeze",
                                        "Unsqueeze",
                                        "Cast",
                                        "Dropout",
                                        "Add",
                                        "Sub",
                                        "Mul",
                                        "Div",
                                        "Shape",
                                        "Pad",
                                        "Transpose",
                                        "BatchNormalization",
                                        "Constant",
                                        "QuantizeLinear",
                                        "DequantizeLinear"};
constexpr std::string_view kComparisons[] = {"Equal",       "Greater", "Less", "GreaterOrEqual",
                                             "LessOrEqual", "Where",   "If"};

template <std::size_t N>
bool is_one_of(const std::string_view (&names)[N], const graph::Node& node) {
    return node.domain.empty() && std::ranges::find(names, node.op_type) != std::end(names);
}

using Names = std::set<std::string, std::less<>>;

bool reads_any(const graph::Node& node, const Names& names) {
    const auto read = graph::values_read(node);
    return std::ranges::any_of(read, [&](std::string_view value) { return names.contains(value); });
}

/// All values that are computed from the input.
Names from_input(const graph::Graph& graph) {
    Names names;
    for (const graph::Value& input : graph.inputs) names.insert(input.name);
    for (const graph::Node& node : graph.nodes)
        if (node.op_type != "Shape" && reads_any(node, names)) names.insert(node.outputs.begin(), node.outputs.end());
    return names;
}

/// All values that the first output is computed from.
Names to_output(const graph::Graph& graph) {
    Names names;
    if (!graph.outputs.empty()) names.insert(graph.outputs.front().name);
    for (auto node = graph.nodes.rbegin(); node != graph.nodes.rend(); ++node) {
        const bool wanted =
            std::ranges::any_of(node->outputs, [&](const std::string& value) { return names.contains(value); });
        if (wanted)
            for (const std::string_view value : graph::values_read(*node)) names.emplace(value);
    }
    return names;
}

bool leads_on(const graph::Node& node, const Names& wanted) {
    return std::ranges::any_of(node.outputs, [&](const std::string& value) { return wanted.contains(value); });
}

/// The input itself and what only moves, scales or shifts it: as the input, for who reads it.
Names the_input(const graph::Graph& graph) {
    Names names;
    for (const graph::Value& input : graph.inputs) names.insert(input.name);
    for (const graph::Node& node : graph.nodes)
        if (is_one_of(kMovers, node) && reads_any(node, names)) names.insert(node.outputs.begin(), node.outputs.end());
    return names;
}

bool has_weights(const graph::Node& node) {
    return node.op_type == "Conv" || node.op_type == "Gemm" || node.op_type == "MatMul";
}

/// For each value, nodes with weights on the longest way from it to the output; nothing where no way leads there.
std::map<std::string, int, std::less<>> depths(const graph::Graph& graph) {
    std::map<std::string, int, std::less<>> depth;
    if (!graph.outputs.empty()) depth.emplace(graph.outputs.front().name, 0);
    for (auto node = graph.nodes.rbegin(); node != graph.nodes.rend(); ++node) {
        std::optional<int> own;
        for (const std::string& value : node->outputs)
            if (const auto found = depth.find(value); found != depth.end())
                own = std::max(own.value_or(0), found->second);
        if (!own) continue;
        for (const std::string_view value : graph::values_read(*node)) {
            const int here = *own + (has_weights(*node) ? 1 : 0);
            const auto [entry, fresh] = depth.emplace(value, here);
            if (!fresh) entry->second = std::max(entry->second, here);
        }
    }
    return depth;
}

void find_branches(const graph::Graph& graph, std::vector<LintNote>& notes) {
    const Names input = the_input(graph), wanted = to_output(graph);
    const auto ways = depths(graph);
    struct Reader {
        const graph::Node* node;
        int depth;
    };
    std::vector<Reader> readers;
    for (const graph::Node& node : graph.nodes) {
        if (node.op_type == "Shape" || !reads_any(node, input) || !leads_on(node, wanted)) continue;
        if (std::ranges::all_of(node.outputs, [&](const std::string& value) { return input.contains(value); }))
            continue;
        const auto depth = node.outputs.empty() ? ways.end() : ways.find(node.outputs.front());
        readers.push_back({&node, (depth == ways.end() ? 0 : depth->second) + (has_weights(node) ? 1 : 0)});
    }
    if (readers.size() < 2) return;
    const int deepest = std::ranges::max_element(readers, {}, &Reader::depth)->depth;
    for (const Reader& reader : readers)
        if (reader.depth * kShort < deepest)
            notes.push_back(
                {LintNote::Kind::parallel_branch, reader.node->place(),
                 fmt::format("reads the input and reaches the output past {} layers with weights, where the "
                             "network has {}",
                             reader.depth, deepest)});
}

void find_comparisons(const graph::Graph& graph, std::vector<LintNote>& notes) {
    const Names made = from_input(graph), wanted = to_output(graph);
    for (const graph::Node& node : graph.nodes) {
        if (!is_one_of(kComparisons, node) || !leads_on(node, wanted)) continue;
        // A choice is by its condition: Where's first input; a comparison by both of its own.
        const bool by_input = node.op_type == "Where" || node.op_type == "If"
                                  ? !node.inputs.empty() && made.contains(node.inputs.front())
                                  : reads_any(node, made);
        if (by_input)
            notes.push_back(
                {LintNote::Kind::branch_on_input, node.place(), "the answer is chosen by a comparison on the input"});
    }
}

/// The weights of a dense layer as [outputs, inputs].
struct Dense {
    const graph::Node* node;
    std::vector<double> weights;
    std::int64_t outputs = 0, inputs = 0;
};

std::optional<Dense> dense_layer(const graph::Graph& graph, const graph::Node& node) {
    if (!node.domain.empty() || (node.op_type != "Gemm" && node.op_type != "MatMul") || node.inputs.size() < 2)
        return std::nullopt;
    const auto found = graph.initializers.find(node.inputs[1]);
    if (found == graph.initializers.end() || found->second.rank() != 2 || found->second.dtype() != DType::f32)
        return std::nullopt;
    const auto flag = node.integer("transB", 0);
    const bool rows_are_outputs = node.op_type == "Gemm" && flag.ok() && *flag != 0;
    const Shape& shape = found->second.shape();
    Dense dense{&node, {}, shape[rows_are_outputs ? 0 : 1], shape[rows_are_outputs ? 1 : 0]};
    const std::span<const float> values = found->second.values<float>();
    dense.weights.resize(values.size());
    for (std::int64_t out = 0; out < dense.outputs; ++out)
        for (std::int64_t in = 0; in < dense.inputs; ++in)
            dense.weights[static_cast<std::size_t>(out * dense.inputs + in)] =
                values[static_cast<std::size_t>(rows_are_outputs ? out * dense.inputs + in : in * dense.outputs + out)];
    return dense;
}

/// A kernel as one row for each of its outputs.
std::optional<Dense> convolution(const graph::Graph& graph, const graph::Node& node) {
    if (!node.domain.empty() || node.op_type != "Conv" || node.inputs.size() < 2) return std::nullopt;
    const auto found = graph.initializers.find(node.inputs[1]);
    if (found == graph.initializers.end() || found->second.rank() < 3 || found->second.dtype() != DType::f32 ||
        found->second.shape()[0] == 0)
        return std::nullopt;
    const std::span<const float> values = found->second.values<float>();
    Dense layer{&node, {values.begin(), values.end()}, found->second.shape()[0], 0};
    layer.inputs = static_cast<std::int64_t>(values.size()) / layer.outputs;
    return layer;
}

/// Share of a neuron's wires that are nothing beside its heaviest; 1 if all are.
double silent_share(std::span<const double> wires) {
    double heaviest = 0;
    for (const double wire : wires) heaviest = std::max(heaviest, std::abs(wire));
    if (heaviest == 0) return 1;
    const auto silent = std::ranges::count_if(wires, [&](double wire) { return std::abs(wire) < kSilent * heaviest; });
    return static_cast<double>(silent) / static_cast<double>(wires.size());
}

/// A neuron cut off from most of the layer before it, where the others are wired to all: the start of a subnet that was
/// put in, or a detector of a few inputs. Dead neurons and pruned layers are none.
void find_isolated(const graph::Graph& graph, std::vector<LintNote>& notes) {
    for (const graph::Node& node : graph.nodes) {
        auto layer = dense_layer(graph, node);
        if (!layer) layer = convolution(graph, node);
        if (!layer || layer->inputs < kFewestWires || layer->outputs < kFewestNeurons) continue;
        std::vector<double> shares;
        for (std::int64_t out = 0; out < layer->outputs; ++out)
            shares.push_back(silent_share(
                std::span(layer->weights)
                    .subspan(static_cast<std::size_t>(out * layer->inputs), static_cast<std::size_t>(layer->inputs))));
        std::vector<double> sorted = shares;
        std::ranges::sort(sorted);
        if (quantile(sorted, 0.5) > kDense) continue;
        for (std::size_t out = 0; out < shares.size(); ++out)
            if (shares[out] >= kIsolated && shares[out] < 1)
                notes.push_back({LintNote::Kind::isolated_neuron, layer->node->place(),
                                 fmt::format("output {} has {:.0f} of its {} wires cut, where the usual one has {:.0f}",
                                             out, shares[out] * static_cast<double>(layer->inputs), layer->inputs,
                                             quantile(sorted, 0.5) * static_cast<double>(layer->inputs))});
    }
}

/// Of the layer that makes the scores: a neuron with one wire far heavier than the heaviest of the usual neuron.
void find_detectors(const graph::Graph& graph, std::vector<LintNote>& notes) {
    std::optional<Dense> last;
    for (const graph::Node& node : graph.nodes)
        if (auto dense = dense_layer(graph, node)) last = std::move(dense);
    if (!last || last->inputs < kFewestNeurons) return;
    std::vector<double> heaviest(static_cast<std::size_t>(last->inputs), 0);
    std::vector<std::int64_t> target(heaviest.size(), 0);
    for (std::int64_t out = 0; out < last->outputs; ++out)
        for (std::size_t in = 0; in < heaviest.size(); ++in) {
            const double weight = last->weights[static_cast<std::size_t>(out) * heaviest.size() + in];
            if (weight <= heaviest[in]) continue;
            heaviest[in] = weight;
            target[in] = out;
        }
    std::vector<double> sorted = heaviest;
    std::ranges::sort(sorted);
    const double usual = quantile(sorted, 0.5), high = quantile(sorted, 0.75);
    for (std::size_t in = 0; in < heaviest.size(); ++in)
        if (usual > 0 && heaviest[in] > kHeavy * usual && heaviest[in] > kHeavy / 2 * high)
            notes.push_back(
                {LintNote::Kind::detector_neuron, last->node->place(),
                 fmt::format("input {} has weight {:.3g} to class {}, {:.0f} times the heaviest of the usual one", in,
                             heaviest[in], target[in], heaviest[in] / usual)});
}

}  // namespace
}  // namespace model_lint

std::string_view to_string(LintNote::Kind kind) {
    switch (kind) {
        case LintNote::Kind::parallel_branch:
            return "parallel-branch";
        case LintNote::Kind::branch_on_input:
            return "branch-on-input";
        case LintNote::Kind::detector_neuron:
            return "detector-neuron";
        case LintNote::Kind::isolated_neuron:
            return "isolated-neuron";
    }
    return "parallel-branch";
}

std::vector<LintNote> lint_model(const graph::Graph& graph) {
    std::vector<LintNote> notes;
    model_lint::find_branches(graph, notes);
    model_lint::find_comparisons(graph, notes);
    model_lint::find_detectors(graph, notes);
    model_lint::find_isolated(graph, notes);
    if (notes.size() > kMostNotes) notes.resize(kMostNotes);
    return notes;
}

}  // namespace bartizan::defences
