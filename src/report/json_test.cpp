#include "report/json.h"

#include <gtest/gtest.h>

#include <limits>

#include "report/sample_testing.h"
#include "report/score.h"

namespace bartizan::report {
namespace {

Json written_and_read(const Report& report) {
    const auto document = parse_json(to_text(report_json(report)));
    EXPECT_TRUE(document.ok());
    return document.ok() ? document.value() : Json();
}

TEST(ReportJson, BeginsWithItsSchema) {
    const Json document = written_and_read(testing::sample_report());
    EXPECT_EQ(document.begin().key(), "schema");
    EXPECT_EQ(document["schema"], "bartizan.audit/1");
}

TEST(ReportJson, HasTheFieldsThatScriptsRelyOn) {
    const Report report = testing::sample_report();
    const Json document = written_and_read(report);
    EXPECT_EQ(document["asset"]["path"], report.asset.path);
    EXPECT_EQ(document["asset"]["sha256"], report.asset.sha256);
    EXPECT_EQ(document["summary"]["score"], score(report));
    EXPECT_EQ(document["summary"]["by_severity"]["critical"], tally(report).of(Severity::critical));
    ASSERT_EQ(document["findings"].size(), tally(report).findings());
    for (const Json& finding : document["findings"])
        for (const char* field : {"rule", "severity", "title", "evidence", "maps", "remediation"})
            EXPECT_TRUE(finding.contains(field)) << field;
    ASSERT_EQ(document["probes"].size(), report.probes.size());
    for (const Json& probe : document["probes"])
        for (const char* field : {"name", "status", "seconds"}) EXPECT_TRUE(probe.contains(field)) << field;
}

TEST(ReportJson, CarriesCurvesInFullAndPicturesByCaptionOnly) {
    const Json document = written_and_read(testing::sample_report());
    std::size_t points = 0, pictures = 0;
    for (const Json& finding : document["findings"]) {
        for (const Json& curve : finding["curves"])
            for (const Json& series : curve["series"]) points += series["points"].size();
        for (const Json& row : finding["pictures"])
            for (const Json& picture : row["pictures"]) {
                ++pictures;
                EXPECT_FALSE(picture.contains("png"));
                EXPECT_TRUE(picture.contains("caption"));
            }
    }
    EXPECT_GT(points, 10U);
    EXPECT_GE(pictures, 3U);
}

TEST(ReportJson, GivesEveryMappingItsRelease) {
    const Json document = written_and_read(testing::sample_report());
    for (const Json& finding : document["findings"])
        for (const Json& map : finding["maps"]) EXPECT_FALSE(map["version"].get<std::string>().empty());
}

TEST(ReportJson, WritesIntervalsOnlyWhereThereAreSome) {
    const Json with = measurement_json(
        {.name = "a", .value = 0.5, .unit = "fraction", .low = 0.4, .high = 0.6, .samples = 100, .note = "n"});
    EXPECT_EQ(with["low"], 0.4);
    EXPECT_EQ(with["samples"], 100);
    const Json without =
        measurement_json({.name = "a", .value = 0.5, .unit = "", .low = {}, .high = {}, .samples = {}, .note = {}});
    EXPECT_FALSE(without.contains("low"));
    EXPECT_FALSE(without.contains("note"));
}

TEST(ReportJson, SurvivesNumbersAndBytesThatJsonLacks) {
    Report report = testing::sample_report();
    report.seconds = std::numeric_limits<double>::infinity();
    report.asset.path = "model\xff\xfe.onnx";
    const Json document = written_and_read(report);
    EXPECT_TRUE(document["seconds"].is_null());
    EXPECT_EQ(document["asset"]["path"], "model\xEF\xBF\xBD\xEF\xBF\xBD.onnx");
}

TEST(ReportJson, AnEmptyReportIsStillADocument) {
    const Json document = written_and_read(testing::empty_report());
    EXPECT_TRUE(document["findings"].is_array());
    EXPECT_TRUE(document["probes"].empty());
    EXPECT_FALSE(document.contains("data"));
}

TEST(ReportJson, SameReportSameText) {
    EXPECT_EQ(to_text(report_json(testing::sample_report())), to_text(report_json(testing::sample_report())));
}

}  // namespace
}  // namespace bartizan::report
