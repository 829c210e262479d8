#include "report/junit.h"

#include <gtest/gtest.h>

#include "report/sample_testing.h"

namespace bartizan::report {
namespace {

std::size_t count(std::string_view text, std::string_view what) {
    std::size_t found = 0;
    for (std::size_t at = text.find(what); at != std::string_view::npos; at = text.find(what, at + 1)) ++found;
    return found;
}

TEST(Junit, CountsAFailureForEachProbeAtTheGate) {
    const std::string xml = report_junit(testing::sample_report(), Severity::high);
    EXPECT_NE(xml.find("tests=\"7\" failures=\"2\" errors=\"1\" skipped=\"1\""), std::string::npos) << xml;
    EXPECT_EQ(count(xml, "<testcase "), 7U);
    EXPECT_EQ(count(xml, "<failure "), 2U);
    EXPECT_EQ(count(xml, "<error "), 1U);
    EXPECT_EQ(count(xml, "<skipped "), 1U);
}

TEST(Junit, ALowerGateFailsMoreAndNoGateFailsNone) {
    EXPECT_EQ(count(report_junit(testing::sample_report(), Severity::medium), "<failure "), 4U);
    EXPECT_EQ(count(report_junit(testing::sample_report(), Severity::info), "<failure "), 5U);
    const std::string open = report_junit(testing::sample_report(), std::nullopt);
    EXPECT_EQ(count(open, "<failure "), 0U);
    EXPECT_EQ(count(open, "<error "), 1U) << "a failed probe is an error whatever the gate";
}

TEST(Junit, AProbeThatStoppedEarlyIsAnErrorNotAPass) {
    Report report = testing::hardened_report();
    report.probes[3].status = ProbeStatus::incomplete;
    report.probes[3].reason = "out of time";
    EXPECT_NE(report_junit(report).find("<error type=\"probe-incomplete\" message=\"out of time\"/>"),
              std::string::npos);
}

TEST(Junit, KeepsFindingsBelowTheGateInTheOutput) {
    const std::string xml = report_junit(testing::sample_report(), Severity::critical);
    EXPECT_NE(xml.find("[low] BTZ-QUA-002"), std::string::npos);
}

TEST(Junit, EscapesWhatComesFromOutside) {
    const std::string xml = report_junit(testing::hostile_report());
    EXPECT_EQ(xml.find("<script"), std::string::npos);
    EXPECT_EQ(xml.find("]]>"), std::string::npos);
    for (const char c : xml) EXPECT_TRUE(static_cast<unsigned char>(c) >= 0x20 || c == '\n') << int{c};
}

}  // namespace
}  // namespace bartizan::report
