#include "cli/output.h"

#include <filesystem>
#include <fstream>
#include <string>

#include <gtest/gtest.h>

namespace bartizan::cli {
namespace {

namespace fs = std::filesystem;

class OutputFolder : public testing::Test {
protected:
    void SetUp() override {
        std::string name = (fs::temp_directory_path() / "bartizan-XXXXXX").string();
        ASSERT_NE(mkdtemp(name.data()), nullptr);
        folder_ = name;
    }
    void TearDown() override { fs::remove_all(folder_); }
    fs::path folder_;
};

TEST_F(OutputFolder, TrialLeavesNothingBehindAndKeepsAnOldFile) {
    std::ofstream(folder_ / "old.json") << "old";
    EXPECT_TRUE(check_writable_file(folder_ / "old.json").ok());
    EXPECT_TRUE(check_writable_file(folder_ / "new.json").ok());
    EXPECT_EQ(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()), 1);
    std::string content;
    std::ifstream(folder_ / "old.json") >> content;
    EXPECT_EQ(content, "old");
}

TEST_F(OutputFolder, NamesThePathThatCannotBeWritten) {
    const auto missing = check_writable_file(folder_ / "no" / "such" / "f.json");
    ASSERT_FALSE(missing.ok());
    EXPECT_EQ(missing.error().code(), Errc::not_found);
    EXPECT_NE(missing.error().line().find("no/such/f.json"), std::string::npos);
    const auto folder = check_writable_file(folder_);
    ASSERT_FALSE(folder.ok());
    EXPECT_EQ(folder.error().code(), Errc::invalid_input);
}

TEST_F(OutputFolder, MakesTheFolderButNotOverAFile) {
    EXPECT_TRUE(check_writable_folder(folder_ / "a" / "b").ok());
    EXPECT_TRUE(fs::is_directory(folder_ / "a" / "b"));
    std::ofstream(folder_ / "file") << "x";
    EXPECT_FALSE(check_writable_folder(folder_ / "file").ok());
    EXPECT_FALSE(check_writable_folder("/proc/bartizan").ok());
}

TEST(Output, DocumentStartsWithItsSchema) {
    Invocation invocation;
    invocation.command = find_command("attack");
    Json json = document(invocation);
    json["samples"] = 3;
    EXPECT_EQ(json.begin().key(), "schema");
    EXPECT_EQ(json["schema"], "bartizan.attack/1");
}

TEST(Output, NamesFromOutsideCannotMoveTheCursor) {
    EXPECT_EQ(printable("a\nb\x1b[31m\x7f"), "a\\x0ab\\x1b[31m\\x7f");
    EXPECT_EQ(printable("\xc2\x9b"
                        "2J"),
              "\\xc2\x9b"
              "2J");
    EXPECT_EQ(printable("Straße 7"), "Straße 7");
}

TEST(Output, ErrorsGiveTheExitStatusOfTheContract) {
    EXPECT_EQ(report_error(invalid_input("x")), 2);
    EXPECT_EQ(report_error(exhausted("x")), 3);
    EXPECT_EQ(report_error(internal_error("x")), 3);
}

}  // namespace
}  // namespace bartizan::cli
