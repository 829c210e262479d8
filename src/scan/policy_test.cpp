#include "scan/policy.h"

#include <gtest/gtest.h>

#include "scan/rules.h"

namespace bartizan::scan {
namespace {

const std::string kHash(64, 'a');

FileResult harmful() {
    FileResult file{.path = "m/model.keras", .format = "keras zip", .verdict = Verdict::malicious, .sha256 = kHash};
    file.issues.push_back({.rule = std::string(rule::kUnprovenCode),
                           .severity = Severity::medium,
                           .verdict = Verdict::unproven,
                           .title = "Lambda"});
    file.issues.push_back({.rule = std::string(rule::kRunsCode),
                           .severity = Severity::critical,
                           .verdict = Verdict::malicious,
                           .title = "runs"});
    return file;
}

Policy policy_of(const std::string& entries, const char* today = "2026-05-03") {
    auto policy = Policy::parse("allow:\n" + entries, today);
    EXPECT_TRUE(policy.ok()) << (policy.ok() ? "" : policy.error().line());
    return std::move(policy).value();
}

TEST(ScanPolicy, AFileIsAcceptedByItsHash) {
    FileResult file = harmful();
    const Policy policy = policy_of("  - {sha256: " + kHash + ", reason: read it}\n");
    EXPECT_TRUE(policy.needs_hashes());
    policy.apply(file);
    EXPECT_EQ(file.verdict, Verdict::clean);
    EXPECT_EQ(file.issues[1].severity, Severity::info);
    EXPECT_NE(file.issues[1].title.find("accepted: read it"), std::string::npos);
}

TEST(ScanPolicy, ARuleIsAcceptedWhereThePatternFits) {
    FileResult file = harmful();
    policy_of("  - {rule: BTZ-SCN-001, path: 'm/*.keras', reason: ours}\n").apply(file);
    EXPECT_EQ(file.verdict, Verdict::unproven);
    FileResult other = harmful();
    policy_of("  - {rule: BTZ-SCN-001, path: 'x/*.keras', reason: ours}\n").apply(other);
    EXPECT_EQ(other.verdict, Verdict::malicious);
}

TEST(ScanPolicy, WhatHasExpiredCountsNoMore) {
    const std::string entry = "  - {rule: BTZ-SCN-001, reason: ours, expires: 2026-05-04}\n";
    FileResult before = harmful(), after = harmful();
    policy_of(entry).apply(before);
    EXPECT_EQ(before.verdict, Verdict::unproven);
    const Policy late = policy_of(entry, "2026-05-04");
    late.apply(after);
    EXPECT_EQ(after.verdict, Verdict::malicious);
    EXPECT_EQ(late.expired().size(), 1U);
}

TEST(ScanPolicy, WhatCouldNotBeReadStaysIncompleteUnlessTheFileIsAccepted) {
    FileResult file{.path = "x", .format = {}, .verdict = Verdict::incomplete, .complete = false, .sha256 = kHash};
    policy_of("  - {rule: BTZ-SCN-025, reason: ours}\n").apply(file);
    EXPECT_EQ(file.verdict, Verdict::incomplete);
}

TEST(ScanPolicy, MistakesAreNamed) {
    for (const char* text :
         {"", "allow: 3", "allow:\n  - 3", "allow:\n  - {rule: BTZ-SCN-001}", "allow:\n  - {rule: X, reason: y}",
          "allow:\n  - {sha256: 12, reason: y}", "allow:\n  - {rule: BTZ-SCN-001, reason: y, expires: soon}",
          "allow:\n  - {rule: BTZ-SCN-001, reason: y, until: 2027-01-01}", "allow: [", "a: {b"}) {
        const auto policy = Policy::parse(text, "2026-05-03");
        ASSERT_FALSE(policy.ok()) << text;
        EXPECT_EQ(policy.error().code(), Errc::invalid_input) << text;
    }
}

}  // namespace
}  // namespace bartizan::scan
