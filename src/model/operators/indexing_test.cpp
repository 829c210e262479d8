// Reading and writing by index, ordering and choosing: indices outside, ties, reductions, hostile sizes.
#include <cmath>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>

#include "model/operators/operator_testing.h"

namespace bartizan::model::operators {
namespace {

using ::testing::ElementsAre;

const auto kMatrix = [] { return floats({0, 1, 2, 3, 4, 5}, {2, 3}); };

TEST(IndexingOperators, CountNegativeIndicesFromTheEnd) {
    EXPECT_THAT(values_of(OneNode{"Gather"}({kMatrix(), longs({-1})})), ElementsAre(3, 4, 5));
    EXPECT_THAT(values_of(OneNode{"GatherElements"}({kMatrix(), longs({-1, 0, -2}, {1, 3})})), ElementsAre(3, 1, 2));
    EXPECT_THAT(values_of(OneNode{"GatherND"}({kMatrix(), longs({-1, -3, 0, 2}, {2, 2})})), ElementsAre(3, 2));
    EXPECT_THAT(values_of(OneNode{"ScatterND"}({kMatrix(), longs({-1, -1}, {1, 2}), floats({9})})),
                ElementsAre(0, 1, 2, 3, 4, 9));
}

TEST(IndexingOperators, RefuseIndicesOutside) {
    for (const std::int64_t index : {std::int64_t{2}, std::int64_t{-3}, std::numeric_limits<std::int64_t>::max(),
                                     std::numeric_limits<std::int64_t>::min()}) {
        EXPECT_EQ(OneNode{"Gather"}.refusal({kMatrix(), longs({index})}), Errc::invalid_input) << index;
        EXPECT_EQ(OneNode{"GatherElements"}.refusal({kMatrix(), longs({index}, {1, 1})}), Errc::invalid_input) << index;
        EXPECT_EQ(OneNode{"GatherND"}.refusal({kMatrix(), longs({index, 0})}), Errc::invalid_input) << index;
        EXPECT_EQ(OneNode{"ScatterND"}.refusal({kMatrix(), longs({index, 0}), floats({1})[0]}), Errc::invalid_input);
        EXPECT_EQ(OneNode{"ScatterElements"}.refusal({kMatrix(), longs({index}, {1, 1}), floats({1}, {1, 1})}),
                  Errc::invalid_input);
    }
}

TEST(IndexingOperators, RefuseIndicesThatWouldLandInTheNextRow) {
    // Row 0, column 3 of a matrix with three columns is not row 1, column 0.
    EXPECT_EQ(OneNode{"GatherND"}.refusal({kMatrix(), longs({0, 3})}), Errc::invalid_input);
    EXPECT_EQ(OneNode{"ScatterND"}.refusal({kMatrix(), longs({0, 3}, {1, 2}), floats({9})}), Errc::invalid_input);
}

TEST(IndexingOperators, RefuseGatherOfMoreThanMemoryHolds) {
    const at::Tensor many = longs({0}).expand({1 << 16});
    EXPECT_EQ(OneNode{"Gather"}.refusal({at::ones({1}).expand({1, 1 << 16}), many}), Errc::exhausted);
}

TEST(IndexingOperators, ScatterWithEachReduction) {
    const at::Tensor x = floats({1, 2, 3});
    const at::Tensor twice = longs({1, 1}, {2, 1});
    const auto scatter = [&](const char* reduction) {
        return values_of(OneNode{"ScatterND", 18, {{"reduction", std::string(reduction)}}}({x, twice, floats({5, 7})}));
    };
    EXPECT_THAT(scatter("add"), ElementsAre(1, 14, 3));
    EXPECT_THAT(scatter("mul"), ElementsAre(1, 70, 3));
    EXPECT_THAT(scatter("max"), ElementsAre(1, 7, 3));
    EXPECT_THAT(scatter("min"), ElementsAre(1, 2, 3));
    const OneNode elements{"ScatterElements", 18, {{"reduction", std::string("mul")}}};
    EXPECT_THAT(values_of(elements({x, longs({1, 1}), floats({5, 7})})), ElementsAre(1, 70, 3));
    EXPECT_EQ((OneNode{"ScatterND", 18, {{"reduction", std::string("avg")}}}).refusal({x, twice, floats({5, 7})}),
              Errc::invalid_input);
    EXPECT_EQ(OneNode{"ScatterElements"}.refusal({x, longs({1, 1}), floats({5})}), Errc::invalid_input);
}

TEST(IndexingOperators, TakeTheFirstOfEqualElements) {
    const at::Tensor x = floats({1, 3, 3, 0, 3});
    const OneNode top{"TopK", 11, {}, 2};
    const auto best = top.all({x, longs({2})});
    ASSERT_TRUE(best.ok());
    EXPECT_THAT(values_of((*best)[1]), ElementsAre(1, 2));
    EXPECT_THAT(values_of(OneNode{"ArgMax"}({x})), ElementsAre(1));
    EXPECT_THAT(values_of(OneNode{"ArgMax", 13, {{"select_last_index", std::int64_t{1}}}}({x})), ElementsAre(4));
    EXPECT_EQ(top.refusal({x, longs({6})}), Errc::invalid_input);
    EXPECT_EQ(top.refusal({x, longs({-1})}), Errc::invalid_input);
    const OneNode old{"TopK", 9, {{"k", std::int64_t{1}}}, 2};
    EXPECT_THAT(values_of(old({x})), ElementsAre(3));
}

TEST(IndexingOperators, ListUniqueValuesInOrderOfOccurrence) {
    const OneNode unique{"Unique", 11, {{"sorted", std::int64_t{0}}}, 4};
    const auto groups = unique.all({floats({5, 2, 5, 9, 2})});
    ASSERT_TRUE(groups.ok()) << groups.error().line();
    EXPECT_THAT(values_of((*groups)[0]), ElementsAre(5, 2, 9));
    EXPECT_THAT(values_of((*groups)[1]), ElementsAre(0, 1, 3));
    EXPECT_THAT(values_of((*groups)[2]), ElementsAre(0, 1, 0, 2, 1));
    EXPECT_THAT(values_of((*groups)[3]), ElementsAre(2, 2, 1));
}

TEST(IndexingOperators, OneHotLeavesIndicesOutsideOff) {
    const auto hot = OneNode{"OneHot"}({longs({1, -1, 7}), longs({2}), floats({0, 1})});
    EXPECT_THAT(values_of(hot), ElementsAre(0, 1, 0, 1, 0, 0));
    EXPECT_EQ(OneNode{"OneHot"}.refusal({longs({1}), longs({0}), floats({0, 1})}), Errc::invalid_input);
    EXPECT_EQ(OneNode{"OneHot"}.refusal({longs({1}), floats({std::nan("")}), floats({0, 1})}), Errc::invalid_input);
    EXPECT_EQ(OneNode{"OneHot"}.refusal({longs({1}), longs({2}), floats({0})}), Errc::invalid_input);
}

TEST(IndexingOperators, CompressAndNonZeroCountWhatIsTrue) {
    const at::Tensor some = longs({0, 1}).to(at::kBool);
    EXPECT_THAT(values_of(OneNode{"Compress", 11, {{"axis", std::int64_t{1}}}}({kMatrix(), some})), ElementsAre(1, 4));
    EXPECT_THAT(values_of(OneNode{"Compress"}({kMatrix(), some})), ElementsAre(1));
    EXPECT_EQ(shape_of(OneNode{"NonZero"}({at::zeros({2, 2})})), (Shape{2, 0}));
}

TEST(IndexingOperators, SuppressBoxesThatOverlapABetterOne) {
    const at::Tensor boxes = floats({0, 0, 2, 2, 0, 0, 2, 1.9, 5, 5, 6, 6}, {1, 3, 4});
    const at::Tensor scores = floats({0.8, 0.9, std::nan("")}, {1, 1, 3});
    const auto call = [&](std::int64_t most, double overlap) {
        return OneNode{"NonMaxSuppression"}({boxes, scores, longs({most}), floats({overlap})});
    };
    EXPECT_THAT(values_of(call(3, 0.5)), ElementsAre(0, 0, 1));
    EXPECT_THAT(values_of(call(3, 0.99)), ElementsAre(0, 0, 1, 0, 0, 0));
    EXPECT_EQ(shape_of(call(0, 0.5)), (Shape{0, 3}));
    EXPECT_EQ(shape_of(call(-5, 0.5)), (Shape{0, 3}));
    EXPECT_EQ(OneNode{"NonMaxSuppression"}.refusal({boxes, floats({1}, {1, 1, 1}), longs({1})}), Errc::invalid_input);
    const at::Tensor many = at::ones({1}).expand({1, 200'000, 4});
    EXPECT_EQ(OneNode{"NonMaxSuppression"}.refusal({many, at::ones({1}).expand({1, 1, 200'000}), longs({200'000})}),
              Errc::exhausted);
}

TEST(IndexingOperators, ReverseOnlyTheLengthOfEachSequence) {
    const at::Tensor x = floats({0, 1, 2, 3, 4, 5}, {3, 2});  // time, batch
    EXPECT_THAT(values_of(OneNode{"ReverseSequence"}({x, longs({3, 2})})), ElementsAre(4, 3, 2, 1, 0, 5));
    EXPECT_EQ(OneNode{"ReverseSequence"}.refusal({x, longs({9, 2})}), Errc::invalid_input);
    EXPECT_EQ(OneNode{"ReverseSequence"}.refusal({x, longs({3})}), Errc::invalid_input);
    EXPECT_EQ((OneNode{"ReverseSequence", 10, {{"time_axis", std::int64_t{1}}}}).refusal({x, longs({1, 1})}),
              Errc::invalid_input);
}

}  // namespace
}  // namespace bartizan::model::operators
