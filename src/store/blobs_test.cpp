#include "store/blobs.h"

#include <sys/stat.h>

#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

namespace bartizan::store {
namespace {

constexpr std::uint64_t kMost = 1 << 20;

class BlobsTest : public testing::Test {
protected:
    BlobsTest() {
        std::string name = (std::filesystem::temp_directory_path() / "bartizan-XXXXXX").string();
        folder_ = ::mkdtemp(name.data());
        blobs_ = Blobs::open(folder_ / "blobs", *MasterKey::open(folder_ / "master")).value();
    }
    ~BlobsTest() override { std::filesystem::remove_all(folder_); }

    std::filesystem::path file(const std::string& digest) const {
        return folder_ / "blobs" / digest.substr(0, 2) / digest;
    }
    std::string raw(const std::string& digest) const {
        return (std::ostringstream() << std::ifstream(file(digest), std::ios::binary).rdbuf()).str();
    }
    void write_raw(const std::string& digest, const std::string& bytes) const {
        std::filesystem::create_directories(file(digest).parent_path());
        std::ofstream(file(digest), std::ios::binary) << bytes;
    }
    Errc code(const std::string& digest) const { return blobs_->get(digest, kMost).error().code(); }

    std::filesystem::path folder_;
    std::unique_ptr<Blobs> blobs_;
};

TEST_F(BlobsTest, are_named_by_their_sha256) {
    // FIPS 180-4's example, and the digest of nothing.
    EXPECT_EQ(*blobs_->put("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_EQ(*blobs_->put(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST_F(BlobsTest, come_back_whole_at_every_length_around_a_piece) {
    for (const std::size_t length : {0U, 1U, 65535U, 65536U, 65537U, 131072U, 200000U}) {
        std::string content(length, 'x');
        for (std::size_t i = 0; i < length; ++i) content[i] = static_cast<char>(i * 131 >> 3);
        const std::string digest = *blobs_->put(content);
        EXPECT_EQ(*blobs_->get(digest, kMost), content) << length;
    }
    EXPECT_EQ(blobs_->get(*blobs_->put(std::string(1000, 'x')), 999).error().code(), Errc::exhausted);
}

TEST_F(BlobsTest, nothing_of_the_content_is_on_the_disk) {
    const std::string secret = "the training data of a clinic";
    const std::string digest = *blobs_->put(secret);
    EXPECT_EQ(raw(digest).find(secret.substr(0, 8)), std::string::npos);
    const std::string first = raw(digest);
    ASSERT_TRUE(blobs_->put(secret).ok());
    EXPECT_NE(raw(digest), first) << "a key of its own each time";
}

TEST_F(BlobsTest, any_changed_byte_and_any_cut_is_found) {
    const std::string digest = *blobs_->put("a small content");
    const std::string good = raw(digest);
    for (std::size_t i = 0; i < good.size(); ++i) {
        std::string bad = good;
        bad[i] = static_cast<char>(bad[i] ^ 4);
        write_raw(digest, bad);
        ASSERT_EQ(code(digest), Errc::denied) << "byte " << i;
        write_raw(digest, good.substr(0, i));
        ASSERT_EQ(code(digest), Errc::denied) << "cut at " << i;
    }
    write_raw(digest, good + "x");
    EXPECT_EQ(code(digest), Errc::denied);
    ASSERT_TRUE(blobs_->put("a small content").ok());
    EXPECT_TRUE(blobs_->get(digest, kMost).ok()) << "put again, it is mended";
}

TEST_F(BlobsTest, a_cut_between_pieces_and_swapped_pieces_are_found) {
    constexpr std::size_t kSealed = 64 * 1024 + 17;
    const std::string digest = *blobs_->put(std::string(3 * 64 * 1024, 'x'));
    const std::string good = raw(digest);
    const std::size_t header = good.size() - 3 * kSealed - 17;
    write_raw(digest, good.substr(0, header + 2 * kSealed));
    EXPECT_EQ(code(digest), Errc::denied);
    write_raw(digest, good.substr(0, header) + good.substr(header + kSealed, kSealed) + good.substr(header, kSealed) +
                          good.substr(header + 2 * kSealed));
    EXPECT_EQ(code(digest), Errc::denied);
}

TEST_F(BlobsTest, a_blob_under_the_name_of_another_is_found) {
    const std::string one = *blobs_->put("one");
    const std::string two = *blobs_->put("two");
    write_raw(one, raw(two));
    EXPECT_EQ(code(one), Errc::denied);
}

TEST_F(BlobsTest, another_master_key_opens_nothing) {
    const std::string digest = *blobs_->put("secret");
    const auto other = Blobs::open(folder_ / "blobs", MasterKey::generate()).value();
    EXPECT_EQ(other->get(digest, kMost).error().code(), Errc::denied);
    const auto again = Blobs::open(folder_ / "blobs", *MasterKey::open(folder_ / "master")).value();
    EXPECT_EQ(*again->get(digest, kMost), "secret");
}

TEST_F(BlobsTest, the_master_key_is_for_its_owner_alone) {
    struct stat status {};
    ASSERT_EQ(::stat((folder_ / "master").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0600U);
    EXPECT_FALSE(MasterKey::from_hex("abc").ok());
    EXPECT_FALSE(MasterKey::from_hex(std::string(64, 'g')).ok());
    const std::string hex(64, 'a');
    EXPECT_EQ(MasterKey::from_hex(hex)->hex().text(), hex);
}

TEST_F(BlobsTest, what_is_not_there_or_no_digest_is_told) {
    const std::string digest = *blobs_->put("x");
    EXPECT_TRUE(blobs_->contains(digest));
    ASSERT_TRUE(blobs_->remove(digest).ok());
    ASSERT_TRUE(blobs_->remove(digest).ok());
    EXPECT_FALSE(blobs_->contains(digest));
    EXPECT_EQ(code(digest), Errc::not_found);
    for (const char* bad : {"", "../../../../etc/passwd", "AA"}) EXPECT_EQ(code(bad), Errc::invalid_input);
}

TEST_F(BlobsTest, a_source_that_fails_leaves_nothing) {
    int pieces = 0;
    const auto failed = blobs_->put([&]() -> Result<std::string> {
        if (++pieces > 3) return invalid_input("cut off");
        return std::string(100000, 'x');
    });
    EXPECT_EQ(failed.error().message(), "cut off");
    EXPECT_TRUE(std::filesystem::is_empty(folder_ / "blobs"));
}

}  // namespace
}  // namespace bartizan::store
