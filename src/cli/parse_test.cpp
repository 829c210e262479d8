#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "bartizan/version.h"
#include "cli/command.h"

namespace bartizan::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Result<Parsed> parsed(std::vector<std::string> words) { return parse(words); }

std::string refusal(std::vector<std::string> words) {
    const auto result = parse(words);
    if (result.ok()) return "(accepted)";
    EXPECT_EQ(result.error().code(), Errc::invalid_input);
    EXPECT_EQ(result.error().line().find('\n'), std::string::npos);
    return result.error().line();
}

const std::vector<std::string> kAttack = {"attack", "m.onnx", "--data", "d.npz", "--attack", "pgd"};

std::vector<std::string> attack_with(std::vector<std::string> more) {
    std::vector<std::string> words = kAttack;
    words.insert(words.end(), more.begin(), more.end());
    return words;
}

TEST(Parse, ReadsOptionsInBothSpellingsAndAnywhere) {
    const auto result =
        parsed({"attack", "--eps=8/255", "m.onnx", "--data", "d.npz", "--attack", "pgd", "--steps", "40"});
    ASSERT_TRUE(result.ok()) << result.error().line();
    const Invocation& call = *result->invocation;
    EXPECT_EQ(call.command->name, "attack");
    EXPECT_THAT(call.positionals, ElementsAre("m.onnx"));
    EXPECT_DOUBLE_EQ(call.number("eps", 0), 8.0 / 255);
    EXPECT_EQ(call.integer("steps", 0), 40);
    EXPECT_EQ(call.text("data"), "d.npz");
}

TEST(Parse, FillsInDefaultsButKeepsAbsentOptionsAbsent) {
    const auto result = parsed(kAttack);
    ASSERT_TRUE(result.ok());
    const Invocation& call = *result->invocation;
    EXPECT_EQ(call.text("format"), "text");
    EXPECT_EQ(call.text("norm"), "linf");
    EXPECT_EQ(call.text("fail-on"), "high");
    EXPECT_EQ(call.text("device"), "cpu");
    EXPECT_EQ(call.integer("seed", 99), 0);
    EXPECT_FALSE(call.has("eps"));
    EXPECT_EQ(call.integer("steps", 7), 7);
    EXPECT_FALSE(call.flag("targeted"));
}

TEST(Parse, CollectsRepeatedParameters) {
    const auto result = parsed(attack_with({"--param", "momentum=0.75", "--param=rho=0.5"}));
    ASSERT_TRUE(result.ok());
    EXPECT_THAT(result->invocation->list("param"), ElementsAre("momentum=0.75", "rho=0.5"));
}

TEST(Parse, TakesNegativeNumbersAsValuesAndAnythingAfterTwoDashes) {
    const auto range = parsed(attack_with({"--range", "-1,1"}));
    ASSERT_TRUE(range.ok()) << range.error().line();
    EXPECT_EQ(range->invocation->text("range"), "-1,1");
    const auto odd = parsed({"inspect", "--", "--odd-name.onnx"});
    ASSERT_TRUE(odd.ok());
    EXPECT_THAT(odd->invocation->positionals, ElementsAre("--odd-name.onnx"));
}

TEST(Parse, NamesTheNearestCommandAndOption) {
    EXPECT_EQ(refusal({"adit"}), "unknown command 'adit'; did you mean 'audit'?");
    EXPECT_EQ(refusal({"zebra"}), "unknown command 'zebra'; see 'bartizan --help'");
    EXPECT_EQ(refusal(attack_with({"--esp", "1"})),
              "unknown option '--esp' of 'bartizan attack'; did you mean '--eps'?");
    EXPECT_THAT(refusal({"--verbose"}), HasSubstr("unknown option '--verbose'"));
    EXPECT_EQ(refusal(attack_with({"--norm", "l3"})),
              "--norm: 'l3' is not one of linf, l2, l1, l0; did you mean 'l2'?");
    EXPECT_THAT(refusal({"completion", "fisch"}), HasSubstr("did you mean 'fish'?"));
}

TEST(Parse, RefusesWhatIsMissing) {
    EXPECT_THAT(refusal({"evaluate", "--data", "d.npz"}),
                HasSubstr("MODEL is missing; usage: bartizan evaluate MODEL"));
    EXPECT_THAT(refusal({"evaluate", "m.onnx"}), HasSubstr("--data is missing"));
    EXPECT_THAT(refusal({"audit", "m.onnx", "--data", "d.npz"}), HasSubstr("--out is missing"));
    EXPECT_THAT(refusal({"evaluate", "m.onnx", "--data"}), HasSubstr("--data needs a value"));
    EXPECT_THAT(refusal({"evaluate", "m.onnx", "--data", "--quiet"}), HasSubstr("--data needs a value"));
    EXPECT_THAT(refusal({"evaluate", "", "--data", "d"}), HasSubstr("MODEL is empty"));
    EXPECT_THAT(refusal({"evaluate", "m.onnx", "--data="}), HasSubstr("--data: an empty path"));
}

