#include <map>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/random.h"
#include "graph/graph_testing.h"
#include "graph/topology.h"

namespace bartizan::graph {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// A random graph of `count` nodes, each reading up to three earlier values, with the nodes in random order.
Graph shuffled_graph(std::size_t count, std::uint64_t seed) {
    Random random(seed, 0);
    Graph graph;
    graph.inputs.push_back({"v0", {}});
    std::vector<Node> nodes;
    for (std::size_t i = 1; i <= count; ++i) {
        Node node{.op_type = "Op", .name = "n" + std::to_string(i), .outputs = {"v" + std::to_string(i)}};
        for (std::uint64_t left = 1 + random.below(3); left > 0; --left)
            node.inputs.push_back("v" + std::to_string(random.below(i)));
        nodes.push_back(std::move(node));
    }
    for (const std::int64_t index : permutation(static_cast<std::int64_t>(count), seed))
        graph.nodes.push_back(nodes[static_cast<std::size_t>(index)]);
    graph.outputs.push_back({"v" + std::to_string(count), {}});
    return graph;
}

bool is_in_order(const Graph& graph) {
    std::set<std::string> made;
    for (const Value& input : graph.inputs) made.insert(input.name);
    for (const Node& node : graph.nodes) {
        for (const std::string& input : node.inputs)
            if (!made.contains(input)) return false;
        made.insert(node.outputs.begin(), node.outputs.end());
    }
    return true;
}

TEST(Topology, OrdersEveryShuffledGraphAndThenLeavesItAlone) {
    for (std::uint64_t seed = 0; seed < 100; ++seed) {
        Graph graph = shuffled_graph(40, seed);
        ASSERT_TRUE(check_and_sort(graph).ok()) << seed;
        EXPECT_TRUE(is_in_order(graph)) << seed;
        EXPECT_EQ(graph.nodes.size(), 40U);
        Graph again = graph;
        ASSERT_TRUE(check_and_sort(again).ok());
        EXPECT_EQ(testing::difference(graph, again), "") << seed;
    }
}

TEST(Topology, NamesANodeThatIsReallyOnTheCycle) {
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
        // The cycle is 3 -> 7 -> 3: 3 reads only nodes before it and 7. Those that read them wait without being on it.
        Graph graph = shuffled_graph(20, seed);
        for (Node& node : graph.nodes) {
            if (node.name == "n3") node.inputs.push_back("v7");
            if (node.name == "n7") node.inputs = {"v3"};
        }
        const auto sorted = check_and_sort(graph);
        ASSERT_FALSE(sorted.ok());
        EXPECT_THAT(sorted.error().line(), HasSubstr("depend on its own output"));
        EXPECT_THAT(sorted.error().line(), ::testing::AnyOf(HasSubstr("'n3'"), HasSubstr("'n7'"))) << seed;
    }
}

TEST(Topology, HandlesLongChainsWithoutRecursion) {
    Graph graph;
    graph.inputs.push_back({"v0", {}});
    for (int i = 100'000; i > 0; --i)
        graph.nodes.push_back({.op_type = "Op",
                               .name = std::to_string(i),
                               .inputs = {"v" + std::to_string(i - 1)},
                               .outputs = {"v" + std::to_string(i)}});
    graph.outputs.push_back({"v100000", {}});
    ASSERT_TRUE(check_and_sort(graph).ok());
    EXPECT_EQ(graph.nodes.front().name, "1");
    EXPECT_EQ(graph.nodes.back().name, "100000");
}

TEST(Topology, SaysWhatANodeReads) {
    const Node node{.op_type = "If",
                    .inputs = {"a", "", "b"},
                    .attributes = {{"then_branch", Opaque{"graph", {"c"}}}, {"axis", std::int64_t{1}}}};
    EXPECT_THAT(values_read(node), ElementsAre("a", "b", "c"));
}

}  // namespace
}  // namespace bartizan::graph
