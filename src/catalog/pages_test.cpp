/// docs/attacks has a page for every attack, and each page's facts and parameters are the catalogue's.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "catalog/attacks.h"

namespace bartizan::catalog {
namespace {

const std::filesystem::path kPages = std::filesystem::path(BARTIZAN_SOURCE_DIR) / "docs/attacks";
constexpr std::string_view kBegin = "<!-- made from the catalogue -->\n";
constexpr std::string_view kEnd = "<!-- end -->\n";

std::string value_of(const ParamSpec& param, double value) {
    if (param.kind == ParamKind::flag) return value != 0 ? "yes" : "no";
    return fmt::format("{:g}", value);
}

std::string parameters_of(const AttackSpec& spec) {
    if (spec.params.empty()) return "It has no parameters of its own.\n";
    std::string text = "| parameter | default | range | what |\n|---|---|---|---|\n";
    for (const ParamSpec& param : spec.params)
        text += fmt::format(
            "| `{}` | {} | {} | {} |\n", param.name, value_of(param, param.preset),
            param.kind == ParamKind::flag ? "yes, no" : fmt::format("{:g} to {:g}", param.low, param.high), param.help);
    return text;
}

/// What stands between the two marks.
std::string facts_of(const AttackSpec& spec) {
    std::string norms;
    for (const Norm norm : spec.norms) norms += (norms.empty() ? "" : ", ") + std::string(to_string(norm));
    return fmt::format(
        "{}\n\n| | |\n|---|---|\n| paper | [{}]({}) |\n| needs | {} |\n| norms | {} |\n| data | {} |\n"
        "| looks for | {} |\n| `--targeted` | {} |\n| MITRE ATLAS | {} |\n\n{}",
        spec.summary, spec.reference, spec.url, to_string(spec.access), norms, spec.data_kind,
        spec.minimal ? "the smallest change" : "any change within `eps`", spec.can_target ? "yes" : "no", spec.atlas,
        parameters_of(spec));
}

std::string read(const std::filesystem::path& path) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
}

/// The page with its facts replaced; empty where the marks are missing.
std::string with_facts(const std::string& page, const AttackSpec& spec) {
    const std::size_t begin = page.find(kBegin), end = page.find(kEnd);
    if (begin == std::string::npos || end == std::string::npos || end < begin) return {};
    return page.substr(0, begin + kBegin.size()) + facts_of(spec) + page.substr(end);
}

class AttackPage : public ::testing::TestWithParam<AttackSpec> {};

TEST_P(AttackPage, SaysWhatTheCatalogueSays) {
    const std::filesystem::path path = kPages / (std::string(GetParam().name) + ".md");
    const std::string page = read(path), expected = with_facts(page, GetParam());
    ASSERT_FALSE(expected.empty()) << path << " is missing, or lacks its two marks";
    if (std::getenv("BARTIZAN_APPROVE") != nullptr) std::ofstream(path) << expected;
    EXPECT_EQ(read(path), expected) << "run this test with BARTIZAN_APPROVE=1 to write the facts anew";
    EXPECT_TRUE(page.starts_with("# " + std::string(GetParam().name) + "\n"));
    for (const std::string_view part : {"## How it works", "## When to use it", "## Mind", "--attack "})
        EXPECT_NE(page.find(part), std::string::npos) << part;
}

INSTANTIATE_TEST_SUITE_P(All, AttackPage, ::testing::ValuesIn(attacks().begin(), attacks().end()),
                         [](const auto& info) {
                             std::string name(info.param.name);
                             std::ranges::replace(name, '-', '_');
                             return name;
                         });

TEST(AttackPages, HasNoPageWithoutAnAttack) {
    for (const auto& entry : std::filesystem::directory_iterator(kPages))
        EXPECT_TRUE(find_attack(entry.path().stem().string()).ok()) << entry.path();
}

}  // namespace
}  // namespace bartizan::catalog
