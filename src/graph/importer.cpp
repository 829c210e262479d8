#include "graph/importer.h"

#include <string>
#include <utility>

#include <onnx/onnx_pb.h>

#include "graph/attributes.h"
#include "graph/element_types.h"
#include "graph/tensor_reader.h"
#include "graph/topology.h"

namespace bartizan::graph {
namespace {

/// Before IR version 3 files did not say which operator set they use: it was the first.
constexpr std::int64_t kFirstIrWithOpsets = 3;

std::string plain_domain(const std::string& domain) { return domain == "ai.onnx" ? "" : domain; }

class Importer {
public:
    Importer(const onnx::ModelProto& model, const std::filesystem::path& folder, const Limits& limits)
        : model_(model), limits_(limits), tensors_(limits, folder) {}

    Result<Graph> run() {
        if (!model_.has_graph() || model_.graph().node_size() == 0)
            return invalid_input("the file holds no graph", "it is not an ONNX model");
        BARTIZAN_TRY(read_header());
        BARTIZAN_TRY(read_initializers());
        BARTIZAN_TRY(read_values());
        BARTIZAN_TRY(read_nodes());
        BARTIZAN_TRY(check_and_sort(graph_));
        return std::move(graph_);
    }

private:
    Result<void> read_header() {
        graph_.name = model_.graph().name();
        graph_.ir_version = model_.ir_version();
        graph_.producer = model_.producer_name();
        if (!model_.producer_version().empty()) graph_.producer += " " + model_.producer_version();
        for (const onnx::StringStringEntryProto& entry : model_.metadata_props())
            graph_.metadata.emplace(entry.key(), entry.value());
        return read_opsets();
    }

    Result<void> read_opsets() {
        for (const onnx::OperatorSetIdProto& entry : model_.opset_import()) {
            const std::string domain = plain_domain(entry.domain());
            BARTIZAN_TRY(check_name(domain, "operator set"));
            if (entry.version() < 1)
                return invalid_input("operator set '" + domain + "' of version " + std::to_string(entry.version()));
            const auto [found, added] = graph_.opsets.emplace(domain, entry.version());
            if (!added && found->second != entry.version())
                return invalid_input("operator set '" + domain + "' is imported in versions " +
                                     std::to_string(found->second) + " and " + std::to_string(entry.version()));
        }
        if (!graph_.opsets.empty()) return {};
        if (graph_.ir_version >= kFirstIrWithOpsets) return invalid_input("the file imports no operator set");
        graph_.opsets.emplace("", 1);
        return {};
    }

    Result<void> read_initializers() {
        for (const onnx::TensorProto& tensor : model_.graph().initializer())
            BARTIZAN_TRY(read_initializer(tensor).within("initializer '" + tensor.name() + "'"));
        for (const onnx::SparseTensorProto& sparse : model_.graph().sparse_initializer()) {
            const std::string& name = sparse.values().name();
            BARTIZAN_TRY(check_initializer_name(name));
            graph_.initializers.emplace(
                name, BARTIZAN_TRY_WITHIN(tensors_.dense(sparse), "sparse initializer '" + name + "'"));
        }
        return {};
    }

    Result<void> read_initializer(const onnx::TensorProto& tensor) {
        BARTIZAN_TRY(check_initializer_name(tensor.name()));
        if (TensorReader::holds_strings(tensor))
            graph_.string_initializers.emplace(tensor.name(), BARTIZAN_TRY(tensors_.strings(tensor)));
        else
            graph_.initializers.emplace(tensor.name(), BARTIZAN_TRY(tensors_.numbers(tensor)));
        return {};
    }

    Result<void> check_initializer_name(const std::string& name) const {
        BARTIZAN_TRY(check_name(name, "initializer"));
        if (name.empty()) return invalid_input("an initializer has no name");
        if (has_initializer(name)) return invalid_input("the initializer '" + name + "' occurs twice");
        return {};
    }

    bool has_initializer(const std::string& name) const {
        return graph_.initializers.contains(name) || graph_.string_initializers.contains(name);
    }

