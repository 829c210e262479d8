#include "report/escape.h"

#include <gtest/gtest.h>

#include "core/random.h"

namespace bartizan::report {
namespace {

TEST(Escape, LeavesPlainTextAlone) {
    EXPECT_EQ(clean_text("Äpfel, 日本語, 🏰\n\tend"), "Äpfel, 日本語, 🏰\n\tend");
    EXPECT_EQ(clean_line("a\nb\tc"), "a b c");
}

TEST(Escape, DropsControlAndReorderingCharacters) {
    EXPECT_EQ(clean_text(std::string("a\x01\x1b[31m\x7f\r b\0c", 13)), "a[31m bc");
    EXPECT_EQ(clean_text("x\xE2\x80\xAEy\xE2\x81\xA6z\xC2\x85"), "xyz");
    EXPECT_EQ(clean_text("\xEF\xBF\xBE\xEF\xBF\xBFok"), "ok");
}

/// Unicode 15, table 3-8: each byte that cannot begin or continue a character is replaced.
TEST(Escape, ReplacesWhatIsNotUtf8) {
    const std::string bad = "\xEF\xBF\xBD";
    EXPECT_EQ(clean_text("a\xFFz"), "a" + bad + "z");
    EXPECT_EQ(clean_text("\xC0\xAF"), bad + bad);            // overlong "/"
    EXPECT_EQ(clean_text("\xED\xA0\x80"), bad + bad + bad);  // surrogate
    EXPECT_EQ(clean_text("\xF4\x90\x80\x80"), bad + bad + bad + bad);
    EXPECT_EQ(clean_text("\xE2\x82"), bad + bad);  // cut short
}

TEST(Escape, MarkupCannotOpenATagOrLeaveAnAttribute) {
    EXPECT_EQ(escape_markup("<script>\"'&</script>"), "&lt;script&gt;&quot;&#39;&amp;&lt;/script&gt;");
    Random random(4, 0);
    for (int round = 0; round < 500; ++round) {
        std::string bytes(random.below(64), '\0');
        for (char& c : bytes) c = static_cast<char>(random.below(256));
        EXPECT_EQ(escape_markup(bytes).find_first_of("<>\"'"), std::string::npos);
    }
}

TEST(Escape, UrisKeepPathsAndEncodeTheRest) {
    EXPECT_EQ(uri_reference("models/a b#1?.onnx"), "models/a%20b%231%3F.onnx");
    EXPECT_EQ(uri_reference("/srv/m.onnx"), "file:///srv/m.onnx");
    EXPECT_EQ(uri_reference("javascript:alert(1)"), "javascript%3Aalert%281%29");
    EXPECT_EQ(uri_reference("http://host:8000/v2/models/m"), "http://host:8000/v2/models/m");
    EXPECT_EQ(uri_reference("é"), "%C3%A9");
}

/// RFC 4648, section 10.
TEST(Escape, Base64AgreesWithTheTestVectorsOfItsRfc) {
    const std::pair<const char*, const char*> vectors[] = {{"", ""},
                                                           {"f", "Zg=="},
                                                           {"fo", "Zm8="},
                                                           {"foo", "Zm9v"},
                                                           {"foob", "Zm9vYg=="},
                                                           {"fooba", "Zm9vYmE="},
                                                           {"foobar", "Zm9vYmFy"}};
    for (const auto& [plain, encoded] : vectors) EXPECT_EQ(base64(plain), encoded);
    EXPECT_EQ(base64("\xff\xfe\xfd"), "//79");
}

}  // namespace
}  // namespace bartizan::report
