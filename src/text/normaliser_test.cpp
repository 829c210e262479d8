#include "text/normaliser.h"

#include <gtest/gtest.h>

#include "core/random.h"
#include "text/bidi.h"
#include "text/unicode.h"

namespace bartizan::text {
namespace {

std::string clean(std::string_view text) { return normalise(text).value(); }

TEST(Normaliser, LeavesHonestTextInAnyScriptAlone) {
    for (const std::string_view text :
         {"plain ASCII, l0ve & m0ney", "na\u00efve caf\u00e9 \u0141\u00f3d\u017a \u00df", "kad\u0131n \u0131\u015f\u0131k",
          "\u043d\u0430\u0448 \u043c\u0438\u0440 \u0438 \u0430 \u0441 \u043e\u043d", "\u03b1\u03b2\u03b3 \u03bf \u03b1",
          "\u05e9\u05dc\u05d5\u05dd \u200f(1)", "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",  // Persian with its ZWNJ
          "\u0915\u094d\u200d\u0937", "\u65e5\u672c\u8a9e\u3067\u3059", "\uff21\uff22\uff23 \u65e5\u672c",
          "\U0001f468\u200d\U0001f469\u200d\U0001f467 \u2764\ufe0f 1\ufe0f\u20e3", "\ud55c\uad6d\uc5b4", "\u1780\u17b6\u179a\u200b\u1794\u17be\u1780",
          "I read \u0412\u043e\u0439\u043d\u0430 \u0438 \u043c\u0438\u0440 and \u0430", "line\r\nend\ttab"}) {
        EXPECT_EQ(clean(text), text) << made_visible(text);
    }
}

TEST(Normaliser, TakesOutEachOfTheFourAttacks) {
    NormaliseCounts counts;
    EXPECT_EQ(*normalise("pa\u200by\u2060 m\u200de\ufeff", {}, &counts), "pay me");
    EXPECT_EQ(counts.invisible, 4);
    EXPECT_EQ(clean("p\u0430yp\u0430l"), "paypal");
    EXPECT_EQ(clean("my \u0440\u0430\u0443\u0440\u0430l"), "my paypal");
    EXPECT_EQ(clean("buy \u0430\u0440\u0440 now"), "buy app now") << "a word of look-alikes alone, amid Latin";
    EXPECT_EQ(clean("\U0001d41ay b"), "ay b");
    EXPECT_EQ(clean("hex\bllo\x7fo"), "hello");
    // The paper's swap of two neighbours, algorithm 1: shown as "ab".
    EXPECT_EQ(clean("x\u202d\u2066\u202e\u2066"
                    "b\u2069\u2066"
                    "a\u2069\u202c\u2069\u202cz"),
              "xabz");
    EXPECT_EQ(clean("\u202eolleh\u202c you"), "hello you");
}

TEST(Normaliser, DoesWhatThePolicySays) {
    const NormalisePolicy policy{.invisible = false, .look_alikes = false};
    EXPECT_EQ(*normalise("a\u200bb \u0430z x\b", policy), "a\u200bb \u0430z ");
    const NormalisePolicy read = parse_policy(to_json(policy)).value();
    EXPECT_FALSE(read.invisible);
    EXPECT_FALSE(read.look_alikes);
    EXPECT_TRUE(read.direction);
    for (const char* bad : {"{}", "[", R"({"schema":"bartizan.text-policy/1","speed":1})",
                            R"({"schema":"bartizan.text-policy/1","invisible":1})"})
        EXPECT_FALSE(parse_policy(bad).ok()) << bad;
    EXPECT_FALSE(normalise("\xff").ok());
}

TEST(Bidi, ResolvesNestedOverrides) {
    EXPECT_EQ(resolve_overrides(U"\u202eabc\u202c"), U"cba");
    EXPECT_EQ(resolve_overrides(U"\u202eab\u202dcd\u202cef\u202c"), U"fecdba");
    EXPECT_EQ(resolve_overrides(U"\u202e12\u2066ab c\u206934"), U"43ab c21");
    EXPECT_EQ(resolve_overrides(U"\u2067abc\u2069"), U"abc") << "an isolate alone changes no order of letters";
    EXPECT_EQ(resolve_overrides(U"\u202eab\ncd"), U"ba\ncd") << "a paragraph ends it";
    std::u32string deep;
    for (int i = 0; i < 100'000; ++i) deep += i % 2 == 0 ? U"\u202e" : U"\u2066";
    EXPECT_EQ(resolve_overrides(deep + U"ab").size(), 2U);
}

TEST(Normaliser, TwiceIsOnce) {
    const std::u32string alphabet =
        U"ab \u0430\u0435\u0436\u200b\u200c\u200d\u2060\ufe0f\u202d\u202e\u2066\u2067\u2069\u202c\b\x7f\n\u0301\u05d0\u0628"
        U"\u0915\u094d\U0001f600\u0661";
    for (std::uint64_t row = 0; row < 20'000; ++row) {
        Random random(5, row);
        std::u32string codes;
        for (std::uint64_t n = 1 + random.below(24); n > 0; --n) codes.push_back(alphabet[random.below(alphabet.size())]);
        const std::string once = clean(encode_utf8(codes));
        ASSERT_EQ(clean(once), once) << made_visible(encode_utf8(codes));
    }
}

}  // namespace
}  // namespace bartizan::text
