#pragma once
/// For tests: are two graphs the same, and where do they differ first?

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <span>
#include <string>

#include "graph/graph.h"

namespace bartizan::graph::testing {

inline std::span<const std::byte> bytes_of(const std::string& text) {
    return std::as_bytes(std::span(text.data(), text.size()));
}

inline std::string content_of(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

/// The bytes of a ModelProto or TensorProto written in protobuf's text format; aborts on a mistake in the text.
std::string model_from_text(const std::string& text);
std::string tensor_from_text(const std::string& text);
/// A model of opset 17 around what stands in its graph.
inline std::string model_with_graph(const std::string& graph, const std::string& more = {}) {
    return model_from_text("ir_version: 8 opset_import { version: 17 } graph { " + graph + " } " + more);
}
/// One float input 'x' and one output 'y', for graphs about something else.
inline const std::string kEnds = R"(
    input { name: "x" type { tensor_type { elem_type: 1 shape { dim { dim_param: "batch" } dim { dim_value: 3 } } } } }
    output { name: "y" type { tensor_type { elem_type: 1 } } } )";

/// The line of the error, or "" when there is none.
template <class T>
std::string error_of(const Result<T>& result) {
    return result.ok() ? "" : result.error().line();
}

inline bool same(const NdArray& a, const NdArray& b) {
    return a.dtype() == b.dtype() && a.shape() == b.shape() && std::ranges::equal(a.bytes(), b.bytes());
}
inline bool same(const Strings& a, const Strings& b) { return a.shape == b.shape && a.values == b.values; }

inline bool same(const Attribute& a, const Attribute& b) {
    if (a.index() != b.index()) return false;
    return std::visit(
        [&b]<class T>(const T& left) {
            const T& right = std::get<T>(b);
            if constexpr (std::is_same_v<T, Opaque>)
                return left.kind == right.kind;
            else if constexpr (std::is_same_v<T, NdArray> || std::is_same_v<T, Strings>)
                return same(left, right);
            else if constexpr (std::is_same_v<T, float>)
                return left == right || (left != left && right != right);
            else
                return left == right;
        },
        a);
}

template <class Map>
bool same_maps(const Map& a, const Map& b) {
    return std::ranges::equal(
        a, b, [](const auto& x, const auto& y) { return x.first == y.first && same(x.second, y.second); });
}

inline bool same(const Node& a, const Node& b) {
    return a.op_type == b.op_type && a.domain == b.domain && a.name == b.name && a.inputs == b.inputs &&
           a.outputs == b.outputs && same_maps(a.attributes, b.attributes);
}

inline bool same(const Value& a, const Value& b) {
    return a.name == b.name && a.type.dtype == b.type.dtype && a.type.element == b.type.element &&
           a.type.is_tensor == b.type.is_tensor && a.type.has_shape == b.type.has_shape &&
           a.type.shape == b.type.shape && a.type.symbols == b.type.symbols;
}

/// "" when they are the same; else the first part that differs. Producer and IR version may differ: a writer
/// puts its own.
inline std::string difference(const Graph& a, const Graph& b) {
    const auto equal = [](const auto& x, const auto& y) {
        return std::ranges::equal(x, y, [](const auto& left, const auto& right) { return same(left, right); });
    };
    if (a.opsets != b.opsets) return "opsets";
    if (a.metadata != b.metadata) return "metadata";
    if (!equal(a.inputs, b.inputs)) return "inputs";
    if (!equal(a.outputs, b.outputs)) return "outputs";
    if (!equal(a.nodes, b.nodes)) return "nodes";
    if (!same_maps(a.initializers, b.initializers)) return "initializers";
    if (!same_maps(a.string_initializers, b.string_initializers)) return "string initializers";
    return "";
}

}  // namespace bartizan::graph::testing
