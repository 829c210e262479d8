#pragma once
/// The ONNX graph as data: what a model file says, checked, without running anything. Read by the executor, the
/// scanner, the bill of materials and the certificates.
///
/// A `Graph` that `load_onnx` returned holds these promises: every name is defined before it is used and defined
/// once; nodes are in topological order; every initializer has exactly the bytes that its shape asks for; all
/// counts and sizes are within `Limits`; functions (model-local) are inlined.
/// Source: ONNX IR specification, https://onnx.ai/onnx/repo-docs/IR.html.
/// Thread rule: immutable once loaded; arrays share their bytes.

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "bartizan/ndarray.h"
#include "bartizan/result.h"

namespace bartizan::graph {

/// What is accepted from a model file. Every limit names what an attacker would otherwise choose.
struct Limits {
    std::uint64_t file_bytes = std::uint64_t{2} << 30;    ///< protobuf's own bound
    std::uint64_t tensor_bytes = std::uint64_t{8} << 30;  ///< all initializers together
    std::int64_t nodes = 200'000;
    std::int64_t rank = 16;
    std::size_t name_bytes = 4096;
    int subgraph_depth = 8;
};

/// An attribute of a node. Subgraphs (If, Loop, Scan), sparse tensors and type protos are kept as
/// `Opaque`: the node is there, its operator is refused when it is compiled.
struct Opaque {
    std::string kind;  ///< "graph", "graphs", "tensors", "sparse_tensor", "sparse_tensors", "type_proto", ...
    std::vector<std::string> captures{};  ///< values of this graph that its subgraphs read
};
/// A tensor of strings: values in row-major order.
struct Strings {
    Shape shape;
    std::vector<std::string> values;
};
using Attribute = std::variant<std::int64_t, float, std::string, NdArray, Strings, std::vector<std::int64_t>,
                               std::vector<float>, std::vector<std::string>, Opaque>;

struct Node {
    std::string op_type;
    std::string domain;  ///< "" for the default domain (also when the file says "ai.onnx")
    std::string name;    ///< as in the file, else "<op_type>_<index>"
    std::vector<std::string> inputs;   ///< "" where an optional input is left out
    std::vector<std::string> outputs;  ///< "" where an optional output is not wanted
    std::map<std::string, Attribute, std::less<>> attributes;

    /// "node 'conv1' (Conv)", for messages.
    std::string place() const;
    bool has(std::string_view attribute) const { return attributes.contains(attribute); }

    // The attribute, or the default where it is absent. Fails with `invalid_input` on another type.
    Result<std::int64_t> integer(std::string_view attribute, std::int64_t preset) const;
    Result<float> real(std::string_view attribute, float preset) const;
    Result<std::string> text(std::string_view attribute, std::string_view preset) const;
    Result<std::vector<std::int64_t>> integers(std::string_view attribute, std::vector<std::int64_t> preset) const;
    Result<std::vector<float>> reals(std::string_view attribute, std::vector<float> preset) const;
    Result<std::vector<std::string>> texts(std::string_view attribute) const;
    /// The tensor attribute; fails with `invalid_input` when it is absent.
    Result<NdArray> tensor(std::string_view attribute) const;
};

/// -1 where a dimension is symbolic or unknown; `symbols[i]` then names it ("batch_size"), or is "".
struct TensorType {
    std::optional<DType> dtype;  ///< nothing for strings and complex numbers
    bool is_tensor = true;       ///< false for sequence, map and optional
    bool has_shape = false;
    Shape shape;
    std::vector<std::string> symbols;
    std::int32_t element = 0;  ///< the file's TensorProto.DataType (8: strings); written back where dtype is nothing
};

struct Value {
    std::string name;
    TensorType type;
};

struct Graph {
    std::string name;
    std::string producer;  ///< "pytorch 1.13.1"
    std::int64_t ir_version = 0;
    std::map<std::string, std::int64_t> opsets;  ///< by domain; "" is the default domain
    std::map<std::string, std::string> metadata;
    std::vector<Value> inputs;  ///< true inputs alone: a name that has an initializer is not listed
    std::vector<Value> outputs;
    std::vector<Node> nodes;
    std::map<std::string, NdArray> initializers;
    std::map<std::string, Strings> string_initializers;

    std::int64_t opset(std::string_view domain = "") const;  ///< 0 when the file does not import the domain
    /// Elements of all floating-point initializers: what people call "parameters".
    std::int64_t parameter_count() const;
    /// Operators and how often each occurs; "ai.onnx.ml:TreeEnsembleClassifier" outside the default domain.
    std::map<std::string, std::int64_t> operators() const;
};

/// Reads and checks a file. External data is looked for inside the file's own folder and nowhere else.
/// Fails with `invalid_input` naming the node, tensor or byte; `unsupported`; `exhausted` beyond the limits.
/// Cost: the file is mapped and parsed once; initializers stored raw are copied once and read-only.
Result<Graph> load_onnx(const std::filesystem::path& path, const Limits& limits = {});
/// The same from memory. `folder` confines external data; empty: external data is refused.
Result<Graph> parse_onnx(std::span<const std::byte> bytes, const std::filesystem::path& folder = {},
                         const Limits& limits = {});

/// Serialises a graph as an ONNX file (initializers inside the file), written atomically.
/// Fails with `unsupported` if an opaque attribute is left, `exhausted` beyond protobuf's 2 GiB.
Result<void> save_onnx(const Graph& graph, const std::filesystem::path& path);
Result<std::string> serialize_onnx(const Graph& graph);

/// One TensorProto (the format of the conformance data's input_0.pb).
Result<NdArray> parse_tensor(std::span<const std::byte> bytes, const Limits& limits = {});

}  // namespace bartizan::graph
