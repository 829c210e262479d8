#include "audit/corruptions.h"

#include <cmath>
#include <numeric>
#include <vector>

#include <gtest/gtest.h>

namespace bartizan::audit {
namespace {

data::Info grey(std::int64_t side) {
    data::Info info;
    info.kind = data::Kind::image;
    info.item_shape = {side, side};
    return info;
}

data::Batch flat(std::int64_t side, float value) {
    data::Batch batch;
    batch.x =
        NdArray::from<float>({1, side, side}, std::vector<float>(static_cast<std::size_t>(side * side), value)).value();
    batch.y = {0};
    batch.ids = {7};
    return batch;
}

TEST(Corruptions, NoiseHasTheStatedStrength) {
    // Deviation .04 at severity 1 and .10 at severity 5, for images up to 64 pixels.
    for (const auto& [severity, deviation] : {std::pair{1, 0.04}, {5, 0.10}}) {
        const NdArray noisy = corrupt(grey(64), flat(64, 0.5F), Corruption::noise, severity, 0).value();
        double squares = 0;
        for (const float value : noisy.values<float>()) squares += (value - 0.5) * (value - 0.5);
        EXPECT_NEAR(std::sqrt(squares / 4096), deviation, 0.05 * deviation);
    }
}

TEST(Corruptions, BlurKeepsTheMeanAndSpreadsAPoint) {
    data::Batch point = flat(33, 0);
    point.x.mutable_values<float>()[16 * 33 + 16] = 1;
    const NdArray blurred = corrupt(grey(33), point, Corruption::blur, 5, 0).value();
    const auto values = blurred.values<float>();
    EXPECT_NEAR(std::accumulate(values.begin(), values.end(), 0.0), 1, 1e-5);
    // A Gaussian of deviation 1 sampled and normalised: centre weight (0.39905)^2.
    EXPECT_NEAR(values[16 * 33 + 16], 0.39905 * 0.39905, 1e-3);
    EXPECT_NEAR(values[16 * 33 + 15], values[15 * 33 + 16], 1e-6);
}

TEST(Corruptions, LightShiftsAndStaysInRange) {
    EXPECT_NEAR(corrupt(grey(8), flat(8, 0.5F), Corruption::brightness, 5, 0).value().values<float>()[3], 0.8, 1e-6);
    EXPECT_NEAR(corrupt(grey(8), flat(8, 0.9F), Corruption::brightness, 5, 0).value().values<float>()[3], 1, 1e-6);
    EXPECT_NEAR(corrupt(grey(8), flat(8, 0.5F), Corruption::darkness, 3, 0).value().values<float>()[3], 0.35, 1e-6);
}

TEST(Corruptions, SameSeedSameBytesAndOnlyImages) {
    const NdArray a = corrupt(grey(8), flat(8, 0.5F), Corruption::noise, 2, 1).value();
    const NdArray b = corrupt(grey(8), flat(8, 0.5F), Corruption::noise, 2, 1).value();
    const NdArray c = corrupt(grey(8), flat(8, 0.5F), Corruption::noise, 2, 2).value();
    EXPECT_TRUE(std::ranges::equal(a.bytes(), b.bytes()));
    EXPECT_FALSE(std::ranges::equal(a.bytes(), c.bytes()));
    data::Info table;
    table.kind = data::Kind::table;
    table.item_shape = {64};
    EXPECT_EQ(corrupt(table, flat(8, 0.5F), Corruption::noise, 1, 0).error().code(), Errc::unsupported);
}

}  // namespace
}  // namespace bartizan::audit
