/// Fingerprints, chains, and what an attacker could do with the memory behind them.
#include "monitor/similarity.h"

#include <algorithm>
#include <map>

#include <gtest/gtest.h>

#include "core/random.h"

namespace bartizan::monitor {
namespace {

constexpr std::size_t kLength = 784;

std::vector<float> picture(std::uint64_t seed) {
    std::vector<float> out(kLength);
    Random(seed, 1).fill_uniform(out, 0, 1);
    return out;
}

/// The picture with each element moved by at most `by`.
std::vector<float> moved(std::vector<float> picture, float by, std::uint64_t seed) {
    Random random(seed, 2);
    for (float& value : picture) value = std::clamp(value + by * (2 * random.uniform() - 1), 0.0F, 1.0F);
    return picture;
}

std::size_t common(const Fingerprint& a, const Fingerprint& b) {
    std::vector<std::uint64_t> both;
    std::ranges::set_intersection(std::span(a.hashes.data(), a.count), std::span(b.hashes.data(), b.count),
                                  std::back_inserter(both));
    return both.size();
}

TEST(Fingerprints, OfNearPicturesAreNearlyTheSameAndOfOthersNotAtAll) {
    const Fingerprinter print(7, kLength);
    const auto one = print(picture(1));
    EXPECT_EQ(one.count, kFingerprintHashes);
    EXPECT_TRUE(std::is_sorted(one.hashes.begin(), one.hashes.end()));
    EXPECT_GE(common(one, print(moved(picture(1), 0.001F, 1))), 25U);
    EXPECT_EQ(common(one, print(picture(2))), 0U);
    EXPECT_EQ(common(one, Fingerprinter(8, kLength)(picture(1))), 0U) << "another key, other hashes";
    EXPECT_EQ(one.exact, print(picture(1)).exact);
    EXPECT_NE(one.exact, print(moved(picture(1), 1e-6F, 1)).exact);
}

TEST(Fingerprints, OfPicturesThatShareADarkBorderAreToldApartOnceItIsLearnt) {
    const auto framed = [](std::uint64_t seed) {
        auto out = picture(seed);
        std::fill(out.begin(), out.begin() + 600, 0.0F);
        return out;
    };
    Fingerprinter print(7, kLength);
    EXPECT_GT(common(print(framed(1)), print(framed(2))), 25U);
    std::vector<float> rows;
    for (std::uint64_t i = 0; i < 100; ++i) {
        const auto row = framed(1000 + i);
        rows.insert(rows.end(), row.begin(), row.end());
    }
    print.learn(rows);
    EXPECT_EQ(common(print(framed(1)), print(framed(2))), 0U);
    EXPECT_GE(common(print(framed(1)), print(moved(framed(1), 0.0005F, 3))), 20U);
    const std::vector<float> black(kLength, 0.0F);
    EXPECT_EQ(Fingerprinter(7, kLength)(black).count, kFingerprintHashes);
    Fingerprinter of_black(7, kLength);
    of_black.learn(std::vector<float>(50 * kLength, 0.0F));
    EXPECT_LT(of_black(black).count, kLeastHashes) << "what is common to all is like nothing";
}

/// A second implementation, with a map, that knows nothing of gaps.
TEST(HashIndexes, AgreeWithAMapUnderEveryMixOfPutsAndErasures) {
    HashIndex index(64);
    std::map<std::uint64_t, std::uint32_t> truth;
    Random random(3, 0);
    for (int step = 0; step < 20'000; ++step) {
        const std::uint64_t hash = random.below(40) * 128 + random.below(3);  // most have one home
        const auto slot = static_cast<std::uint32_t>(random.below(5));
        if (random.below(2) == 0 && (truth.size() < 64 || truth.contains(hash))) {
            index.put(hash, slot);
            truth[hash] = slot;
        } else {
            index.erase(hash, slot);
            if (const auto found = truth.find(hash); found != truth.end() && found->second == slot) truth.erase(found);
        }
        for (std::uint64_t probe = 0; probe < 40 * 128; probe += 128) {
            const auto found = index.find(probe);
            ASSERT_EQ(found.has_value(), truth.contains(probe));
            if (found) ASSERT_EQ(*found, truth[probe]);
        }
    }
}

TEST(Similarity, AChainOfChangedQueriesIsAnAlarmAndNamesItsBuilders) {
    const Fingerprinter print(7, kLength);
    SimilarityHistory history({.capacity = 1000, .limit = 20});
    int alarms = 0;
    std::uint32_t chain = 0;
    auto now = picture(1);
    for (std::uint64_t i = 0; i < 45; ++i) {
        const Sighting seen = history.see(i % 3, print(now));  // three accounts, one attacker
        EXPECT_EQ(seen.kind, i == 0 ? Sighting::Kind::fresh : Sighting::Kind::near) << i;
        alarms += seen.alarm ? 1 : 0;
        chain = seen.chain;
        now = moved(now, 0.001F, i);
    }
    EXPECT_EQ(alarms, 2) << "at 20 and at 40";
    const auto builders = history.builders(chain);
    ASSERT_EQ(builders.size(), 3U);
    for (const auto& [account, queries] : builders) EXPECT_EQ(queries, 15U);
}

TEST(Similarity, TheSameQueryAgainIsNoAttackAndOthersAreNoChain) {
    const Fingerprinter print(7, kLength);
    SimilarityHistory history({.capacity = 1000, .limit = 5});
    for (int i = 0; i < 100; ++i) EXPECT_FALSE(history.see(1, print(picture(1))).alarm);
    for (std::uint64_t i = 2; i < 500; ++i) EXPECT_EQ(history.see(1, print(picture(i))).kind, Sighting::Kind::fresh);
    EXPECT_EQ(history.see(1, print(std::vector<float>(kLength, 0.0F))).kind, Sighting::Kind::fresh);
}

TEST(Similarity, NobodyHidesByFloodingTheMemory) {
    const Fingerprinter print(7, kLength);
    SimilarityHistory history({.capacity = 400, .limit = 20});
    auto now = picture(1);
    std::uint64_t flood = 100;
    int alarms = 0;
    for (std::uint64_t i = 0; i < 25; ++i) {
        alarms += history.see(1, print(now)).alarm ? 1 : 0;
        now = moved(now, 0.001F, i);
        for (int j = 0; j < 90; ++j) (void)history.see(1, print(picture(flood++)));  // his own, to push the chain out
        EXPECT_LE(history.size(), 101U) << "a quarter, whatever one account asks";
    }
    EXPECT_EQ(alarms, 1);
    for (std::uint64_t account = 2; account < 40; ++account)
        for (int j = 0; j < 100; ++j) (void)history.see(account, print(picture(flood++)));
    EXPECT_LE(history.size(), 400U);
}

}  // namespace
}  // namespace bartizan::monitor
