#include "graph/graph.h"

#include <utility>

namespace bartizan::graph {
namespace {

/// What an attribute holds, in the words of the format.
std::string_view kind_of(const Attribute& attribute) {
    constexpr std::string_view kNames[] = {"an integer",        "a number",          "a text",
                                           "a tensor",          "a tensor of texts", "a list of integers",
                                           "a list of numbers", "a list of texts",   "a graph or type"};
    static_assert(std::size(kNames) == std::variant_size_v<Attribute>);
    return kNames[attribute.index()];
}

/// The attribute as a `T`, `preset` where it is absent.
template <class T>
Result<T> attribute_or(const Node& node, std::string_view name, T preset, std::string_view wanted) {
    const auto found = node.attributes.find(name);
    if (found == node.attributes.end()) return preset;
    if (const T* value = std::get_if<T>(&found->second)) return *value;
    return invalid_input(node.place() + ": attribute '" + std::string(name) + "' is " +
                         std::string(kind_of(found->second)) + ", " + std::string(wanted) + " is needed");
}

bool is_floating(DType dtype) {
    return dtype == DType::f16 || dtype == DType::bf16 || dtype == DType::f32 || dtype == DType::f64;
}

}  // namespace

std::string Node::place() const {
    return "node '" + name + "' (" + (domain.empty() ? "" : domain + ":") + op_type + ")";
}

Result<std::int64_t> Node::integer(std::string_view attribute, std::int64_t preset) const {
    return attribute_or<std::int64_t>(*this, attribute, preset, "an integer");
}

Result<float> Node::real(std::string_view attribute, float preset) const {
    return attribute_or<float>(*this, attribute, preset, "a number");
}

Result<std::string> Node::text(std::string_view attribute, std::string_view preset) const {
    return attribute_or<std::string>(*this, attribute, std::string(preset), "a text");
}

Result<std::vector<std::int64_t>> Node::integers(std::string_view attribute, std::vector<std::int64_t> preset) const {
    return attribute_or<std::vector<std::int64_t>>(*this, attribute, std::move(preset), "a list of integers");
}

Result<std::vector<float>> Node::reals(std::string_view attribute, std::vector<float> preset) const {
    return attribute_or<std::vector<float>>(*this, attribute, std::move(preset), "a list of numbers");
}

Result<std::vector<std::string>> Node::texts(std::string_view attribute) const {
    return attribute_or<std::vector<std::string>>(*this, attribute, {}, "a list of texts");
}

Result<NdArray> Node::tensor(std::string_view attribute) const {
    if (!has(attribute)) return invalid_input(place() + ": attribute '" + std::string(attribute) + "' is missing");
    return attribute_or<NdArray>(*this, attribute, {}, "a tensor");
}

std::int64_t Graph::opset(std::string_view domain) const {
    const auto found = opsets.find(std::string(domain));
    return found == opsets.end() ? 0 : found->second;
}

std::int64_t Graph::parameter_count() const {
    std::int64_t count = 0;
    for (const auto& [unused, array] : initializers)
        if (is_floating(array.dtype())) count += array.size();
    return count;
}

std::map<std::string, std::int64_t> Graph::operators() const {
    std::map<std::string, std::int64_t> counts;
    for (const Node& node : nodes) ++counts[(node.domain.empty() ? "" : node.domain + ":") + node.op_type];
    return counts;
}

}  // namespace bartizan::graph
