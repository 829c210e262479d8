/// The certificate of a vote against an adversary that tries everything, and the same numbers from the graph.
#include "training/vote.h"

#include <algorithm>
#include <functional>
#include <numeric>

#include <gtest/gtest.h>

#include "core/random.h"
#include "model/model.h"
#include "model/kernel.h"
#include "model/tensors.h"
#include "training/layers.h"
#include "training/vote_graph.h"

#include <ATen/core/Tensor.h>

namespace bartizan::training::vote_tests {
namespace {

using Counts = std::vector<std::int64_t>;

/// All ways in which `voters` votes fall on `classes` classes.
void each_count(std::int64_t voters, std::size_t classes, const std::function<void(const Counts&)>& visit,
                Counts prefix = {}) {
    if (prefix.size() + 1 == classes) {
        prefix.push_back(voters);
        visit(prefix);
        return;
    }
    for (std::int64_t n = 0; n <= voters; ++n) {
        Counts longer = prefix;
        longer.push_back(n);
        each_count(voters - n, classes, visit, longer);
    }
}

/// Whether some `changes` voters can turn the winner by answering otherwise.
bool can_be_turned(const Counts& counts, std::int64_t changes, std::int64_t winner) {
    if (decide(counts).winner != winner) return true;
    if (changes == 0) return false;
    for (std::size_t from = 0; from < counts.size(); ++from)
        for (std::size_t to = 0; to < counts.size(); ++to) {
            if (counts[from] == 0 || from == to) continue;
            Counts moved = counts;
            --moved[from], ++moved[to];
            if (can_be_turned(moved, changes - 1, winner)) return true;
        }
    return false;
}

TEST(Vote, TheRadiusIsWhatAnAdversaryCannotTurnAndOneMoreCan) {
    int checked = 0;
    for (const std::size_t classes : {2U, 3U, 4U})
        for (std::int64_t voters = 1; voters <= 7; ++voters)
            each_count(voters, classes, [&](const Counts& counts) {
                const Vote vote = decide(counts);
                EXPECT_FALSE(can_be_turned(counts, vote.radius, vote.winner)) << testing::PrintToString(counts);
                // The largest class has no rival when every vote may go to it only: all voters together always turn it.
                if (vote.radius < voters)
                    EXPECT_TRUE(can_be_turned(counts, vote.radius + 1, vote.winner)) << testing::PrintToString(counts);
                ++checked;
            });
    EXPECT_GT(checked, 300);
}

TEST(Vote, TiesGoToTheSmallerClassAndCostItsRivalsNothing) {
    EXPECT_EQ(decide(Counts{3, 3}).winner, 0);
    EXPECT_EQ(decide(Counts{3, 3}).radius, 0);
    EXPECT_EQ(decide(Counts{1, 4}).radius, 1);  // (4 - 1 - 1) / 2
    EXPECT_EQ(decide(Counts{4, 1}).radius, 1);  // (4 - 1) / 2
    EXPECT_EQ(decide(Counts{4, 0}).radius, 2);
    EXPECT_EQ(decide(Counts{0, 4}).radius, 1);
}

TEST(Vote, CountsRightAnswersByHowManyChangesTheySurvive) {
    const std::vector<Vote> votes = {{0, 2}, {1, 0}, {1, 5}, {0, 1}};
    const Counts labels = {0, 1, 0, 0};
    EXPECT_EQ(certified_counts(votes, labels), (Counts{3, 2, 1, 0}));
    EXPECT_EQ(certified_counts({}, {}), (Counts{0}));
}

graph::Graph network(std::uint64_t seed, std::int64_t classes) {
    Layers layers({6}, seed);
    layers.dense(classes);
    return std::move(layers).finish("one");
}

TEST(VoteGraph, SaysWhatItsNetworksSayAndHowSafeThatIs) {
    constexpr std::int64_t kRows = 300, kClasses = 4;
    std::vector<graph::Graph> networks;
    for (std::uint64_t i = 0; i < 9; ++i) networks.push_back(network(i / 2, kClasses));  // pairs agree: large margins
    std::vector<float> values(kRows * 6);
    Random(5, 0).fill_uniform(values, -1, 1);
    const NdArray array = NdArray::from<float>({kRows, 6}, std::span<const float>(values)).value();
    const at::Tensor x = model::to_tensor(array).value();
    std::vector<Counts> counts(kRows, Counts(kClasses, 0));
    for (const graph::Graph& one : networks) {
        const auto model = model::from_graph(one).value();
        const NdArray scores = model::to_array(model->run(std::vector{x}).value()[0]).value();
        for (std::size_t row = 0; row < kRows; ++row) {
            const auto own = scores.values<float>().subspan(row * kClasses, kClasses);
            ++counts[row][static_cast<std::size_t>(std::ranges::max_element(own) - own.begin())];
        }
    }
    const auto whole = model::from_graph(vote_graph(networks, kClasses).value()).value();
    const auto outputs = whole->run(std::vector{x}).value();
    const NdArray votes = model::to_array(outputs[0]).value(), radii = model::to_array(outputs[1]).value();
    ASSERT_EQ(votes.shape(), (Shape{kRows, kClasses}));
    std::int64_t largest = 0;
    for (std::size_t row = 0; row < kRows; ++row) {
        for (std::size_t c = 0; c < kClasses; ++c)
            EXPECT_EQ(votes.values<float>()[row * kClasses + c], static_cast<float>(counts[row][c]));
        EXPECT_EQ(radii.values<std::int64_t>()[row], decide(counts[row]).radius) << row;
        largest = std::max(largest, decide(counts[row]).radius);
    }
    EXPECT_GE(largest, 2);
}

TEST(VoteGraph, ItsRadiusIsTheVotesOwnForEveryCount) {
    // One network of bias alone for each voter: every way in which five votes fall on three classes.
    each_count(5, 3, [&](const Counts& counts) {
        std::vector<graph::Graph> networks;
        for (std::size_t c = 0; c < counts.size(); ++c)
            for (std::int64_t i = 0; i < counts[c]; ++i) {
                graph::Graph one = network(1, 3);
                for (auto& [name, array] : one.initializers) {
                    for (float& value : array.mutable_values<float>()) value = 0;
                    if (name.ends_with("bias")) array.mutable_values<float>()[c] = 1;
                }
                networks.push_back(std::move(one));
            }
        const auto whole = model::from_graph(vote_graph(networks, 3).value()).value();
        const at::Tensor x = model::to_tensor(NdArray::zeros(DType::f32, {2, 6}).value()).value();
        const NdArray radii = model::to_array(whole->run(std::vector{x}).value()[1]).value();
        EXPECT_EQ(radii.values<std::int64_t>()[1], decide(counts).radius) << testing::PrintToString(counts);
    });
}

TEST(VoteGraph, SurvivesTheFileAndRefusesWhatDoesNotGoTogether) {
    const std::vector<graph::Graph> networks = {network(1, 3), network(2, 3)};
    const graph::Graph whole = vote_graph(networks, 3).value();
    const std::string bytes = graph::serialize_onnx(whole).value();
    const auto again = graph::parse_onnx(std::as_bytes(std::span(bytes)));
    ASSERT_TRUE(again.ok()) << again.error().line();
    EXPECT_EQ(again->nodes.size(), whole.nodes.size());
    EXPECT_FALSE(vote_graph({}, 3).ok());
    EXPECT_FALSE(vote_graph(networks, 1).ok());
    std::vector<graph::Graph> old = networks;
    for (graph::Graph& one : old) one.opsets[""] = 9;
    EXPECT_FALSE(vote_graph(old, 3).ok());
    std::vector<graph::Graph> other = networks;
    other[1].inputs[0].name = "another";
    EXPECT_FALSE(vote_graph(other, 3).ok());
}

}  // namespace
}  // namespace bartizan::training::vote_tests
