#include "report/wording.h"

#include <gtest/gtest.h>

#include <limits>

#include "report/sample_testing.h"

namespace bartizan::report {
namespace {

TEST(Wording, PutsNumbersAsPeopleReadThem) {
    EXPECT_EQ(percent(0.0091), "0.9 %");
    EXPECT_EQ(percent(1), "100.0 %");
    EXPECT_EQ(percent(0), "0.0 %");
    EXPECT_EQ(percent(0.0004), "0.04 %");
    EXPECT_EQ(percent(0.00004), "0.004 %");
    EXPECT_EQ(percent(0.9999), "99.99 %");
    EXPECT_EQ(percent(1e-12), "0.0 %");
    EXPECT_EQ(amount(112, "queries"), "112 queries");
    EXPECT_EQ(amount(0.03137, ""), "0.03137");
    EXPECT_EQ(amount(0.5, "fraction"), "50.0 %");
    EXPECT_EQ(plain_number(1234567), "1,234,567");
    EXPECT_EQ(plain_number(-1234.5), "-1,235");
    EXPECT_EQ(plain_number(1e-7), "1e-07");
    EXPECT_EQ(grouped(-100), "-100");
    EXPECT_EQ(grouped(std::numeric_limits<std::int64_t>::min()), "-9,223,372,036,854,775,808");
}

TEST(Wording, SaysSoWhenANumberIsNone) {
    EXPECT_EQ(percent(std::numeric_limits<double>::quiet_NaN()), "not a number");
    EXPECT_EQ(plain_number(std::numeric_limits<double>::infinity()), "infinite");
}

TEST(Wording, AMeasurementCarriesItsIntervalAndSampleCount) {
    const Measurement share{.name = "robust_accuracy",
                            .value = 0.009,
                            .unit = "fraction",
                            .low = 0.005,
                            .high = 0.017,
                            .samples = 1000,
                            .note = {}};
    EXPECT_EQ(measurement_line(share), "Robust accuracy 0.9 % (95 % interval 0.5 – 1.7 %, 1,000 samples)");
    const Measurement bare{
        .name = "queries", .value = 7, .unit = "queries", .low = {}, .high = {}, .samples = {}, .note = {}};
    EXPECT_EQ(measurement_line(bare), "Queries 7 queries");
}

TEST(Wording, PutsTheGravestFindingsFirst) {
    const Report report = testing::sample_report();
    const auto findings = findings_by_severity(report);
    ASSERT_GT(findings.size(), 3U);
    for (std::size_t i = 1; i < findings.size(); ++i)
        EXPECT_GE(findings[i - 1].finding->severity, findings[i].finding->severity);
    EXPECT_EQ(findings.front().probe->name, "evasion-whitebox");
}

}  // namespace
}  // namespace bartizan::report
