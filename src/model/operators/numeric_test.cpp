// Reductions, matrices, losses, signals, text and random numbers: closed forms, both places of `axes`, hostile sizes.
#include <cmath>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/eye.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>

#include "model/operators/operator_testing.h"

namespace bartizan::model::operators {
namespace {

using ::testing::DoubleNear;
using ::testing::ElementsAre;
using Integers = std::vector<std::int64_t>;

at::Tensor square() { return floats({1, 2, 3, 4}, {2, 2}); }

TEST(ReductionOperators, TakeAxesFromAttributesOrInputs) {
    for (const char* name : {"ReduceSum", "ReduceMean", "ReduceMax"}) {
        const std::int64_t input_since = std::string(name) == "ReduceSum" ? 13 : 18;
        const auto old = OneNode{name, input_since - 1, {{"axes", Integers{0}}}}({square()});
        const auto now = OneNode{name, input_since}({square(), longs({0})});
        EXPECT_EQ(values_of(old), values_of(now)) << name;
        EXPECT_EQ(shape_of(now), (Shape{1, 2})) << name;
        EXPECT_EQ(OneNode(name, input_since).refusal({square(), longs({2})}), Errc::invalid_input) << name;
        EXPECT_EQ(OneNode(name, input_since).refusal({square(), longs({0, -2})}), Errc::invalid_input) << name;
    }
}

TEST(ReductionOperators, ReduceAllOrNothingWithoutAxes) {
    const Attributes nothing = {{"noop_with_empty_axes", std::int64_t{1}}};
    EXPECT_THAT(values_of(OneNode{"ReduceSum"}({square()})), ElementsAre(10));
    EXPECT_THAT(values_of(OneNode{"ReduceSum", 13, nothing}({square()})), ElementsAre(1, 2, 3, 4));
    EXPECT_THAT(values_of(OneNode{"ReduceSum"}({square(), longs({})})), ElementsAre(10));
    EXPECT_THAT(values_of(OneNode{"ReduceSum"}({floats({3})[0]})), ElementsAre(3));
    EXPECT_EQ(OneNode{"ReduceMax"}.refusal({at::zeros({0})}), Errc::invalid_input);
}

TEST(ReductionOperators, KeepTheTypeOfIntegers) {
    const at::Tensor x = longs({3, 4}).to(at::kInt);
    for (const char* name : {"ReduceSum", "ReduceProd", "ReduceMean", "ReduceL1", "ReduceL2", "ReduceSumSquare"}) {
        const auto y = OneNode{name}({x});
        ASSERT_TRUE(y.ok()) << name;
        EXPECT_EQ(y->scalar_type(), at::kInt) << name;
    }
    EXPECT_THAT(values_of(OneNode{"ReduceL2"}({x})), ElementsAre(5));
}

TEST(ReductionOperators, GiveTheNormOfZeroAFiniteGradient) {
    at::Tensor x = at::zeros({3}).set_requires_grad(true);
    OneNode{"ReduceL2"}({x})->sum().backward();
    EXPECT_THAT(values_of(x.grad()), ElementsAre(0, 0, 0));
}

TEST(LinearAlgebraOperators, GemmScalesTransposesAndBroadcastsItsBias) {
    const OneNode gemm{"Gemm", 13, {{"alpha", 2.0F}, {"beta", 0.5F}, {"transB", std::int64_t{1}}}};
    const auto y = gemm({square(), at::eye(2), floats({10, 20})});
    EXPECT_THAT(values_of(y), ElementsAre(7, 14, 11, 18));
    EXPECT_EQ(gemm.refusal({square(), at::ones({3, 3})}), Errc::invalid_input);
    EXPECT_EQ(gemm.refusal({square(), floats({1, 2})}), Errc::invalid_input);
    const auto integers = OneNode{"Gemm"}({longs({1, 2, 3, 4}, {2, 2}), longs({1, 0, 0, 1}, {2, 2}), longs({1})});
    EXPECT_THAT(values_of(integers), ElementsAre(2, 3, 4, 5));
}

TEST(LinearAlgebraOperators, RefuseProductsThatNoMemoryCouldHold) {
    const at::Tensor column = at::ones({1}).expand({1 << 20, 1});
    EXPECT_EQ(OneNode{"MatMul"}.refusal({column, column.t()}), Errc::exhausted);
    EXPECT_EQ(OneNode{"Gemm"}.refusal({column, column.t()}), Errc::exhausted);
    EXPECT_EQ(OneNode{"MatMulInteger"}.refusal({column.to(at::kByte), column.t().to(at::kByte)}), Errc::exhausted);
    const OneNode outer{"Einsum", 12, {{"equation", std::string("i, j -> ij")}}};
    EXPECT_EQ(outer.refusal({column.squeeze(1), column.squeeze(1)}), Errc::exhausted);
    EXPECT_THAT(values_of(outer({floats({1, 2}), floats({3, 4})})), ElementsAre(3, 4, 6, 8));
}

TEST(LinearAlgebraOperators, SubtractAZeroPointPerRowAndColumn) {
    const at::Tensor a = longs({11, 12, 23, 24}, {2, 2}).to(at::kByte);
    const at::Tensor b = longs({1, 5, 0, 6}, {2, 2}).to(at::kByte);
    const auto y = OneNode{"MatMulInteger"}({a, b, longs({10, 20}).to(at::kByte), longs({0, 5}).to(at::kByte)});
    EXPECT_THAT(values_of(y), ElementsAre(1, 2, 3, 4));  // [[1, 2], [3, 4]] * identity
}

TEST(LinearAlgebraOperators, RefuseEquationsThatMeanNothing) {
    for (const char* equation : {"", "ij->", "ij,jk->ik", "i->j", "...->->", "i1->i"}) {
        const OneNode einsum{"Einsum", 12, {{"equation", std::string(equation)}}};
        const auto y = einsum({floats({1, 2, 3})});
        EXPECT_FALSE(y.ok()) << equation;
    }
}

TEST(LossOperators, AreMinusTheLogProbabilityOfTheLabel) {
    const at::Tensor scores = floats({0, 0, 0, 0}, {2, 2});
    EXPECT_THAT(values_of(OneNode{"SoftmaxCrossEntropyLoss"}({scores, longs({0, 1})})),
                ElementsAre(DoubleNear(std::log(2.0), 1e-6)));
    const OneNode ignoring{
        "SoftmaxCrossEntropyLoss", 13, {{"ignore_index", std::int64_t{-1}}, {"reduction", std::string("none")}}};
    EXPECT_THAT(values_of(ignoring({scores, longs({-1, 1})})), ElementsAre(0, DoubleNear(std::log(2.0), 1e-6)));
    EXPECT_EQ(OneNode{"SoftmaxCrossEntropyLoss"}.refusal({scores, longs({0, 2})}), Errc::invalid_input);
    EXPECT_EQ(OneNode{"SoftmaxCrossEntropyLoss"}.refusal({floats({1}), longs({0})}), Errc::invalid_input);
    EXPECT_EQ(OneNode{"NegativeLogLikelihoodLoss"}.refusal({scores, longs({0, 1}), floats({1})}), Errc::invalid_input);
}

TEST(SignalOperators, TransformBackToTheSignal) {
    const at::Tensor x = floats({1, 2, 3, 4, 5, 6}, {1, 6, 1});
    const auto spectrum = OneNode{"DFT"}({x});
    ASSERT_TRUE(spectrum.ok());
    EXPECT_EQ(shape_of(spectrum), (Shape{1, 6, 2}));
    const auto back = OneNode{"DFT", 17, {{"inverse", std::int64_t{1}}}}({*spectrum});
    EXPECT_THAT(values_of(back->select(2, 0)), ::testing::Pointwise(DoubleNear(1e-5), {1, 2, 3, 4, 5, 6}));
    const auto onesided = OneNode{"DFT", 20, {{"onesided", std::int64_t{1}}}}({x});
    EXPECT_EQ(shape_of(onesided), (Shape{1, 4, 2}));
}

TEST(SignalOperators, RefuseLengthsThatMeanNothing) {
    const at::Tensor x = at::ones({1, 6, 1});
    EXPECT_EQ(OneNode{"DFT"}.refusal({x, longs({0})}), Errc::invalid_input);
    EXPECT_EQ(OneNode{"DFT"}.refusal({x, longs({std::int64_t{1} << 40})}), Errc::exhausted);
    EXPECT_EQ(OneNode{"DFT"}.refusal({at::ones({1, 6, 3})}), Errc::invalid_input);
    EXPECT_EQ((OneNode{"DFT", 17, {{"axis", std::int64_t{2}}}}).refusal({x}), Errc::invalid_input);
    EXPECT_EQ(OneNode{"STFT"}.refusal({x, longs({0})}), Errc::invalid_input);
    EXPECT_EQ(OneNode{"STFT"}.refusal({x, longs({1}), at::Tensor(), longs({7})}), Errc::invalid_input);
    EXPECT_EQ(OneNode{"HannWindow"}.refusal({longs({std::int64_t{1} << 40})}), Errc::exhausted);
    EXPECT_EQ(OneNode{"HannWindow"}.refusal({longs({-1})}), Errc::invalid_input);
    const auto mel = [](std::int64_t bands, std::int64_t rate, double low, double high) {
        return OneNode{"MelWeightMatrix"}.refusal(
            {longs({bands}), longs({16}), longs({rate}), floats({low}), floats({high})});
    };
    EXPECT_EQ(mel(0, 8000, 0, 4000), Errc::invalid_input);
    EXPECT_EQ(mel(8, 0, 0, 4000), Errc::invalid_input);
    EXPECT_EQ(mel(8, 8000, 4000, 0), Errc::invalid_input);
    EXPECT_EQ(mel(8, 100, 0, 4000), Errc::invalid_input);
    EXPECT_EQ(mel(std::int64_t{1} << 40, 8000, 0, 4000), Errc::exhausted);
}

TEST(SignalOperators, SumWindowsToTheirClosedForms) {
    // Over one period the cosines cancel: the sum is the constant term times the length.
    for (const auto& [name, constant] :
         {std::pair{"HannWindow", 0.5}, {"HammingWindow", 25.0 / 46}, {"BlackmanWindow", 0.42}})
        EXPECT_NEAR(OneNode{name}({longs({16})[0]})->sum().item<double>(), 16 * constant, 1e-5) << name;
    EXPECT_THAT(values_of(OneNode{"HannWindow", 17, {{"periodic", std::int64_t{0}}}}({longs({3})[0]})),
                ElementsAre(DoubleNear(0, 1e-7), DoubleNear(1, 1e-7), DoubleNear(0, 1e-7)));
}

TEST(RandomOperators, RepeatTheSameNumbers) {
    const OneNode normal{"RandomNormal", 17, {{"shape", Integers{1000}}, {"mean", 3.0F}, {"scale", 0.5F}}};
    const auto first = normal({});
    EXPECT_EQ(values_of(first), values_of(normal({})));
    EXPECT_NEAR(first->mean().item<double>(), 3, 0.08);  // five standard errors
    const OneNode seeded{"RandomNormal", 17, {{"shape", Integers{1000}}, {"seed", 1.0F}}};
    EXPECT_NE(values_of(seeded({})), values_of(first));
    EXPECT_EQ((OneNode{"RandomUniform", 17, {{"shape", Integers{1 << 20, 1 << 20}}}}).refusal({}), Errc::exhausted);
    EXPECT_EQ((OneNode{"RandomUniform", 17, {{"shape", Integers{-1}}}}).refusal({}), Errc::invalid_input);
}

TEST(RandomOperators, DrawFromTheGivenProbabilities) {
    const auto coins = OneNode{"Bernoulli"}({at::ones({10'000}) * 0.3});
    EXPECT_NEAR(coins->mean().item<double>(), 0.3, 0.023);  // five standard errors
    const OneNode draws{"Multinomial", 17, {{"sample_size", std::int64_t{10'000}}}};
    const auto y = draws({floats({std::log(0.25), std::log(0.75)}, {1, 2})});
    EXPECT_EQ(y->scalar_type(), at::kInt);
    EXPECT_NEAR(y->to(at::kDouble).mean().item<double>(), 0.75, 0.022);
    EXPECT_EQ(draws.refusal({floats({1})}), Errc::invalid_input);
    EXPECT_EQ((OneNode{"Multinomial", 17, {{"sample_size", std::int64_t{-1}}}}).refusal({at::ones({1, 2})}),
              Errc::invalid_input);
}

Attributes vectorizer(std::string mode, Integers pool, Integers counts, Integers indexes) {
    return {{"mode", std::move(mode)},
            {"min_gram_length", std::int64_t{1}},
            {"max_gram_length", std::int64_t{2}},
            {"max_skip_count", std::int64_t{0}},
            {"pool_int64s", std::move(pool)},
            {"ngram_counts", std::move(counts)},
            {"ngram_indexes", std::move(indexes)}};
}

TEST(TextOperators, WeighNGrams) {
    Attributes attributes = vectorizer("TFIDF", {2, 3, 2, 3}, {0, 2}, {0, 1, 2});
    attributes["weights"] = std::vector<float>{1, 10, 100};
    EXPECT_THAT(values_of(OneNode{"TfIdfVectorizer", 9, attributes}({longs({2, 3, 2})})), ElementsAre(2, 10, 100));
    attributes["mode"] = std::string("IDF");
    EXPECT_THAT(values_of(OneNode{"TfIdfVectorizer", 9, attributes}({longs({2, 2})})), ElementsAre(1, 0, 0));
}

TEST(TextOperators, RefusePoolsThatDoNotFit) {
    const auto refusal = [](const Attributes& attributes) {
        return OneNode{"TfIdfVectorizer", 9, attributes}.refusal({longs({1})});
    };
    EXPECT_EQ(refusal(vectorizer("TF", {2, 3}, {0, 9}, {0, 1})), Errc::invalid_input);
    EXPECT_EQ(refusal(vectorizer("TF", {2, 3}, {0, -1}, {0, 1})), Errc::invalid_input);
    EXPECT_EQ(refusal(vectorizer("TF", {2, 3}, {0, 2}, {0})), Errc::invalid_input);
    EXPECT_EQ(refusal(vectorizer("TF", {2, 3}, {0, 2}, {0, -1})), Errc::invalid_input);
    EXPECT_EQ(refusal(vectorizer("TF", {2, 3}, {0, 2}, {0, std::int64_t{1} << 40})), Errc::exhausted);
    EXPECT_EQ(refusal(vectorizer("LOUD", {2, 3}, {0, 2}, {0, 1})), Errc::invalid_input);
    Attributes strings = vectorizer("TF", {}, {}, {});
    strings["pool_strings"] = std::vector<std::string>{"a"};
    EXPECT_EQ(refusal(strings), Errc::unsupported);
}

TEST(RefusedOperators, SayWhichAndWhy) {
    for (const char* name : {"If", "Loop", "Scan", "SequenceAt", "Optional", "StringNormalizer"}) {
        const auto result = OneNode{name}.all({});
        ASSERT_FALSE(result.ok());
        EXPECT_EQ(result.error().code(), Errc::unsupported);
        EXPECT_NE(result.error().line().find(name), std::string::npos) << result.error().line();
    }
    EXPECT_EQ(OneNode{"NoSuchOperator"}.refusal({}), Errc::unsupported);
    EXPECT_EQ(OneNode("Gelu", 13).refusal({floats({1})}), Errc::unsupported);
}

}  // namespace
}  // namespace bartizan::model::operators
