/// The small parts: filters, identifiers, metrics, log, problems, routes.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "gateway/filters.h"
#include "gateway/identifiers.h"
#include "gateway/log.h"
#include "gateway/routes.h"
#include "http/head.h"

namespace bartizan::gateway {
namespace {

/// A request of one FP32 input "x" of [rows, 2].
class FitTest : public testing::Test {
protected:
    std::optional<Problem> fit(std::vector<float> values, Shape shape, const std::string& name = "x") {
        exchange_.request = {};
        oip::Tensor input;
        input.name = name;
        input.shape = std::move(shape);
        std::vector<char> bytes(values.size() * sizeof(float));
        std::memcpy(bytes.data(), values.data(), bytes.size());
        input.own(std::move(bytes));
        exchange_.request.inputs.push_back(std::move(input));
        exchange_.version = &version_;
        exchange_.signature = std::make_shared<const oip::Metadata>(
            oip::Metadata{"m", {}, "", {{"x", oip::Datatype::fp32, {-1, 2}}}, {}});
        return FitFilter().check(exchange_);
    }
    std::string code(std::vector<float> values, Shape shape, const std::string& name = "x") {
        const auto problem = fit(std::move(values), std::move(shape), name);
        return problem ? problem->code : "";
    }
    ServedVersion version_;
    Exchange exchange_;
};

TEST_F(FitTest, TakesWhatTheModelDeclares) {
    EXPECT_EQ(code({1, 2, 3, 4}, {2, 2}), "");
    EXPECT_EQ(exchange_.rows, 2U);
    EXPECT_EQ(code({1, 2, 3}, {1, 3}), "input-does-not-fit");
    EXPECT_EQ(code({1, 2}, {2}), "input-does-not-fit");
    EXPECT_EQ(code({1, 2}, {1, 2}, "y"), "input-does-not-fit");
}

TEST_F(FitTest, RefusesWhatIsNoNumberOrOutOfRange) {
    constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
    constexpr float kInfinite = std::numeric_limits<float>::infinity();
    EXPECT_EQ(code({1, kNan}, {1, 2}), "input-out-of-range");
    EXPECT_EQ(code({-kInfinite, 0}, {1, 2}), "input-out-of-range");
    EXPECT_EQ(code({-1e30F, 1e30F}, {1, 2}), "");
    version_.input_range = registry::InputRange{0, 1};
    EXPECT_EQ(code({0, 1}, {1, 2}), "");
    EXPECT_EQ(code({0, 1.001F}, {1, 2}), "input-out-of-range");
    EXPECT_EQ(code({-0.001F, 1}, {1, 2}), "input-out-of-range");
    EXPECT_EQ(code({kNan, 1}, {1, 2}), "input-out-of-range");
    EXPECT_NE(fit({0, 2}, {1, 2})->sentence.find("2 at element 1"), std::string::npos);
}

TEST(Identifiers, ATraceIsPassedOnWithANewParent) {
    const std::string given = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    const std::string passed = traceparent_of(given);
    EXPECT_EQ(passed.substr(0, 36), given.substr(0, 36));
    EXPECT_NE(passed.substr(36, 16), given.substr(36, 16));
    EXPECT_EQ(passed.substr(52), "-01");
    for (const std::string& bad :
         {std::string(), std::string("00-x"), given + "0", std::string("ff") + given.substr(2),
          "00-" + std::string(32, '0') + given.substr(35), std::string("00-4BF9") + given.substr(7)}) {
        const std::string fresh = traceparent_of(bad);
        EXPECT_EQ(fresh.size(), 55U);
        EXPECT_NE(fresh.substr(3, 32), given.substr(3, 32)) << bad;
    }
    EXPECT_NE(new_request_id(), new_request_id());
}

TEST(Metrics, AreInTheTextFormatAndBounded) {
    Metrics metrics;
    metrics.requests.at({"/v2", "200"}).add(3);
    metrics.refusals.at({"a\"b\\c\nd"}).add();
    metrics.duration.at({"/v2"}).add(0.002);
    const std::string text = metrics.text();
    EXPECT_NE(text.find("bartizan_requests_total{route=\"/v2\",code=\"200\"} 3\n"), std::string::npos) << text;
    EXPECT_NE(text.find("{reason=\"a\\\"b\\\\c\\nd\"} 1\n"), std::string::npos);
    EXPECT_NE(text.find("_bucket{route=\"/v2\",le=\"0.001\"} 0\n"), std::string::npos);
    EXPECT_NE(text.find("_bucket{route=\"/v2\",le=\"0.0025\"} 1\n"), std::string::npos);
    EXPECT_NE(text.find("_bucket{route=\"/v2\",le=\"+Inf\"} 1\n"), std::string::npos);
    EXPECT_NE(text.find("_count{route=\"/v2\"} 1\n"), std::string::npos);
    for (int i = 0; i < 2000; ++i) metrics.inferences.at({"m" + std::to_string(i), "1", "200"}).add();
    EXPECT_NE(metrics.text().find("model=\"other\",version=\"other\",code=\"other\"} 1500\n"), std::string::npos);
}

TEST(Log, WritesOneObjectALine) {
    std::string out;
    {
        Log log([&](std::string_view lines) { out += lines; });
        log.say("info", "a.b", {{"x", "two\nlines"}});
        log.request({{"status", 200}});
    }
    const auto first = parse_json(out.substr(0, out.find('\n')));
    ASSERT_TRUE(first.ok()) << out;
    EXPECT_EQ((*first)["event"], "a.b");
    EXPECT_EQ((*first)["x"], "two\nlines");
    EXPECT_EQ(std::ranges::count(out, '\n'), 2);
}

TEST(Problems, HaveACodeASentenceAndTheRequest) {
    const http::Reply reply = reply_of({429, "rate-exceeded", "slower", 7}, "0123");
    const Json json = *parse_json(reply.body);
    EXPECT_EQ(reply.content_type, "application/problem+json");
    EXPECT_EQ(json["status"], 429);
    EXPECT_EQ(json["code"], "rate-exceeded");
    EXPECT_EQ(json["request_id"], "0123");
    EXPECT_EQ(json["error"], "slower");
    EXPECT_EQ(reply.headers.at(0).second, "7");
    EXPECT_EQ(problem_of(internal_error("where the bug is")).sentence.find("bug"), std::string::npos);
}

TEST(Routes, EachIsFoundByItsOwnPathAlone) {
    for (const Route& route : routes()) {
        std::string path(route.path);
        for (const auto& [hole, value] :
             {std::pair("{kind}", "models"), std::pair("{name}", "m"), std::pair("{version}", "1"),
              std::pair("{role}", "bom"), std::pair("{alias}", "production"), std::pair("{principal}", "p"),
              std::pair("{grant}", "viewer@*"), std::pair("{key}", "k"), std::pair("{index}", "0"),
              std::pair("{approval}", "a")})
            for (std::size_t at; (at = path.find(hole)) != std::string::npos;)
                path.replace(at, std::strlen(hole), value);
        for (std::size_t at; (at = path.find('{')) != std::string::npos;) path.replace(at, path.find('}') - at + 1, "a");
        const auto parts = http::path_parts(path);
        ASSERT_TRUE(parts) << path;
        EXPECT_EQ(find_route(route.method, *parts).route, &route) << route.method << " " << path;
        EXPECT_EQ(find_route("PATCH", *parts).route, nullptr);
        EXPECT_FALSE(find_route("PATCH", *parts).allow.empty());
    }
    const std::vector<std::string> nowhere = {"v1", "nothing"};
    EXPECT_TRUE(find_route("GET", nowhere).allow.empty());
}

}  // namespace
}  // namespace bartizan::gateway
