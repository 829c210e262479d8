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

// RFC 4231, test cases 2 and 6 (a key longer than a block).
TEST(HmacSha256, AgreesWithTheStandard) {
    const auto hex = [](const std::string& key, const std::string& text) {
        return to_hex(hmac_sha256(std::as_bytes(std::span(key)), std::as_bytes(std::span(text))));
    };
    EXPECT_EQ(hex("Jefe", "what do ya want for nothing?"),
              "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    EXPECT_EQ(hex(std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First"),
              "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST(Sha256, SaysWhenTheFileIsMissing) {
    EXPECT_EQ(sha256_file("no-such-file").error().code(), Errc::not_found);
}

}  // namespace
}  // namespace bartizan::crypto
