#include "scan/scan.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "scan/output.h"
#include "scan/rules.h"

namespace bartizan::scan {
namespace {

namespace fs = std::filesystem;

class ScanFolder : public ::testing::Test {
protected:
    void SetUp() override {
        std::string name = (fs::temp_directory_path() / "scan-XXXXXX").string();
        ASSERT_NE(::mkdtemp(name.data()), nullptr);
        folder_ = name;
    }
    void TearDown() override {
        std::error_code ignored;
        fs::remove_all(folder_, ignored);
    }
    void write(const std::string& name, const std::string& content) const {
        fs::create_directories((folder_ / name).parent_path());
        std::ofstream(folder_ / name, std::ios::binary) << content;
    }
    ScanResult scan_it(const fs::path& target) const {
        const std::vector<fs::path> targets = {target};
        auto result = scan(targets, {}, RunContext({.threads = 2}));
        EXPECT_TRUE(result.ok());
        return std::move(result).value();
    }
    const FileResult* file(const ScanResult& scan, const std::string& name) const {
        for (const FileResult& file : scan.files)
            if (file.path == (folder_ / name).string()) return &file;
        return nullptr;
    }
    const std::string elf_ = std::string(
                                 "\x7f"
                                 "ELF\x02\x01\x01") +
                             std::string(60, '\0');
    fs::path folder_;
};

TEST_F(ScanFolder, FindsFilesInFoldersAndTakesTheGravestVerdict) {
    write("a/b/c/weights.bin", elf_);
    write("a/notes.txt", "hello");
    const ScanResult scan = scan_it(folder_);
    ASSERT_EQ(scan.files.size(), 2U);
    EXPECT_EQ(scan.files[0].path, (folder_ / "a/b/c/weights.bin").string());
    EXPECT_EQ(scan.verdict, Verdict::malicious);
    EXPECT_EQ(file(scan, "a/notes.txt")->verdict, Verdict::clean);
    EXPECT_EQ(gravest(scan), Severity::critical);
}

TEST_F(ScanFolder, NeverReadsPipesAndFollowsNoLinkOutOfTheTarget) {
    write("inside/x.txt", "hello");
    write("outside/secret.bin", elf_);
    ASSERT_EQ(::mkfifo((folder_ / "inside/pipe").c_str(), 0600), 0);
    fs::create_symlink(folder_ / "outside/secret.bin", folder_ / "inside/out");
    fs::create_symlink(folder_ / "outside", folder_ / "inside/out-folder");
    fs::create_symlink("x.txt", folder_ / "inside/in");
    fs::create_symlink("nowhere", folder_ / "inside/dangling");
    const ScanResult scan = scan_it(folder_ / "inside");
    ASSERT_EQ(scan.files.size(), 5U);
    for (const char* name : {"inside/pipe", "inside/out", "inside/out-folder", "inside/dangling"}) {
        ASSERT_NE(file(scan, name), nullptr) << name;
        EXPECT_EQ(file(scan, name)->verdict, Verdict::incomplete) << name;
    }
    EXPECT_EQ(file(scan, "inside/in"), nullptr);
    EXPECT_FALSE(scan.complete);
}

TEST_F(ScanFolder, StatesAVerdictOnEmptyUnreadableAndOddlyNamedFiles) {
    write("empty", "");
    write(
        "n\xff"
        "ame.txt",
        "hello");
    write("locked", "hello");
    fs::permissions(folder_ / "locked", fs::perms::none);
    const ScanResult scan = scan_it(folder_);
    ASSERT_EQ(scan.files.size(), 3U);
    EXPECT_EQ(file(scan, "empty")->verdict, Verdict::clean);
    EXPECT_EQ(file(scan,
                   "n\xff"
                   "ame.txt")
                  ->verdict,
              Verdict::clean);
    if (::geteuid() != 0) EXPECT_EQ(file(scan, "locked")->verdict, Verdict::incomplete);
    EXPECT_NE(to_text(scan_json(scan))
                  .find("n\xef\xbf\xbd"
                        "ame.txt"),
              std::string::npos);
}

TEST_F(ScanFolder, ATargetThatIsNotThereIsTheUsersMistake) {
    const std::vector<fs::path> targets = {folder_ / "nowhere"};
    const auto result = scan(targets, {}, RunContext());
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(result.error().code(), Errc::not_found);
}

TEST_F(ScanFolder, ALargeFileIsMappedAndJudgedToItsEnd) {
    write("big.bin", std::string(9 << 20, 'a') + elf_);
    EXPECT_EQ(scan_it(folder_ / "big.bin").verdict, Verdict::malicious);
}

TEST_F(ScanFolder, SarifNamesTheFileAndTheRule) {
    write("weights.bin", elf_);
    const Json sarif = scan_sarif(scan_it(folder_), "1.0", "bartizan scan x");
    const Json& run = sarif["runs"][0];
    EXPECT_EQ(run["results"][0]["ruleId"], rule::kHiddenExecutable);
    EXPECT_EQ(run["tool"]["driver"]["rules"][0]["name"], "HiddenExecutable");
    EXPECT_EQ(run["results"][0]["level"], "error");
}

}  // namespace
}  // namespace bartizan::scan
