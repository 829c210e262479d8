/// The bus and its readers around a real nats-server.
#include <gtest/gtest.h>

#include <atomic>
#include <mutex>
#include <set>

#include "stream/bus.h"
#include "stream/consumer.h"
#include "stream/nats_testing.h"

namespace bartizan::stream {
namespace {

using namespace std::chrono_literals;

template <class Condition>
bool soon(const Condition& condition, std::chrono::milliseconds patience = 20s) {
    const auto until = std::chrono::steady_clock::now() + patience;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > until) return false;
        std::this_thread::sleep_for(10ms);
    }
    return true;
}

std::uint64_t total(const Consumer& consumer) {
    std::uint64_t out = 0;
    for (const PartitionState& one : consumer.seen())
        if (const auto found = one.tally.find("events"); found != one.tally.end()) out += found->second;
    return out;
}

/// What readers saw, all together.
struct Seen {
    std::mutex mutex;
    std::vector<std::string> all;
    Consumer::Take take() {
        return [this](std::string_view bytes, Tally& tally) {
            const std::lock_guard lock(mutex);
            all.emplace_back(bytes);
            ++tally["events"];
            return true;
        };
    }
};

class StreamTest : public testing::Test {
protected:
    void SetUp() override {
        if (!server_.there()) GTEST_SKIP() << "nats-server is not installed";
    }
    std::unique_ptr<Bus> bus() {
        auto out = Bus::open({.url = server_.url(), .partitions = 4, .keep_bytes = 64 << 20});
        EXPECT_TRUE(out.ok()) << (out.ok() ? "" : out.error().line());
        return out.ok() ? std::move(*out) : nullptr;
    }
    static void publish(Bus& bus, int from, int to) {
        for (int i = from; i < to; ++i)
            bus.publish("client" + std::to_string(i % 7), "id" + std::to_string(i), std::to_string(i), {});
    }
    static std::unique_ptr<Consumer> consumer(Bus& bus, const std::string& id, Consumer::Take take) {
        auto out = Consumer::start(bus, {.id = id, .beat = 50ms, .dead_after = 500ms}, std::move(take));
        EXPECT_TRUE(out.ok());
        return std::move(*out);
    }

    NatsServer server_;
};

TEST_F(StreamTest, EventsAreReadOnceEachInTheOrderOfTheirClient) {
    const auto bus = this->bus();
    Seen seen;
    const auto reader = consumer(*bus, "one", seen.take());
    publish(*bus, 0, 2000);
    ASSERT_TRUE(soon([&] { return total(*reader) == 2000; })) << total(*reader);
    EXPECT_EQ(bus->counts().kept, 2000U);
    std::vector<int> last(7, -1);
    for (const std::string& one : seen.all) {
        const int number = std::stoi(one);
        EXPECT_GT(number, last[static_cast<std::size_t>(number % 7)]);
        last[static_cast<std::size_t>(number % 7)] = number;
    }
    EXPECT_EQ(seen.all.size(), 2000U);
}

TEST_F(StreamTest, AnEventThatIsPublishedTwiceIsKeptOnce) {
    const auto bus = this->bus();
    std::atomic<int> kept{0};
    for (int i = 0; i < 3; ++i) {
        bus->publish("a", "same", "x", [&](bool well) { kept += well; });
        ASSERT_TRUE(bus->flush(5s));
    }
    EXPECT_TRUE(soon([&] { return kept == 3; }));
    EXPECT_EQ(bus->counts().doubled, 2U);
    Seen seen;
    const auto reader = consumer(*bus, "one", seen.take());
    EXPECT_TRUE(soon([&] { return total(*reader) == 1; }));
    std::this_thread::sleep_for(300ms);
    EXPECT_EQ(total(*reader), 1U);
}

