#include "report/html.h"

#include <gtest/gtest.h>

#include <limits>

#include "report/sample_testing.h"
#include "report/wording.h"

namespace bartizan::report {
namespace {

std::size_t count(std::string_view text, std::string_view what) {
    std::size_t found = 0;
    for (std::size_t at = text.find(what); at != std::string_view::npos; at = text.find(what, at + 1)) ++found;
    return found;
}

bool has(std::string_view text, std::string_view what) { return text.find(what) != std::string_view::npos; }

TEST(ReportHtml, PutsTheVerdictBeforeEverythingElse) {
    const std::string page = report_html(testing::sample_report());
    EXPECT_TRUE(has(page, "<h1>Critical weakness (not fully examined)</h1>"));
    EXPECT_LT(page.find("<h1>"), page.find("What was found"));
    EXPECT_LT(page.find("What was found"), page.find("The findings one by one"));
    EXPECT_LT(page.find("The findings one by one"), page.find("How it was measured"));
}

TEST(ReportHtml, ShowsEveryFindingOnceWithItsAnchor) {
    const Report report = testing::sample_report();
    const std::string page = report_html(report);
    const auto findings = findings_by_severity(report);
    EXPECT_EQ(count(page, "<article "), findings.size());
    for (std::size_t i = 1; i <= findings.size(); ++i) EXPECT_EQ(count(page, "id=\"f" + std::to_string(i) + "\""), 1U);
}

TEST(ReportHtml, DrawsTheIntervalOfAFraction) {
    const std::string page = report_html(testing::sample_report());
    EXPECT_TRUE(has(page, "<i class=\"range\" style=\"left:0.47%;width:1.23%\"></i>"))
        << "Wilson of 9 in 1,000: 0.0047 to 0.0170";
}

TEST(ReportHtml, EmbedsPicturesAsDataAndRefusesWhatIsNoPng) {
    Report report = testing::sample_report();
    const std::string page = report_html(report);
    EXPECT_EQ(count(page, "src=\"data:image/png;base64,iVBORw0KGgo"), 6U);
    report.probes[1].findings[0].pictures[0].pictures[0].png = "<svg onload=alert(1)>";
    const std::string spoiled = report_html(report);
    EXPECT_EQ(count(spoiled, "src=\"data:image/png"), 5U);
    EXPECT_TRUE(has(spoiled, "(no picture)"));
}

TEST(ReportHtml, ForbidsEveryLoadAndRunsNoScript) {
    for (const Report& report : {testing::sample_report(), testing::hostile_report(), testing::empty_report()}) {
        const std::string page = report_html(report);
        EXPECT_TRUE(has(page, "default-src 'none'"));
        for (const char* banned :
             {"<script", "<iframe", "<img src=\"http", "src=\"http", "href=\"http", "url(", "@import"})
            EXPECT_FALSE(has(page, banned)) << banned;
    }
}

TEST(ReportHtml, HostileTextStaysText) {
    const std::string page = report_html(testing::hostile_report());
    EXPECT_TRUE(has(page, "&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;"));
    for (const char c : page) EXPECT_TRUE(static_cast<unsigned char>(c) >= 0x20 || c == '\n') << int{c};
}

TEST(ReportHtml, ShowsFailedAndSkippedProbesPlainly) {
    const std::string page = report_html(testing::sample_report());
    EXPECT_TRUE(has(page, "<span class=\"status failed\">failed</span>"));
    EXPECT_TRUE(has(page, "the gradient is not a number for input 41"));
    EXPECT_TRUE(has(page, "<span class=\"status skipped\">skipped</span>"));
}

TEST(ReportHtml, SaysHowItWasMeasured) {
    const Report report = testing::sample_report();
    const std::string page = report_html(report);
    for (const std::string& text : {report.command, report.asset.sha256, report.started, report.data->path})
        EXPECT_TRUE(has(page, text)) << text;
}

TEST(ReportHtml, AnEmptyReportIsAPageThatSaysSo) {
    const std::string page = report_html(testing::empty_report());
    EXPECT_TRUE(has(page, "Not examined"));
    EXPECT_TRUE(has(page, "The probes reported nothing."));
}

TEST(ReportHtml, NeverPromisesSafetyOrCompliance) {
    for (const Report& report : {testing::sample_report(), testing::hardened_report(), testing::empty_report()})
        for (const char* banned : {"compliant", "certified", " is safe", "secure model"})
            EXPECT_FALSE(has(report_html(report), banned)) << banned;
}

TEST(ReportHtml, NumbersThatAreNoneDoNotReachTheDrawing) {
    Report report = testing::hardened_report();
    Finding& finding = report.probes[1].findings[0];
    finding.evidence[0].value = std::numeric_limits<double>::quiet_NaN();
    finding.evidence[1].low = -std::numeric_limits<double>::infinity();
    for (CurvePoint& point : finding.curves[0].series[0].points) point.y = std::numeric_limits<double>::quiet_NaN();
    finding.curves[0].series[1].points[0].high = std::numeric_limits<double>::infinity();
    const std::string page = report_html(report);
    for (const char* bad : {"\"nan", ",nan", "nan,", "inf%", ":inf", ",inf", "nan%"})
        EXPECT_FALSE(has(page, bad)) << bad;
    EXPECT_TRUE(has(page, "not a number"));
}

TEST(ComparisonHtml, ShowsBothVerdictsAndTheChange) {
    const std::string page =
        comparison_html(testing::sample_report(), testing::hardened_report(), {"Standard", "Hardened"});
    EXPECT_TRUE(has(page, "“Hardened” scores 74 of 100, 68 points above “Standard”."));
    EXPECT_TRUE(has(page, "Critical weakness"));
    EXPECT_TRUE(has(page, "Moderate weakness"));
    EXPECT_TRUE(has(page, "<span class=\"delta better\">+54.4 points</span>"));
    EXPECT_TRUE(has(page, "<span class=\"delta worse\">−2.3 points</span>")) << "clean accuracy fell";
}

TEST(ComparisonHtml, DrawsTheCurvesOfBothInOnePlot) {
    const std::string page =
        comparison_html(testing::sample_report(), testing::hardened_report(), {"Standard", "Hardened"});
    EXPECT_TRUE(has(page, "Hardened: white-box (APGD)"));
    EXPECT_TRUE(has(page, "Standard: white-box (APGD)"));
}

TEST(ComparisonHtml, TellsNotFoundFromNotExamined) {
    Report after = testing::hardened_report();
    EXPECT_TRUE(has(comparison_html(testing::sample_report(), after), ">not found<"));
    after.probes[3].status = ProbeStatus::failed;
    EXPECT_TRUE(has(comparison_html(testing::sample_report(), after), ">probe failed<"));
    after.probes.erase(after.probes.begin() + 3);
    EXPECT_TRUE(has(comparison_html(testing::sample_report(), after), ">not examined<"));
}

TEST(ComparisonHtml, TheSameAuditTwiceShowsNoChange) {
    const Report report = testing::sample_report();
    const std::string page = comparison_html(report, report);
    EXPECT_TRUE(has(page, "Both score 6 of 100."));
    EXPECT_FALSE(has(page, "delta better"));
    EXPECT_FALSE(has(page, "delta worse"));
}

}  // namespace
}  // namespace bartizan::report
