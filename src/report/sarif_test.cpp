#include "report/sarif.h"

#include <gtest/gtest.h>

#include <set>

#include "report/sample_testing.h"
#include "report/score.h"

namespace bartizan::report {
namespace {

Json run_of(const Report& report) {
    const auto document = parse_json(to_text(report_sarif(report)));
    EXPECT_TRUE(document.ok());
    EXPECT_EQ(document.value()["version"], "2.1.0");
    return document.value()["runs"][0];
}

TEST(Sarif, HasOneResultForEachFindingWithItsRule) {
    const Report report = testing::sample_report();
    const Json run = run_of(report);
    ASSERT_EQ(run["results"].size(), tally(report).findings());
    const Json& rules = run["tool"]["driver"]["rules"];
    for (const Json& result : run["results"]) {
        EXPECT_EQ(rules.at(result["ruleIndex"].get<std::size_t>())["id"], result["ruleId"]);
        EXPECT_FALSE(result["message"]["text"].get<std::string>().empty());
    }
    for (const Json& rule : rules) EXPECT_FALSE(rule["help"]["text"].get<std::string>().empty());
}

TEST(Sarif, MapsSeveritiesToLevels) {
    EXPECT_EQ(sarif_level(Severity::critical), "error");
    EXPECT_EQ(sarif_level(Severity::high), "error");
    EXPECT_EQ(sarif_level(Severity::medium), "warning");
    EXPECT_EQ(sarif_level(Severity::low), "note");
    EXPECT_EQ(sarif_level(Severity::info), "none");
    const Json run = run_of(testing::sample_report());
    for (const Json& result : run["results"]) EXPECT_EQ(result["kind"] == "informational", result["level"] == "none");
}

TEST(Sarif, NamesTheModelAndItsDigest) {
    const Report report = testing::sample_report();
    const Json run = run_of(report);
    EXPECT_EQ(run["artifacts"][0]["hashes"]["sha-256"], report.asset.sha256);
    const Json& place = run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"];
    EXPECT_EQ(place["uri"], "models/fashion-cnn.onnx");
    EXPECT_EQ(place["index"], 0);
}

TEST(Sarif, AFailedProbeMakesTheInvocationUnsuccessful) {
    const Json run = run_of(testing::sample_report());
    const Json& invocation = run["invocations"][0];
    EXPECT_EQ(invocation["executionSuccessful"], false);
    std::set<std::string> ids;
    for (const Json& note : invocation["toolExecutionNotifications"])
        ids.insert(note["descriptor"]["id"].get<std::string>() + "/" + note["level"].get<std::string>());
    EXPECT_TRUE(ids.contains("probe-failed/error"));
    EXPECT_TRUE(ids.contains("probe-skipped/note"));
    const Json good = run_of(testing::hardened_report());
    EXPECT_EQ(good["invocations"][0]["executionSuccessful"], true);
}

TEST(Sarif, AnAuditStoppedEarlyIsUnsuccessful) {
    Report report = testing::hardened_report();
    report.complete = false;
    EXPECT_EQ(run_of(report)["invocations"][0]["executionSuccessful"], false);
}

TEST(Sarif, TaxaPointAtEntriesThatAreThere) {
    const Json run = run_of(testing::sample_report());
    std::size_t checked = 0;
    for (const Json& result : run["results"]) {
        for (const Json& taxon : result["taxa"]) {
            const Json& scheme = run["taxonomies"].at(taxon["toolComponent"]["index"].get<std::size_t>());
            EXPECT_EQ(scheme["name"], taxon["toolComponent"]["name"]);
            EXPECT_EQ(scheme["taxa"].at(taxon["index"].get<std::size_t>())["id"], taxon["id"]);
            ++checked;
        }
    }
    EXPECT_GT(checked, 20U);
}

TEST(Sarif, FingerprintsTellFindingsApartAndLastOverNewWeights) {
    Report report = testing::sample_report();
    report.probes[1].findings.push_back(report.probes[1].findings[0]);
    const auto prints = [](const Report& of) {
        std::vector<std::string> out;
        const Json run = run_of(of);
        for (const Json& result : run["results"])
            out.push_back(result["partialFingerprints"]["bartizanFinding/v1"].get<std::string>());
        return out;
    };
    const auto first = prints(report);
    EXPECT_EQ(std::set<std::string>(first.begin(), first.end()).size(), first.size());
    report.asset.sha256 = std::string(64, 'e');
    EXPECT_EQ(prints(report), first);
}

TEST(Sarif, TextFromOutsideMakesNoPlaceholderAndNoLink) {
    Report report = testing::hardened_report();
    report.probes[0].findings[0].title = "{0} [press](https://evil.example)";
    bool seen = false;
    const Json run = run_of(report);
    for (const Json& result : run["results"]) {
        const auto text = result["message"]["text"].get<std::string>();
        EXPECT_EQ(text.find("]("), std::string::npos);
        if (text.find("{{0}}") != std::string::npos) seen = true;
    }
    EXPECT_TRUE(seen);
}

TEST(Sarif, LeavesOutATimeThatIsNone) {
    Report report = testing::hardened_report();
    EXPECT_TRUE(run_of(report)["invocations"][0].contains("startTimeUtc"));
    report.started = "yesterday";
    EXPECT_FALSE(run_of(report)["invocations"][0].contains("startTimeUtc"));
}

TEST(Sarif, AFindingOfAnUnknownRuleIsStillReported) {
    Report report = testing::hardened_report();
    report.probes[0].findings[0].rule = "BTZ-NEW-001";
    const Json run = run_of(report);
    EXPECT_EQ(run["results"].size(), tally(report).findings());
}

}  // namespace
}  // namespace bartizan::report