    Result<void> check_name(const std::string& name, std::string_view kind) const {
        if (name.size() <= limits_.name_bytes) return {};
        return exhausted("the name of a " + std::string(kind) + " has " + std::to_string(name.size()) +
                         " bytes, at most " + std::to_string(limits_.name_bytes) + " are read");
    }

    Result<void> read_values() {
        for (const onnx::ValueInfoProto& info : model_.graph().input())
            if (!has_initializer(info.name())) graph_.inputs.push_back(BARTIZAN_TRY(read_value(info)));
        for (const onnx::ValueInfoProto& info : model_.graph().output())
            graph_.outputs.push_back(BARTIZAN_TRY(read_value(info)));
        return {};
    }

    Result<Value> read_value(const onnx::ValueInfoProto& info) const {
        BARTIZAN_TRY(check_name(info.name(), "value"));
        Value value{info.name(), {}};
        const onnx::TypeProto& type = info.type();
        value.type.is_tensor = type.has_tensor_type() || type.value_case() == onnx::TypeProto::VALUE_NOT_SET;
        if (!type.has_tensor_type()) return value;
        value.type.dtype = dtype_from_onnx(type.tensor_type().elem_type());
        value.type.has_shape = type.tensor_type().has_shape();
        const onnx::TensorShapeProto& shape = type.tensor_type().shape();
        if (shape.dim_size() > limits_.rank)
            return exhausted("value '" + info.name() + "' of rank " + std::to_string(shape.dim_size()) + ", at most " +
                             std::to_string(limits_.rank) + " are read");
        for (const auto& dimension : shape.dim()) {
            BARTIZAN_TRY(check_name(dimension.dim_param(), "dimension"));
            const bool known = dimension.has_dim_value() && dimension.dim_value() >= 0;
            value.type.shape.push_back(known ? dimension.dim_value() : -1);
            value.type.symbols.push_back(dimension.dim_param());
        }
        return value;
    }

    Result<void> read_nodes() {
        for (const onnx::NodeProto& proto : model_.graph().node()) BARTIZAN_TRY(add_node(proto));
        return {};
    }

    Result<void> add_node(const onnx::NodeProto& proto) {
        if (static_cast<std::int64_t>(graph_.nodes.size()) >= limits_.nodes)
            return exhausted("the graph has more than " + std::to_string(limits_.nodes) + " nodes");
        Node node;
        for (const std::string* name : {&proto.name(), &proto.op_type(), &proto.domain()})
            BARTIZAN_TRY(check_name(*name, "node"));
        node.op_type = proto.op_type();
        node.domain = plain_domain(proto.domain());
        node.name = proto.name().empty() ? proto.op_type() + "_" + std::to_string(graph_.nodes.size()) : proto.name();
        if (node.op_type.empty()) return invalid_input("node '" + node.name + "' has no operator");
        for (const auto* names : {&proto.input(), &proto.output()})
            for (const std::string& name : *names) BARTIZAN_TRY_WITHIN(check_name(name, "value"), node.place());
        node.inputs.assign(proto.input().begin(), proto.input().end());
        node.outputs.assign(proto.output().begin(), proto.output().end());
        BARTIZAN_TRY_WITHIN(read_attributes(node, proto), node.place());
        graph_.nodes.push_back(std::move(node));
        return {};
    }

    Result<void> read_attributes(Node& node, const onnx::NodeProto& proto) {
        for (const onnx::AttributeProto& attribute : proto.attribute()) {
            BARTIZAN_TRY(check_name(attribute.name(), "attribute"));
            const std::string place = "attribute '" + attribute.name() + "'";
            Attribute value = BARTIZAN_TRY_WITHIN(attribute_from_onnx(attribute, tensors_), place);
            if (!node.attributes.emplace(attribute.name(), std::move(value)).second)
                return invalid_input(place + " occurs twice");
        }
        return {};
    }

    const onnx::ModelProto& model_;
    const Limits& limits_;
    TensorReader tensors_;
    Graph graph_;
};

}  // namespace

Result<Graph> import_model(const onnx::ModelProto& model, const std::filesystem::path& folder, const Limits& limits) {
    return Importer(model, folder, limits).run();
}

}  // namespace bartizan::graph
