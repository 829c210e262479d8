#pragma once
/// Building a graph by hand:
///
///     GraphBuilder builder("mlp");
///     const std::string x = builder.input("x", DType::f32, {-1, 784});
///     const std::string w = builder.initializer("w", weights);
///     builder.output(builder.node("Relu", {builder.node("MatMul", {x, w})}), DType::f32, {-1, 10});
///     Graph graph = BARTIZAN_TRY(std::move(builder).build());
///
/// Nothing fails until `build`, which reports the first mistake and checks what `load_onnx` checks.
/// Thread rule: one builder, one thread.

#include <cstdint>
#include <initializer_list>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "bartizan/ndarray.h"
#include "bartizan/result.h"
#include "graph/graph.h"

namespace bartizan::graph {

class GraphBuilder {
public:
    using Attributes = std::map<std::string, Attribute, std::less<>>;

    explicit GraphBuilder(std::string name, std::int64_t opset = 17);

    GraphBuilder& opset(const std::string& domain, std::int64_t version);
    GraphBuilder& metadata(const std::string& key, const std::string& value);
    /// Nodes added from now on are in this domain.
    GraphBuilder& domain(std::string domain);

    /// A dimension of -1 is symbolic: "batch" for the first, unnamed after it. Returns `name`.
    std::string input(std::string name, DType dtype, Shape shape);
    std::string initializer(std::string name, NdArray array);
    template <class T>
    std::string initializer(std::string name, Shape shape, const std::vector<T>& values) {
        return add_initializer(std::move(name), NdArray::from<T>(std::move(shape), std::span<const T>(values)));
    }
    /// Returns the name of the node's one output: the node's name, "relu_3" say. `name` empty: made up.
    std::string node(const std::string& op_type, std::vector<std::string> inputs, Attributes attributes = {},
                     std::string name = {});
    /// A node with the outputs named.
    GraphBuilder& node_with_outputs(const std::string& op_type, std::vector<std::string> inputs,
                                    std::vector<std::string> outputs, Attributes attributes = {});
    GraphBuilder& output(std::string name, DType dtype, Shape shape);

    Result<Graph> build() &&;

private:
    std::string add_initializer(std::string name, Result<NdArray> array);

    Graph graph_;
    std::string domain_;
    std::optional<Error> mistake_;
};

}  // namespace bartizan::graph
