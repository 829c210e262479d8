#include "crypto/random_stream.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include <gtest/gtest.h>

namespace bartizan::crypto {
namespace {

TEST(RandomStream, IsTheKeyStreamOfTheSpecification) {
    // RFC 8439, appendix A.1, vector 1: the key stream of key 0, nonce 0, block 0.
    auto stream = RandomStream::from_seed(0);
    ASSERT_TRUE(stream.ok());
    EXPECT_EQ(stream->bits64(), 0x903df1a0ade0b876U) << "76 b8 e0 ad a0 f1 3d 90";
    EXPECT_EQ(stream->bits64(), 0x28bd8653e56a5d40U) << "40 5d 6a e5 53 86 bd 28";
}

TEST(RandomStream, OfTheSystemIsAnotherEachTime) {
    EXPECT_NE(RandomStream::from_system()->bits64(), RandomStream::from_system()->bits64());
}

TEST(RandomStream, ForksAreRepeatedWithTheirSeedAndUnlikeEachOther) {
    auto one = RandomStream::from_seed(3), two = RandomStream::from_seed(3);
    auto first = one->fork(), second = one->fork(), again = two->fork();
    const std::uint64_t bits = first->bits64();
    EXPECT_EQ(bits, again->bits64());
    EXPECT_NE(bits, second->bits64());
}

TEST(RandomStream, NormalNumbersHaveTheMomentsOfTheNormalDistribution) {
    auto stream = RandomStream::from_seed(7);
    std::vector<float> values(200'001);
    stream->fill_normal(values);
    double mean = 0, square = 0, fourth = 0;
    for (const float value : values) {
        mean += value;
        square += std::pow(value, 2);
        fourth += std::pow(value, 4);
    }
    const auto count = static_cast<double>(values.size());
    EXPECT_NEAR(mean / count, 0, 5 / std::sqrt(count));
    EXPECT_NEAR(square / count, 1, 5 * std::sqrt(2 / count));
    EXPECT_NEAR(fourth / count, 3, 5 * std::sqrt(96 / count));
}

TEST(RandomStream, NormalNumbersFollowTheirDistributionIntoTheTails) {
    auto stream = RandomStream::from_seed(11);
    std::vector<float> values(2'000'000);
    stream->fill_normal(values);
    std::sort(values.begin(), values.end());
    const auto count = static_cast<double>(values.size());
    double distance = 0;  // Kolmogorov and Smirnov
    for (std::size_t i = 0; i < values.size(); ++i)
        distance = std::max(distance, std::abs(0.5 * std::erfc(-values[i] / std::numbers::sqrt2) -
                                               (static_cast<double>(i) + 0.5) / count));
    EXPECT_LT(distance * std::sqrt(count), 1.95) << "exceeded once in a thousand seeds";
    const auto beyond = static_cast<double>(values.end() - std::upper_bound(values.begin(), values.end(), 3.6F));
    const double expected = count * 0.5 * std::erfc(3.6 / std::numbers::sqrt2);
    EXPECT_NEAR(beyond, expected, 4 * std::sqrt(expected)) << "beyond the last layer";
}

}  // namespace
}  // namespace bartizan::crypto
