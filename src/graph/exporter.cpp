#include <algorithm>
#include <limits>
#include <string>
#include <type_traits>
#include <utility>

#include <onnx/onnx_pb.h>

#include "bartizan/version.h"
#include "core/file.h"
#include "graph/element_types.h"
#include "graph/graph.h"

namespace bartizan::graph {
namespace {

/// From this version on, initializers need not be listed as inputs too.
constexpr std::int64_t kFirstIrWithFreeInitializers = 4;
/// For a graph built by hand: the IR version of opset 15 to 18.
constexpr std::int64_t kDefaultIr = 8;
constexpr std::uint64_t kMaxMessageBytes = std::numeric_limits<int>::max();

Error too_large() {
    return exhausted("the model has more than 2 GiB, the most that an ONNX file holds", "use a smaller model");
}

void write_tensor(onnx::TensorProto& out, const NdArray& array) {
    out.set_data_type(onnx_from_dtype(array.dtype()));
    out.mutable_dims()->Add(array.shape().begin(), array.shape().end());
    out.set_raw_data(array.bytes().data(), array.bytes().size());
}

void write_strings(onnx::TensorProto& out, const Strings& strings) {
    out.set_data_type(kStringElement);
    out.mutable_dims()->Add(strings.shape.begin(), strings.shape.end());
    for (const std::string& value : strings.values) out.add_string_data(value);
}

/// One overload for each kind of attribute.
class AttributeWriter {
public:
    explicit AttributeWriter(onnx::AttributeProto& out) : out_(out) {}

    Result<void> operator()(std::int64_t value) const { return out_.set_i(value), typed(onnx::AttributeProto::INT); }
    Result<void> operator()(float value) const { return out_.set_f(value), typed(onnx::AttributeProto::FLOAT); }
    Result<void> operator()(const std::string& value) const {
        return out_.set_s(value), typed(onnx::AttributeProto::STRING);
    }
    Result<void> operator()(const NdArray& value) const {
        return write_tensor(*out_.mutable_t(), value), typed(onnx::AttributeProto::TENSOR);
    }
    Result<void> operator()(const Strings& value) const {
        return write_strings(*out_.mutable_t(), value), typed(onnx::AttributeProto::TENSOR);
    }
    Result<void> operator()(const std::vector<std::int64_t>& values) const {
        return out_.mutable_ints()->Add(values.begin(), values.end()), typed(onnx::AttributeProto::INTS);
    }
    Result<void> operator()(const std::vector<float>& values) const {
        return out_.mutable_floats()->Add(values.begin(), values.end()), typed(onnx::AttributeProto::FLOATS);
    }
    Result<void> operator()(const std::vector<std::string>& values) const {
        for (const std::string& value : values) out_.add_strings(value);
        return typed(onnx::AttributeProto::STRINGS);
    }
    Result<void> operator()(const Opaque& value) const {
        return unsupported("attribute '" + out_.name() + "' (" + value.kind + ") cannot be written");
    }

private:
    Result<void> typed(onnx::AttributeProto::AttributeType type) const {
        out_.set_type(type);
        return {};
    }
    onnx::AttributeProto& out_;
};

Result<void> write_node(onnx::NodeProto& out, const Node& node) {
    out.set_op_type(node.op_type);
    if (!node.domain.empty()) out.set_domain(node.domain);
    out.set_name(node.name);
    for (const std::string& input : node.inputs) out.add_input(input);
    for (const std::string& output : node.outputs) out.add_output(output);
    for (const auto& [name, attribute] : node.attributes) {
        onnx::AttributeProto& written = *out.add_attribute();
        written.set_name(name);
        BARTIZAN_TRY_WITHIN(std::visit(AttributeWriter(written), attribute), node.place());
    }
    return {};
}

Result<void> write_value(onnx::ValueInfoProto& out, const Value& value) {
    const TensorType& type = value.type;
    if (!type.is_tensor) return unsupported("value '" + value.name + "' is not a tensor and cannot be written");
    out.set_name(value.name);
    onnx::TypeProto::Tensor& tensor = *out.mutable_type()->mutable_tensor_type();
    tensor.set_elem_type(type.dtype ? onnx_from_dtype(*type.dtype) : type.element);
    if (!type.has_shape) return {};
    onnx::TensorShapeProto& shape = *tensor.mutable_shape();
    for (std::size_t i = 0; i < type.shape.size(); ++i) {
        auto& dimension = *shape.add_dim();
        if (type.shape[i] >= 0)
            dimension.set_dim_value(type.shape[i]);
        else if (i < type.symbols.size() && !type.symbols[i].empty())
            dimension.set_dim_param(type.symbols[i]);
    }
    return {};
}

void write_header(onnx::ModelProto& model, const Graph& graph) {
    model.set_ir_version(graph.ir_version == 0 ? kDefaultIr : std::max(graph.ir_version, kFirstIrWithFreeInitializers));
    model.set_producer_name("bartizan");
    model.set_producer_version(kVersion);
    for (const auto& [domain, version] : graph.opsets) {
        onnx::OperatorSetIdProto& entry = *model.add_opset_import();
        entry.set_domain(domain);
        entry.set_version(version);
    }
    for (const auto& [key, value] : graph.metadata) {
        onnx::StringStringEntryProto& entry = *model.add_metadata_props();
        entry.set_key(key);
        entry.set_value(value);
    }
}

Result<void> write_graph(onnx::GraphProto& out, const Graph& graph) {
    out.set_name(graph.name.empty() ? "graph" : graph.name);
    for (const Node& node : graph.nodes) BARTIZAN_TRY(write_node(*out.add_node(), node));
    for (const Value& input : graph.inputs) BARTIZAN_TRY(write_value(*out.add_input(), input));
    for (const Value& output : graph.outputs) BARTIZAN_TRY(write_value(*out.add_output(), output));
    for (const auto& [name, array] : graph.initializers) {
        onnx::TensorProto& tensor = *out.add_initializer();
        write_tensor(tensor, array);
        tensor.set_name(name);
    }
    for (const auto& [name, strings] : graph.string_initializers) {
        onnx::TensorProto& tensor = *out.add_initializer();
        write_strings(tensor, strings);
        tensor.set_name(name);
    }
    return {};
}

}  // namespace

Result<std::string> serialize_onnx(const Graph& graph) {
    std::uint64_t bytes = 0;
    for (const auto& [unused, array] : graph.initializers) bytes += array.bytes().size();
    if (bytes > kMaxMessageBytes) return too_large();
    onnx::ModelProto model;
    write_header(model, graph);
    BARTIZAN_TRY(write_graph(*model.mutable_graph(), graph));
    if (model.ByteSizeLong() > kMaxMessageBytes) return too_large();
    std::string out;
    if (!model.SerializeToString(&out)) return internal_error("protobuf cannot write the model");
    return out;
}

Result<void> save_onnx(const Graph& graph, const std::filesystem::path& path) {
    const std::string content = BARTIZAN_TRY(serialize_onnx(graph));
    return write_file_atomically(path, std::string_view(content));
}

}  // namespace bartizan::graph
