/// Shapley values of trees are those of the definition.
#include "explain/tree_shap.h"

#include <bit>
#include <cmath>
#include <functional>
#include <map>
#include <numeric>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/random.h"
#include "explain/gauss_legendre.h"
#include "graph/builder.h"

namespace bartizan::explain {
namespace tree_shap_test {
namespace {

using Integers = std::vector<std::int64_t>;
using Reals = std::vector<float>;

constexpr std::size_t kFeatures = 6;

/// Random trees as an ONNX node holds them, and as a test reads them.
struct Forest {
    Integers tree, id, feature, yes, no;
    Reals value;
    std::vector<std::string> mode;
    Integers leaf_tree, leaf_id, leaf_target;
    Reals leaf_weight;

    std::int64_t grow(Random& random, std::int64_t of, int depth, std::int64_t& next) {
        const std::int64_t here = next++;
        const std::size_t at = tree.size();
        tree.push_back(of);
        id.push_back(here);
        feature.push_back(static_cast<std::int64_t>(random.below(kFeatures)));
        value.push_back(random.uniform());
        const bool leaf = depth == 0 || random.uniform() < 0.1F;
        mode.push_back(leaf ? "LEAF" : "BRANCH_LEQ");
        yes.push_back(0);
        no.push_back(0);
        if (leaf) {
            leaf_tree.push_back(of);
            leaf_id.push_back(here);
            leaf_target.push_back(0);
            leaf_weight.push_back(random.normal());
            return here;
        }
        yes[at] = grow(random, of, depth - 1, next);
        no[at] = grow(random, of, depth - 1, next);
        return here;
    }

    graph::Graph graph() const {
        graph::GraphBuilder builder("forest");
        builder.opset("ai.onnx.ml", 1);
        builder.input("x", DType::f32, {-1, static_cast<std::int64_t>(kFeatures)});
        builder.domain("ai.onnx.ml");
        builder.output(builder.node("TreeEnsembleRegressor", {"x"},
                                    {{"nodes_treeids", tree},
                                     {"nodes_nodeids", id},
                                     {"nodes_featureids", feature},
                                     {"nodes_truenodeids", yes},
                                     {"nodes_falsenodeids", no},
                                     {"nodes_values", value},
                                     {"nodes_modes", mode},
                                     {"target_treeids", leaf_tree},
                                     {"target_nodeids", leaf_id},
                                     {"target_ids", leaf_target},
                                     {"target_weights", leaf_weight},
                                     {"base_values", Reals{0.25F}},
                                     {"n_targets", std::int64_t{1}}}),
                       DType::f32, {-1, 1});
        return std::move(builder).build().value();
    }
};

Forest random_forest(std::uint64_t seed, int trees, int depth) {
    Random random(seed, 1);
    Forest forest;
    for (int tree = 0; tree < trees; ++tree) {
        std::int64_t next = 0;
        forest.grow(random, tree, depth, next);
    }
    return forest;
}

std::vector<float> random_rows(std::uint64_t seed, std::size_t rows) {
    Random random(seed, 2);
    std::vector<float> out(rows * kFeatures);
    random.fill_uniform(out, 0, 1);
    return out;
}

/// Shapley's formula over all subsets: `worth` of each set of features, as bits.
std::vector<double> by_definition(const std::function<double(unsigned)>& worth) {
    std::vector<double> out(kFeatures, 0), factorial(kFeatures + 1, 1);
    for (std::size_t i = 1; i <= kFeatures; ++i) factorial[i] = factorial[i - 1] * static_cast<double>(i);
    for (std::size_t i = 0; i < kFeatures; ++i)
        for (unsigned set = 0; set < (1U << kFeatures); ++set) {
            if ((set >> i & 1U) != 0) continue;
            const auto size = static_cast<std::size_t>(std::popcount(set));
            const double weight = factorial[size] * factorial[kFeatures - size - 1] / factorial[kFeatures];
            out[i] += weight * (worth(set | 1U << i) - worth(set));
        }
    return out;
}

/// What the trees say when the features of `set` are known, walking the lists themselves.
class Oracle {
public:
    Oracle(const Forest& forest, const std::vector<float>& counted) : forest_(forest) {
        for (std::size_t i = 0; i < forest.tree.size(); ++i) place_[{forest.tree[i], forest.id[i]}] = i;
        for (std::size_t i = 0; i < forest.leaf_id.size(); ++i)
            weight_[place_[{forest.leaf_tree[i], forest.leaf_id[i]}]] = forest.leaf_weight[i];
        for (std::size_t row = 0; row < counted.size(); row += kFeatures)
            for (const auto& [key, at] : place_)
                if (key.second == 0) tally(at, &counted[row]);
    }

    double known(const float* x, unsigned set) const {
        double sum = 0.25;
        for (const auto& [key, at] : place_)
            if (key.second == 0) sum += mean(at, x, set);
        return sum;
    }

private:
    std::size_t child(std::size_t at, bool yes) const {
        return place_.at({forest_.tree[at], yes ? forest_.yes[at] : forest_.no[at]});
    }
    bool leaf(std::size_t at) const { return forest_.mode[at] == "LEAF"; }
    bool goes(std::size_t at, const float* x) const {
        return x[static_cast<std::size_t>(forest_.feature[at])] <= forest_.value[at];
    }
    void tally(std::size_t at, const float* x) {
        ++reached_[at];
        if (!leaf(at)) tally(child(at, goes(at, x)), x);
    }
    double mean(std::size_t at, const float* x, unsigned set) const {
        if (leaf(at)) return weight_.at(at);
        if ((set >> forest_.feature[at] & 1U) != 0) return mean(child(at, goes(at, x)), x, set);
        const double all = reached_.contains(at) ? reached_.at(at) : 0;
        const std::size_t yes = child(at, true), no = child(at, false);
        const double share = all == 0 ? 0.5 : (reached_.contains(yes) ? reached_.at(yes) : 0) / all;
        return share * mean(yes, x, set) + (1 - share) * mean(no, x, set);
    }

