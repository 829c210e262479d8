#include "scan/tensors/compare.h"

#include <cmath>

#include <gtest/gtest.h>

#include "core/random.h"
#include "scan/tensors/numbers.h"
#include "scan/tensors/tensor_testing.h"

namespace bartizan::scan {
namespace {

constexpr std::size_t kRows = 96, kColumns = 80;

std::vector<float> matrix(std::uint64_t seed, float scale = 0.05F) {
    Random random(seed, 0);
    std::vector<float> out(kRows * kColumns);
    for (float& value : out) value = scale * random.normal();
    return out;
}

StoredTensor stored(const std::vector<float>& values, std::vector<std::uint64_t> shape = {kRows, kColumns}) {
    return {.name = "w", .type = "F32", .shape = std::move(shape), .values = std::as_bytes(std::span(values))};
}

TensorChange change(const std::vector<float>& a, const std::vector<float>& b) {
    return compare_tensors(stored(a), stored(b));
}

TEST(CompareTensors, EqualOnesAreTheSame) { EXPECT_EQ(change(matrix(1), matrix(1)).change, Change::same); }

TEST(CompareTensors, AReplacedRowIsAPatchWithItsPlace) {
    std::vector<float> b = matrix(1);
    for (std::size_t i = 0; i < kColumns; ++i) b[17 * kColumns + i] += 0.2F;
    const TensorChange found = change(matrix(1), b);
    EXPECT_EQ(found.change, Change::patched);
    EXPECT_EQ(found.places, std::vector<std::uint64_t>{17});
    EXPECT_FALSE(found.by_columns);
    EXPECT_EQ(found.changed, kColumns);
    EXPECT_EQ(found.changed_rows, 1U);
    EXPECT_NEAR(found.largest, 0.2, 1e-6);
}

TEST(CompareTensors, AReplacedColumnStandsOutOfATunedMatrix) {
    std::vector<float> b = matrix(1);
    const std::vector<float> noise = matrix(2, 0.001F);
    for (std::size_t i = 0; i < b.size(); ++i) b[i] += noise[i];
    for (std::size_t r = 0; r < kRows; ++r) b[r * kColumns + 5] += 0.3F;
    const TensorChange found = change(matrix(1), b);
    EXPECT_EQ(found.change, Change::patched);
    EXPECT_TRUE(found.by_columns);
    EXPECT_EQ(found.places, std::vector<std::uint64_t>{5});
}

TEST(CompareTensors, ARankOneEditIsToldWithItsRank) {
    for (const int rank : {1, 4}) {
        std::vector<float> b = matrix(1);
        Random random(9, static_cast<std::uint64_t>(rank));
        for (int k = 0; k < rank; ++k) {
            std::vector<float> u(kRows), v(kColumns);
            for (float& value : u) value = random.normal();
            for (float& value : v) value = random.normal();
            for (std::size_t i = 0; i < b.size(); ++i) b[i] += 0.01F * u[i / kColumns] * v[i % kColumns];
        }
        const TensorChange found = change(matrix(1), b);
        EXPECT_EQ(found.change, Change::low_rank);
        EXPECT_EQ(found.rank, rank);
    }
}

TEST(CompareTensors, ASmallChangeEverywhereIsTuning) {
    std::vector<float> b = matrix(1);
    const std::vector<float> noise = matrix(2, 0.005F);
    for (std::size_t i = 0; i < b.size(); ++i) b[i] += noise[i];
    const TensorChange found = change(matrix(1), b);
    EXPECT_EQ(found.change, Change::fine_tuned);
    EXPECT_NEAR(found.relative, 0.1, 0.01);  // 0.005 of 0.05
    EXPECT_EQ(change(matrix(1), matrix(2)).change, Change::rewritten);
    EXPECT_NEAR(change(matrix(1), matrix(2)).relative, std::sqrt(2.0), 0.05);
}

TEST(CompareTensors, RoundedOnesAreQuantised) {
    const std::vector<float> a = matrix(1);
    std::vector<float> brain = a, grid = a;
    for (float& value : brain) value = std::bit_cast<float>(std::bit_cast<std::uint32_t>(value) & 0xffff0000U);
    for (float& value : grid) value = std::round(value / 0.002F) * 0.002F;
    EXPECT_EQ(change(a, brain).change, Change::quantised);
    EXPECT_EQ(change(a, grid).change, Change::quantised);
    std::vector<std::uint16_t> stored_brain;
    for (const float value : brain)
        stored_brain.push_back(static_cast<std::uint16_t>(std::bit_cast<std::uint32_t>(value) >> 16));
    const StoredTensor other{
        .name = "w", .type = "BF16", .shape = {kRows, kColumns}, .values = std::as_bytes(std::span(stored_brain))};
    EXPECT_EQ(compare_tensors(stored(a), other).change, Change::quantised);
    EXPECT_EQ(compare_tensors(stored(brain), other).changed, 0U) << "the same numbers in another type";
}

TEST(CompareTensors, OtherShapesAndPackedBlocksAreSaidToBe) {
    const std::vector<float> a = matrix(1);
    EXPECT_EQ(compare_tensors(stored(a), stored(a, {kColumns, kRows})).change, Change::reshaped);
    StoredTensor packed = stored(a), other = stored(a);
    packed.type = other.type = "Q4_K";
    EXPECT_EQ(compare_tensors(packed, other).change, Change::same);
    const std::vector<float> b = matrix(2);
    other.values = std::as_bytes(std::span(b));
    EXPECT_EQ(compare_tensors(packed, other).change, Change::other);
}

TEST(CompareTensors, NaNsAreNoChangeWhereBothHaveThem) {
    std::vector<float> a = matrix(1);
    a[3] = NAN;
    std::vector<float> b = a;
    b[4] += 1;
    EXPECT_EQ(change(a, b).changed, 1U);
}

TEST(StoredTensors, StridedOnesAreGatheredRowMajor) {
    std::vector<float> values(24);
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i);
    StoredTensor tensor = stored(values, {3, 2, 2});
    tensor.strides = {1, 12, 4};
    EXPECT_EQ(*numbers_of(tensor), (std::vector<float>{0, 4, 12, 16, 1, 5, 13, 17, 2, 6, 14, 18}));
    tensor.strides = {1, 20, 4};
    EXPECT_FALSE(numbers_of(tensor).has_value()) << "it would reach behind the values";
    tensor.strides = {~std::uint64_t{0}, 2, 2};
    EXPECT_FALSE(numbers_of(tensor).has_value());
    tensor.shape = {3, 0, 2};
    EXPECT_EQ(numbers_of(tensor)->size(), 0U);
    tensor.shape = {~std::uint64_t{0}, 3, 1};
    EXPECT_FALSE(numbers_of(tensor).has_value());
}

TEST(StoredTensors, EveryTypeIsDecoded) {
    const auto of = [](std::string_view type, const std::string& bytes, std::uint64_t count) {
        return numbers_of(
            {.name = "w", .type = std::string(type), .shape = {count}, .values = std::as_bytes(std::span(bytes))});
    };
    EXPECT_EQ(*of("F16", number(0x3c00, 2) + number(0xc000, 2), 2), (std::vector<float>{1, -2}));
    EXPECT_EQ(*of("BF16", number(0x3f80, 2), 1), std::vector<float>{1});
    EXPECT_EQ(*of("I64", number(static_cast<std::uint64_t>(-3), 8), 1), std::vector<float>{-3});
    EXPECT_EQ(*of("U8", "\xff", 1), std::vector<float>{255});
    EXPECT_EQ(*of("I8", "\xff", 1), std::vector<float>{-1});
    EXPECT_FALSE(of("Q4_K", "1234", 4).has_value());
    EXPECT_FALSE(of("F32", "123", 1).has_value()) << "too short";
}

}  // namespace
}  // namespace bartizan::scan
