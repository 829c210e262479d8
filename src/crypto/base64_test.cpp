#include "crypto/base64.h"

#include <gtest/gtest.h>

namespace bartizan::crypto {
namespace {

// RFC 4648, section 10.
TEST(Base64, AgreesWithTheStandard) {
    const std::pair<const char*, const char*> kVectors[] = {{"", ""},
                                                            {"f", "Zg=="},
                                                            {"fo", "Zm8="},
                                                            {"foo", "Zm9v"},
                                                            {"foob", "Zm9vYg=="},
                                                            {"fooba", "Zm9vYmE="},
                                                            {"foobar", "Zm9vYmFy"}};
    for (const auto& [bytes, text] : kVectors) {
        EXPECT_EQ(to_base64(bytes), text);
        EXPECT_EQ(from_base64(text).value_or("?"), bytes);
    }
}

TEST(Base64, KeepsEveryByte) {
    std::string bytes;
    for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);
    EXPECT_EQ(*from_base64(to_base64(bytes)), bytes);
}

TEST(Base64, RefusesEveryOtherSpelling) {
    for (const char* text : {"Zg", "Zg=", "Zh==", "Zm9=", "_-8=", "Zm9v\n", " Zm9", "Zg==Zg==", "====", "Z==="})
        EXPECT_FALSE(from_base64(text).ok()) << text;
}

TEST(Base64, OfAddressesHasNoPaddingAndItsOwnLetters) {
    EXPECT_EQ(to_base64url("\xfb\xff"), "-_8");
    EXPECT_EQ(*from_base64url("-_8"), "\xfb\xff");
    EXPECT_EQ(*from_base64url(""), "");
    for (const char* text : {"+/8", "-_8=", "Z", "Zh", "Zm9v\n"}) EXPECT_FALSE(from_base64url(text).ok()) << text;
}

}  // namespace
}  // namespace bartizan::crypto
