#include <gtest/gtest.h>

#include "scan/rules.h"
#include "scan/scan_testing.h"
#include "scan/text/json_events.h"
#include "scan/text/template_lexer.h"
#include "scan/text/words.h"

namespace bartizan::scan {
namespace {

/// The events as text.
class Recorder final : public JsonEvents {
public:
    void begin(bool is_object, std::size_t) override { text += is_object ? "{" : "["; }
    void end(std::size_t) override { text += "."; }
    void key(std::string_view key, std::size_t) override { text += std::string(key) + ":"; }
    void string(std::string_view value, std::size_t) override { text += "'" + std::string(value) + "'"; }
    void plain(std::string_view value, std::size_t) override { text += std::string(value) + ";"; }
    std::string text;
};

std::string events_of(std::string_view json, std::string_view* fault = nullptr) {
    Recorder recorder;
    const JsonEnd end = read_json(json, 0, recorder);
    if (fault != nullptr) *fault = end.fault;
    return recorder.text;
}

TEST(ScanJson, TellsEverythingInOrder) {
    EXPECT_EQ(events_of(R"({"a": [1, -2.5e3, true, null, NaN], "a": {"b\n": "\u00e9\u005f"}})"),
              "{a:[1;-2.5e3;true;null;NaN;.a:{b\n:'\xc3\xa9_'..");
    EXPECT_EQ(events_of("[]"), "[.");
    EXPECT_EQ(events_of("[1,]"), "[1;.");
}

TEST(ScanJson, NamesTheFault) {
    for (const char* json : {"{", "{\"a\"", "{\"a\": ", "[1 2]", "{1: 2}", "\"abc", "", "[\"\\u12"}) {
        std::string_view fault;
        events_of(json, &fault);
        EXPECT_FALSE(fault.empty()) << json;
    }
    std::string_view fault;
    events_of(std::string(kMaxJsonDepth + 1, '['), &fault);
    EXPECT_EQ(fault, "nested too deep");
}

TEST(ScanTemplateLexer, JoinsAndUnescapesStrings) {
    const auto tokens = template_tokens("text {{ 'a' ~ \"\\x62\" + 'c' 'd' | f }} {# 'no' #}{% if x.y %}", 100);
    ASSERT_GE(tokens.size(), 5U);
    EXPECT_EQ(tokens[1].text, "abcd");
    EXPECT_TRUE(tokens[1].joined);
    EXPECT_EQ(tokens[2].text, "|");
    EXPECT_EQ(tokens.back().kind, TokenKind::end);
    EXPECT_EQ(template_tokens("{{ a b c d }}", 3).size(), 4U);  // three, and the end that closes
    EXPECT_TRUE(template_tokens("no { template } here", 100).empty());
}

TEST(ScanWords, KeysAreToldFromExamplesOfThem) {
    const auto has_secret = [](std::string_view text) {
        FileResult result;
        Budget budget;
        report_secrets(text, Context{result, budget}, 0);
        return !result.issues.empty();
    };
    EXPECT_TRUE(has_secret("token = ghp_0123456789abcdefghijklmnopqrstuvwxyz"));
    EXPECT_TRUE(has_secret("-----BEGIN EC PRIVATE KEY-----\nx"));
    EXPECT_FALSE(has_secret("sk-xxxxxxxxxxxxxxxxxxxxxxxx"));
    EXPECT_FALSE(has_secret("task-0123456789abcdefgh"));
    EXPECT_FALSE(has_secret("-----BEGIN PUBLIC KEY-----\nx"));
}

TEST(ScanWords, CodeGivesItselfAway) {
    EXPECT_FALSE(command_in("x = 1; os.system('id')").empty());
    EXPECT_TRUE(command_in("the operating system (os) is Linux").empty());
    EXPECT_EQ(danger_in_code("\xda\x06system)"), "system");
    EXPECT_TRUE(danger_in_code("\xda\x05"
                               "dense)relu")
                    .empty());
    EXPECT_EQ(decode_base64("aGVs\nbG8="), "hello");
    EXPECT_EQ(decode_base64("!"), "");
}

}  // namespace
}  // namespace bartizan::scan
