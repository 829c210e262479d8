#pragma once
/// NodeProtos to nodes. A node that calls a model-local function is replaced by the function's own nodes, under
/// names "CALL/NAME" that clash with none; functions that call themselves are refused, and what inlining may
/// produce is bounded by `Limits::nodes`.
/// Failures: `invalid_input`, `unsupported`, `exhausted`; all name the node.
/// Thread rule: one reader per load, one thread.

#include <map>
#include <set>
#include <string>

#include "bartizan/result.h"
#include "graph/functions.h"
#include "graph/graph.h"
#include "graph/names.h"
#include "graph/tensor_reader.h"

namespace onnx {
class AttributeProto;
class FunctionProto;
class ModelProto;
class NodeProto;
}  // namespace onnx

namespace bartizan::graph {

class NodeReader {
public:
    /// Adds to `graph`, which has its inputs and initializers already. All arguments must outlive the reader.
    NodeReader(const onnx::ModelProto& model, const Limits& limits, TensorReader& tensors, Graph& graph)
        : model_(model), limits_(limits), tensors_(tensors), graph_(graph) {}

    Result<void> read();

private:
    /// What names and attributes mean inside one call of a function.
    struct Scope {
        std::string prefix;                        ///< "CALL/"
        std::map<std::string, std::string> names;  ///< the function's names to the graph's
        Attributes attributes;                     ///< the caller's and the defaults
    };

    void take_names();
    /// `scope` null: in the main graph.
    Result<void> add(const onnx::NodeProto& proto, Scope* scope);
    Result<Node> read_node(const onnx::NodeProto& proto, Scope* scope);
    Result<void> read_attributes(Node& node, const onnx::NodeProto& proto, Scope* scope);
    Result<void> read_attribute(Node& node, const onnx::AttributeProto& proto, Scope* scope);
    /// Counts one more copy of what the node holds. A node of the file is there once; inlining multiplies it.
    Result<void> spend(const Node& node);
    std::string resolve(const std::string& name, Scope* scope);

    Result<void> inline_call(const Node& call, const onnx::FunctionProto& function);
    Result<Scope> scope_of(const Node& call, const onnx::FunctionProto& function);
    Result<void> pass_through(const Node& call, const onnx::FunctionProto& function);
    Result<void> append(Node node);

    const onnx::ModelProto& model_;
    const Limits& limits_;
    TensorReader& tensors_;
    Graph& graph_;
    Functions functions_;
    Names names_;
    std::set<const onnx::FunctionProto*> active_;
    std::int64_t calls_ = 0;
};

}  // namespace bartizan::graph
