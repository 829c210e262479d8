#include "report/files.h"

#include <gtest/gtest.h>

#include <unistd.h>

#include <set>

#include "core/file.h"
#include "core/json.h"
#include "report/sample_testing.h"

namespace bartizan::report {
namespace {

namespace fs = std::filesystem;

class ReportFiles : public ::testing::Test {
protected:
    void SetUp() override {
        const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
        folder_ =
            fs::temp_directory_path() / (std::string("bartizan-") + test->name() + "-" + std::to_string(::getpid()));
        fs::remove_all(folder_);
    }
    void TearDown() override { fs::remove_all(folder_); }

    fs::path folder_;
};

TEST_F(ReportFiles, AreAllThereAndThePageIsNamedFirst) {
    const auto written = write_report_files(testing::sample_report(), folder_);
    ASSERT_TRUE(written.ok()) << written.error().line();
    EXPECT_EQ(written.value().front(), (folder_ / "report.html").string());
    for (const char* name : {"report.html", "report.json", "report.sarif", "junit.xml"})
        EXPECT_GT(fs::file_size(folder_ / name), 500U) << name;
}

TEST_F(ReportFiles, EveryPathInTheJsonIsAPictureThatIsThere) {
    ASSERT_TRUE(write_report_files(testing::sample_report(), folder_).ok());
    const auto document = parse_json(read_file(folder_ / "report.json", 1 << 24).value());
    ASSERT_TRUE(document.ok());
    std::set<std::string> paths;
    for (const Json& finding : document.value()["findings"])
        for (const Json& row : finding["pictures"])
            for (const Json& picture : row["pictures"]) paths.insert(picture["path"].get<std::string>());
    EXPECT_EQ(paths.size(), 6U);
    EXPECT_TRUE(paths.contains("examples/BTZ-EVA-001-2-3.png"));
    for (const std::string& path : paths)
        EXPECT_TRUE(read_file(folder_ / path, 1 << 20).value().starts_with("\x89PNG")) << path;
}

TEST_F(ReportFiles, ARuleIdCannotLeadOutOfTheFolder) {
    Report report = testing::sample_report();
    report.probes[1].findings[0].rule = "../../etc/x";
    name_pictures(report);
    EXPECT_EQ(report.probes[1].findings[0].pictures[0].pictures[0].path, "examples/___________-1-1.png");
}

TEST_F(ReportFiles, TwoFindingsOfOneRuleDoNotShareAPicture) {
    Report report = testing::sample_report();
    report.probes[2].findings.push_back(report.probes[1].findings[0]);
    name_pictures(report);
    EXPECT_EQ(report.probes[1].findings[0].pictures[0].pictures[0].path, "examples/BTZ-EVA-001-1-1.png");
    EXPECT_EQ(report.probes[2].findings[1].pictures[0].pictures[0].path, "examples/BTZ-EVA-001-3-1.png");
}

TEST_F(ReportFiles, AReportWithoutPicturesMakesNoFolderForThem) {
    ASSERT_TRUE(write_report_files(testing::empty_report(), folder_).ok());
    EXPECT_FALSE(fs::exists(folder_ / "examples"));
}

TEST_F(ReportFiles, AFileInTheWayIsAnErrorThatNamesIt) {
    ASSERT_TRUE(write_file_atomically(folder_, std::string_view("not a folder")).ok());
    const auto written = write_report_files(testing::sample_report(), folder_);
    ASSERT_FALSE(written.ok());
    EXPECT_NE(written.error().line().find(folder_.filename().string()), std::string::npos) << written.error().line();
}

}  // namespace
}  // namespace bartizan::report
