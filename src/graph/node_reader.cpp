#include "graph/node_reader.h"

#include <algorithm>
#include <utility>

#include <onnx/onnx_pb.h>

#include "graph/attributes.h"
#include "graph/subgraph.h"

namespace bartizan::graph {
namespace {

/// Functions that call functions: exporters nest three or four deep.
constexpr std::size_t kMaxFunctionDepth = 32;

}  // namespace

Result<void> NodeReader::read() {
    functions_ = BARTIZAN_TRY(Functions::from(model_, limits_));
    take_names();
    for (const onnx::NodeProto& proto : model_.graph().node()) BARTIZAN_TRY(add(proto, nullptr));
    return {};
}

void NodeReader::take_names() {
    // Only inlining makes new names.
    if (model_.functions_size() == 0) return;
    for (const Value& input : graph_.inputs) names_.take(input.name);
    for (const auto& [name, unused] : graph_.initializers) names_.take(name);
    for (const auto& [name, unused] : graph_.string_initializers) names_.take(name);
    for (const onnx::NodeProto& proto : model_.graph().node())
        for (const std::string& output : proto.output()) names_.take(output);
}

Result<void> NodeReader::add(const onnx::NodeProto& proto, Scope* scope) {
    Node node = BARTIZAN_TRY(read_node(proto, scope));
    const onnx::FunctionProto* function = functions_.find(node.domain, node.op_type);
    if (function == nullptr) return append(std::move(node));
    return inline_call(node, *function).within(node.place());
}

Result<Node> NodeReader::read_node(const onnx::NodeProto& proto, Scope* scope) {
    Node node;
    node.op_type = proto.op_type();
    node.domain = plain_domain(proto.domain());
    node.name = proto.name().empty() ? proto.op_type() + "_" + std::to_string(graph_.nodes.size()) : proto.name();
    if (scope != nullptr) node.name = scope->prefix + node.name;
    BARTIZAN_TRY(check_name(node.op_type, "operator", limits_));
    BARTIZAN_TRY(check_name(node.domain, "domain", limits_));
    BARTIZAN_TRY(check_name(node.name, "node", limits_));
    if (node.op_type.empty()) return invalid_input("node '" + node.name + "' has no operator");
    for (const std::string& name : proto.input()) node.inputs.push_back(resolve(name, scope));
    for (const std::string& name : proto.output()) node.outputs.push_back(resolve(name, scope));
    for (const auto* names : {&node.inputs, &node.outputs})
        for (const std::string& name : *names) BARTIZAN_TRY_WITHIN(check_name(name, "value", limits_), node.place());
    BARTIZAN_TRY_WITHIN(read_attributes(node, proto, scope), node.place());
    BARTIZAN_TRY_WITHIN(spend(node), node.place());
    return node;
}

Result<void> NodeReader::spend(const Node& node) {
    std::uint64_t bytes = sizeof node;
    for (const auto* names : {&node.inputs, &node.outputs})
        for (const std::string& name : *names) bytes += sizeof name + name.size();
    for (const auto& [unused, attribute] : node.attributes) bytes += copy_bytes(attribute);
    return tensors_.spend(bytes);
}

Result<void> NodeReader::read_attributes(Node& node, const onnx::NodeProto& proto, Scope* scope) {
    for (const onnx::AttributeProto& attribute : proto.attribute()) {
        BARTIZAN_TRY(check_name(attribute.name(), "attribute", limits_));
        BARTIZAN_TRY_WITHIN(read_attribute(node, attribute, scope), "attribute '" + attribute.name() + "'");
    }
    return {};
}

Result<void> NodeReader::read_attribute(Node& node, const onnx::AttributeProto& proto, Scope* scope) {
    if (node.has(proto.name())) return invalid_input("it occurs twice");
    if (!proto.ref_attr_name().empty()) {
        if (scope == nullptr) return invalid_input("it refers to an attribute outside of any function");
        const auto found = scope->attributes.find(proto.ref_attr_name());
        // Left out by the caller and without a default: the operator's own default holds.
        if (found != scope->attributes.end()) node.attributes.emplace(proto.name(), found->second);
        return {};
    }
    Attribute value = BARTIZAN_TRY(attribute_from_onnx(proto, tensors_));
    if (auto* opaque = std::get_if<Opaque>(&value)) {
        // Inlining walks the subgraph once for each call: the time is bounded as the memory is.
        BARTIZAN_TRY(tensors_.spend(proto.ByteSizeLong()));
        opaque->captures = BARTIZAN_TRY(captured_values(proto, limits_));
        for (std::string& name : opaque->captures) name = resolve(name, scope);
    }
    node.attributes.emplace(proto.name(), std::move(value));
    return {};
}

std::string NodeReader::resolve(const std::string& name, Scope* scope) {
    if (scope == nullptr || name.empty()) return name;
    const auto found = scope->names.find(name);
    if (found != scope->names.end()) return found->second;
    return scope->names.emplace(name, names_.fresh(scope->prefix + name)).first->second;
}

Result<void> NodeReader::inline_call(const Node& call, const onnx::FunctionProto& function) {
    // A function without nodes, called twice by each of many, would cost time without making any.
    if (++calls_ > limits_.nodes) return exhausted("the model's functions are called too often");
    if (active_.size() >= kMaxFunctionDepth) return exhausted("functions call one another too deep");
    if (!active_.insert(&function).second) return invalid_input("the function calls itself");
    BARTIZAN_TRY(merge_opsets(function, graph_.opsets, limits_));
    Scope scope = BARTIZAN_TRY(scope_of(call, function));
    for (const onnx::NodeProto& proto : function.node()) BARTIZAN_TRY(add(proto, &scope));
    active_.erase(&function);
    return pass_through(call, function);
}

Result<NodeReader::Scope> NodeReader::scope_of(const Node& call, const onnx::FunctionProto& function) {
    const auto inputs = static_cast<std::size_t>(function.input_size());
    const auto outputs = static_cast<std::size_t>(function.output_size());
    if (call.inputs.size() > inputs || call.outputs.size() > outputs)
        return invalid_input("it gives " + std::to_string(call.inputs.size()) + " inputs and " +
                             std::to_string(call.outputs.size()) + " outputs, the function has " +
                             std::to_string(inputs) + " and " + std::to_string(outputs));
    BARTIZAN_TRY(tensors_.spend((inputs + outputs) * sizeof(std::string)));
    Scope scope{call.name + "/", {}, call.attributes};
    scope.attributes.merge(BARTIZAN_TRY(default_attributes(function, tensors_)));
    for (std::size_t i = 0; i < inputs; ++i)
        scope.names.emplace(function.input(static_cast<int>(i)), i < call.inputs.size() ? call.inputs[i] : "");
    // An output that the caller does not want gets a name of its own when the body makes it.
    for (std::size_t i = 0; i < call.outputs.size(); ++i)
        if (!call.outputs[i].empty()) scope.names.emplace(function.output(static_cast<int>(i)), call.outputs[i]);
    return scope;
}

/// A function may return an input as it is; the graph needs a node for that.
Result<void> NodeReader::pass_through(const Node& call, const onnx::FunctionProto& function) {
    std::map<std::string_view, std::size_t> inputs;
    for (int i = 0; i < function.input_size(); ++i) inputs.emplace(function.input(i), i);
    for (std::size_t i = 0; i < call.outputs.size(); ++i) {
        const auto found = inputs.find(function.output(static_cast<int>(i)));
        if (call.outputs[i].empty() || found == inputs.end()) continue;
        const auto [name, input] = *found;
        if (input >= call.inputs.size() || call.inputs[input].empty())
            return invalid_input("the function returns an input that is not given");
        BARTIZAN_TRY(append({.op_type = "Identity",
                             .domain = "",
                             .name = call.name + "/" + std::string(name),
                             .inputs = {call.inputs[input]},
                             .outputs = {call.outputs[i]},
                             .attributes = {}}));
    }
    return {};
}

Result<void> NodeReader::append(Node node) {
    if (static_cast<std::int64_t>(graph_.nodes.size()) >= limits_.nodes)
        return exhausted("the graph has more than " + std::to_string(limits_.nodes) + " nodes");
    graph_.nodes.push_back(std::move(node));
    return {};
}

}  // namespace bartizan::graph
