#include "graph/importer.h"

#include <string>
#include <utility>

#include <onnx/onnx_pb.h>

#include "graph/element_types.h"
#include "graph/names.h"
#include "graph/node_reader.h"
#include "graph/tensor_reader.h"
#include "graph/topology.h"

namespace bartizan::graph {
namespace {

/// Before IR version 3 files did not say which operator set they use: it was the first.
constexpr std::int64_t kFirstIrWithOpsets = 3;

class Importer {
public:
    Importer(onnx::ModelProto& model, const std::filesystem::path& folder, const Limits& limits)
        : model_(model), limits_(limits), tensors_(limits, folder) {}

    Result<Graph> run() {
        if (!model_.has_graph() || model_.graph().node_size() == 0) return no_graph();
        BARTIZAN_TRY(read_header());
        BARTIZAN_TRY(read_initializers());
        BARTIZAN_TRY(read_values());
        BARTIZAN_TRY(NodeReader(model_, limits_, tensors_, graph_).read());
        // Calls of functions without nodes leave none.
        if (graph_.nodes.empty()) return no_graph();
        BARTIZAN_TRY(check_and_sort(graph_));
        return std::move(graph_);
    }

private:
    static Error no_graph() { return invalid_input("the file holds no graph", "it is not an ONNX model"); }

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
            BARTIZAN_TRY(check_opset(domain, entry.version(), limits_));
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
        for (onnx::TensorProto& tensor : *model_.mutable_graph()->mutable_initializer())
            BARTIZAN_TRY(read_initializer(tensor).within("initializer '" + tensor.name() + "'"));
        for (const onnx::SparseTensorProto& sparse : model_.graph().sparse_initializer()) {
            const std::string& name = sparse.values().name();
            BARTIZAN_TRY(check_initializer_name(name));
            graph_.initializers.emplace(
                name, BARTIZAN_TRY_WITHIN(tensors_.dense(sparse), "sparse initializer '" + name + "'"));
        }
        return {};
    }

    Result<void> read_initializer(onnx::TensorProto& tensor) {
        BARTIZAN_TRY(check_initializer_name(tensor.name()));
        if (TensorReader::holds_strings(tensor))
            graph_.string_initializers.emplace(tensor.name(), BARTIZAN_TRY(tensors_.strings(tensor)));
        else
            graph_.initializers.emplace(tensor.name(), BARTIZAN_TRY(tensors_.take(tensor)));
        return {};
    }

    Result<void> check_initializer_name(const std::string& name) const {
        BARTIZAN_TRY(check_name(name, "initializer", limits_));
        if (name.empty()) return invalid_input("an initializer has no name");
        if (has_initializer(name)) return invalid_input("the initializer '" + name + "' occurs twice");
        return {};
    }

    bool has_initializer(const std::string& name) const {
        return graph_.initializers.contains(name) || graph_.string_initializers.contains(name);
    }

    Result<void> read_values() {
        for (const onnx::ValueInfoProto& info : model_.graph().input())
            if (!has_initializer(info.name())) graph_.inputs.push_back(BARTIZAN_TRY(read_value(info)));
        for (const onnx::ValueInfoProto& info : model_.graph().output())
            graph_.outputs.push_back(BARTIZAN_TRY(read_value(info)));
        return {};
    }

    Result<Value> read_value(const onnx::ValueInfoProto& info) const {
        BARTIZAN_TRY(check_name(info.name(), "value", limits_));
        Value value{info.name(), {}};
        const onnx::TypeProto& type = info.type();
        value.type.is_tensor = type.has_tensor_type() || type.value_case() == onnx::TypeProto::VALUE_NOT_SET;
        if (!type.has_tensor_type()) return value;
        value.type.element = type.tensor_type().elem_type();
        value.type.dtype = dtype_from_onnx(type.tensor_type().elem_type());
        value.type.has_shape = type.tensor_type().has_shape();
        const onnx::TensorShapeProto& shape = type.tensor_type().shape();
        if (shape.dim_size() > limits_.rank)
            return exhausted("value '" + info.name() + "' of rank " + std::to_string(shape.dim_size()) + ", at most " +
                             std::to_string(limits_.rank) + " are read");
        for (const auto& dimension : shape.dim()) {
            BARTIZAN_TRY(check_name(dimension.dim_param(), "dimension", limits_));
            const bool known = dimension.has_dim_value() && dimension.dim_value() >= 0;
            value.type.shape.push_back(known ? dimension.dim_value() : -1);
            value.type.symbols.push_back(dimension.dim_param());
        }
        return value;
    }

    onnx::ModelProto& model_;
    const Limits& limits_;
    TensorReader tensors_;
    Graph graph_;
};

}  // namespace

Result<Graph> import_model(onnx::ModelProto& model, const std::filesystem::path& folder, const Limits& limits) {
    return Importer(model, folder, limits).run();
}

}  // namespace bartizan::graph
