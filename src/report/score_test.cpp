#include "report/score.h"

#include <gtest/gtest.h>

#include "core/random.h"
#include "report/sample_testing.h"

namespace bartizan::report {
namespace {

Finding finding(Severity severity) {
    Finding result;
    result.rule = "BTZ-EVA-001";
    result.severity = severity;
    result.title = "Something is wrong";
    return result;
}

Report with(std::initializer_list<Severity> severities, ProbeStatus status = ProbeStatus::passed) {
    Report report;
    ProbeRecord probe{
        .name = "evasion-whitebox", .title = "White-box evasion", .status = status, .reason = {}, .findings = {}};
    for (const Severity severity : severities) probe.findings.push_back(finding(severity));
    report.probes = {{.name = "quality", .title = "Clean quality", .reason = {}, .findings = {}}, std::move(probe)};
    return report;
}

Report random_report(Random& random) {
    Report report;
    report.complete = random.below(4) != 0;
    for (std::uint64_t i = random.below(5); i-- > 0;) {
        ProbeRecord probe;
        probe.status = static_cast<ProbeStatus>(random.below(4));
        for (std::uint64_t k = random.below(4); k-- > 0;)
            probe.findings.push_back(finding(static_cast<Severity>(random.below(5))));
        report.probes.push_back(std::move(probe));
    }
    return report;
}

TEST(Score, FollowsTheDocumentedRule) {
    EXPECT_EQ(score(with({})), 100);
    EXPECT_EQ(score(with({Severity::info})), 100);
    EXPECT_EQ(score(with({Severity::low})), 90);
    EXPECT_EQ(score(with({Severity::low, Severity::low, Severity::info})), 89);
    EXPECT_EQ(score(with({Severity::medium})), 75);
    EXPECT_EQ(score(with({Severity::high, Severity::medium, Severity::low})), 47);
    EXPECT_EQ(score(with({Severity::critical})), 20);
    EXPECT_EQ(score(with({Severity::critical, Severity::critical, Severity::critical})), 8);
}

TEST(Score, WhatWasNotLookedAtIsNeverTakenForGood) {
    EXPECT_EQ(score(with({}, ProbeStatus::failed)), 50);
    EXPECT_EQ(score(with({}, ProbeStatus::incomplete)), 50);
    EXPECT_EQ(score(with({}, ProbeStatus::skipped)), 90);
    EXPECT_EQ(score(with({Severity::critical}, ProbeStatus::failed)), 16);
    Report stopped = with({});
    stopped.complete = false;
    EXPECT_EQ(score(stopped), 50);
    EXPECT_EQ(score(Report{}), 0);
}

TEST(Score, OneMoreFindingNeverRaisesIt) {
    Random random(1, 0);
    for (int round = 0; round < 2000; ++round) {
        const Report before = random_report(random);
        Report after = before;
        if (after.probes.empty()) continue;
        after.probes[random.below(after.probes.size())].findings.push_back(
            finding(static_cast<Severity>(random.below(5))));
        EXPECT_LE(score(after), score(before));
    }
}

TEST(Score, AGraverFindingNeverRaisesIt) {
    Random random(2, 0);
    for (int round = 0; round < 2000; ++round) {
        const Report before = random_report(random);
        Report after = before;
        for (ProbeRecord& probe : after.probes)
            for (Finding& found : probe.findings)
                if (found.severity != Severity::critical && random.below(3) == 0)
                    found.severity = static_cast<Severity>(static_cast<int>(found.severity) + 1);
        EXPECT_LE(score(after), score(before));
    }
}

TEST(Score, AProbeThatDidNotFinishNeverRaisesIt) {
    Random random(3, 0);
    for (int round = 0; round < 2000; ++round) {
        const Report before = random_report(random);
        Report after = before;
        for (ProbeRecord& probe : after.probes)
            if (probe.status == ProbeStatus::passed && random.below(2) == 0)
                probe.status = static_cast<ProbeStatus>(1 + random.below(3));
        EXPECT_LE(score(after), score(before));
        after.complete = false;
        EXPECT_LE(score(after), score(before));
    }
}

TEST(Score, StaysBetweenZeroAndAHundredForAnyNumberOfFindings) {
    Report report = with({});
    report.probes[0].findings.assign(100'000, finding(Severity::critical));
    EXPECT_EQ(score(report), 0);
    report.probes[0].findings.assign(100'000, finding(Severity::info));
    EXPECT_EQ(score(report), 100);
}

TEST(Verdict, LeadsWithTheWorstFindingAndNamesTheGaps) {
    const Verdict words = verdict(testing::sample_report());
    EXPECT_EQ(words.word, "Critical weakness (not fully examined)");
    EXPECT_TRUE(words.sentence.find("1 probe failed") != std::string::npos) << words.sentence;
    EXPECT_TRUE(words.sentence.find("1 probe skipped") != std::string::npos) << words.sentence;
}

TEST(Verdict, WarnsWhenTheEvaluationIsUnreliable) {
    Report report = with({Severity::low});
    EXPECT_EQ(verdict(report).sentence.find("unreliable"), std::string::npos);
    report.probes[0].findings.push_back(finding(Severity::medium));
    report.probes[0].findings[0].rule = "BTZ-REL-005";
    EXPECT_NE(verdict(report).sentence.find("unreliable"), std::string::npos);
}

TEST(Verdict, NothingFoundIsNotProofOfAbsence) {
    const Verdict words = verdict(with({Severity::info}));
    EXPECT_EQ(words.word, "No weakness found");
    EXPECT_NE(words.sentence.find("does not prove"), std::string::npos);
    for (const std::string_view banned : {" safe", "Safe", "ompliant"})
        EXPECT_EQ((words.word + " " + words.sentence).find(banned), std::string::npos);
}

TEST(Verdict, SaysSoWhenNothingWasExamined) { EXPECT_EQ(verdict(Report{}).word, "Not examined"); }

TEST(Gate, CountsFindingsAtOrAboveIt) {
    const Report report = with({Severity::low, Severity::high});
    EXPECT_TRUE(reaches_gate(report, Severity::high));
    EXPECT_TRUE(reaches_gate(report, Severity::medium));
    EXPECT_FALSE(reaches_gate(report, Severity::critical));
    EXPECT_EQ(worst_severity(with({})), std::nullopt);
    EXPECT_FALSE(reaches_gate(with({}), Severity::info));
}

}  // namespace
}  // namespace bartizan::report
