#include "scan/binary/weights.h"

#include <cmath>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "scan/rules.h"
#include "scan/scan_testing.h"

namespace bartizan::scan {
namespace {

template <class T>
Census census(const std::vector<T>& values, Float kind) {
    return census_of(std::as_bytes(std::span(values)), kind);
}

template <class T>
void expect_counted(Float kind) {
    const T inf = std::numeric_limits<T>::infinity(), nan = std::numeric_limits<T>::quiet_NaN();
    const Census found = census<T>({0, T(-1.5), nan, inf, -inf, -nan, T(1e19), T(-1e20), T(1e20), T(3)}, kind);
    EXPECT_EQ(found.looked, 10U);
    EXPECT_EQ(found.nan, 2U);
    EXPECT_EQ(found.infinite, 2U);
    EXPECT_EQ(found.absurd, 2U);
    EXPECT_FALSE(
        census<T>({0, T(-1), std::numeric_limits<T>::min(), std::numeric_limits<T>::denorm_min()}, kind).odd());
}

TEST(Weights, AreCountedAsTheStandardLibraryTellsThem) {
    expect_counted<float>(Float::f32);
    expect_counted<double>(Float::f64);
}

TEST(Weights, OfHalfPrecisionAreCounted) {
    const Census half = census<std::uint16_t>({0x3c00, 0x7bff, 0x7c00, 0xfc00, 0x7e00, 0x0001}, Float::f16);
    EXPECT_EQ(half.infinite, 2U);  // 65504, the largest half, is none
    EXPECT_EQ(half.nan, 1U);
    EXPECT_EQ(half.absurd, 0U);
    const Census brain = census<std::uint16_t>({0x3f80, 0x7f80, 0x7fc0, 0x60ad, 0x6080, 0x6070}, Float::bf16);
    EXPECT_EQ(brain.infinite, 1U);
    EXPECT_EQ(brain.nan, 1U);
    EXPECT_EQ(brain.absurd, 2U);  // 2^66 and above it
}

TEST(Weights, OneNaNInASmallTensorIsFoundWhereverItLies) {
    for (const std::size_t place : {0U, 1U, 777U, 999U}) {
        std::vector<float> values(1000, 0.5F);
        values[place] = std::nanf("");
        EXPECT_EQ(census(values, Float::f32).nan, 1U) << place;
    }
}

TEST(Weights, TypesAreKnownByTheirNames) {
    EXPECT_EQ(float_of("BF16"), Float::bf16);
    EXPECT_EQ(float_of("<f8"), Float::f64);
    for (const char* other : {"I32", ">f4", "U8", "", "F8_E4M3"}) EXPECT_FALSE(float_of(other).has_value()) << other;
}

std::string safetensors_with(float value) {
    std::vector<float> values(300'000, 0.25F);  // sampled: 1.2 MB
    for (std::size_t i = 0; i < values.size(); i += 100) values[i] = value;
    std::string header = R"({"w":{"dtype":"F32","shape":[300000],"data_offsets":[0,1200000]}})";
    header.resize(72, ' ');
    return number(header.size(), 8) + header +
           std::string(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float));
}

TEST(Weights, OfSafetensorsAreNotedAndDoNotChangeTheVerdict) {
    const FileResult good = judged(safetensors_with(0.5F), "m.safetensors");
    EXPECT_FALSE(has_rule(good, rule::kNotFinite));
    const FileResult odd = judged(safetensors_with(std::numeric_limits<float>::infinity()), "m.safetensors");
    EXPECT_TRUE(has_rule(odd, rule::kNotFinite));
    EXPECT_EQ(odd.verdict, Verdict::clean);
    EXPECT_NE(odd.issues[0].detail.find("w: 0 NaN"), std::string::npos) << odd.issues[0].detail;
}

TEST(Weights, OfNumPyArraysAreNoted) {
    std::string header = "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }";
    header.resize(117, ' ');
    header += '\n';
    const float values[2] = {1, std::nanf("")};
    const std::string file = std::string("\x93NUMPY\x01\0", 8) + number(header.size(), 2) + header +
                             std::string(reinterpret_cast<const char*>(values), sizeof values);
    EXPECT_TRUE(has_rule(judged(file, "w.npy"), rule::kNotFinite));
}

}  // namespace
}  // namespace bartizan::scan
