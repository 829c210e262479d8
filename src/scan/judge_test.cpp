#include "scan/judge.h"

#include <gtest/gtest.h>

#include "scan/rules.h"
#include "scan/say.h"

namespace bartizan::scan {
namespace {

Bytes bytes_of(std::string_view text) { return std::as_bytes(std::span(text.data(), text.size())); }

TEST(ScanContext, TheVerdictIsTheGravestOfTheIssues) {
    FileResult result;
    Budget budget;
    const Context context{result, budget};
    note(context, rule::kUrl, "an address", 0);
    EXPECT_EQ(result.verdict, Verdict::clean);
    malicious(context, rule::kRunsCode, "runs", 3, "os.system('id')");
    unproven(context, rule::kUnprovenCall, "may run", 9);
    EXPECT_EQ(result.verdict, Verdict::malicious);
    EXPECT_EQ(result.issues.size(), 3U);
    EXPECT_TRUE(result.complete);
}

TEST(ScanContext, FillsInWhereItIs) {
    FileResult result;
    Budget budget;
    const Context context{.result = result, .budget = budget, .member = "a.zip!/b", .base = 100};
    unproven(context, rule::kUnprovenCall, "may run", 9);
    EXPECT_EQ(result.issues.at(0).member, "a.zip!/b");
    EXPECT_EQ(result.issues.at(0).offset, 109U);
}

TEST(ScanContext, WhatCouldNotBeReadIsNeverClean) {
    FileResult result;
    Budget budget;
    Context{result, budget}.incomplete("encrypted", 5);
    EXPECT_EQ(result.verdict, Verdict::incomplete);
    EXPECT_FALSE(result.complete);
}

TEST(ScanContext, KeepsTheGravestBeyondItsLimit) {
    FileResult result;
    Budget budget;
    const Context context{result, budget};
    for (std::size_t i = 0; i < kMaxIssues + 5; ++i) note(context, rule::kUrl, "an address", i);
    malicious(context, rule::kRunsCode, "runs", 3, std::string(10'000, 'x'));
    EXPECT_EQ(result.issues.size(), kMaxIssues);
    EXPECT_EQ(result.issues.back().rule, rule::kRunsCode);
    EXPECT_EQ(result.issues.back().detail.size(), kMaxDetail);
}

TEST(ScanContent, ContentNestedTooDeepIsIncomplete) {
    FileResult result;
    Budget budget{.depth = 2};
    Context context{.result = result, .budget = budget, .depth = 3};
    judge_content(bytes_of("x"), context);
    EXPECT_EQ(result.verdict, Verdict::incomplete);
}

TEST(ScanContent, AProgramUnderAnotherNameIsMalicious) {
    FileResult result{.path = "model/weights.bin"};
    Budget budget;
    Context context{result, budget};
    judge_content(bytes_of(std::string("\x7f"
                                       "ELF\x02\x01\x01") +
                           std::string(60, '\0')),
                  context);
    EXPECT_EQ(result.verdict, Verdict::malicious);
    EXPECT_EQ(result.issues.at(0).rule, rule::kHiddenExecutable);
}

}  // namespace
}  // namespace bartizan::scan
