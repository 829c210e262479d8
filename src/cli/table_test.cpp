/// Laws over every command of the table: a new command is tested before it has a test.
#include <algorithm>
#include <cstdio>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "bartizan/params.h"
#include "cli/command.h"

namespace bartizan::cli {
namespace {

using testing::HasSubstr;

std::vector<std::string> words_of(std::string_view line) {
    std::vector<std::string> words;
    for (std::size_t at = 0; at < line.size();) {
        const std::size_t blank = std::min(line.find(' ', at), line.size());
        if (line.substr(at, blank - at) == ">") break;  // the shell's part
        words.emplace_back(line.substr(at, blank - at));
        at = blank + 1;
    }
    return words;
}

class EveryCommand : public testing::TestWithParam<CommandSpec> {};

TEST_P(EveryCommand, HasAnExampleThatParses) {
    std::vector<std::string> words = words_of(GetParam().example);
    ASSERT_FALSE(words.empty());
    EXPECT_EQ(words.front(), "bartizan");
    words.erase(words.begin());
    const auto parsed = parse(words);
    ASSERT_TRUE(parsed.ok()) << parsed.error().line();
    EXPECT_EQ(parsed->invocation->command->name, GetParam().name);
}

TEST_P(EveryCommand, HasHelpThatNamesEachOptionOnce) {
    const std::string text = help(GetParam());
    for (const OptionSpec& option : GetParam().options) {
        const std::string left = "\n  " + std::string(option.name) + " ";
        EXPECT_THAT(text, HasSubstr(left));
        EXPECT_EQ(text.find(left), text.rfind(left)) << option.name;
    }
    EXPECT_THAT(text, HasSubstr(std::string(GetParam().example)));
    for (std::size_t at = 0; at < text.size(); at = text.find('\n', at) + 1) {
        const std::string line = text.substr(at, text.find('\n', at) - at);
        if (!line.starts_with("  bartizan") && !line.starts_with("Usage")) EXPECT_LE(line.size(), 100U) << line;
    }
}

TEST_P(EveryCommand, HasDefaultsThatItWouldAccept) {
    std::vector<std::string> words = words_of(GetParam().example);
    words.erase(words.begin());
    for (const OptionSpec& option : GetParam().options) {
        EXPECT_TRUE(option.name.starts_with("--"));
        EXPECT_FALSE(option.help.empty());
        EXPECT_EQ(option.kind == OptionKind::flag, option.value.empty()) << option.name;
        EXPECT_EQ(option.kind == OptionKind::choice, !option.choices.empty()) << option.name;
        const bool given = std::find(words.begin(), words.end(), option.name) != words.end();
        if (option.preset.empty() || given) continue;
        auto with = words;
        with.insert(with.end(), {std::string(option.name), std::string(option.preset)});
        const auto parsed = parse(with);
        EXPECT_TRUE(parsed.ok()) << parsed.error().line();
    }
}

TEST_P(EveryCommand, IsInTheOverviewAndInEveryCompletion) {
    // A long name has a line of its own.
    const std::string listed = "\n  " + std::string(GetParam().name);
    EXPECT_THAT(help(), testing::AnyOf(HasSubstr(listed + " "), HasSubstr(listed + "\n")));
    for (const std::string_view shell : {"bash", "zsh", "fish"}) {
        const std::string script = *completion(shell);
        const std::string_view name = GetParam().name;
        EXPECT_THAT(script, HasSubstr(std::string(name.substr(name.rfind(' ') + 1))));
        for (const OptionSpec& option : GetParam().options)
            EXPECT_THAT(script, HasSubstr(std::string(option.name.substr(2)))) << shell;
    }
}

INSTANTIATE_TEST_SUITE_P(Table, EveryCommand, testing::ValuesIn(commands().begin(), commands().end()),
                         [](const auto& info) {
                             std::string name(info.param.name);
                             std::ranges::replace_if(
                                 name, [](char c) { return c == ' ' || c == '-'; }, '_');
                             return name;
                         });

TEST(Groups, HaveMembersAndNoCommandOfTheirOwnName) {
    for (const GroupSpec& group : groups()) {
        EXPECT_FALSE(members_of(group).empty()) << group.name;
        EXPECT_EQ(find_command(group.name), nullptr) << group.name;
        for (const std::string_view member : members_of(group))
            EXPECT_THAT(help(group), HasSubstr("\n  " + std::string(member) + " "));
    }
    for (const CommandSpec& command : commands())
        if (const std::size_t blank = command.name.find(' '); blank != std::string_view::npos)
            EXPECT_NE(find_group(command.name.substr(0, blank)), nullptr) << command.name;
}

TEST(Completion, RefusesAnUnknownShell) {
    const auto script = completion("tcsh");
    ASSERT_FALSE(script.ok());
    EXPECT_EQ(script.error().code(), Errc::invalid_input);
}

/// What bash itself offers after the given words.
std::string bash_offers(const std::vector<std::string>& words) {
    std::string script = *completion("bash") + "\nCOMP_WORDS=(";
    for (const std::string& word : words) script += " '" + word + "'";
    script += ")\nCOMP_CWORD=" + std::to_string(words.size() - 1) + "\n_bartizan\necho \"${COMPREPLY[*]}\"\n";
    const std::string path = testing::TempDir() + "completion-" + std::to_string(words.size()) + ".bash";
    std::FILE* file = std::fopen(path.c_str(), "w");
    std::fputs(script.c_str(), file);
    std::fclose(file);
    std::FILE* pipe = popen(("bash " + path + " 2>&1").c_str(), "r");
    std::string out(4096, '\0');
    out.resize(std::fread(out.data(), 1, out.size(), pipe));
    pclose(pipe);
    return out;
}

TEST(Completion, WorksInBash) {
    EXPECT_EQ(bash_offers({"bartizan", "aud"}), "audit\n");
    EXPECT_EQ(bash_offers({"bartizan", "attack", "--nor"}), "--norm\n");
    EXPECT_EQ(bash_offers({"bartizan", "attack", "--norm", "li"}), "linf\n");
    EXPECT_EQ(bash_offers({"bartizan", "completion", "z"}), "zsh\n");
    EXPECT_EQ(bash_offers({"bartizan", "dat"}), "data\n");
    EXPECT_EQ(bash_offers({"bartizan", "data", "che"}), "check\n");
    EXPECT_EQ(bash_offers({"bartizan", "data", "check", "--quar"}), "--quarantine\n");
    EXPECT_EQ(bash_offers({"bartizan", "data", "check", "--format", "j"}), "json\n");
}

}  // namespace
}  // namespace bartizan::cli
