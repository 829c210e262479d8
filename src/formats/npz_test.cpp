#include "formats/npz.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "formats/fixtures_testing.h"
#include "formats/inflate.h"

namespace bartizan::formats {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

/// Everything in the archive can be read.
bool reads_all(Bytes archive) {
    const auto zip = ZipReader::open(archive);
    if (!zip.ok()) return false;
    for (const ZipEntry& entry : zip->entries())
        if (!zip->read(entry, 1 << 24).ok()) return false;
    return true;
}

std::string refusal(const char* name) {
    const std::string content = fixture(name);
    const auto zip = ZipReader::open(as_bytes(content));
    EXPECT_FALSE(zip.ok()) << name;
    return zip.ok() ? "" : zip.error().line();
}

TEST(Npz, ReadsWhatNumpyStoredAndDeflated) {
    for (const char* name : {"stored.npz", "deflated.npz", "zip64.npz"}) {
        const auto npz = Npz::open(fixture_path(name));
        ASSERT_TRUE(npz.ok()) << npz.error().line();
        EXPECT_THAT(npz->names(), ElementsAre("x", "y", "classes")) << name;
        const auto x = npz->array("x");
        ASSERT_TRUE(x.ok()) << x.error().line();
        EXPECT_EQ(x->shape(), (Shape{6, 4, 4, 3}));
        for (std::size_t i = 0; i < 288; ++i) ASSERT_EQ(x->values<std::uint8_t>()[i], i % 256);
        EXPECT_THAT(npz->array("y")->values<std::int64_t>(), ElementsAre(0, 1, 2, 0, 1, 2));
        const auto classes = npz->content("classes");
        ASSERT_TRUE(classes.ok());
        EXPECT_THAT(std::get<TextArray>(*classes).values, ElementsAre("cat", "dog", "bird"));
    }
}

TEST(Npz, ReadsSizesAndOffsetsFromZip64Records) {
    const auto npz = Npz::open(fixture_path("zip64_directory.npz"));
    ASSERT_TRUE(npz.ok()) << npz.error().line();
    EXPECT_THAT(npz->array("x")->values<std::int64_t>(), ElementsAre(0, 1, 2, 3, 4));
}

TEST(Npz, SaysWhichArraysThereAre) {
    const auto npz = Npz::open(fixture_path("stored.npz"));
    const auto missing = npz->array("images");
    ASSERT_FALSE(missing.ok());
    EXPECT_EQ(missing.error().code(), Errc::not_found);
    EXPECT_THAT(missing.error().line(), HasSubstr("x, y, classes"));
    EXPECT_THAT(npz->array("classes").error().line(), HasSubstr("text"));
}

TEST(Npz, StopsAtTheLimitBeforeUnpacking) {
    const auto npz = Npz::open(fixture_path("zeros.npz"));
    ASSERT_TRUE(npz.ok()) << npz.error().line();
    EXPECT_EQ(npz->array("x", 1 << 20).error().code(), Errc::exhausted);
    EXPECT_EQ(npz->array("x")->size(), 4 << 20);
}

TEST(Npz, WritesWhatItReadsAgain) {
    const std::vector<float> values{1, 2.5F, -3, 0, 5, 6};
    const auto x = *NdArray::from<float>({2, 3}, values);
    const auto y = *NdArray::from<std::int64_t>({2}, std::vector<std::int64_t>{1, 0});
    const std::string path = testing::TempDir() + "written.npz";
    ASSERT_TRUE(write_npz(path, {{"x", x}, {"y", y}}).ok());
    const auto npz = Npz::open(path);
    ASSERT_TRUE(npz.ok()) << npz.error().line();
    EXPECT_THAT(npz->names(), ElementsAre("x", "y"));
    EXPECT_THAT(npz->array("x")->values<float>(), testing::ElementsAreArray(values));
    EXPECT_EQ(npz->array("x")->shape(), (Shape{2, 3}));
    EXPECT_THAT(npz->array("y")->values<std::int64_t>(), ElementsAre(1, 0));
}

TEST(Zip, RefusesEntriesThatShareANameOrBytes) {
    EXPECT_THAT(refusal("bad_duplicate.npz"), HasSubstr("two entries are called 'x.npy'"));
    EXPECT_THAT(refusal("bad_overlap.npz"), HasSubstr("overlaps"));
    EXPECT_THAT(refusal("bad_encrypted.npz"), HasSubstr("encrypted"));
}

TEST(Zip, SeesAFlippedBitByTheChecksum) {
    for (const char* name : {"stored.npz", "deflated.npz"}) {
        std::string content = fixture(name);
        content[150] = static_cast<char>(content[150] ^ 4);
        EXPECT_FALSE(reads_all(as_bytes(content))) << name;
    }
}

TEST(Zip, RefusesASizeThatDeflateCannotReach) {
    std::string content = fixture("deflated.npz");
    const std::size_t record = content.find("PK\1\2");
    for (std::size_t i = 0; i < 3; ++i) content[record + 24 + i] = '\xff';
    const auto zip = ZipReader::open(as_bytes(content));
    ASSERT_FALSE(zip.ok());
    EXPECT_THAT(zip.error().line(), HasSubstr("claims"));
}

TEST(Zip, SurvivesCutAndDamagedFiles) {
    for (const char* name : {"stored.npz", "deflated.npz", "zip64_directory.npz"}) {
        expect_refuses_every_beginning(fixture(name), reads_all);
        expect_survives_damage(fixture(name), reads_all);
    }
}

TEST(Zip, RefusesToWriteMoreEntriesThanItCanCount) {
    EXPECT_EQ(make_zip(std::vector<std::pair<std::string, std::string>>(65'535)).error().code(), Errc::exhausted);
}

TEST(Inflate, JoinsGzipMembersAndRefusesRubbishBehindThem) {
    std::string content = fixture("two_members.idx.gz");
    const auto plain = inflate(as_bytes(content), Wrapping::gzip, 1 << 20);
    ASSERT_TRUE(plain.ok()) << plain.error().line();
    EXPECT_EQ(as_text(*plain), fixture("count_u1.idx"));
    content += "rubbish";
    EXPECT_FALSE(inflate(as_bytes(content), Wrapping::gzip, 1 << 20).ok());
}

TEST(Inflate, StopsAtTheLimit) {
    const std::string zeros(1 << 22, '\0');
    const auto packed = deflate(as_bytes(zeros));
    ASSERT_TRUE(packed.ok());
    EXPECT_LT(packed->size(), 8192U);
    EXPECT_EQ(inflate(*packed, Wrapping::raw, (1 << 22) - 1).error().code(), Errc::exhausted);
    EXPECT_EQ(inflate(*packed, Wrapping::raw, 1 << 22)->size(), zeros.size());
}

TEST(Inflate, RefusesEveryBeginningOfAGzipFile) {
    expect_refuses_every_beginning(fixture("count_u1.idx.gz"),
                                   [](Bytes bytes) { return inflate(bytes, Wrapping::gzip, 1 << 20).ok(); });
}

}  // namespace
}  // namespace bartizan::formats
