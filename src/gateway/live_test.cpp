/// What is told of the present: traffic by minutes, streams of events, the overview.
#include "gateway/service_testing.h"

namespace bartizan::gateway {
namespace {

Event event(const std::string& model, int status, std::uint64_t rows = 1) {
    return {.model = model, .version = 1, .rows = rows, .status = status, .latency = std::chrono::milliseconds(4)};
}

TEST(Traffic, CountsByMinutesAndForgetsAfterAnHour) {
    std::int64_t minute = 1000;
    Traffic traffic([&] { return minute; });
    traffic.see(event("m", 200, 3));
    traffic.see(event("m", 429, 9));
    minute += 2;
    traffic.see(event("m", 200));
    const auto hour = traffic.of("m");
    EXPECT_EQ(hour.total.answered, 2U);
    EXPECT_EQ(hour.total.refused, 1U);
    EXPECT_EQ(hour.total.rows, 4U);
    EXPECT_DOUBLE_EQ(hour.total.mean_ms(), 4);
    EXPECT_EQ(hour.minutes[57].answered, 1U);
    EXPECT_EQ(hour.minutes[58].answered, 0U);
    EXPECT_EQ(hour.minutes[59].answered, 1U);
    minute += 58;
    EXPECT_EQ(traffic.of("m").total.answered, 1U);
    minute += 2;
    EXPECT_EQ(traffic.of("m").total.answered, 0U);
    EXPECT_EQ(traffic.of("m").ever.answered, 2U);
    minute += 1000;
    traffic.see(event("m", 200));
    EXPECT_EQ(traffic.of("m").total.answered, 1U);
    EXPECT_EQ(traffic.of("none").total.answered, 0U);
}

TEST(Traffic, ModelsAreBounded) {
    Traffic traffic([] { return 5; });
    for (std::size_t i = 0; i < Traffic::kMostModels + 10; ++i) traffic.see(event("m" + std::to_string(i), 200));
    EXPECT_EQ(traffic.totals().size(), Traffic::kMostModels);
}

class LiveTest : public ServiceTest {
protected:
    /// A stream, read until `wanted` is in it.
    class Reader {
    public:
        Reader(const ServiceTest&, std::uint16_t port, const std::string& key) : client_(port) {
            client_.send("GET /v1/stream HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + key + "\r\n\r\n");
        }
        bool reads(const std::string& wanted) {
            for (int i = 0; i < 200 && text_.find(wanted) == std::string::npos; ++i) {
                const std::string more = client_.some();
                if (more.empty()) break;
                text_ += more;
            }
            return text_.find(wanted) != std::string::npos;
        }
        const std::string& text() const { return text_; }
        void forget() { text_.clear(); }

    private:
        http::RawClient client_;
        std::string text_;
    };
    std::unique_ptr<Reader> stream(const std::string& who) {
        return std::make_unique<Reader>(*this, server_->port(), keys_.at(who));
    }
};

TEST_F(LiveTest, AStreamTellsEachSecondAndEachChange) {
    auto reader = stream("admin");
    ASSERT_TRUE(reader->reads("event: traffic\n")) << reader->text();
    EXPECT_NE(reader->text().find("Content-Type: text/event-stream\r\n"), std::string::npos);
    EXPECT_NE(reader->text().find("Cache-Control: no-store\r\n"), std::string::npos);
    EXPECT_TRUE(reader->reads("event: detectors\ndata: {\"versions\":[]}\n\n"));
    push("one");
    EXPECT_TRUE(reader->reads("event: changed\n"));
    const Json opened = {{"title", "it <b>answers</b> otherwise"}, {"severity", "high"}};
    ASSERT_EQ(ask("admin", "POST", "/v1/incidents", opened.dump()).status, 201);
    EXPECT_TRUE(reader->reads("event: incident\n"));
    service_->alerts().raise({.detector = "theft", .version = "model:m@1", .severity = "high", .title = "copied\nevent: x"},
                             1'700'000'000);
    EXPECT_TRUE(reader->reads("event: alert\n"));
    EXPECT_EQ(reader->text().find("\nevent: x"), std::string::npos) << "a line break in a title is no event";
}

TEST_F(LiveTest, WhoMayNotReadTheLedgerIsToldOfNoAlert) {
    add("viewer", "viewer@model:m");
    push("one");
    auto reader = stream("viewer");
    ASSERT_TRUE(reader->reads("event: traffic\n"));
    service_->alerts().raise({.detector = "theft", .version = "model:m@1", .severity = "high", .title = "copied"},
                             1'700'000'000);
    auto admin = stream("admin");
    ASSERT_TRUE(admin->reads("event: traffic\n"));
    service_->alerts().raise({.detector = "drift", .version = "model:m@1", .severity = "low", .title = "other"},
                             1'700'000'000);
    ASSERT_TRUE(admin->reads("event: alert\n"));  // streams are written in one go: his second has come too
    for (int second = 0; second < 3; ++second) {
        ASSERT_TRUE(reader->reads("event: traffic\n"));
        EXPECT_EQ(reader->text().find("event: alert"), std::string::npos);
        reader->forget();
    }
}

TEST_F(LiveTest, StreamsOfOnePrincipalAreBounded) {
    std::vector<std::unique_ptr<Reader>> readers;
    for (std::size_t i = 0; i < Live::kMostOfPrincipal; ++i) {
        readers.push_back(stream("admin"));
        ASSERT_TRUE(readers.back()->reads("retry: "));
    }
    const Answered refused = ask("admin", "GET", "/v1/stream");
    EXPECT_EQ(refused.status, 429);
    EXPECT_EQ(refused.code(), "too-many-streams");
    readers.pop_back();  // its place is free once the service has noticed
    int status = 429;
    for (int i = 0; i < 50 && status == 429; ++i) {
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
        Reader again(*this, server_->port(), keys_.at("admin"));
        again.reads("\r\n\r\n");
        status = http::status_of(again.text());
    }
    EXPECT_EQ(status, 200);
}

TEST_F(LiveTest, AStreamEndsWithItsKey) {
    add("carl", "viewer@*");
    auto reader = stream("carl");
    ASSERT_TRUE(reader->reads("event: traffic\n"));
    ASSERT_EQ(ask("admin", "POST", "/v1/principals/carl/disable", "{}").status, 200);
    EXPECT_TRUE(reader->reads("event: end\n"));
    EXPECT_TRUE(reader->reads("\r\n0\r\n\r\n")) << reader->text();
}

TEST_F(LiveTest, StreamsDoNotHoldUpTheEnd) {
    auto reader = stream("admin");
    ASSERT_TRUE(reader->reads("event: traffic\n"));
    service_->begin_draining();
    EXPECT_TRUE(server_->drain(std::chrono::seconds(5)));
}

TEST_F(LiveTest, TheOverviewShowsWhatOneMaySee) {
    push("one");
    push("two", "models/n");
    add("narrow", "viewer@model:n");
    const Json all = ask("admin", "GET", "/v1/overview").body;
    ASSERT_EQ(all["models"].size(), 2U);
    EXPECT_EQ(all["models"][0]["name"], "m");
    EXPECT_EQ(all["models"][0]["traffic"]["minutes"].size(), Traffic::kMinutes);
    EXPECT_EQ(all["models"][0]["candidate"]["checks"]["scan"], "clean");
    EXPECT_TRUE(all["models"][0]["production"].is_null());
    EXPECT_TRUE(all["models"][0]["alerts"].is_object());
    EXPECT_TRUE(all["incidents"].is_object());
    const Json few = ask("narrow", "GET", "/v1/overview").body;
    ASSERT_EQ(few["models"].size(), 1U);
    EXPECT_EQ(few["models"][0]["name"], "n");
    EXPECT_TRUE(few["models"][0]["alerts"].is_null());
    EXPECT_TRUE(few["incidents"].is_null());
}

}  // namespace
}  // namespace bartizan::gateway
