#include "governance/reports.h"

#include <gtest/gtest.h>

namespace bartizan::governance {
namespace {

const std::string kDigest(64, 'a');

std::vector<Evidence> read(const Json& json, const About& about = {"model:m@1", kDigest}) {
    auto out = evidence_in(json.dump(), about);
    EXPECT_TRUE(out.ok()) << out.error().line();
    return out.ok() ? *out : std::vector<Evidence>{};
}

Json audit(const std::string& status, const std::string& severity) {
    Json report = {{"schema", "bartizan.audit/1"},
                   {"command", "bartizan audit m.onnx --seed 3"},
                   {"started", "2026-05-03T17:04:59Z"},
                   {"seconds", 12.5},
                   {"asset", {{"path", "m.onnx"}, {"sha256", kDigest}}},
                   {"findings", Json::array()},
                   {"probes",
                    {{{"name", "evasion-whitebox"}, {"status", status}, {"reason", "no gradient"}},
                     {{"name", "quality"}, {"status", "passed"}}}}};
    if (!severity.empty())
        report["findings"].push_back(
            {{"probe", "evasion-whitebox"},
             {"rule", "BTZ-EVA-001"},
             {"severity", severity},
             {"title", "falls"},
             {"evidence",
              {{{"name", "robust_accuracy"}, {"value", 0.25}, {"low", 0.2}, {"high", 0.3}, {"samples", 1000}}}}});
    return report;
}

TEST(Reports, AnAuditGivesAPieceForEachProbeThatRan) {
    const auto failing = read(audit("passed", "high"));
    ASSERT_EQ(failing.size(), 1U);
    EXPECT_EQ(failing[0].check, "evasion.whitebox");
    EXPECT_EQ(failing[0].verdict, Verdict::fail);
    EXPECT_EQ(failing[0].value, 0.25);
    EXPECT_EQ(failing[0].samples, 1000);
    EXPECT_EQ(failing[0].collected, 1'777'827'899 + 12);
    EXPECT_EQ(failing[0].digest, kDigest);
    EXPECT_EQ(failing[0].tool, "bartizan audit m.onnx --seed 3");
    EXPECT_EQ(read(audit("passed", "medium"))[0].verdict, Verdict::pass);
    EXPECT_EQ(read(audit("passed", ""))[0].verdict, Verdict::pass);
    EXPECT_EQ(read(audit("incomplete", ""))[0].verdict, Verdict::inconclusive);
    EXPECT_EQ(read(audit("failed", ""))[0].verdict, Verdict::error);
    EXPECT_EQ(read(audit("passed", "terrible"))[0].verdict, Verdict::fail);  // a severity that is none is the worst
    EXPECT_FALSE(evidence_in(audit("skipped", "").dump(), {}).ok());
}

Json drilled(const Json& checks, bool complete = true) {
    return {{"schema", "bartizan.drill/1"},
            {"complete", complete},
            {"asset", {{"path", "model:m@1"}, {"sha256", kDigest}}},
            {"checks", checks}};
}

TEST(Reports, ADrillIsEvidenceOfTheModelAndOfTheOrganisation) {
    const Json checks = {{{"check", "monitor.detection"},
                          {"verdict", "pass"},
                          {"value", 36},
                          {"unit", "queries"},
                          {"samples", 3},
                          {"limitations", {"one trial"}}},
                         {{"check", "drill.stop"}, {"verdict", "fail"}, {"value", "soon"}},
                         {{"check", "ledger.verify"}, {"verdict", "pass"}}};
    const auto both = read(drilled(checks), {});
    ASSERT_EQ(both.size(), 2U) << "a drill shows nothing of the ledger";
    EXPECT_EQ(both[0].subject, "model:m@1");
    EXPECT_EQ(both[0].digest, kDigest);
    EXPECT_EQ(both[0].value, 36.0);
    EXPECT_EQ(both[0].samples, 3);
    EXPECT_EQ(both[0].limitations, std::vector<std::string>{"one trial"});
    EXPECT_EQ(both[1].subject, "organisation");
    EXPECT_EQ(both[1].digest, "organisation");
    EXPECT_EQ(both[1].verdict, Verdict::fail);
    EXPECT_FALSE(both[1].value.has_value());
    EXPECT_EQ(read(drilled(checks, false), {})[0].verdict, Verdict::inconclusive) << "it was cut short";
    EXPECT_FALSE(evidence_in(drilled(Json::array()).dump(), {}).ok());
    EXPECT_FALSE(evidence_in(drilled(checks).dump(), {"model:m@1", std::string(64, 'b')}).ok());
}

TEST(Reports, AReportOfAnotherFileIsRefused) {
    EXPECT_FALSE(evidence_in(audit("passed", "").dump(), {"model:m@1", std::string(64, 'b')}).ok());
}

TEST(Reports, VerdictsOfTheOtherCommands) {
    const auto one = [](Json json) { return read(json).at(0).verdict; };
    const auto scan = [](const char* verdict, bool complete) {
        return Json{{"schema", "bartizan.scan/1"},
                    {"files", {{{"path", "m"}, {"verdict", verdict}, {"complete", complete}}}}};
    };
    EXPECT_EQ(one(scan("clean", true)), Verdict::pass);
    EXPECT_EQ(one(scan("clean", false)), Verdict::inconclusive);
    EXPECT_EQ(one(scan("malicious", true)), Verdict::fail);
    EXPECT_EQ(one(scan("unproven", true)), Verdict::inconclusive);
    EXPECT_EQ(one({{"schema", "bartizan.verify/1"}, {"verified", true}}), Verdict::pass);
    EXPECT_EQ(one({{"schema", "bartizan.verify/1"}, {"verified", false}, {"reason", "changed"}}), Verdict::fail);
    EXPECT_EQ(one({{"schema", "bartizan.verify/1"}, {"verified", "yes"}}), Verdict::inconclusive);
    EXPECT_EQ(one({{"schema", "bartizan.backdoor/1"}, {"verdict", "trojaned"}}), Verdict::fail);
    EXPECT_EQ(one({{"schema", "bartizan.backdoor/1"}, {"verdict", "suspect"}}), Verdict::inconclusive);
    EXPECT_EQ(one({{"schema", "bartizan.privacy/1"}, {"severity", "low"}, {"auc", 0.6}}), Verdict::pass);
    EXPECT_EQ(one({{"schema", "bartizan.privacy/1"}}), Verdict::fail);
    EXPECT_EQ(one({{"schema", "bartizan.extract/1"}, {"severity", "low"}, {"complete", false}}), Verdict::inconclusive);
    EXPECT_EQ(one({{"schema", "bartizan.explain/1"}, {"verdict", "rejected"}}), Verdict::fail);
    EXPECT_EQ(one({{"schema", "bartizan.data-check/1"}, {"by_severity", {{"high", 0}, {"critical", 0}}}}),
              Verdict::pass);
    EXPECT_EQ(one({{"schema", "bartizan.data-check/1"}}), Verdict::inconclusive);
    const auto bom = read({{"bomFormat", "CycloneDX"}, {"components", Json::array()}});
    EXPECT_EQ(bom.at(0).method, Method::examine);
    const auto ledger = read({{"schema", "bartizan.ledger/1"}, {"action", "verify"}, {"verified", true}});
    EXPECT_EQ(ledger.at(0).subject, "organisation");
}

TEST(Reports, DocumentsOfOthersAreRefusedOrShowNothingGood) {
    for (const char* text :
         {"", "{", "[]", "7", R"({"schema":"bartizan.train/1"})", R"({"schema":7})", R"({"schema":"bartizan.audit/1"})",
          R"({"schema":"bartizan.audit/1","probes":7})",
          R"({"schema":"bartizan.audit/1","probes":[7,null,{"name":[]}]})",
          R"({"schema":"bartizan.scan/1","files":{}})", R"({"schema":"bartizan.scan/1","files":[7,8]})"})
        EXPECT_FALSE(evidence_in(text, {"model:m@1", kDigest}).ok()) << text;
    const auto odd =
        evidence_in(R"({"schema":"bartizan.audit/1","findings":{"a":1},"probes":[{"name":"backdoor","status":7}]})",
                    {"model:m@1", kDigest});
    ASSERT_TRUE(odd.ok());
    EXPECT_NE(odd->at(0).verdict, Verdict::pass);
}

}  // namespace
}  // namespace bartizan::governance
