#include "graph/text_inputs.h"

#include <algorithm>
#include <array>
#include <optional>

namespace bartizan::graph {
namespace {

bool is_whole(const Value& value) { return value.type.dtype == DType::i64 || value.type.dtype == DType::i32; }

bool has_part(const std::string& name, std::string_view part) { return name.find(part) != std::string::npos; }

enum class Role { ids, mask, types, other };

Role role_of(const Value& input) {
    if (has_part(input.name, "mask")) return Role::mask;
    if (has_part(input.name, "token_type") || has_part(input.name, "segment")) return Role::types;
    if (has_part(input.name, "position")) return Role::other;
    return is_whole(input) ? Role::ids : Role::other;
}

NdArray one_number(DType dtype, std::int64_t value) {
    NdArray array = NdArray::zeros(dtype, {1}).value();
    if (dtype == DType::i64)
        array.mutable_values<std::int64_t>()[0] = value;
    else
        array.mutable_values<std::int32_t>()[0] = static_cast<std::int32_t>(value);
    return array;
}

/// TensorProto.DataType of what masks and types are.
std::optional<std::int64_t> code_of(const Value& value) {
    if (!value.type.dtype) return std::nullopt;
    switch (*value.type.dtype) {
        case DType::f32:
            return 1;
        case DType::i32:
            return 6;
        case DType::i64:
            return 7;
        case DType::boolean:
            return 9;
        case DType::f16:
            return 10;
        default:
            return std::nullopt;
    }
}

Node made(std::string op, std::vector<std::string> inputs, std::string output) {
    Node node;
    node.op_type = std::move(op);
    node.name = "bartizan_" + output;
    node.inputs = std::move(inputs);
    node.outputs = {std::move(output)};
    return node;
}

/// Finds the Gather of the ids from a table.
void find_table(const Graph& graph, const std::string& ids, TextInputs& out) {
    for (const Node& node : graph.nodes) {
        if (node.op_type != "Gather" || node.inputs.size() != 2 || node.inputs[1] != ids) continue;
        const auto table = graph.initializers.find(node.inputs[0]);
        if (table == graph.initializers.end() || table->second.rank() != 2) continue;
        if (const auto axis = node.integer("axis", 0); !axis.ok() || *axis != 0) continue;
        out.vocabulary = table->second.shape()[0];
        out.embedded = node.outputs[0];
        return;
    }
}

}  // namespace

Result<TextInputs> keep_ids_alone(Graph& graph, std::int64_t padding) {
    std::optional<Value> ids;
    std::vector<Node> first;
    for (const Value& input : graph.inputs)
        if (role_of(input) == Role::ids && !ids) ids = input;
    if (!ids || !ids->type.has_shape || ids->type.shape.size() != 2)
        return unsupported("the model has no input of token ids: whole numbers of shape [n, length]",
                           "give a text classifier, or data that this model was made for");
    const std::string pad = "bartizan.padding", zero = "bartizan.zero";
    for (const Value& input : graph.inputs) {
        if (input.name == ids->name) continue;
        const Role role = role_of(input);
        const auto code = code_of(input);
        if ((role != Role::mask && role != Role::types) || !code)
            return unsupported("the model's input '" + input.name.substr(0, 80) + "' does not follow from token ids",
                               "ids, attention_mask and token_type_ids are understood");
        const std::string whole = input.name + ".whole";
        if (role == Role::mask) {
            // Not equal to the padding; compared with -1, which no id is, everything counts.
            first.push_back(made("Equal", {ids->name, pad}, input.name + ".padded"));
            first.push_back(made("Not", {input.name + ".padded"}, whole));
        } else {
            first.push_back(made("Mul", {ids->name, zero}, whole));
        }
        Node cast = made("Cast", {whole}, input.name);
        cast.attributes["to"] = *code;
        first.push_back(std::move(cast));
    }
    if (!first.empty()) {
        graph.initializers.emplace(pad, one_number(*ids->type.dtype, padding));
        graph.initializers.emplace(zero, one_number(*ids->type.dtype, 0));
        graph.nodes.insert(graph.nodes.begin(), first.begin(), first.end());
    }
    graph.inputs = {*ids};
    TextInputs out{.length = ids->type.shape[1]};
    find_table(graph, ids->name, out);
    return out;
}

}  // namespace bartizan::graph
