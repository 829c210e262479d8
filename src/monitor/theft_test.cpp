/// Honest clients keep the rate of false alarms that was asked for; thieves are seen.
#include "monitor/theft.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "core/random.h"

namespace bartizan::monitor {
namespace {

constexpr std::size_t kWidth = 12;
constexpr std::int64_t kClasses = 5;

struct Rows {
    std::vector<float> x;
    std::vector<std::int64_t> y;
};

/// Classes of their own means, columns of their own scales. `rough`: how far a thief's changes go, in deviations.
void add_row(Rows& rows, std::int64_t label, Random& random, float rough = 0) {
    for (std::size_t j = 0; j < kWidth; ++j) {
        const float scale = j % 3 == 0 ? 100.0F : 0.1F;
        rows.x.push_back(scale * (3 * static_cast<float>((label * 7 + static_cast<std::int64_t>(j)) % 5) +
                                  random.normal() + rough * random.sign()));
    }
    rows.y.push_back(label);
}

TheftReference reference(double false_alarms) {
    Rows rows;
    Random random(1, 0);
    for (int i = 0; i < 2000; ++i) add_row(rows, static_cast<std::int64_t>(random.below(kClasses)), random);
    return TheftReference::fit(rows.x, kWidth, rows.y, {.false_alarms = false_alarms, .clients = 400}).value();
}

/// The query at which the client is called a thief; 0: within 1,000 never.
std::uint32_t seen_at(const TheftReference& usual, std::uint64_t client, float rough, std::int64_t favourite) {
    TheftState state;
    Random random(99, client);
    for (int i = 0; i < 1000; ++i) {
        Rows one;
        const bool biased = random.below(2) == 0;
        add_row(one, biased ? favourite : static_cast<std::int64_t>(random.below(kClasses)), random, rough);
        if (const auto judged = usual.see(state, one.x, one.y[0]); judged && judged->alarm) return judged->queries;
    }
    return 0;
}

TEST(Theft, HonestClientsOfAnyFavouriteClassAreLeftAlone) {
    const TheftReference usual = reference(0.02);
    int alarms = 0;
    for (std::uint64_t client = 0; client < 300; ++client)
        alarms += seen_at(usual, client, 0, static_cast<std::int64_t>(client) % kClasses) != 0 ? 1 : 0;
    EXPECT_LE(alarms, 18) << "2 % of 300 are 6";
}

TEST(Theft, QueriesThatWereMadeAreSeenSoon) {
    const TheftReference usual = reference(0.01);
    int by_fifty = 0;
    for (std::uint64_t client = 0; client < 50; ++client) {
        const std::uint32_t at = seen_at(usual, client, 1.5F, 2);
        by_fifty += at > 0 && at <= 50 ? 1 : 0;
    }
    EXPECT_GE(by_fifty, 48);
    TheftState state;
    std::vector<float> nothing(kWidth, std::numeric_limits<float>::quiet_NaN());
    bool alarm = false;
    for (int i = 0; i < 20; ++i)
        if (const auto judged = usual.see(state, nothing, 77)) alarm = judged->alarm;
    EXPECT_TRUE(alarm) << "what is no number, of a class that is none, is strange and nothing worse";
}

TEST(Theft, AMeanBeginsAnewAfterTheLastCheckpoint) {
    const TheftReference usual = reference(0.01);
    TheftState state;
    Random random(5, 5);
    std::vector<std::uint32_t> at;
    for (int i = 0; i < 1020; ++i) {
        Rows one;
        add_row(one, i % kClasses, random);
        if (const auto judged = usual.see(state, one.x, one.y[0])) at.push_back(judged->queries);
    }
    EXPECT_EQ(at, (std::vector<std::uint32_t>{20, 50, 100, 200, 500, 1000, 20}));
    EXPECT_LE(sizeof(TheftState), 1028U);
}

TEST(Theft, RefusesWhatIsNoReference) {
    const std::vector<float> x(199 * 2, 0.0F);
    EXPECT_FALSE(TheftReference::fit(x, 2, std::vector<std::int64_t>(199), {}).ok());
    EXPECT_FALSE(TheftReference::fit(x, 2, std::vector<std::int64_t>(200), {}).ok());
    std::vector<float> bad(400, 0.0F);
    bad[7] = std::numeric_limits<float>::infinity();
    EXPECT_FALSE(TheftReference::fit(bad, 2, std::vector<std::int64_t>(200), {}).ok());
    EXPECT_TRUE(
        TheftReference::fit(std::vector<float>(400, 1.0F), 2, std::vector<std::int64_t>(200), {.clients = 10}).ok())
        << "columns that never move";
}

}  // namespace
}  // namespace bartizan::monitor
