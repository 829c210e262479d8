/// Keys and passwords: what is shown, what is kept, and that the time of a comparison tells nothing.
#include "access/secrets.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <limits>
#include <vector>

#include "core/random.h"

namespace bartizan::access {
namespace {

TEST(Secrets, AKeyIsShownOnceAndComparedByItsHash) {
    const ApiKey key = new_api_key();
    const KeyHasher hasher{crypto::Secret(random_hex(32))};
    const auto again = parse_api_key(key.text().text());
    ASSERT_TRUE(again);
    EXPECT_EQ(again->id, key.id);
    EXPECT_TRUE(hasher.same(*again, hasher.hash(key)));
    EXPECT_FALSE(hasher.same(new_api_key(), hasher.hash(key)));
    EXPECT_FALSE(hasher.same(key, ""));
    EXPECT_NE(KeyHasher{crypto::Secret(random_hex(32))}.hash(key), hasher.hash(key));
    EXPECT_EQ(hasher.hash(key).find(key.secret.text()), std::string::npos);
    const std::string text(key.text().text());
    EXPECT_FALSE(parse_api_key(text + "0"));
    EXPECT_FALSE(parse_api_key(text.substr(1)));
    EXPECT_FALSE(parse_api_key(std::string(text.size(), 'b')));
}

/// Welch's t of the time that `compare` takes for keys that differ at the first digit, and at the last (Reparaz et al.
/// 2017, "Dude, is my code constant time?"): far from 0, the time tells where. The slowest tenth is interruptions.
template <class Compare>
double timing_difference(const Compare& compare) {
    constexpr int kTries = 30'000;
    std::array<std::vector<double>, 2> times;
    Random random(1, 2);
    for (int i = 0; i < kTries; ++i) {
        const bool last = random.bits32() % 2 == 1;
        const auto began = std::chrono::steady_clock::now();
        for (int again = 0; again < 4; ++again) compare(last);
        const auto took = std::chrono::steady_clock::now() - began;
        times[last ? 1 : 0].push_back(static_cast<double>(took.count()));
    }
    std::array<double, 2> mean{}, share{};
    for (std::size_t k = 0; k < 2; ++k) {
        std::ranges::sort(times[k]);
        times[k].resize(times[k].size() * 9 / 10);
        double squares = 0;
        for (const double time : times[k]) mean[k] += time / static_cast<double>(times[k].size());
        for (const double time : times[k]) squares += (time - mean[k]) * (time - mean[k]);
        share[k] = squares / static_cast<double>(times[k].size()) / static_cast<double>(times[k].size());
    }
    return (mean[1] - mean[0]) / std::sqrt(share[0] + share[1]);
}

/// What four rounds agree on: the smallest `t` if all have its sign, else 0. A round lays its
/// texts out anew, every second the other way round, because where a text lies takes time too, and that is no leak.
template <class Round>
double agreed_difference(const Round& round) {
    double smallest = std::numeric_limits<double>::max();
    double sign = 0;
    for (int i = 0; i < 4; ++i) {
        const double t = round(i % 2 == 1);
        if (sign * t < 0) return 0;
        sign = t;
        smallest = std::min(smallest, std::abs(t));
    }
    return smallest;
}

TEST(Secrets, TheTimeOfAComparisonDoesNotTellHowMuchOfAKeyIsRight) {
    const ApiKey key = new_api_key();
    const KeyHasher hasher{crypto::Secret(random_hex(32))};
    const std::string hash = hasher.hash(key);
    const std::string secret(key.secret.text());
    const auto changed = [&](std::size_t at) {
        std::string other = secret;
        other[at] = other[at] == '0' ? '1' : '0';
        return other;
    };
    const auto ours = [&](bool turned) {
        std::vector<ApiKey> wrong;
        for (const bool last : {turned, !turned}) wrong.push_back({key.id, crypto::Secret(changed(last ? 63 : 0))});
        return timing_difference([&](bool last) { ASSERT_FALSE(hasher.same(wrong[last != turned ? 1 : 0], hash)); });
    };
    EXPECT_LT(agreed_difference(ours), 6);
    // The measurement finds a comparison that stops at the first difference.
    const auto naive = [&](bool turned) {
        const std::array<std::string, 2> wrong = {changed(turned ? 63 : 0), changed(turned ? 0 : 63)};
        return timing_difference([&](bool last) {
            const volatile char* a = wrong[last != turned ? 1 : 0].data();
            const volatile char* b = secret.data();
            std::size_t i = 0;
            while (i < 64 && a[i] == b[i]) ++i;
            ASSERT_LT(i, 64U);
        });
    };
    EXPECT_GT(agreed_difference(naive), 6);
}

TEST(Secrets, PasswordsAreHashedWithArgon2) {
    const std::string hash = *hash_password("correct horse battery");
    EXPECT_TRUE(hash.starts_with("$argon2id$"));
    EXPECT_TRUE(check_password("correct horse battery", hash));
    EXPECT_FALSE(check_password("correct horse batterz", hash));
    EXPECT_FALSE(check_password("anything at all", ""));
    EXPECT_FALSE(hash_password("short").ok());
}

}  // namespace
}  // namespace bartizan::access
