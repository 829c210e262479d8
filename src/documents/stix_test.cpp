#include "documents/stix.h"

#include <map>
#include <set>

#include <gtest/gtest.h>

namespace bartizan::documents {
namespace {

constexpr const char* kReport = R"json({
  "incident": {"incident": 3, "threat": "tampering", "title": "anna saw that m was changed", "severity": "high",
    "state": "contained", "owner": "anna", "opened": 1800000000, "last_signal": 1800000060,
    "versions": ["model:m@2"], "principals": ["checkout", "checkout-test"], "atlas": ["AML.T0018.000", "none of atlas"],
    "signals": [{"detector": "golden-set", "version": "model:m@2", "title": "t", "times": 4, "first": 1, "last": 2}],
    "anchors": {"aware": 1800000000, "contained": 1800000100}, "cause": "", "lessons": ""},
  "cause": "ben left a laptop", "lessons": null,
  "runs": [{"run": "r1", "playbook": "tampered-artefact", "mode": "execute", "state": "done", "started_by": "ben"},
           {"run": "r2", "playbook": "leaked-key", "mode": "dry", "state": "done", "started_by": "ben"}],
  "tasks": [{"task": 1, "title": "call carla", "owner": "carla", "done_by": null}],
  "timeline": [
    {"position": 1, "at": 1800000000, "actor": "detector:golden-set", "kind": "signal",
     "text": "answers changed for checkout-test", "details": {}},
    {"position": 2, "at": 1800000050, "actor": "anna", "kind": "note", "text": "carla +44 20 7946 0000 knows", "details": {}},
    {"position": 3, "at": 1800000100, "actor": "ben", "kind": "state", "text": "open -> contained", "details": {}}]
})json";

class Stix : public testing::Test {
protected:
    Json bundle(StixOptions options = {}) {
        options.log = "log";
        options.now = 1'800'000'200;
        options.digests = {{"model:m@2", std::string(64, 'a')}};
        auto made = stix_bundle(report_, options);
        EXPECT_TRUE(made.ok()) << made.error().line();
        return made.ok() ? *made : Json::object();
    }
    static std::vector<Json> of_type(const Json& bundle, const std::string& type) {
        std::vector<Json> out;
        for (const Json& one : bundle.at("objects"))
            if (one.at("type") == type) out.push_back(one);
        return out;
    }
    Json report_ = *parse_json(kReport);
};

TEST_F(Stix, NamesNobodyAndRepeatsNothingThatAPersonTyped) {
    const std::string text = bundle().dump();
    for (const char* name : {"anna", "ben ", "\"ben", "carla", "checkout", "laptop", "7946", "saw that"})
        EXPECT_EQ(text.find(name), std::string::npos) << name;
    EXPECT_NE(text.find("answers changed for principal-2"), std::string::npos) << text;
    EXPECT_NE(text.find("open -> contained"), std::string::npos);
    EXPECT_NE(text.find("responder-2"), std::string::npos);
}

TEST_F(Stix, TellsWhatWasTypedOnRequestWithNamesReplaced) {
    const std::string text = bundle({.text = true}).dump();
    EXPECT_NE(text.find("responder-1 saw that m was changed"), std::string::npos);
    EXPECT_NE(text.find("responder-2 left a laptop"), std::string::npos);
    EXPECT_EQ(text.find("carla"), std::string::npos);
    const std::string all = bundle({.names = true, .text = true}).dump();
    EXPECT_NE(all.find("carla +44"), std::string::npos);
    EXPECT_NE(all.find("\"checkout\""), std::string::npos);
}

TEST_F(Stix, EveryReferenceLeadsToAnObjectOfTheBundle) {
    const Json made = bundle({.text = true});
    std::set<std::string> ids;
    for (const Json& one : made.at("objects")) EXPECT_TRUE(ids.insert(one.at("id").get<std::string>()).second);
    for (const Json& one : made.at("objects")) {
        for (const char* member : {"created_by_ref", "source_ref", "target_ref"})
            if (one.contains(member)) EXPECT_TRUE(ids.contains(one[member].get<std::string>())) << one;
        for (const char* member : {"object_refs", "object_marking_refs"})
            for (const Json& to : one.value(member, Json::array()))
                EXPECT_TRUE(ids.contains(to.get<std::string>())) << one;
        if (one.contains("extensions") && one.at("type") == "incident")
            for (const auto& [name, value] : one["extensions"].items()) EXPECT_TRUE(ids.contains(name));
    }
}

TEST_F(Stix, PutsAtlasIdsDigestsAndWhatWasDone) {
    const Json made = bundle();
    const auto patterns = of_type(made, "attack-pattern");
    ASSERT_EQ(patterns.size(), 1U);
    EXPECT_EQ(patterns[0]["external_references"][0]["external_id"], "AML.T0018.000");
    const auto indicators = of_type(made, "indicator");
    ASSERT_EQ(indicators.size(), 1U);
    EXPECT_EQ(indicators[0]["pattern"], "[file:hashes.'SHA-256' = '" + std::string(64, 'a') + "']");
    const auto courses = of_type(made, "course-of-action");
    ASSERT_EQ(courses.size(), 1U) << "a dry run did nothing";
    EXPECT_EQ(of_type(made, "note").size(), 3U);
    report_["incident"]["threat"] = "evasion";
    report_["incident"]["atlas"] = Json::array();
    EXPECT_TRUE(of_type(bundle(), "indicator").empty());
    EXPECT_EQ(of_type(bundle(), "attack-pattern").at(0)["external_references"][0]["external_id"], "AML.T0015");
}

TEST_F(Stix, MarksEveryObjectWithTheLabel) {
    const std::string red = "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1";
    const Json made = bundle({.tlp = "red"});
    for (const Json& one : made.at("objects"))
        if (one["type"] != "marking-definition") EXPECT_EQ(one["object_marking_refs"], Json::array({red}));
    EXPECT_EQ(stix_bundle(report_, {.tlp = "pink"}).error().code(), Errc::invalid_input);
}

TEST_F(Stix, TheSameFactsGiveTheSameBytes) {
    EXPECT_EQ(bundle().dump(), bundle().dump());
    const Json before = bundle();
    report_["incident"]["incident"] = 4;
    EXPECT_NE(before["objects"][3]["id"], bundle()["objects"][3]["id"]);
}

}  // namespace
}  // namespace bartizan::documents
