#include "graph/subgraph.h"

#include <unordered_set>
#include <utility>

#include <onnx/onnx_pb.h>

namespace bartizan::graph {
namespace {

class Captures {
public:
    explicit Captures(const Limits& limits) : limits_(limits) {}

    Result<void> visit(const onnx::AttributeProto& attribute, int depth) {
        if (attribute.has_g()) BARTIZAN_TRY(visit(attribute.g(), depth));
        for (const onnx::GraphProto& graph : attribute.graphs()) BARTIZAN_TRY(visit(graph, depth));
        return {};
    }

    std::vector<std::string> take() { return std::move(found_); }

private:
    /// Names are visible in the subgraph that defines them and in those inside it, so one set of visible names
    /// grows on the way in and shrinks on the way out. A name may not be defined twice on one path.
    Result<void> visit(const onnx::GraphProto& graph, int depth) {
        if (depth > limits_.subgraph_depth)
            return exhausted("subgraphs nest more than " + std::to_string(limits_.subgraph_depth) + " deep");
        std::vector<std::string> defined;
        const auto define = [&](const std::string& name) {
            if (local_.insert(name).second) defined.push_back(name);
        };
        for (const onnx::ValueInfoProto& input : graph.input()) define(input.name());
        for (const onnx::TensorProto& tensor : graph.initializer()) define(tensor.name());
        for (const onnx::SparseTensorProto& sparse : graph.sparse_initializer()) define(sparse.values().name());
        for (const onnx::NodeProto& node : graph.node())
            for (const std::string& output : node.output()) define(output);
        for (const onnx::NodeProto& node : graph.node()) {
            for (const std::string& input : node.input()) use(input);
            for (const onnx::AttributeProto& attribute : node.attribute()) BARTIZAN_TRY(visit(attribute, depth + 1));
        }
        for (const onnx::ValueInfoProto& output : graph.output()) use(output.name());
        for (const std::string& name : defined) local_.erase(name);
        return {};
    }

    void use(const std::string& name) {
        if (!name.empty() && !local_.contains(name) && seen_.insert(name).second) found_.push_back(name);
    }

    const Limits& limits_;
    std::unordered_set<std::string> local_, seen_;
    std::vector<std::string> found_;
};

}  // namespace

Result<std::vector<std::string>> captured_values(const onnx::AttributeProto& attribute, const Limits& limits) {
    Captures captures(limits);
    BARTIZAN_TRY(captures.visit(attribute, 1));
    return captures.take();
}

}  // namespace bartizan::graph
