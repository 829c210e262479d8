#include "model/feature_view.h"

#include <algorithm>
#include <string_view>

#include "model/last_activation.h"

namespace bartizan::model {
namespace features {
namespace {

/// Operators behind the last linear layer that leave which class is which alone.
constexpr std::string_view kPassed[] = {"Identity",   "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Cast", "Dropout",
                                        "LogSoftmax", "Softmax", "Sigmoid", "Add",     "Sub",       "Mul",  "Div"};
constexpr std::string_view kLinear[] = {"Gemm", "MatMul"};

/// The first input that is computed, not stored.
const std::string* computed_input(const graph::Graph& graph, const graph::Node& node) {
    const auto found = std::ranges::find_if(
        node.inputs, [&](const std::string& name) { return !name.empty() && !graph.initializers.contains(name); });
    return found == node.inputs.end() ? nullptr : &*found;
}

const graph::Node* producer(const graph::Graph& graph, const std::string& value) {
    const auto found = std::ranges::find_if(graph.nodes, [&](const graph::Node& node) {
        return std::ranges::find(node.outputs, value) != node.outputs.end();
    });
    return found == graph.nodes.end() ? nullptr : &*found;
}

Result<std::string> input_of_last_linear(const graph::Graph& graph) {
    if (graph.outputs.empty()) return unsupported("the model has no output");
    std::string value = graph.outputs[0].name;
    for (std::size_t steps = 0; steps <= graph.nodes.size(); ++steps) {
        const graph::Node* node = producer(graph, value);
        if (node == nullptr) break;
        const std::string* input = computed_input(graph, *node);
        const bool standard = node->domain.empty() && input != nullptr;
        if (standard && std::ranges::find(kLinear, node->op_type) != std::end(kLinear)) return *input;
        if (!standard || std::ranges::find(kPassed, node->op_type) == std::end(kPassed))
            return unsupported("no features: " + node->place() + " comes before any last linear layer");
        value = *input;
    }
    return unsupported("no features: the model has no linear layer");
}

}  // namespace
}  // namespace features

Result<std::string> last_features(const graph::Graph& graph) {
    std::string value = BARTIZAN_TRY(features::input_of_last_linear(graph));
    if (std::ranges::any_of(graph.inputs, [&](const auto& input) { return input.name == value; }))
        return unsupported("no features: the model is one linear layer");
    return value;
}

Result<FeatureView> feature_view(const std::shared_ptr<const Model>& model, const Shape& item_shape,
                                 const data::InputContract& contract, std::int64_t classes) {
    if (model->graph() == nullptr) return unsupported("no features: the model has no graph to look into");
    FeatureView out;
    out.value = BARTIZAN_TRY(last_features(*model->graph()));
    auto view = BARTIZAN_TRY(model->view(with_output(*model->graph(), out.value)));
    auto made = BARTIZAN_TRY(make_classifier(std::move(view), item_shape, contract));
    if (made->classes() <= classes)
        return unsupported("the last linear layer has " + std::to_string(made->classes()) + " inputs for " +
                           std::to_string(classes) + " classes: those are scores, not features");
    out.features = std::move(made);
    return out;
}

}  // namespace bartizan::model
