#include "model/folding.h"

#include <gtest/gtest.h>

#include "graph/builder.h"
#include "model/model_testing.h"
#include "model/plan.h"

namespace bartizan::model {
namespace {

using graph::GraphBuilder;

GraphBuilder::Attributes window() {
    return {{"kernel_shape", graph::Attribute(std::vector<std::int64_t>{2, 2})},
            {"strides", graph::Attribute(std::vector<std::int64_t>{2, 2})}};
}

std::string operators_of(const graph::Graph& graph) {
    std::string names;
    for (const graph::Node& node : graph.nodes) names += node.op_type + " ";
    return names;
}

/// Relu then MaxPool; `twice`: the Relu's output is an output of the graph as well.
graph::Graph relu_then_pool(bool twice) {
    GraphBuilder builder("pool");
    const std::string x = builder.input("x", DType::f32, {-1, 1, 4, 4});
    const std::string positive = builder.node("Relu", {x});
    builder.output(builder.node("MaxPool", {positive}, window()), DType::f32, {-1, 1, 2, 2});
    if (twice) builder.output(positive, DType::f32, {-1, 1, 4, 4});
    return std::move(builder).build().value();
}

TEST(Folding, MovesAReluBehindThePool) {
    const graph::Graph before = relu_then_pool(false), after = pool_before_relu(before);
    EXPECT_EQ(operators_of(after), "MaxPool Relu ");
    const at::Tensor x = testing::random_tensor({3, 1, 4, 4}, 1);
    const auto run = [&](const graph::Graph& graph) {  // as it stands: a Plan rewrites nothing
        const auto plan = Plan::make(graph, make_weights(graph).value()).value();
        return plan->run({&x, 1}, Mode::evaluation).value().at(0);
    };
    testing::expect_close(run(after), run(before), 0);
}

TEST(Folding, LeavesAReluThatOthersRead) {
    EXPECT_EQ(operators_of(pool_before_relu(relu_then_pool(true))), "Relu MaxPool ");
}

}  // namespace
}  // namespace bartizan::model
