#include "text/unicode.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "text/confusables.h"

namespace bartizan::text {
namespace {

TEST(Utf8, ReadsEveryScalarValueBack) {
    for (char32_t code = 0; code <= 0x10ffff; ++code) {
        if (code >= 0xd800 && code <= 0xdfff) continue;
        const auto back = decode_utf8(encode_utf8(std::u32string(1, code)));
        ASSERT_TRUE(back.ok()) << static_cast<std::uint32_t>(code);
        ASSERT_EQ(*back, std::u32string(1, code));
    }
}

TEST(Utf8, RefusesWhatIsNone) {
    for (const std::string_view bad : {"\x80", "\xc0\x80", "\xc1\xbf", "\xe0\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80",
                                       "\xf8\x88\x80\x80\x80", "\xe2\x82", "a\xff", "\xc3("})
        EXPECT_EQ(decode_utf8(bad).error().code(), Errc::invalid_input) << bad;
    EXPECT_NE(decode_utf8("abc\xff").error().line().find("byte 3"), std::string::npos);
    EXPECT_EQ(decode_utf8(std::string(kMostTextBytes + 1, 'a')).error().code(), Errc::exhausted);
}

// Examples of Unicode Standard Annex 15, figures 3 to 6.
TEST(NormalForms, AreThoseOfTheAnnex) {
    EXPECT_EQ(normal_form(U"\u212b", Form::nfd), U"A\u030a");
    EXPECT_EQ(normal_form(U"\u212b", Form::nfc), U"\u00c5");
    EXPECT_EQ(normal_form(U"\u1e0b\u0323", Form::nfd), U"d\u0323\u0307");
    EXPECT_EQ(normal_form(U"\u1e0b\u0323", Form::nfc), U"\u1e0d\u0307");
    EXPECT_EQ(normal_form(U"q\u0307\u0323", Form::nfc), U"q\u0323\u0307");
    EXPECT_EQ(normal_form(U"\ufb01", Form::nfc), U"\ufb01");
    EXPECT_EQ(normal_form(U"\ufb01", Form::nfkc), U"fi");
    EXPECT_EQ(normal_form(U"2\u2075", Form::nfkd), U"25");
    EXPECT_EQ(normal_form(U"\u1e9b\u0323", Form::nfkc), U"\u1e69");
    EXPECT_EQ(normal_form(U"\uac00", Form::nfd), U"\u1100\u1161");
}

TEST(NormalForms, SortManyMarksInGoodTime) {
    std::u32string marks = U"a";
    for (int i = 0; i < 200'000; ++i) marks += i % 2 == 0 ? 0x307 : 0x323;
    EXPECT_EQ(normal_form(marks, Form::nfd).size(), marks.size());
}

TEST(LowerCase, IsSimpleButForTheDottedI) {
    EXPECT_EQ(lower_case(U"\u00c4\u0130\u03a3"), U"\u00e4i\u0307\u03c3");
}

TEST(Confusables, MapWhatLooksLikeAscii) {
    EXPECT_EQ(look_alike_of(0x430), U'a');    // Cyrillic a
    EXPECT_EQ(look_alike_of(0x3bf), U'o');    // Greek omicron
    EXPECT_EQ(look_alike_of(0x406), U'I');    // Ukrainian I, not l
    EXPECT_EQ(look_alike_of(0x1d41a), U'a');  // mathematical bold
    EXPECT_EQ(look_alike_of(0xff21), U'A');
    for (const char32_t honest : {U'a', U'\u0131', U'\u00e9', U'\u0436', U'\u4e00', U'\u05d0'})
        EXPECT_EQ(look_alike_of(honest), 0U) << static_cast<std::uint32_t>(honest);
    EXPECT_EQ(look_alikes_of(U'a').front(), 0x430U) << "the commonest alphabet first";
    EXPECT_TRUE(look_alikes_of(U' ').empty());
}

TEST(MadeVisible, ShowsWhatIsHidden) {
    EXPECT_EQ(made_visible("a\u200bb\u202ec"), "a<U+200B>b<U+202E>c");
    EXPECT_EQ(made_visible("p\u0430y"), "p\u0430<U+0430>y");
    EXPECT_EQ(made_visible("\xff"), "<not UTF-8>");
    EXPECT_EQ(made_visible("na\u00efve\n"), "na\u00efve\n");
}

}  // namespace
}  // namespace bartizan::text