    const Forest& forest_;
    std::map<std::pair<std::int64_t, std::int64_t>, std::size_t> place_;
    std::map<std::size_t, double> weight_, reached_;
};

TEST(TreeShap, PathDependentValuesAreTheDefinition) {
    for (std::uint64_t seed = 0; seed < 12; ++seed) {
        const Forest forest = random_forest(seed, 3, seed % 2 == 0 ? 4 : 9);  // deep ones ask for features again
        const std::vector<float> counted = random_rows(seed, 2000), x = random_rows(seed + 100, 3);
        Trees trees = Trees::of(forest.graph(), 1).value();
        trees.count(counted, kFeatures);
        const Oracle oracle(forest, counted);
        for (std::size_t row = 0; row < 3; ++row) {
            const float* at = &x[row * kFeatures];
            const auto expected = by_definition([&](unsigned set) { return oracle.known(at, set); });
            const auto found = trees.path_dependent({at, kFeatures});
            for (std::size_t i = 0; i < kFeatures; ++i) EXPECT_NEAR(found[i], expected[i], 1e-12) << seed << ' ' << i;
            EXPECT_NEAR(trees.margin({at, kFeatures}), oracle.known(at, (1U << kFeatures) - 1), 1e-12);
            EXPECT_NEAR(trees.expectation(), oracle.known(at, 0), 1e-12);
        }
    }
}

TEST(TreeShap, InterventionalValuesAreTheDefinition) {
    for (std::uint64_t seed = 0; seed < 12; ++seed) {
        const Forest forest = random_forest(seed, 3, seed % 2 == 0 ? 4 : 9);
        const Trees trees = Trees::of(forest.graph(), 1).value();
        const std::vector<float> x = random_rows(seed + 100, 1), background = random_rows(seed + 200, 5);
        const auto expected = by_definition([&](unsigned set) {
            double sum = 0;
            for (std::size_t r = 0; r < 5; ++r) {
                std::vector<float> mixed(background.begin() + static_cast<std::ptrdiff_t>(r * kFeatures),
                                         background.begin() + static_cast<std::ptrdiff_t>((r + 1) * kFeatures));
                for (std::size_t i = 0; i < kFeatures; ++i)
                    if ((set >> i & 1U) != 0) mixed[i] = x[i];
                sum += trees.margin(mixed) / 5;
            }
            return sum;
        });
        const auto found = trees.interventional(x, background);
        for (std::size_t i = 0; i < kFeatures; ++i) EXPECT_NEAR(found[i], expected[i], 1e-12) << seed << ' ' << i;
    }
}

TEST(TreeShap, TheOtherOfTwoClassesIsTheOpposite) {
    const Forest forest = random_forest(3, 2, 4);
    const Trees one = Trees::of(forest.graph(), 1).value(), zero = Trees::of(forest.graph(), 0).value();
    const std::vector<float> x = random_rows(1, 1);
    EXPECT_EQ(one.margin(x), -zero.margin(x));
    EXPECT_EQ(one.path_dependent(x)[0], -zero.path_dependent(x)[0]);
}

TEST(TreeShap, RefusesWhatItCannotExplain) {
    graph::GraphBuilder plain("plain");
    plain.input("x", DType::f32, {-1, 2});
    plain.output(plain.node("Relu", {"x"}), DType::f32, {-1, 2});
    EXPECT_FALSE(Trees::of(std::move(plain).build().value(), 0).ok());
    EXPECT_FALSE(Trees::of(random_forest(1, 1, 2).graph(), 2).ok());
    Forest chain;  // each node's second child is the next
    for (std::int64_t i = 0; i < 600; ++i) {
        chain.tree.insert(chain.tree.end(), {0, 0});
        chain.id.insert(chain.id.end(), {2 * i, 2 * i + 1});
        chain.feature.insert(chain.feature.end(), {0, 0});
        chain.value.insert(chain.value.end(), {0.5F, 0});
        chain.mode.insert(chain.mode.end(), {i < 599 ? "BRANCH_LEQ" : "LEAF", "LEAF"});
        chain.yes.insert(chain.yes.end(), {2 * i + 1, 0});
        chain.no.insert(chain.no.end(), {2 * i + 2, 0});
    }
    chain.mode.pop_back();
    for (Integers* list : {&chain.tree, &chain.id, &chain.feature, &chain.yes, &chain.no}) list->pop_back();
    chain.value.pop_back();
    const auto refused = Trees::of(chain.graph(), 1);
    ASSERT_FALSE(refused.ok());
    EXPECT_NE(refused.error().line().find("deeper"), std::string::npos) << refused.error().line();
}

TEST(GaussLegendre, IsExactForPolynomialsOfItsDegree) {
    for (const int n : {1, 2, 5, 40}) {
        const Nodes nodes = gauss_legendre(n);
        for (int power = 0; power < 2 * n; ++power) {
            double sum = 0;
            for (std::size_t i = 0; i < nodes.at.size(); ++i) sum += nodes.weight[i] * std::pow(nodes.at[i], power);
            EXPECT_NEAR(sum * (power + 1), 1, 1e-12) << n << ' ' << power;
        }
    }
}

}  // namespace
}  // namespace tree_shap_test
}  // namespace bartizan::explain
