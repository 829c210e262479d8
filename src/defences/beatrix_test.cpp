/// Gram matrices in closed form, and items whose channels fire together in a way that their class does not.
#include "defences/beatrix.h"

#include <algorithm>
#include <limits>

#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <gtest/gtest.h>

#include "core/random.h"

namespace bartizan::defences {
namespace {

struct Maps {
    at::Tensor x;
    std::vector<std::int64_t> y;
};

/// Channels c and c + 1 of class c fire at the same places; the others fire anywhere. Means are the same in all classes.
Maps maps(std::int64_t per_class, std::uint64_t seed, std::int64_t channels = 5, std::int64_t places = 64) {
    const std::int64_t classes = 3;
    Maps out{at::empty({classes * per_class, channels, places}, at::kFloat), {}};
    float* to = out.x.data_ptr<float>();
    for (std::int64_t i = 0; i < classes * per_class; ++i) {
        Random random(seed, static_cast<std::uint64_t>(i));
        const std::int64_t label = i % classes;
        for (std::int64_t c = 0; c < channels; ++c)
            for (std::int64_t p = 0; p < places; ++p) to[(i * channels + c) * places + p] = random.uniform() < 0.3F ? 1 : 0;
        for (std::int64_t p = 0; p < places; ++p)
            to[(i * channels + label + 1) * places + p] = to[(i * channels + label) * places + p];
        out.y.push_back(label);
    }
    return out;
}

TEST(Beatrix, SeesWhichChannelsFireTogetherWhereMeansSayNothing) {
    const Maps clean = maps(60, 1);
    Maps suspect = maps(100, 2);
    std::vector<std::size_t> poisoned;
    for (std::size_t i = 1; i < suspect.y.size(); i += 15) {
        suspect.y[i] = (suspect.y[i] + 1) % 3;
        poisoned.push_back(i);
    }
    const Beatrix usual = Beatrix::fit(clean.x, clean.y).value();
    const std::vector<double> scores = usual.scores(suspect.x, suspect.y).value();
    double above = 0, pairs = 0;  // the area under the curve, by counting
    for (const std::size_t i : poisoned)
        for (std::size_t j = 0; j < scores.size(); ++j) {
            if (std::ranges::find(poisoned, j) != poisoned.end()) continue;
            ++pairs;
            above += scores[i] > scores[j] ? 1 : 0;
        }
    EXPECT_GT(above / pairs, 0.95);
}

TEST(Beatrix, TrustedItemsAreJudgedByTheOthers) {
    const Maps clean = maps(60, 1);
    const Beatrix usual = Beatrix::fit(clean.x, clean.y).value();
    const std::vector<double> other = usual.scores(maps(60, 7).x, maps(60, 7).y).value();
    const auto mean = [](const std::vector<double>& values) {
        double sum = 0;
        for (const double value : values) sum += value;
        return sum / static_cast<double>(values.size());
    };
    ASSERT_EQ(usual.clean_scores().size(), clean.y.size());
    EXPECT_NEAR(mean(usual.clean_scores()), mean(other), 0.1) << "as fresh items are, not as known ones";
}

TEST(Beatrix, OfADenseLayerAllOrdersAreOne) {
    // Behind a Relu (v_i^p v_j^p)^(1/p) = v_i v_j.
    const Maps clean = maps(40, 3, 5, 1), suspect = maps(20, 4, 5, 1);
    const auto nine = Beatrix::fit(clean.x, clean.y, {.orders = 9}).value().scores(suspect.x, suspect.y).value();
    const auto one = Beatrix::fit(clean.x, clean.y, {.orders = 1}).value().scores(suspect.x, suspect.y).value();
    EXPECT_EQ(nine, one);
}

TEST(Beatrix, AChannelThatAClassNeverUsesDoesNotOutweighAllOthers) {
    // Relative to a bound of zero (the authors' code) one stray spark of a silent channel is an infinite deviation.
    Maps clean = maps(60, 1), suspect = maps(50, 2);
    clean.x.select(1, 4).zero_();
    suspect.x.select(1, 4).zero_();
    suspect.x.select(0, 4).select(0, 4).fill_(0.01F);
    const std::vector<double> scores = Beatrix::fit(clean.x, clean.y).value().scores(suspect.x, suspect.y).value();
    EXPECT_LT(scores[4], 0) << "its other channels are those of its class";
}

TEST(Beatrix, RefusesWhatDoesNotFit) {
    const Maps clean = maps(60, 1);
    EXPECT_FALSE(Beatrix::fit(clean.x, clean.y, {.orders = 10}).ok());
    EXPECT_FALSE(Beatrix::fit(clean.x.flatten(1), clean.y).ok()) << "no places";
    EXPECT_FALSE(Beatrix::fit(maps(10, 1).x, maps(10, 1).y).ok()) << "10 trusted items of a class";
    EXPECT_FALSE(Beatrix::fit(clean.x, std::vector<std::int64_t>(clean.y.size(), 0)).ok()) << "one class";
    const Beatrix usual = Beatrix::fit(clean.x, clean.y).value();
    EXPECT_FALSE(usual.scores(maps(20, 1, 6).x, maps(20, 1).y).ok()) << "other channels";
    EXPECT_FALSE(usual.scores(clean.x, std::vector<std::int64_t>(clean.y.size(), 7)).ok()) << "unknown class";
    at::Tensor broken = clean.x.clone();
    broken.data_ptr<float>()[3] = std::numeric_limits<float>::infinity();
    EXPECT_FALSE(usual.scores(broken, clean.y).ok());
}

}  // namespace
}  // namespace bartizan::defences
