#include "scan/archive/zip_layout.h"

#include <gtest/gtest.h>

#include "scan/judges.h"
#include "scan/scan_testing.h"

namespace bartizan::scan {
namespace {

Bytes bytes_of(const std::string& text) { return std::as_bytes(std::span(text.data(), text.size())); }
ZipLayout layout_of(const std::string& archive) { return zip_layout(bytes_of(archive)); }

const std::string kTwo = stored_zip({{.name = "a", .content = "first"}, {.name = "b", .content = "second"}});

TEST(ScanZipLayout, AnHonestArchiveHasNoGaps) {
    const ZipLayout layout = layout_of(kTwo);
    ASSERT_EQ(layout.members.size(), 2U);
    EXPECT_TRUE(layout.gaps.empty());
    EXPECT_FALSE(layout.broken || layout.overlapping || layout.too_many);
    EXPECT_EQ(layout.directories, 1);
    EXPECT_EQ(layout.members[1].central->name, "b");
    EXPECT_EQ(kTwo.substr(layout.members[1].data, 6), "second");
}

TEST(ScanZipLayout, APrefixShiftsTheOffsets) {
    const ZipLayout layout = layout_of("prefix" + kTwo);
    ASSERT_EQ(layout.members.size(), 2U);
    ASSERT_TRUE(layout.members[0].local.has_value());
    EXPECT_EQ(layout.members[0].local->offset, 6U);
    ASSERT_EQ(layout.gaps.size(), 1U);
    EXPECT_EQ(layout.gaps[0].end, 6U);
}

TEST(ScanZipLayout, MembersWithoutADirectoryAreFound) {
    const ZipLayout layout = layout_of(kTwo.substr(0, kTwo.find("PK\1\2")));
    EXPECT_EQ(layout.members.size(), 2U);
    EXPECT_EQ(layout.directories, 0);
    EXPECT_FALSE(layout.members[0].central.has_value());
}

TEST(ScanZipLayout, BothOfTwoArchivesInARowAreSeen) {
    const ZipLayout layout = layout_of(kTwo + stored_zip({{.name = "c", .content = "third"}}));
    EXPECT_EQ(layout.members.size(), 3U);
    EXPECT_EQ(layout.directories, 2);
}

TEST(ScanZipLayout, ADirectoryInsideAMemberIsNotTheArchives) {
    const ZipLayout layout = layout_of(stored_zip({{.name = "inner.zip", .content = kTwo}}));
    EXPECT_EQ(layout.members.size(), 1U);
    EXPECT_EQ(layout.directories, 1);
}

TEST(ScanZipLayout, Zip64SizesAreRead) {
    // One member whose directory entry has its sizes and offset in the zip64 field.
    const std::string content = "content";
    const std::string local = "PK\3\4" + number(45, 2) + number(0, 12) + number(content.size(), 4) +
                              number(content.size(), 4) + number(1, 2) + number(0, 2) + "a" + content;
    const std::string extra =
        number(1, 2) + number(24, 2) + number(content.size(), 8) + number(content.size(), 8) + number(0, 8);
    const std::string central = "PK\1\2" + number(45, 2) + number(45, 2) + number(0, 12) + number(0xffffffff, 4) +
                                number(0xffffffff, 4) + number(1, 2) + number(extra.size(), 2) + number(0, 10) +
                                number(0xffffffff, 4) + "a" + extra;
    const std::string end = "PK\5\6" + number(0, 4) + number(1, 2) + number(1, 2) + number(central.size(), 4) +
                            number(local.size(), 4) + number(0, 2);
    const ZipLayout layout = layout_of(local + central + end);
    ASSERT_EQ(layout.members.size(), 1U);
    EXPECT_EQ(layout.members[0].central->packed, content.size());
    EXPECT_TRUE(layout.gaps.empty());
    EXPECT_FALSE(layout.broken);
}

TEST(ScanZipLayout, IsToldByItsHeadOrItsEnd) {
    EXPECT_TRUE(looks_like_zip(bytes_of(kTwo)));
    EXPECT_TRUE(looks_like_zip(bytes_of("prefix" + kTwo + "tail")));
    EXPECT_FALSE(looks_like_zip(bytes_of("PK and nothing more")));
    EXPECT_FALSE(looks_like_zip(bytes_of("")));
}

}  // namespace
}  // namespace bartizan::scan
