#include <gtest/gtest.h>
#include <zlib.h>

#include <random>

#include "scan/scan_testing.h"
#include "scan/rules.h"

namespace bartizan::scan {
namespace {

std::uint32_t crc(const std::string& text) {
    return static_cast<std::uint32_t>(crc32_z(0, reinterpret_cast<const Bytef*>(text.data()), text.size()));
}
StoredMember plain(const std::string& name, const std::string& content) {
    return {.name = name, .content = content, .crc = crc(content)};
}
std::string gzip(const std::string& text) {
    std::string out(compressBound(text.size()) + 64, '\0');
    z_stream stream{};
    deflateInit2(&stream, 9, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY);
    stream.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(text.data()));
    stream.avail_in = static_cast<uInt>(text.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    deflate(&stream, Z_FINISH);
    out.resize(stream.total_out);
    deflateEnd(&stream);
    return out;
}
std::string tar_header(const std::string& name, std::size_t size, char kind = '0', const std::string& link = {}) {
    std::string block(512, '\0');
    block.replace(0, name.size(), name);
    const auto octal = [](std::size_t value) {
        std::string digits(11, '0');
        for (int i = 10; value > 0; --i, value /= 8)
            digits[static_cast<std::size_t>(i)] = static_cast<char>('0' + value % 8);
        return digits;
    };
    block.replace(124, 11, octal(size));
    block[156] = kind;
    block.replace(157, link.size(), link);
    block.replace(257, 5, "ustar");
    block.replace(148, 8, 8, ' ');
    unsigned sum = 0;
    for (const char c : block) sum += static_cast<unsigned char>(c);
    block.replace(148, 7, octal(sum).substr(5) + '\0');
    return block;
}
std::string tar(const std::string& name, std::string content) {
    std::string out = tar_header(name, content.size());
    content.resize((content.size() + 511) / 512 * 512);
    return out + content + std::string(1024, '\0');
}

TEST(ScanZip, AnHonestArchiveIsClean) {
    const FileResult result =
        judged(stored_zip({plain("a/readme.txt", "hello"), plain("a/notes.txt", "there")}), "x.zip");
    EXPECT_EQ(result.verdict, Verdict::clean) << (result.issues.empty() ? "" : result.issues[0].title);
    EXPECT_EQ(result.format, "zip");
}

TEST(ScanZip, DeflatedMembersAreJudged) {
    const FileResult result = judged(formats::make_zip({{"x/readme.txt", "hello"}, {"x/w.bin", harm()}}).value());
    EXPECT_EQ(result.verdict, Verdict::malicious);
    EXPECT_EQ(result.issues.at(0).member, "x/w.bin");
}

TEST(ScanZip, WhatOneLoaderSeesAndAnotherDoesNotIsJudgedAndReported) {
    const std::string good = "hello";
    const std::string listed_twice = stored_zip({plain("w.bin", harm()), plain("w.bin", good)});
    StoredMember unlisted = plain("w.bin", harm());
    unlisted.listed = false;
    StoredMember renamed = plain("readme.txt", harm());
    renamed.local_name = "w.bin";
    StoredMember flagged = plain("w.bin", harm());
    flagged.local_flags = 1;
    StoredMember wrong_crc = {.name = "w.bin", .content = harm(), .crc = 1};
    for (const std::string& archive : {listed_twice, stored_zip({plain("a.txt", good), unlisted}),
                                       stored_zip({renamed}), stored_zip({flagged}), stored_zip({wrong_crc})}) {
        const FileResult result = judged(archive);
        EXPECT_EQ(result.verdict, Verdict::malicious);
        EXPECT_TRUE(has_rule(result, rule::kTwoReadings));
    }
}

TEST(ScanZip, BytesBeforeBehindAndBetweenAreReported) {
    const std::string archive = stored_zip({plain("a.txt", "hello")});
    EXPECT_TRUE(has_rule(judged("some prefix" + archive), rule::kTwoReadings));
    EXPECT_TRUE(has_rule(judged(archive + "a tail"), rule::kHiddenData));
    EXPECT_EQ(judged(harm() + archive).verdict, Verdict::malicious);
    EXPECT_EQ(judged(stored_zip({plain("a.txt", harm())}) + archive).verdict, Verdict::malicious);
    EXPECT_EQ(judged(archive + stored_zip({plain("a.txt", harm())})).verdict, Verdict::malicious);
}

TEST(ScanZip, AMissingDirectoryHidesNothing) {
    const std::string archive = stored_zip({plain("w.bin", harm())});
    const FileResult result = judged(archive.substr(0, archive.find("PK\1\2")));
    EXPECT_EQ(result.verdict, Verdict::malicious);
    EXPECT_FALSE(result.complete);
}

TEST(ScanZip, PathsThatLeaveTheFolderAreMalicious) {
    for (const char* name : {"../x", "/etc/x", "a/../../x", "C:\\x", "..\\x"})
        EXPECT_TRUE(has_rule(judged(stored_zip({plain(name, "hello")})), rule::kOutsideFolder)) << name;
    EXPECT_FALSE(has_rule(judged(stored_zip({plain("a..b/x", "hello")})), rule::kOutsideFolder));
}

TEST(ScanZip, NestedArchivesAreOpenedUpToTheLimit) {
    std::string archive = stored_zip({plain("w.bin", harm())});
    for (int i = 0; i < 4; ++i) archive = stored_zip({plain("inner.zip", archive)});
    EXPECT_EQ(judged(archive).verdict, Verdict::malicious);
    for (int i = 0; i < 20; ++i) archive = stored_zip({plain("inner.zip", archive)});
    EXPECT_EQ(judged(archive).verdict, Verdict::incomplete);
}

TEST(ScanZip, BombsAreStopped) {
    const std::string zeros(std::size_t{120} << 20, '\0');
    const std::string bomb = formats::make_zip({{"zeros.bin", zeros}}).value();
    const FileResult result = judged(bomb);
    EXPECT_TRUE(has_rule(result, rule::kExhausts));
    EXPECT_EQ(result.verdict, Verdict::malicious);
    EXPECT_TRUE(has_rule(judged(gzip(zeros)), rule::kExhausts));
}

TEST(ScanTar, MembersAndLinksAreJudged) {
    EXPECT_EQ(judged(tar("w.bin", harm())).verdict, Verdict::malicious);
    EXPECT_EQ(judged(tar("a.txt", "hello"), "a.tar").verdict, Verdict::clean);
    EXPECT_TRUE(has_rule(judged(tar("../a.txt", "hello")), rule::kOutsideFolder));
    const std::string link = tar_header("a", 0, '2', "/etc/passwd") + std::string(1024, '\0');
    EXPECT_TRUE(has_rule(judged(link), rule::kOutsideFolder));
    EXPECT_EQ(judged(tar("a.txt", "hello").substr(0, 514)).verdict, Verdict::incomplete);
}

TEST(ScanStreams, AreOpenedInRowsAndLayers) {
    EXPECT_EQ(judged(gzip("hello"), "a.gz").verdict, Verdict::clean);
    EXPECT_EQ(judged(gzip(tar("w.bin", harm()))).verdict, Verdict::malicious);
    EXPECT_EQ(judged(gzip(gzip(harm()))).verdict, Verdict::malicious);
    EXPECT_EQ(judged(gzip("hello") + harm()).verdict, Verdict::malicious);
    EXPECT_EQ(judged(gzip("hello there").substr(0, 16)).verdict, Verdict::incomplete);
}

TEST(ScanArchives, DamagedOnesNeverEndTheScan) {
    std::mt19937 random(7);
    const std::string archives[] = {formats::make_zip({{"x/w.bin", harm()}, {"data.pkl", "x"}}).value(),
                                    tar("w.bin", harm()), gzip(harm()),
                                    stored_zip({plain("a", "b"), plain("c", harm())})};
    for (const std::string& archive : archives)
        for (int i = 0; i < 500; ++i) {
            std::string damaged = archive.substr(0, 1 + random() % archive.size());
            for (int flips = 0; flips < 3; ++flips) damaged[random() % damaged.size()] = static_cast<char>(random());
            const FileResult result = judged(damaged);
            EXPECT_LE(result.issues.size(), kMaxIssues);
        }
}

}  // namespace
}  // namespace bartizan::scan
