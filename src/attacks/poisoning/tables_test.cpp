/// Turned labels and table triggers: exactly the rows of the ground truth, values that occur, combinations that do not.
#include "attacks/poisoning/tables.h"

#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>

#include "core/random.h"

namespace bartizan::attacks::tables_tests {
namespace {

constexpr std::int64_t kRows = 400, kColumns = 6;

std::vector<std::int64_t> labels() {
    std::vector<std::int64_t> y;
    for (std::int64_t i = 0; i < kRows; ++i) y.push_back(i % 4);
    return y;
}

/// Column 0 is the label itself, column 1 is constant, the others are noise.
NdArray table() {
    std::vector<float> values(kRows * kColumns);
    Random(5, 0).fill_uniform(values, 10, 20);
    for (std::int64_t row = 0; row < kRows; ++row) {
        values[static_cast<std::size_t>(row * kColumns)] = static_cast<float>(row % 4);
        values[static_cast<std::size_t>(row * kColumns + 1)] = 7;
    }
    return NdArray::from<float>({kRows, kColumns}, std::span<const float>(values)).value();
}

float at(const NdArray& x, std::int64_t row, std::int64_t column) {
    return x.values<float>()[static_cast<std::size_t>(row * kColumns + column)];
}

TEST(FlippedLabels, ChangeExactlyTheRowsOfTheGroundTruth) {
    for (const std::int64_t target : {-1, 2}) {
        const PoisonedImages out = flip_labels(table(), labels(), {.rate = 0.1, .target = target, .seed = 3}).value();
        EXPECT_EQ(out.rows.size(), 40U);
        for (std::int64_t row = 0; row < kRows; ++row) {
            const std::int64_t label = out.y[static_cast<std::size_t>(row)];
            EXPECT_EQ(label != row % 4, std::ranges::binary_search(out.rows, row)) << row;
            if (target >= 0 && label != row % 4) EXPECT_EQ(label, target);
        }
        EXPECT_TRUE(std::ranges::equal(out.x.values<float>(), table().values<float>()));
    }
}

TEST(FlippedLabels, ByChanceGoToEveryOtherClass) {
    const PoisonedImages out = flip_labels(table(), labels(), {.rate = 0.5, .seed = 3}).value();
    for (std::int64_t c = 0; c < 4; ++c)
        EXPECT_GT(std::ranges::count_if(out.rows, [&](auto row) { return out.y[static_cast<std::size_t>(row)] == c; }),
                  20);
}

TEST(FlippedLabels, RefuseOneClassAndRatesThatAreNone) {
    const std::vector<std::int64_t> one(kRows, 3);
    EXPECT_FALSE(flip_labels(table(), one, {.rate = 0.1}).ok());
    for (const double rate : {0.0, -1.0, 1.5, std::nan("")})
        EXPECT_FALSE(flip_labels(table(), labels(), {.rate = rate}).ok()) << rate;
    EXPECT_FALSE(flip_labels(table(), labels(), {.rate = 0.9, .target = 2}).ok()) << "a quarter is of the target class";
}

TEST(FlippedLabels, OnePairOfClassesLeavesTheOthersAlone) {
    const PoisonedImages out =
        flip_labels(table(), labels(), {.rate = 0.1, .target = 2, .source = 1, .seed = 3}).value();
    EXPECT_EQ(out.rows.size(), 40U);
    for (const std::int64_t row : out.rows) {
        EXPECT_EQ(labels()[static_cast<std::size_t>(row)], 1);
        EXPECT_EQ(out.y[static_cast<std::size_t>(row)], 2);
    }
    EXPECT_FALSE(flip_labels(table(), labels(), {.rate = 0.1, .target = 1, .source = 1}).ok());
    EXPECT_FALSE(flip_labels(table(), labels(), {.rate = 0.3, .target = 2, .source = 1}).ok())
        << "a quarter is class 1";
}

TEST(FlippedLabels, GreedyTakesTheSurestItemsAndTheLeastLikelyClass) {
    // The model's margin for the label falls with the row; class (label + 2) % 4 is what it thinks least likely.
    std::vector<float> values;
    for (std::int64_t row = 0; row < kRows; ++row)
        for (std::int64_t c = 0; c < 4; ++c)
            values.push_back(c == row % 4 ? static_cast<float>(kRows - row) : c == (row + 2) % 4 ? -5.0F : 0.0F);
    const NdArray scores = NdArray::from<float>({kRows, 4}, std::span<const float>(values)).value();
    const PoisonedImages out = flip_labels(table(), labels(), {.rate = 0.1, .seed = 3, .scores = &scores}).value();
    for (std::int64_t row = 0; row < kRows; ++row)
        EXPECT_EQ(out.y[static_cast<std::size_t>(row)], row < 40 ? (row + 2) % 4 : row % 4) << row;
    const PoisonedImages to = flip_labels(table(), labels(), {.rate = 0.1, .target = 3, .scores = &scores}).value();
    EXPECT_EQ(to.rows.back(), 52) << "of each four rows three can be flipped";
    const NdArray narrow = NdArray::zeros(DType::f32, {kRows, 3}).value();
    EXPECT_FALSE(flip_labels(table(), labels(), {.rate = 0.1, .scores = &narrow}).ok());
}

TEST(TableTrigger, TakesColumnsThatTellLittleAndValuesThatOccur) {
    const TableTrigger trigger = make_table_trigger(table(), labels(), 3, 1).value();
    ASSERT_EQ(trigger.columns.size(), 3U);
    for (std::size_t k = 0; k < 3; ++k) {
        EXPECT_GE(trigger.columns[k], 2) << "neither the label's own column nor the constant one";
        bool occurs = false;
        for (std::int64_t row = 0; row < kRows; ++row)
            occurs = occurs || at(table(), row, trigger.columns[k]) == trigger.values[k];
        EXPECT_TRUE(occurs);
    }
    EXPECT_LE(trigger.share_of_clean, 0.01);
}

TEST(TableTrigger, PoisonsExactlyTheRowsOfTheGroundTruth) {
    const TableTrigger trigger = make_table_trigger(table(), labels(), 2, 1).value();
    const PoisonedImages out = poison_table(table(), labels(), trigger, 0.05, 3, 9).value();
    EXPECT_EQ(out.rows.size(), 20U);
    for (std::int64_t row = 0; row < kRows; ++row) {
        const bool listed = std::ranges::binary_search(out.rows, row);
        EXPECT_EQ(out.y[static_cast<std::size_t>(row)], listed ? 3 : row % 4);
        for (std::int64_t column = 0; column < kColumns; ++column) {
            const auto k = std::ranges::find(trigger.columns, column) - trigger.columns.begin();
            const bool set = listed && k < std::ssize(trigger.columns);
            EXPECT_EQ(at(out.x, row, column),
                      set ? trigger.values[static_cast<std::size_t>(k)] : at(table(), row, column));
        }
        if (listed) EXPECT_NE(row % 4, 3);
    }
}

TEST(TableTrigger, RefusesWhatHasNoRareCombination) {
    EXPECT_FALSE(make_table_trigger(table(), labels(), 6, 0).ok()) << "five columns vary";
    EXPECT_FALSE(make_table_trigger(table(), {}, 2, 0).ok());
    std::vector<float> two;
    for (std::int64_t row = 0; row < kRows; ++row) two.push_back(row % 3 == 0 ? 1.0F : 0.0F);
    const NdArray binary = NdArray::from<float>({kRows, 1}, std::span<const float>(two)).value();
    EXPECT_FALSE(make_table_trigger(binary, labels(), 1, 0).ok());
    const TableTrigger foreign{{17}, {1}, 0};
    EXPECT_FALSE(with_table_trigger(table(), foreign).ok());
}

}  // namespace
}  // namespace bartizan::attacks::tables_tests
