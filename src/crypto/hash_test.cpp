#include "crypto/hash.h"

#include <string>

#include <gtest/gtest.h>

namespace bartizan::crypto {
namespace {

std::string hex_of(const std::string& text) { return to_hex(sha256(std::as_bytes(std::span(text)))); }

// FIPS 180-4 examples, NIST CSRC "SHA256.pdf".
TEST(Sha256, AgreesWithTheStandard) {
    EXPECT_EQ(hex_of("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_EQ(hex_of(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    EXPECT_EQ(hex_of(std::string(1'000'000, 'a')), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, PiecesGiveTheSameDigest) {
    const std::string text = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
    Sha256 hash;
    hash.update(std::as_bytes(std::span(text).first(10)));
    hash.update(std::as_bytes(std::span(text).subspan(10)));
    EXPECT_EQ(to_hex(hash.finish()), "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

TEST(Sha256, SaysWhenTheFileIsMissing) {
    EXPECT_EQ(sha256_file("no-such-file").error().code(), Errc::not_found);
}

}  // namespace
}  // namespace bartizan::crypto
