#include "report/read.h"

#include <string>

#include <gtest/gtest.h>

#include "core/json.h"
#include "report/html.h"
#include "report/json.h"
#include "report/sample_testing.h"

namespace bartizan::report {
namespace {

class RoundTripOfReports : public ::testing::TestWithParam<Report (*)()> {};

TEST_P(RoundTripOfReports, GivesTheSameDocument) {
    const Json before = report_json(GetParam()());
    const auto read = parse_report(to_text(before));
    ASSERT_TRUE(read.ok()) << read.error().line();
    // Findings come back in the order of their probes, as they were written.
    EXPECT_EQ(to_text(report_json(*read)), to_text(before));
}

INSTANTIATE_TEST_SUITE_P(Samples, RoundTripOfReports,
                         ::testing::Values(testing::sample_report, testing::hardened_report, testing::hostile_report,
                                           testing::empty_report));

std::string fault_after(const std::string& pointer, const Json& value) {
    Json document = report_json(testing::sample_report());
    document[Json::json_pointer(pointer)] = value;
    const auto read = parse_report(to_text(document));
    if (read.ok()) return "(accepted)";
    EXPECT_EQ(read.error().code(), Errc::invalid_input);
    return read.error().message();
}

TEST(ReadReport, NamesTheFieldThatIsWrong) {
    EXPECT_EQ(fault_after("/schema", "bartizan.audit/2"), "schema: not bartizan.audit/1");
    EXPECT_EQ(fault_after("/findings/0/severity", "grave"), "findings[0].severity: not a severity");
    EXPECT_EQ(fault_after("/findings/1/evidence/0/value", "much"), "findings[1].evidence[0].value: a number is needed");
    EXPECT_EQ(fault_after("/findings/0/probe", "none"), "findings[0].probe: no probe of this name");
    EXPECT_EQ(fault_after("/probes/0/status", 3), "probes[0].status: text is needed");
    EXPECT_EQ(fault_after("/probes", "none"), "probes: a list is needed");
    EXPECT_EQ(fault_after("/seed", 1.5), "seed: a whole number is needed");
    EXPECT_EQ(fault_after("/asset", Json::array()), "asset: an object is needed");
}

TEST(ReadReport, LeavesFieldsOfLaterVersionsAlone) { EXPECT_EQ(fault_after("/novelty", Json::object()), "(accepted)"); }

TEST(ReadReport, SurvivesEveryCut) {
    const std::string whole = to_text(report_json(testing::sample_report()));
    for (std::size_t length = 0; length + 2 < whole.size(); length += 37)
        EXPECT_FALSE(parse_report(whole.substr(0, length)).ok()) << length;
    EXPECT_FALSE(parse_report("[]").ok());
    EXPECT_FALSE(parse_report("{}").ok());
    EXPECT_FALSE(read_report("/no/such/folder").ok());
}

TEST(ReadReport, IsEnoughForAComparison) {
    const auto before = parse_report(to_text(report_json(testing::sample_report())));
    const auto after = parse_report(to_text(report_json(testing::hardened_report())));
    EXPECT_EQ(comparison_html(*before, *after), comparison_html(testing::sample_report(), testing::hardened_report()));
}

}  // namespace
}  // namespace bartizan::report
