#include "playbook/playbook.h"

#include <gtest/gtest.h>

namespace bartizan::playbook {
namespace {

Json sample() {
    const std::string a = "action--00000000-0000-4000-8000-000000000001",
                      e = "end--00000000-0000-4000-8000-000000000002",
                      s = "start--00000000-0000-4000-8000-000000000003",
                      g = "http-api--00000000-0000-4000-8000-000000000004";
    Json json = {{"type", "playbook"},
                 {"spec_version", "cacao-2.0"},
                 {"id", "playbook--00000000-0000-4000-8000-000000000005"},
                 {"name", "sample"},
                 {"created_by", "identity--00000000-0000-4000-8000-000000000006"},
                 {"created", "2026-11-23T00:00:00.000Z"},
                 {"modified", "2026-11-23T00:00:00Z"},
                 {"playbook_variables", {{"__model__", {{"type", "string"}, {"external", true}}}}},
                 {"workflow_start", s}};
    json["workflow"][s] = {{"type", "start"}, {"on_completion", a}};
    json["workflow"][a] = {{"type", "action"},
                           {"agent", g},
                           {"on_success", e},
                           {"commands",
                            {{{"type", "http-api"},
                              {"command", "POST /v1/models/__model__:value/rollback HTTP/1.1"},
                              {"content", "{}"}}}}};
    json["workflow"][e] = {{"type", "end"}};
    json["agent_definitions"][g] = {{"type", "http-api"}, {"name", "us"}};
    return json;
}
constexpr const char* kAction = "action--00000000-0000-4000-8000-000000000001";

TEST(Playbook, ShippedOnesAreRead) {
    const auto all = shipped_playbooks();
    EXPECT_EQ(all.size(), 8U);
    for (const ShippedPlaybook& one : all) {
        const auto parsed = parse_playbook(one.document);
        ASSERT_TRUE(parsed.ok()) << one.name << ": " << parsed.error().line();
        // Evidence is kept before anything is changed.
        const Step& first = parsed->steps.at(parsed->steps.at(parsed->start).on_completion);
        EXPECT_TRUE(first.commands.at(0).target.ends_with("/hold")) << one.name;
        EXPECT_FALSE(parsed->external.empty());
    }
}

TEST(Playbook, ReadsWhatIsThere) {
    const auto parsed = parse_playbook(sample().dump());
    ASSERT_TRUE(parsed.ok()) << parsed.error().line();
    EXPECT_EQ(parsed->steps.size(), 3U);
    EXPECT_EQ(parsed->external, std::vector<std::string>{"__model__"});
    EXPECT_EQ(parsed->steps.at(kAction).commands[0].target, "/v1/models/__model__:value/rollback");
}

TEST(Playbook, RefusesWhatBreaksARuleAndNamesIt) {
    const auto refused = [](auto change) {
        Json json = sample();
        change(json);
        const auto parsed = parse_playbook(json.dump());
        return parsed.ok() ? std::string("taken") : parsed.error().line();
    };
    const auto has = [](const std::string& line, const char* told) { return line.find(told) != std::string::npos; };
    EXPECT_PRED2(has, refused([](Json& j) { j["spec_version"] = "cacao-1.1"; }), "spec_version");
    EXPECT_PRED2(has, refused([](Json& j) { j["id"] = "playbook--1"; }), "id: expected playbook--");
    EXPECT_PRED2(has, refused([](Json& j) { j["created"] = "yesterday"; }), "created");
    EXPECT_PRED2(has, refused([](Json& j) { j["created_by"] = "us"; }), "created_by");
    EXPECT_PRED2(has, refused([](Json& j) { j["priority"] = 101; }), "priority");
    EXPECT_PRED2(has, refused([](Json& j) { j["playbook_types"] = {"revenge"}; }), "playbook_types");
    EXPECT_PRED2(has, refused([](Json& j) { j["workflow"] = Json::object(); }), "workflow");
    EXPECT_PRED2(has, refused([](Json& j) { j["workflow"][kAction].erase("agent"); }), "agent");
    EXPECT_PRED2(has, refused([](Json& j) { j["workflow"][kAction]["agent"] = "http-api--x"; }), "agent_definitions");
    EXPECT_PRED2(has, refused([](Json& j) { j["workflow"][kAction]["commands"] = Json::array(); }), "commands");
    EXPECT_PRED2(has, refused([](Json& j) { j["workflow"][kAction]["on_success"] = "end--x"; }), "there is no step");
    EXPECT_PRED2(has, refused([](Json& j) { j["workflow"][kAction]["on_completion"] = "end--x"; }), "on_completion");
    EXPECT_PRED2(has,
                 refused([](Json& j) { j["workflow"][kAction]["commands"][0]["command"] = "POST /v1/__none__:value"; }),
                 "there is no variable '__none__'");
    EXPECT_PRED2(has, refused([](Json& j) {
                     j["workflow"]["end--00000000-0000-4000-8000-000000000009"] = {{"type", "end"}};
                 }),
                 "nothing leads to it");
    EXPECT_PRED2(has, refused([](Json& j) { j["workflow"]["decision--1"] = {{"type", "decision"}}; }), "decision--1");
}

TEST(Playbook, WhatIsNotRunHereIsRefusedAndNotSkipped) {
    for (const char* type : {"bash", "ssh", "powershell", "openc2-http"}) {
        Json json = sample();
        json["workflow"][kAction]["commands"][0] = {{"type", type}, {"command", "rm"}};
        EXPECT_EQ(parse_playbook(json.dump()).error().code(), Errc::unsupported) << type;
    }
    Json json = sample();
    json["workflow"][kAction]["commands"][0]["command"] = "POST https://example.com/ HTTP/1.1";
    EXPECT_EQ(parse_playbook(json.dump()).error().code(), Errc::unsupported);
    for (const char* text : {"", "{", "[]", "7", "null", R"({"type":"playbook"})"})
        EXPECT_FALSE(parse_playbook(text).ok()) << text;
}

TEST(Playbook, VariablesAreQuotedForWhereTheyStand) {
    const Variables variables{{"__a__", "x\"y/z"}, {"__b_c__", "2"}};
    EXPECT_EQ(*substitute("v __a__:value, __b_c__:value.", variables), "v x\"y/z, 2.");
    EXPECT_EQ(*substitute(R"({"v":"__a__:value"})", variables, Quoting::json), R"({"v":"x\"y/z"})");
    EXPECT_EQ(*substitute("/v1/__a__:value", variables, Quoting::address), "/v1/x%22y%2Fz");
    EXPECT_FALSE(substitute("__none__:value", variables).ok());
    EXPECT_FALSE(substitute("__:value", variables).ok());
    EXPECT_EQ(*substitute("no variable", variables), "no variable");
}

TEST(Playbook, ConditionsCompare) {
    const Variables v{{"__a__", "yes"}, {"__n__", "10"}};
    EXPECT_TRUE(*holds("__a__:value = 'yes'", v));
    EXPECT_TRUE(*holds("__a__:value == 'yes' AND __n__:value > 9", v));
    EXPECT_FALSE(*holds("__a__:value != 'yes'", v));
    EXPECT_FALSE(*holds("__n__:value < 10", v));
    EXPECT_TRUE(*holds("__n__:value >= 10", v));
    EXPECT_FALSE(*holds("__a__:value > 3", v));  // no number
    EXPECT_FALSE(holds("__a__:value", v).ok());
    EXPECT_FALSE(holds("__z__:value = 'x'", v).ok());
    EXPECT_FALSE(holds("", v).ok());
}

}  // namespace
}  // namespace bartizan::playbook
