#include "provenance/file_tree.h"

#include <sys/stat.h>

#include "crypto/shell_testing.h"

namespace bartizan::provenance {
namespace {

class FileTrees : public crypto::WithFolder {
protected:
    std::string names(const TreeRules& rules = {}) const {
        std::string out;
        const FileTree tree = *list_files(folder_, rules);
        for (const TreeFile& file : tree.files) out += file.name + " ";
        for (const RefusedFile& file : tree.refused) out += "!" + file.name + " ";
        return out;
    }
};

TEST_F(FileTrees, ListEveryFileInOrder) {
    for (const char* name : {"a-b", "a/c", "a/d/e", "B"}) write(name, "x");
    EXPECT_EQ(names(), "B a/c a/d/e a-b ");
}

TEST_F(FileTrees, LeaveOutWhatIsIgnoredWithAllBelow) {
    for (const char* name : {".git/config", "a/x", "a/y/z", "ab", "keep"}) write(name, "x");
    EXPECT_EQ(names({.ignored = {".git", "a"}}), "ab keep ");
    EXPECT_EQ(names({.ignored = {".git", "a/y"}}), "a/x ab keep ");
}

TEST_F(FileTrees, NameWhatIsNoFileWithoutOpeningIt) {
    write("real", "x");
    ASSERT_EQ(::mkfifo((folder_ / "pipe").c_str(), 0600), 0);
    std::filesystem::create_symlink("real", folder_ / "link");
    std::filesystem::create_symlink("/nowhere", folder_ / "dangling");
    std::filesystem::create_directory_symlink(folder_, folder_ / "loop");
    EXPECT_EQ(names(), "real !dangling !link !loop !pipe ");
    EXPECT_EQ(names({.links = Links::follow_to_files}), "link real !dangling !loop !pipe ");
}

TEST_F(FileTrees, NameWhatIsNotUtf8) {
    write("caf\xe9", "x");
    EXPECT_EQ(names(), "!caf\xe9 ");
}

TEST_F(FileTrees, OfOneFileCallItADot) {
    const FileTree tree = *list_files(write("m.bin", "xyz"), {});
    ASSERT_EQ(tree.files.size(), 1U);
    EXPECT_EQ(tree.files[0].name, ".");
    EXPECT_EQ(tree.files[0].size, 3U);
}

TEST_F(FileTrees, SayWhatIsWrongWithTheRoot) {
    EXPECT_EQ(list_files(folder_ / "none", {}).error().code(), Errc::not_found);
    EXPECT_EQ(list_files("/dev/null", {}).error().code(), Errc::invalid_input);
}

TEST_F(FileTrees, FindTheNameOfAPathBelow) {
    write("m/a/b", "x");
    const auto root = folder_ / "m";
    EXPECT_EQ(name_below(root, "a/b").value_or("?"), "a/b");
    EXPECT_EQ(name_below(root, root / "a" / "b").value_or("?"), "a/b");
    EXPECT_EQ(name_below(root, root / "a/").value_or("?"), "a");
    EXPECT_EQ(name_below(root, "not-there-yet").value_or("?"), "not-there-yet");
    for (const char* bad : {"..", ".", "/etc/passwd", "../m2", ""}) EXPECT_FALSE(name_below(root, bad).ok()) << bad;
}

}  // namespace
}  // namespace bartizan::provenance
