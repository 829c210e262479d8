// The ai.onnx.ml operators: closed forms, trees made by hand, and attributes that lie.
#include <cmath>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>

#include "model/operators/operator_testing.h"

namespace bartizan::model::operators {
namespace ml_test {
namespace {

using testing::DoubleNear;
using testing::ElementsAre;
using testing::Pointwise;

using Integers = std::vector<std::int64_t>;
using Reals = std::vector<float>;
using Texts = std::vector<std::string>;
using Doubles = std::vector<double>;

const double kNan = std::numeric_limits<double>::quiet_NaN();

OneNode ml(const char* op_type, Attributes attributes = {}, std::size_t outputs = 1) {
    return {op_type, 3, std::move(attributes), outputs, "ai.onnx.ml"};
}

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

TEST(MlFeatures, ScaleColumns) {
    const OneNode scaler = ml("Scaler", {{"offset", Reals{1, 2}}, {"scale", Reals{2, 0.5F}}});
    EXPECT_THAT(values_of(scaler({longs({3, 6, 1, 0}, {2, 2})})), ElementsAre(4, 2, 0, -1));
    EXPECT_THAT(values_of(ml("Scaler", {{"scale", Reals{3}}})({floats({1, 2}, {1, 2})})), ElementsAre(3, 6));
    EXPECT_EQ(scaler.refusal({floats({1, 2, 3}, {1, 3})}), Errc::invalid_input);
    EXPECT_EQ(scaler.refusal({floats({1})[0]}), Errc::invalid_input);
}

TEST(MlFeatures, NormalizeRows) {
    const at::Tensor x = floats({3, 4, 0, 0}, {2, 2});
    const auto run = [&](const char* norm) { return values_of(ml("Normalizer", {{"norm", std::string(norm)}})({x})); };
    EXPECT_THAT(run("L1"), Pointwise(DoubleNear(1e-6), Doubles{3.0 / 7, 4.0 / 7, 0, 0}));
    EXPECT_THAT(run("L2"), Pointwise(DoubleNear(1e-6), Doubles{0.6, 0.8, 0, 0}));
    EXPECT_THAT(run("MAX"), Pointwise(DoubleNear(1e-6), Doubles{0.75, 1, 0, 0}));
    EXPECT_EQ(ml("Normalizer", {{"norm", std::string("L7")}}).refusal({x}), Errc::invalid_input);
}

TEST(MlFeatures, NormalizeRowsOfZerosWithoutGradientsThatAreNone) {
    const at::Tensor x = floats({0, 0}, {1, 2}).set_requires_grad(true);
    ml("Normalizer", {{"norm", std::string("L2")}})({x})->select(1, 0).sum().backward();
    EXPECT_TRUE(x.grad().isfinite().all().item<bool>());
}

TEST(MlFeatures, CompareWithAThreshold) {
    EXPECT_THAT(values_of(ml("Binarizer", {{"threshold", 0.5F}})({floats({0.4, 0.5, 0.6})})), ElementsAre(0, 0, 1));
}

TEST(MlFeatures, FillGaps) {
    const OneNode gaps = ml("Imputer", {{"imputed_value_floats", Reals{7, 8}},
                                        {"replaced_value_float", std::numeric_limits<float>::quiet_NaN()}});
    EXPECT_THAT(values_of(gaps({floats({kNan, 1, 2, kNan}, {2, 2})})), ElementsAre(7, 1, 2, 8));
    const OneNode whole =
        ml("Imputer", {{"imputed_value_int64s", Integers{5}}, {"replaced_value_int64", std::int64_t{-1}}});
    EXPECT_THAT(values_of(whole({longs({-1, 3}, {1, 2})})), ElementsAre(5, 3));
    EXPECT_EQ(gaps.refusal({floats({1, 2, 3}, {1, 3})}), Errc::invalid_input);
    EXPECT_EQ(ml("Imputer").refusal({floats({1})}), Errc::invalid_input);
}

TEST(MlFeatures, EncodeCategories) {
    const OneNode encoder = ml("OneHotEncoder", {{"cats_int64s", Integers{2, 5}}});
    EXPECT_THAT(values_of(encoder({longs({5, 2, 3})})), ElementsAre(0, 1, 1, 0, 0, 0));
    EXPECT_EQ(ml("OneHotEncoder", {{"cats_int64s", Integers{2, 5}}, {"zeros", std::int64_t{0}}}).refusal({longs({3})}),
              Errc::invalid_input);
    EXPECT_EQ(ml("OneHotEncoder", {{"cats_strings", Texts{"a"}}}).refusal({longs({3})}), Errc::unsupported);
}

TEST(MlFeatures, EncodeLabels) {
    const OneNode encoder =
        ml("LabelEncoder",
           {{"keys_int64s", Integers{1, 2}}, {"values_floats", Reals{0.5F, 0.25F}}, {"default_float", 9.0F}});
    EXPECT_THAT(values_of(encoder({longs({2, 1, 3})})), ElementsAre(0.25, 0.5, 9));
    EXPECT_EQ(ml("LabelEncoder", {{"keys_int64s", Integers{1, 2}}, {"values_floats", Reals{1}}}).refusal({longs({1})}),
              Errc::invalid_input);
    EXPECT_EQ(ml("LabelEncoder", {{"keys_strings", Texts{"a"}}}).refusal({longs({1})}), Errc::unsupported);
}

TEST(MlFeatures, TakeAndJoinColumns) {
    const at::Tensor x = floats({1, 2, 3, 4, 5, 6}, {2, 3});
    EXPECT_THAT(values_of(ml("ArrayFeatureExtractor")({x, longs({2, 0})})), ElementsAre(3, 1, 6, 4));
    EXPECT_EQ(ml("ArrayFeatureExtractor").refusal({x, longs({3})}), Errc::invalid_input);
    EXPECT_EQ(ml("ArrayFeatureExtractor").refusal({x, longs({-1})}), Errc::invalid_input);
    EXPECT_THAT(values_of(ml("FeatureVectorizer")({longs({7, 8}), x.narrow(1, 0, 2)})), ElementsAre(7, 1, 2, 8, 4, 5));
    EXPECT_NE(ml("FeatureVectorizer").refusal({longs({7, 8, 9}), x}), Errc::internal);
}

TEST(MlLinear, IsAProductAndASum) {
    const OneNode regressor =
        ml("LinearRegressor",
           {{"coefficients", Reals{1, 2, 3, 4}}, {"intercepts", Reals{10, 20}}, {"targets", std::int64_t{2}}});
    EXPECT_THAT(values_of(regressor({floats({1, 1, 0, -1}, {2, 2})})), ElementsAre(13, 27, 8, 16));
    EXPECT_EQ(regressor.refusal({floats({1, 2, 3}, {1, 3})}), Errc::invalid_input);
    EXPECT_EQ(
        ml("LinearRegressor", {{"coefficients", Reals{1, 2, 3}}, {"targets", std::int64_t{2}}}).refusal({floats({1})}),
        Errc::invalid_input);
    EXPECT_EQ(ml("LinearRegressor").refusal({floats({1})}), Errc::invalid_input);
}

TEST(MlLinear, ClassifiesByTheLargestScore) {
    const OneNode classifier = ml("LinearClassifier",
                                  {{"coefficients", Reals{1, 0, 0, 1, -1, -1}},
                                   {"intercepts", Reals{0, 0, 0}},
                                   {"classlabels_ints", Integers{10, 20, 30}},
                                   {"post_transform", std::string("SOFTMAX")}},
                                  2);
    const auto y = classifier.all({floats({2, 1, -1, -1}, {2, 2})});
    ASSERT_TRUE(y.ok()) << y.error().line();
    EXPECT_THAT(values_of((*y)[0]), ElementsAre(10, 30));
    const double sum = std::exp(2.0) + std::exp(1.0) + std::exp(-3.0);
    EXPECT_NEAR((*y)[1][0][0].item<double>(), std::exp(2.0) / sum, 1e-6);
}

TEST(MlLinear, GivesBothClassesAScore) {
    const OneNode classifier = ml("LinearClassifier",
                                  {{"coefficients", Reals{2}},
                                   {"intercepts", Reals{1}},
                                   {"classlabels_ints", Integers{0, 1}},
                                   {"post_transform", std::string("LOGISTIC")}},
                                  2);
    const auto y = classifier.all({floats({1, -1}, {2, 1})});
    ASSERT_TRUE(y.ok()) << y.error().line();
    EXPECT_THAT(values_of((*y)[0]), ElementsAre(1, 0));
    EXPECT_THAT(values_of((*y)[1]),
                Pointwise(DoubleNear(1e-6), Doubles{sigmoid(-3), sigmoid(3), sigmoid(1), sigmoid(-1)}));
}

Attributes machine(const char* kernel) {
    return {{"kernel_type", std::string(kernel)},    {"kernel_params", Reals{0.5F, 1, 2}},
            {"support_vectors", Reals{1, 2, 0, -1}}, {"coefficients", Reals{2, -3}},
            {"n_supports", std::int64_t{2}},         {"rho", Reals{0.25F}}};
}

TEST(MlSvm, IsASumOverSupportVectors) {
    // x = (1, 1): products 3 and -1, squared distances 1 and 5.
    const auto run = [](const char* kernel) {
        return values_of(ml("SVMRegressor", machine(kernel))({floats({1, 1}, {1, 2})}));
    };
    EXPECT_THAT(run("LINEAR"), ElementsAre(DoubleNear(2 * 3 + 3 + 0.25, 1e-5)));
    EXPECT_THAT(run("POLY"), ElementsAre(DoubleNear(2 * 2.5 * 2.5 - 3 * 0.5 * 0.5 + 0.25, 1e-5)));
    EXPECT_THAT(run("RBF"), ElementsAre(DoubleNear(2 * std::exp(-0.5) - 3 * std::exp(-2.5) + 0.25, 1e-5)));
    EXPECT_THAT(run("SIGMOID"), ElementsAre(DoubleNear(2 * std::tanh(2.5) - 3 * std::tanh(0.5) + 0.25, 1e-5)));
}

TEST(MlSvm, RefusesVectorsThatDoNotFit) {
    const auto refusal = [](const char* name, graph::Attribute value) {
        Attributes attributes = machine("LINEAR");
        attributes[name] = std::move(value);
        return ml("SVMRegressor", attributes).refusal({floats({1, 1}, {1, 2})});
    };
    EXPECT_EQ(refusal("coefficients", Reals{1}), Errc::invalid_input);
    EXPECT_EQ(refusal("support_vectors", Reals{1, 2, 3}), Errc::invalid_input);
    EXPECT_EQ(refusal("support_vectors", Reals{1, 2}), Errc::invalid_input);
    EXPECT_EQ(refusal("rho", Reals{}), Errc::invalid_input);
    EXPECT_EQ(refusal("kernel_params", Reals{1}), Errc::invalid_input);
    EXPECT_EQ(refusal("kernel_type", std::string("MAGIC")), Errc::invalid_input);
    EXPECT_EQ(refusal("n_supports", std::int64_t{-1}), Errc::invalid_input);
}

TEST(MlSvm, ClassifiesByItsDecision) {
    // Support vectors 1 and -1 with weights 1 and -1: the decision for the first class is 2 x.
    const OneNode classifier = ml("SVMClassifier",
                                  {{"vectors_per_class", Integers{1, 1}},
                                   {"support_vectors", Reals{1, -1}},
                                   {"coefficients", Reals{1, -1}},
                                   {"rho", Reals{0}},
                                   {"classlabels_ints", Integers{4, 9}}},
                                  2);
    const auto y = classifier.all({floats({3, -2}, {2, 1})});
    ASSERT_TRUE(y.ok()) << y.error().line();
    EXPECT_THAT(values_of((*y)[0]), ElementsAre(4, 9));
    EXPECT_EQ((*y)[1].size(1), 2);
}

/// Tree 0: column 0 <= 0.5 ? leaf 1 : (column 1 < 2 ? leaf 3 : leaf 4).
Attributes tree(const std::string& prefix) {
    return {{"nodes_treeids", Integers{0, 0, 0, 0, 0}},
            {"nodes_nodeids", Integers{0, 1, 2, 3, 4}},
            {"nodes_featureids", Integers{0, 0, 1, 0, 0}},
            {"nodes_values", Reals{0.5F, 0, 2, 0, 0}},
            {"nodes_modes", Texts{"BRANCH_LEQ", "LEAF", "BRANCH_LT", "LEAF", "LEAF"}},
            {"nodes_truenodeids", Integers{1, 0, 3, 0, 0}},
            {"nodes_falsenodeids", Integers{2, 0, 4, 0, 0}},
            {prefix + "_treeids", Integers{0, 0, 0}},
            {prefix + "_nodeids", Integers{1, 3, 4}},
            {prefix + "_ids", Integers{0, 0, 0}},
            {prefix + "_weights", Reals{10, 20, 30}}};
}

const at::Tensor kRows = floats({0.5, 0, 0.6, 1, 0.6, 2}, {3, 2});

TEST(MlTrees, FollowEveryBranch) {
    EXPECT_THAT(values_of(ml("TreeEnsembleRegressor", tree("target"))({kRows})), ElementsAre(10, 20, 30));
    Attributes shifted = tree("target");
    shifted["base_values"] = Reals{0.5F};
    EXPECT_THAT(values_of(ml("TreeEnsembleRegressor", shifted)({kRows})), ElementsAre(10.5, 20.5, 30.5));
}

TEST(MlTrees, SendMissingValuesWhereTheTreeSays) {
    const at::Tensor row = floats({kNan, kNan}, {1, 2});
    Attributes attributes = tree("target");
    EXPECT_THAT(values_of(ml("TreeEnsembleRegressor", attributes)({row})), ElementsAre(30));
    attributes["nodes_missing_value_tracks_true"] = Integers{1, 0, 0, 0, 0};
    EXPECT_THAT(values_of(ml("TreeEnsembleRegressor", attributes)({row})), ElementsAre(10));
}

TEST(MlTrees, CompareInAllSixWays) {
    const auto run = [](const char* mode) {
        Attributes attributes = tree("target");
        attributes["nodes_modes"] = Texts{mode, "LEAF", "BRANCH_LT", "LEAF", "LEAF"};
        return values_of(ml("TreeEnsembleRegressor", attributes)({floats({0.4, 0, 0.5, 0, 0.6, 0}, {3, 2})}));
    };
    EXPECT_THAT(run("BRANCH_LEQ"), ElementsAre(10, 10, 20));
    EXPECT_THAT(run("BRANCH_LT"), ElementsAre(10, 20, 20));
    EXPECT_THAT(run("BRANCH_GTE"), ElementsAre(20, 10, 10));
    EXPECT_THAT(run("BRANCH_GT"), ElementsAre(20, 20, 10));
    EXPECT_THAT(run("BRANCH_EQ"), ElementsAre(20, 10, 20));
    EXPECT_THAT(run("BRANCH_NEQ"), ElementsAre(10, 20, 10));
}

TEST(MlTrees, AggregateOverTheEnsemble) {
    // Two trees of one leaf each: 3 and 7.
    const auto run = [](const char* function) {
        return values_of(
            ml("TreeEnsembleRegressor", {{"nodes_treeids", Integers{0, 1}},
                                         {"nodes_nodeids", Integers{0, 0}},
                                         {"nodes_featureids", Integers{0, 0}},
                                         {"nodes_values", Reals{0, 0}},
                                         {"nodes_modes", Texts{"LEAF", "LEAF"}},
                                         {"nodes_truenodeids", Integers{0, 0}},
                                         {"nodes_falsenodeids", Integers{0, 0}},
                                         {"target_treeids", Integers{0, 1}},
                                         {"target_nodeids", Integers{0, 0}},
                                         {"target_ids", Integers{0, 0}},
                                         {"target_weights", Reals{3, 7}},
                                         {"aggregate_function", std::string(function)}})({kRows.narrow(0, 0, 1)}));
    };
    EXPECT_THAT(run("SUM"), ElementsAre(10));
    EXPECT_THAT(run("AVERAGE"), ElementsAre(5));
    EXPECT_THAT(run("MIN"), ElementsAre(3));
    EXPECT_THAT(run("MAX"), ElementsAre(7));
}

TEST(MlTrees, ClassifyByVotes) {
    Attributes attributes = tree("class");
    attributes["class_ids"] = Integers{2, 0, 1};
    attributes["classlabels_int64s"] = Integers{100, 101, 102};
    const auto y = ml("TreeEnsembleClassifier", attributes, 2).all({kRows});
    ASSERT_TRUE(y.ok()) << y.error().line();
    EXPECT_THAT(values_of((*y)[0]), ElementsAre(102, 100, 101));
    EXPECT_THAT(values_of((*y)[1]), ElementsAre(0, 0, 10, 20, 0, 0, 0, 30, 0));
}

/// Scores and labels of a classifier of two classes whose leaves all vote for the second.
std::pair<Doubles, Doubles> one_sided(Reals weights, const char* transform) {
    Attributes attributes = tree("class");
    attributes["class_ids"] = Integers{1, 1, 1};
    attributes["class_weights"] = std::move(weights);
    attributes["classlabels_int64s"] = Integers{7, 8};
    attributes["post_transform"] = std::string(transform);
    const auto y = ml("TreeEnsembleClassifier", attributes, 2).all({kRows});
    EXPECT_TRUE(y.ok()) << (y.ok() ? "" : y.error().line());
    if (!y.ok()) return {};
    return {values_of((*y)[0]), values_of((*y)[1])};
}

TEST(MlTrees, GiveTheOtherClassTheRestOrTheOpposite) {
    const auto [shares, of_shares] = one_sided({0.25F, 0.5F, 0.75F}, "NONE");
    EXPECT_THAT(shares, ElementsAre(7, 7, 8));
    EXPECT_THAT(of_shares, ElementsAre(0.75, 0.25, 0.5, 0.5, 0.25, 0.75));
    const auto [margins, of_margins] = one_sided({-2, 0, 0.25F}, "NONE");
    EXPECT_THAT(margins, ElementsAre(7, 7, 8));
    EXPECT_THAT(of_margins, ElementsAre(2, -2, 0, 0, -0.25, 0.25));
    const auto [chances, of_chances] = one_sided({-2, 0, 0.25F}, "LOGISTIC");
    EXPECT_THAT(chances, ElementsAre(7, 7, 8));
    EXPECT_THAT(of_chances,
                Pointwise(DoubleNear(1e-6), Doubles{sigmoid(2), sigmoid(-2), 0.5, 0.5, sigmoid(-0.25), sigmoid(0.25)}));
}

TEST(MlTrees, RefuseWhatIsNoTree) {
    const auto refusal = [](const char* name, graph::Attribute value) {
        Attributes attributes = tree("target");
        attributes[name] = std::move(value);
        return ml("TreeEnsembleRegressor", attributes).refusal({kRows});
    };
    EXPECT_EQ(refusal("nodes_truenodeids", Integers{0, 0, 3, 0, 0}), Errc::invalid_input) << "its own child";
    EXPECT_EQ(refusal("nodes_falsenodeids", Integers{2, 0, 0, 0, 0}), Errc::invalid_input) << "a cycle";
    EXPECT_EQ(refusal("nodes_falsenodeids", Integers{2, 0, 1, 0, 0}), Errc::invalid_input) << "two parents";
    EXPECT_EQ(refusal("nodes_falsenodeids", Integers{9, 0, 4, 0, 0}), Errc::invalid_input) << "no such child";
    EXPECT_EQ(refusal("nodes_nodeids", Integers{0, 1, 2, 3, 3}), Errc::invalid_input) << "there twice";
    EXPECT_EQ(refusal("nodes_values", Reals{0.5F}), Errc::invalid_input) << "lists of different lengths";
    EXPECT_EQ(refusal("nodes_modes", Texts{"BRANCH_ISH", "LEAF", "BRANCH_LT", "LEAF", "LEAF"}), Errc::invalid_input);
    EXPECT_EQ(refusal("nodes_featureids", Integers{-1, 0, 1, 0, 0}), Errc::invalid_input);
    EXPECT_EQ(refusal("nodes_featureids", Integers{2, 0, 1, 0, 0}), Errc::invalid_input) << "rows have two columns";
    EXPECT_EQ(refusal("target_ids", Integers{0, 0, 1}), Errc::invalid_input) << "there is one target";
    EXPECT_EQ(refusal("target_nodeids", Integers{1, 3, 7}), Errc::invalid_input) << "a leaf of no node";
    EXPECT_EQ(refusal("target_weights", Reals{1}), Errc::invalid_input);
    EXPECT_EQ(refusal("n_targets", std::int64_t{-1}), Errc::invalid_input);
    EXPECT_EQ(refusal("base_values", Reals{1, 2}), Errc::invalid_input);
}

}  // namespace
}  // namespace ml_test
}  // namespace bartizan::model::operators
