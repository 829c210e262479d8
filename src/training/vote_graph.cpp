#include "training/vote_graph.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace bartizan::training {
namespace voting {
namespace {

constexpr std::int64_t kOldestOpset = 11;  // TopK and its like as they are written here
constexpr std::int64_t kAxesAreInputs = 13;
constexpr std::int64_t kExactFloats = std::int64_t{1} << 24;

graph::Node& add(graph::Graph& graph, std::string op_type, std::vector<std::string> inputs,
                 std::vector<std::string> outputs) {
    graph::Node& node = graph.nodes.emplace_back();
    node.name = "vote/" + outputs.front();
    node.op_type = std::move(op_type);
    node.inputs = std::move(inputs);
    node.outputs = std::move(outputs);
    return node;
}

template <class T>
Result<std::string> constant(graph::Graph& graph, std::string name, Shape shape, const std::vector<T>& values) {
    graph.initializers[name] = BARTIZAN_TRY(NdArray::from<T>(std::move(shape), std::span<const T>(values)));
    return name;
}

/// Takes all of `network` in, its names behind `prefix` but for the shared inputs; gives the name of its first output.
std::string take_in(graph::Graph& whole, const graph::Graph& network, const std::string& prefix) {
    std::set<std::string, std::less<>> shared;
    for (const graph::Value& input : network.inputs) shared.insert(input.name);
    const auto renamed = [&](const std::string& name) {
        return name.empty() || shared.contains(name) ? name : prefix + name;
    };
    for (const auto& [name, array] : network.initializers) whole.initializers.emplace(renamed(name), array);
    for (const auto& [name, strings] : network.string_initializers)
        whole.string_initializers.emplace(renamed(name), strings);
    for (graph::Node node : network.nodes) {
        node.name = prefix + node.name;
        for (std::string& name : node.inputs) name = renamed(name);
        for (std::string& name : node.outputs) name = renamed(name);
        whole.nodes.push_back(std::move(node));
    }
    return renamed(network.outputs.front().name);
}

Result<void> check(std::span<const graph::Graph> networks, std::int64_t classes) {
    if (networks.empty() || classes < 2 || std::ssize(networks) * classes >= kExactFloats)
        return invalid_input("a vote needs networks and two classes, and fewer than 2^24 of both together");
    const graph::Graph& first = networks.front();
    if (first.opset() < kOldestOpset)
        return unsupported("the model is of opset " + std::to_string(first.opset()) + ", the vote needs 11",
                           "export it with a newer opset");
    for (const graph::Graph& network : networks)
        if (network.inputs.size() != 1 || network.inputs.front().name != first.inputs.front().name ||
            network.outputs.empty() || network.opsets != first.opsets)
            return invalid_input("the networks of a vote must have the same single input and the same opset");
    return {};
}

graph::Value output(std::string name, DType dtype, Shape shape) {
    graph::Value value{.name = std::move(name)};
    value.type = {.dtype = dtype, .has_shape = true, .shape = std::move(shape)};
    value.type.symbols.assign(value.type.shape.size(), "");
    value.type.symbols[0] = "N";
    return value;
}

/// votes x classes + (classes - 1 - class) ranks as the vote does, ties and all; of the two best ranks, the distance
/// over the classes, rounded down, is n_w - (n_c + [c < w]) of the nearest rival.
Result<void> add_radius(graph::Graph& graph, std::int64_t classes) {
    std::vector<float> order;
    for (std::int64_t c = 0; c < classes; ++c) order.push_back(static_cast<float>(classes - 1 - c));
    const std::string width =
        BARTIZAN_TRY(constant<float>(graph, "vote/classes", {}, std::vector<float>{static_cast<float>(classes)}));
    const std::string ties = BARTIZAN_TRY(constant<float>(graph, "vote/ties", {1, classes}, order));
    const std::string two = BARTIZAN_TRY(constant<std::int64_t>(graph, "vote/two", {1}, {2}));
    const std::string best = BARTIZAN_TRY(constant<std::int64_t>(graph, "vote/0", {}, {0}));
    const std::string next = BARTIZAN_TRY(constant<std::int64_t>(graph, "vote/1", {}, {1}));
    const std::string half = BARTIZAN_TRY(constant<float>(graph, "vote/half", {}, {0.5F}));
    add(graph, "Mul", {"votes", width}, {"vote/scaled"});
    add(graph, "Add", {"vote/scaled", ties}, {"vote/rank"});
    add(graph, "TopK", {"vote/rank", two}, {"vote/top", "vote/which"}).attributes["axis"] = std::int64_t{1};
    add(graph, "Gather", {"vote/top", best}, {"vote/best"}).attributes["axis"] = std::int64_t{1};
    add(graph, "Gather", {"vote/top", next}, {"vote/next"}).attributes["axis"] = std::int64_t{1};
    add(graph, "Sub", {"vote/best", "vote/next"}, {"vote/distance"});
    add(graph, "Div", {"vote/distance", width}, {"vote/gap_fraction"});
    add(graph, "Floor", {"vote/gap_fraction"}, {"vote/gap"});
    add(graph, "Mul", {"vote/gap", half}, {"vote/half_gap"});
    add(graph, "Floor", {"vote/half_gap"}, {"vote/radius"});
    constexpr std::int64_t kInt64 = 7;  // TensorProto.INT64
    add(graph, "Cast", {"vote/radius"}, {"radius"}).attributes["to"] = kInt64;
    return {};
}

}  // namespace
}  // namespace voting

Result<graph::Graph> vote_graph(std::span<const graph::Graph> networks, std::int64_t classes) {
    using namespace voting;
    BARTIZAN_TRY(check(networks, classes));
    const graph::Graph& first = networks.front();
    graph::Graph whole{.name = "vote of " + std::to_string(networks.size()) + " networks",
                       .producer = "bartizan",
                       .ir_version = first.ir_version,
                       .opsets = first.opsets,
                       .inputs = first.inputs};
    std::vector<std::string> answers;
    for (std::size_t i = 0; i < networks.size(); ++i) {
        const std::string prefix = "part" + std::to_string(i) + "/";
        const std::string scores = take_in(whole, networks[i], prefix);
        answers.push_back("vote/" + prefix + "answer");
        graph::Node& node = add(whole, "ArgMax", {scores}, {answers.back()});
        node.attributes["axis"] = std::int64_t{1};
        node.attributes["keepdims"] = std::int64_t{1};
    }
    add(whole, "Concat", answers, {"vote/answers"}).attributes["axis"] = std::int64_t{1};
    const std::string depth = BARTIZAN_TRY(constant<std::int64_t>(whole, "vote/depth", {1}, {classes}));
    const std::string values = BARTIZAN_TRY(constant<float>(whole, "vote/values", {2}, {0.0F, 1.0F}));
    add(whole, "OneHot", {"vote/answers", depth, values}, {"vote/single"});
    if (first.opset() >= kAxesAreInputs) {
        const std::string axes = BARTIZAN_TRY(constant<std::int64_t>(whole, "vote/axes", {1}, {1}));
        add(whole, "ReduceSum", {"vote/single", axes}, {"votes"}).attributes["keepdims"] = std::int64_t{0};
    } else {
        graph::Node& sum = add(whole, "ReduceSum", {"vote/single"}, {"votes"});
        sum.attributes["axes"] = std::vector<std::int64_t>{1};
        sum.attributes["keepdims"] = std::int64_t{0};
    }
    BARTIZAN_TRY(add_radius(whole, classes));
    whole.outputs = {output("votes", DType::f32, {-1, classes}), output("radius", DType::i64, {-1})};
    return whole;
}

}  // namespace bartizan::training
