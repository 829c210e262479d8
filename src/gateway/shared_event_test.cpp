#include "gateway/shared_event.h"

#include <gtest/gtest.h>

#include "core/random.h"

namespace bartizan::gateway {
namespace {

Event event() { return {"00ff00ff00ff00ff", "shop", "fashion", 3, 2, 200, "", std::chrono::nanoseconds(1500), 17}; }

WatchQuery query() { return {"shop", {}, 2, {1.5F, -2.0F, 3.0F}, "{\"outputs\":[]}tail", "14", {0.25F, 8.0F}}; }

TEST(SharedEvent, GoesThereAndBack) {
    const WatchQuery asked = query();
    const auto again = unpack(pack(event(), &asked));
    ASSERT_TRUE(again.ok()) << again.error().line();
    EXPECT_EQ(again->event.request_id, "00ff00ff00ff00ff");
    EXPECT_EQ(again->event.principal, "shop");
    EXPECT_EQ(again->event.model, "fashion");
    EXPECT_EQ(again->event.version, 3);
    EXPECT_EQ(again->event.rows, 2U);
    EXPECT_EQ(again->event.status, 200);
    EXPECT_EQ(again->event.latency, std::chrono::nanoseconds(1500));
    EXPECT_EQ(again->event.epoch, 17);
    ASSERT_TRUE(again->query.has_value());
    EXPECT_EQ(again->query->input, asked.input);
    EXPECT_EQ(again->query->body, asked.body);
    EXPECT_EQ(again->query->features, asked.features);
    EXPECT_EQ(again->query->length, "14");
    EXPECT_EQ(again->query->principal, "shop");
    const auto without = unpack(pack(event(), nullptr));
    ASSERT_TRUE(without.ok());
    EXPECT_FALSE(without->query.has_value());
}

TEST(SharedEvent, TooLongAQueryStaysBehind) {
    WatchQuery large = query();
    large.body.assign(kLongestShared, 'x');
    const std::string bytes = pack(event(), &large);
    EXPECT_LT(bytes.size(), 2000U);
    ASSERT_TRUE(unpack(bytes).ok());
    EXPECT_FALSE(unpack(bytes)->query.has_value());
}

TEST(SharedEvent, CorruptBytesEndInAnError) {
    const WatchQuery asked = query();
    const std::string good = pack(event(), &asked);
    for (std::size_t size = 0; size < good.size(); ++size) EXPECT_FALSE(unpack(good.substr(0, size)).ok()) << size;
    EXPECT_FALSE(unpack(good + "x").ok());
    Random random(5, 6);
    for (int round = 0; round < 20'000; ++round) {
        std::string bad = good;
        for (int i = 0; i < 2; ++i) bad[random.below(bad.size())] = static_cast<char>(random.below(256));
        if (const auto read = unpack(bad); read.ok() && read->query) {
            EXPECT_LE(read->query->bytes(), bad.size());
        }
    }
}

}  // namespace
}  // namespace bartizan::gateway
