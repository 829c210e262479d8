#include "report/text.h"

#include <gtest/gtest.h>

#include <sstream>

#include "report/sample_testing.h"

namespace bartizan::report {
namespace {

TEST(ReportText, LeadsWithTheVerdictAndScore) {
    const std::string text = report_text(testing::sample_report());
    std::istringstream lines(text);
    std::string first, second;
    std::getline(lines, first);
    std::getline(lines, second);
    EXPECT_EQ(first, "Bartizan audit  models/fashion-cnn.onnx");
    EXPECT_EQ(second, "Critical weakness (not fully examined)  ·  score 6 of 100");
}

TEST(ReportText, ListsFindingsGravestFirstWithNumberAndInterval) {
    const std::string text = report_text(testing::sample_report());
    EXPECT_LT(text.find("BTZ-EVA-001"), text.find("BTZ-EVA-002"));
    EXPECT_LT(text.find("BTZ-EVA-002"), text.find("BTZ-QUA-001"));
    EXPECT_NE(text.find("Robust accuracy 0.9 % (95 % interval 0.5 – 1.7 %, 1,000 samples)"), std::string::npos) << text;
}

TEST(ReportText, ShowsFailedAndSkippedProbesWithTheirReason) {
    const std::string text = report_text(testing::sample_report());
    EXPECT_NE(text.find("the gradient is not a number for input 41"), std::string::npos);
    EXPECT_NE(text.find("no training data was given"), std::string::npos);
}

TEST(ReportText, NamesTheFilesThatWereWritten) {
    EXPECT_NE(report_text(testing::sample_report(), {.files = {"out/report.html"}}).find("\n  out/report.html\n"),
              std::string::npos);
}

TEST(ReportText, IsColouredOnlyWhenAsked) {
    EXPECT_EQ(report_text(testing::sample_report()).find('\x1b'), std::string::npos);
    EXPECT_NE(report_text(testing::sample_report(), {.colour = Colour::always, .files = {}}).find("\x1b[1;31m"),
              std::string::npos);
}

TEST(ReportText, TextFromOutsideCannotMoveTheCursorOrForgeALine) {
    Report report = testing::hostile_report();
    report.probes[1].findings[0].title = "harmless\n\x1b[2J  info      BTZ-FAKE-000";
    const std::string text = report_text(report);
    EXPECT_EQ(text.find('\x1b'), std::string::npos);
    EXPECT_EQ(text.find("\n  info      BTZ-FAKE-000"), std::string::npos);
}

TEST(ReportText, WrapsSentencesAtTheWidth) {
    std::istringstream lines(report_text(testing::sample_report(), {.width = 50, .files = {}}));
    std::size_t wrapped = 0;
    for (std::string line; std::getline(lines, line);) {
        if (!line.starts_with("    ")) continue;
        EXPECT_LE(line.size(), 54U) << line;  // 50 columns; a dash takes three bytes
        ++wrapped;
    }
    EXPECT_GT(wrapped, 12U);
}

TEST(ReportText, AnEmptyReportSaysThatNothingWasExamined) {
    EXPECT_NE(report_text(testing::empty_report()).find("Not examined"), std::string::npos);
}

}  // namespace
}  // namespace bartizan::report
