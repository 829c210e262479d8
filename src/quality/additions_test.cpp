/// What others found joins the report as if it had been found here.
#include "quality/additions.h"

#include <gtest/gtest.h>

namespace bartizan::quality {
namespace {

TEST(Additions, KeepTheGravestFirstAndEverySuspectOnce) {
    CheckReport report;
    report.issues = {{.kind = "outlier", .severity = Severity::low, .indices = {3, 5}, .suspect = true}};
    report.suspects = {3, 5};
    add_issues(report, {{.kind = "poison_doubt", .severity = Severity::info, .indices = {9}},
                        {.kind = "poison", .severity = Severity::high, .indices = {7, 5, 1}, .suspect = true}});
    ASSERT_EQ(report.issues.size(), 3U);
    EXPECT_EQ(report.issues[0].kind, "poison");
    EXPECT_EQ(report.issues[2].kind, "poison_doubt");
    EXPECT_EQ(report.suspects, (std::vector<std::int64_t>{1, 3, 5, 7})) << "9 is told, not suspected";
}

}  // namespace
}  // namespace bartizan::quality