TEST(Parse, RefusesWhatIsTooMuch) {
    EXPECT_THAT(refusal({"inspect", "a.onnx", "b.onnx"}), HasSubstr("'b.onnx' is one word too many"));
    EXPECT_THAT(refusal(attack_with({"--eps", "1", "--eps=2"})), HasSubstr("--eps is given twice"));
    EXPECT_THAT(refusal(attack_with({"--targeted=yes"})), HasSubstr("--targeted takes no value"));
    EXPECT_THAT(refusal({"doctor", "--device", "cuda"}), HasSubstr("unknown option '--device'"));
    EXPECT_THAT(refusal(std::vector<std::string>(5000, "x")), HasSubstr("at most 4096"));
    EXPECT_THAT(refusal({"inspect", std::string(1 << 20, 'a')}), HasSubstr("at most 65536"));
}

TEST(Parse, RefusesNumbersThatAreNoneOrOutOfRange) {
    EXPECT_THAT(refusal(attack_with({"--eps", "abc"})),
                HasSubstr("--eps: 'abc' is not a number; write 0.03, 1e-3 or 8/255"));
    EXPECT_THAT(refusal(attack_with({"--eps", "1/0"})), HasSubstr("divides by zero"));
    EXPECT_THAT(refusal(attack_with({"--eps", "-1"})), HasSubstr("--eps: -1 is outside 0 to 1e+09"));
    EXPECT_THAT(refusal(attack_with({"--eps", "nan"})), HasSubstr("is not a number"));
    EXPECT_THAT(refusal(attack_with({"--steps", "4.5"})), HasSubstr("--steps: '4.5' is not a whole number"));
    EXPECT_THAT(refusal(attack_with({"--steps", "0"})), HasSubstr("--steps: 0 is outside 1 to 1e+06"));
    EXPECT_THAT(refusal(attack_with({"--seed", "99999999999999999999"})), HasSubstr("--seed"));
}

TEST(Parse, ListingNeedsNothingElse) {
    const auto result = parsed({"attack", "--list", "--format", "json"});
    ASSERT_TRUE(result.ok()) << result.error().line();
    EXPECT_TRUE(result->invocation->flag("list"));
    EXPECT_THAT(refusal({"attack"}), HasSubstr("MODEL is missing"));
}

TEST(Parse, GivesHelpAndVersionAsText) {
    EXPECT_EQ(parsed({"--version"})->text, "bartizan " + std::string(kVersion) + "\n");
    for (const std::vector<std::string>& words : {std::vector<std::string>{}, {"--help"}, {"-h"}, {"help"}}) {
        const auto result = parsed(words);
        EXPECT_FALSE(result->invocation.has_value());
        EXPECT_THAT(result->text, HasSubstr("Usage: bartizan COMMAND"));
    }
    EXPECT_EQ(parsed({"attack", "--help"})->text, parsed({"help", "attack"})->text);
    EXPECT_EQ(parsed({"attack", "m", "--help"})->text, help(*find_command("attack")));
    EXPECT_THAT(refusal({"help", "atack"}), HasSubstr("did you mean 'attack'?"));
}

TEST(Parse, ReadsCommandsOfTwoWords) {
    const auto result = parsed({"data", "check", "d.csv", "--label", "y"});
    ASSERT_TRUE(result.ok()) << result.error().line();
    EXPECT_EQ(result->invocation->command->name, "data check");
    EXPECT_THAT(result->invocation->positionals, ElementsAre("d.csv"));
    EXPECT_EQ(result->invocation->command_line, "bartizan data check d.csv --label y");
    EXPECT_EQ(parsed({"help", "data", "check"})->text, parsed({"data", "check", "--help"})->text);
    EXPECT_EQ(parsed({"help", "data"})->text, parsed({"data", "--help"})->text);
}

TEST(Parse, RefusesHalfACommandOfTwoWords) {
    EXPECT_THAT(refusal({"data"}), HasSubstr("'bartizan data' needs one word more; one of check"));
    EXPECT_THAT(refusal({"data", "chek"}), HasSubstr("unknown command 'data chek'; did you mean 'check'?"));
    EXPECT_THAT(refusal({"check", "d"}), HasSubstr("unknown command 'check'"));
    EXPECT_THAT(refusal({"data check", "d", "--out", "e", "x"}), HasSubstr("one word too many"));
}

TEST(Parse, KeepsTheCommandLineForTheRecord) {
    const auto result = parsed({"inspect", "it's here.onnx", "--quiet"});
    EXPECT_EQ(result->invocation->command_line, "bartizan inspect 'it'\\''s here.onnx' --quiet");
}

}  // namespace
}  // namespace bartizan::cli
