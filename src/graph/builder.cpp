#include "graph/builder.h"

#include <algorithm>
#include <cctype>
#include <utility>

#include "graph/element_types.h"
#include "graph/topology.h"

namespace bartizan::graph {
namespace {

/// The IR version of opset 15 to 18.
constexpr std::int64_t kIrVersion = 8;

Value value_of(std::string name, DType dtype, Shape shape) {
    Value value{std::move(name),
                {.dtype = dtype, .has_shape = true, .shape = std::move(shape), .element = onnx_from_dtype(dtype)}};
    value.type.symbols.resize(value.type.shape.size());
    if (!value.type.shape.empty() && value.type.shape[0] < 0) value.type.symbols[0] = "batch";
    return value;
}

std::string lower(std::string text) {
    std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return text;
}

}  // namespace

GraphBuilder::GraphBuilder(std::string name, std::int64_t opset) {
    graph_.name = std::move(name);
    graph_.ir_version = kIrVersion;
    graph_.opsets.emplace("", opset);
}

GraphBuilder& GraphBuilder::opset(const std::string& domain, std::int64_t version) {
    graph_.opsets[domain] = version;
    return *this;
}

GraphBuilder& GraphBuilder::metadata(const std::string& key, const std::string& value) {
    graph_.metadata[key] = value;
    return *this;
}

GraphBuilder& GraphBuilder::domain(std::string domain) {
    domain_ = std::move(domain);
    return *this;
}

std::string GraphBuilder::input(std::string name, DType dtype, Shape shape) {
    graph_.inputs.push_back(value_of(name, dtype, std::move(shape)));
    return name;
}

std::string GraphBuilder::initializer(std::string name, NdArray array) {
    return add_initializer(std::move(name), std::move(array));
}

std::string GraphBuilder::add_initializer(std::string name, Result<NdArray> array) {
    const std::string place = "initializer '" + name + "'";
    if (!mistake_ && !array.ok()) mistake_ = std::move(array).error().within(place);
    if (!mistake_ && !graph_.initializers.emplace(name, std::move(array).value()).second)
        mistake_ = invalid_input(place + " occurs twice");
    return name;
}

std::string GraphBuilder::node(const std::string& op_type, std::vector<std::string> inputs, Attributes attributes,
                               std::string name) {
    if (name.empty()) name = lower(op_type) + "_" + std::to_string(graph_.nodes.size());
    graph_.nodes.push_back({.op_type = op_type,
                            .domain = domain_,
                            .name = name,
                            .inputs = std::move(inputs),
                            .outputs = {name},
                            .attributes = std::move(attributes)});
    return name;
}

GraphBuilder& GraphBuilder::node_with_outputs(const std::string& op_type, std::vector<std::string> inputs,
                                              std::vector<std::string> outputs, Attributes attributes) {
    graph_.nodes.push_back({.op_type = op_type,
                            .domain = domain_,
                            .name = lower(op_type) + "_" + std::to_string(graph_.nodes.size()),
                            .inputs = std::move(inputs),
                            .outputs = std::move(outputs),
                            .attributes = std::move(attributes)});
    return *this;
}

GraphBuilder& GraphBuilder::output(std::string name, DType dtype, Shape shape) {
    graph_.outputs.push_back(value_of(std::move(name), dtype, std::move(shape)));
    return *this;
}

Result<Graph> GraphBuilder::build() && {
    if (mistake_) return *std::move(mistake_);
    BARTIZAN_TRY_WITHIN(check_and_sort(graph_), "graph '" + graph_.name + "'");
    return std::move(graph_);
}

}  // namespace bartizan::graph
