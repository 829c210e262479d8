#include "gateway/quota.h"

#include <atomic>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace bartizan::gateway {
namespace {

using namespace std::chrono_literals;
using Why = Quota::Verdict::Why;

TEST(Quota, ABucketFillsWithTime) {
    Quota quota;
    const QuotaLimits limits{.requests_per_second = 2, .burst = 3, .queries_per_day = 1000};
    const Quota::Time now{1h};
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(quota.take("a", "m", 1, limits, now));
    const auto refused = quota.take("a", "m", 1, limits, now);
    EXPECT_EQ(refused.why, Why::rate);
    EXPECT_EQ(refused.retry_after, 1);
    EXPECT_TRUE(quota.take("b", "m", 1, limits, now));
    EXPECT_TRUE(quota.take("a", "m", 1, limits, now + 500ms));
    EXPECT_FALSE(quota.take("a", "m", 1, limits, now + 500ms));
    int taken = 0;
    for (int i = 0; i < 10; ++i) taken += quota.take("a", "m", 1, limits, now + 1h) ? 1 : 0;
    EXPECT_EQ(taken, 3);  // never more than the burst
}

TEST(Quota, ABudgetIsOfOneModelAndOneDay) {
    Quota quota;
    const QuotaLimits limits{.requests_per_second = 1e6, .burst = 1e6, .queries_per_day = 100};
    const Quota::Time now{1h};
    EXPECT_TRUE(quota.take("a", "m", 60, limits, now));
    const auto refused = quota.take("a", "m", 41, limits, now + 1h);
    EXPECT_EQ(refused.why, Why::budget);
    EXPECT_EQ(refused.retry_after, 23 * 3600);
    EXPECT_TRUE(quota.take("a", "m", 40, limits, now));  // time never runs backwards
    EXPECT_TRUE(quota.take("a", "n", 100, limits, now + 1h));
    EXPECT_FALSE(quota.take("a", "m", 1, limits, now + 23h));
    EXPECT_TRUE(quota.take("a", "m", 100, limits, now + 24h));
    EXPECT_FALSE(quota.take("a", "k", ~std::uint64_t{0}, limits, now));
    quota.give_back("a", "m", 100);
    EXPECT_EQ(quota.spent("a", "m"), 0U);
}

TEST(Quota, NoInterleavingSpendsMoreThanThereIs) {
    Quota quota;
    const QuotaLimits limits{.requests_per_second = 1e6, .burst = 1e6, .queries_per_day = 1000};
    std::atomic<int> granted{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t)
        threads.emplace_back([&] {
            for (int i = 0; i < 1000; ++i)
                if (quota.take("a", "m", 3, limits, Quota::Time{1h})) ++granted;
        });
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(granted.load(), 333);
}

}  // namespace
}  // namespace bartizan::gateway