TEST_F(StreamTest, ReadersShareThePartitionsAndTakeOver) {
    const auto bus = this->bus(), other = this->bus();
    Seen seen;
    auto first = consumer(*bus, "one", seen.take());
    auto second = consumer(*other, "two", seen.take());
    EXPECT_TRUE(soon([&] { return first->owned().size() == 2 && second->owned().size() == 2; }));
    publish(*bus, 0, 1000);
    EXPECT_TRUE(soon([&] { return total(*first) == 1000; }));
    first.reset();
    publish(*bus, 1000, 2000);
    EXPECT_TRUE(soon([&] { return second->owned().size() == 4 && total(*second) == 2000; })) << total(*second);
    EXPECT_EQ(seen.all.size(), 2000U);
}

/// A reader that hangs as if its machine had: it takes events, and writes nothing any more.
TEST_F(StreamTest, WhatADeadReaderHadNotCountedIsCountedByTheNext) {
    const auto bus = this->bus(), other = this->bus();
    std::atomic<bool> hangs{false};
    std::atomic<int> taken{0};
    auto dead = Bus::open({.url = server_.url(), .partitions = 4});
    auto first = consumer(**dead, "dead", [&](std::string_view, Tally& tally) {
        ++taken;
        ++tally["events"];
        while (hangs) std::this_thread::sleep_for(1ms);
        return true;
    });
    publish(*bus, 0, 500);
    ASSERT_TRUE(soon([&] { return total(*first) == 500; }));
    hangs = true;
    publish(*bus, 500, 1000);
    ASSERT_TRUE(soon([&] { return taken > 500; }));
    // Only its sign of life could keep the partitions; a reader of the same name that says it is gone silences it.
    Seen seen;
    auto second = consumer(*other, "alive", seen.take());
    std::atomic<bool> silent{true};
    std::thread silence([&] {
        while (silent) {
            (void)other->put("reader.dead", "gone");
            std::this_thread::sleep_for(1ms);
        }
    });
    EXPECT_TRUE(soon([&] { return total(*second) == 1000; })) << total(*second);
    hangs = false;  // it wakes, and finds that it has lost
    std::this_thread::sleep_for(500ms);
    silent = false;
    silence.join();
    EXPECT_TRUE(soon([&] { return total(*second) == 1000; })) << total(*second);
    EXPECT_EQ(seen.all.size(), 500U);
    first.reset();
}

TEST_F(StreamTest, ValuesReachWhoWatchesThem) {
    const auto bus = this->bus(), other = this->bus();
    std::mutex mutex;
    std::vector<std::string> told;
    ASSERT_TRUE(bus->put("epoch", "1").ok());
    ASSERT_TRUE(other
                    ->watch("epoch",
                            [&](const std::string& key, const std::string& value) {
                                const std::lock_guard lock(mutex);
                                told.push_back(key + "=" + value);
                            })
                    .ok());
    const auto count = [&] {
        const std::lock_guard lock(mutex);
        return told.size();
    };
    ASSERT_TRUE(soon([&] { return count() == 1; }));
    const auto began = std::chrono::steady_clock::now();
    ASSERT_TRUE(bus->put("epoch", "2").ok());
    ASSERT_TRUE(bus->put("other", "3").ok());
    ASSERT_TRUE(soon([&] { return count() == 2; }));
    EXPECT_LT(std::chrono::steady_clock::now() - began, 1s);
    EXPECT_EQ(told, (std::vector<std::string>{"epoch=1", "epoch=2"}));
}

TEST_F(StreamTest, EventsOutlastAServerThatIsKilled) {
    const auto bus = this->bus();
    publish(*bus, 0, 200);
    ASSERT_TRUE(bus->flush(10s));
    server_.kill();
    ASSERT_TRUE(soon([&] { return !bus->counts().connected; }));
    std::atomic<int> told{0};
    const auto began = std::chrono::steady_clock::now();
    bus->publish("a", "while it is away", "x", [&](bool) { ++told; });
    ASSERT_TRUE(soon([&] { return told == 1; }));
    EXPECT_LT(std::chrono::steady_clock::now() - began, 3s) << "nobody waits for long";
    publish(*bus, 200, 300);
    server_.start();
    EXPECT_TRUE(bus->flush(30s));
    Seen seen;
    const auto reader = consumer(*bus, "one", seen.take());
    EXPECT_TRUE(soon([&] { return total(*reader) == 301; })) << total(*reader);
    EXPECT_EQ(bus->counts().lost, 0U);
}

TEST_F(StreamTest, AServerThatHangsHoldsNobodyUp) {
    const auto bus = this->bus();
    publish(*bus, 0, 10);
    ASSERT_TRUE(bus->flush(10s));
    EXPECT_TRUE(bus->well());
    server_.pause();
    std::atomic<int> told{0};
    const std::string large(64 * 1024, 'x');  // more than sockets take
    auto longest = std::chrono::steady_clock::duration::zero();
    for (int i = 0; i < 500; ++i) {
        const auto began = std::chrono::steady_clock::now();
        bus->publish("a", "large" + std::to_string(i), large, [&](bool) { ++told; });
        longest = std::max(longest, std::chrono::steady_clock::now() - began);
    }
    EXPECT_LT(longest, 200ms);
    EXPECT_TRUE(soon([&] { return told == 500; }, 5s)) << told;
    EXPECT_FALSE(bus->well());
    server_.go_on();
    EXPECT_TRUE(bus->flush(60s));
    EXPECT_EQ(bus->counts().kept, 510U);
    EXPECT_EQ(bus->counts().lost, 0U);
    EXPECT_TRUE(bus->well());
}

TEST_F(StreamTest, TheFirstInstanceSaysHowManyPartitionsThereAre) {
    const auto first = this->bus();
    const auto second = Bus::open({.url = server_.url(), .partitions = 9});
    ASSERT_TRUE(second.ok());
    EXPECT_EQ((*second)->partitions(), 4U);
    EXPECT_EQ((*second)->partition_of("client"), first->partition_of("client"));
}

TEST(StreamAddress, IsOfThisMachineOrSecured) {
    for (const char* safe :
         {"nats://127.0.0.1:4222", "nats://u:p@localhost:4222", "nats://[::1]:4222", "tls://far:4222"})
        EXPECT_TRUE(is_safe({.url = safe})) << safe;
    for (const char* open : {"nats://far:4222", "nats://127.0.0.1@far:4222", "10.0.0.1", "nats://u:127.0.0.1@far"})
        EXPECT_FALSE(is_safe({.url = open})) << open;
    EXPECT_EQ(without_password("nats://u:secret@far:4222"), "nats://far:4222");
    EXPECT_FALSE(Bus::open({.url = "nats://127.0.0.1:1"}).ok());
}

TEST(StreamPartitions, AreSharedEvenly) {
    const std::vector<std::string> living = {"a", "b", "c"};
    std::map<std::string, int> counts;
    for (std::size_t i = 0; i < 9; ++i) ++counts[reader_of(i, living)];
    EXPECT_EQ(counts, (std::map<std::string, int>{{"a", 3}, {"b", 3}, {"c", 3}}));
    EXPECT_EQ(reader_of(0, {}), "");
}

TEST(StreamPartitions, TheirStateGoesThereAndBack) {
    const PartitionState state{"a", 17, {{"events", 3}, {"rows", ~0ULL}}};
    const auto again = parse_partition(to_text(state));
    ASSERT_TRUE(again.ok());
    EXPECT_EQ(again->owner, "a");
    EXPECT_EQ(again->sequence, 17U);
    EXPECT_EQ(again->tally, state.tally);
    const std::string text = to_text(state);
    for (std::size_t i = 0; i < text.size(); ++i) EXPECT_FALSE(parse_partition(text.substr(0, i)).ok());
    for (const char* bad :
         {"[]", "{}", R"({"owner":1,"sequence":1,"tally":{}})", R"({"owner":"a","sequence":-1,"tally":{}})"})
        EXPECT_FALSE(parse_partition(bad).ok()) << bad;
}

}  // namespace
}  // namespace bartizan::stream
