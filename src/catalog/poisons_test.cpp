/// The catalogue of poisoning attacks, and the page docs/poisoning.md whose facts are made from it.
#include "catalog/poisons.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace bartizan::catalog {
namespace {

constexpr std::string_view kBegin = "<!-- made from the catalogue -->\n";
constexpr std::string_view kEnd = "<!-- end -->\n";

std::string facts() {
    std::string text;
    for (const PoisonSpec& spec : poisons()) {
        text += fmt::format("### {}\n\n{} Data: {}. Labels: {}. [{}]({})\n\n", spec.name, spec.summary, spec.data_kind,
                            spec.keeps_labels ? "stay true" : "change", spec.reference, spec.url);
        if (spec.params.empty()) continue;
        text += "| parameter | default | range | what |\n|---|---|---|---|\n";
        for (const ParamSpec& param : spec.params)
            text += fmt::format(
                "| `{}` | {} | {} | {} |\n", param.name,
                param.kind == ParamKind::flag ? (param.preset != 0 ? "yes" : "no")
                                              : fmt::format("{:.3g}", param.preset),
                param.kind == ParamKind::flag ? "yes, no" : fmt::format("{:g} to {:g}", param.low, param.high),
                param.help);
        text += "\n";
    }
    return text;
}

std::string read(const std::filesystem::path& path) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
}

TEST(PoisonPage, SaysWhatTheCatalogueSays) {
    const std::filesystem::path path = std::filesystem::path(BARTIZAN_SOURCE_DIR) / "docs/poisoning.md";
    const std::string page = read(path);
    const std::size_t begin = page.find(kBegin), end = page.find(kEnd);
    ASSERT_TRUE(begin != std::string::npos && end != std::string::npos && begin < end) << path;
    const std::string expected = page.substr(0, begin + kBegin.size()) + facts() + page.substr(end);
    if (std::getenv("BARTIZAN_APPROVE") != nullptr) std::ofstream(path) << expected;
    EXPECT_EQ(read(path), expected) << "run this test with BARTIZAN_APPROVE=1 to write the facts anew";
}

TEST(PoisonCatalogue, NamesAreUniqueAndParametersPassTheirOwnLimits) {
    std::set<std::string_view> names;
    for (const PoisonSpec& spec : poisons()) {
        EXPECT_TRUE(names.insert(spec.name).second) << spec.name;
        EXPECT_EQ(find_poison(spec.name).value(), &spec);
        EXPECT_TRUE(Params::make(spec.params, {}).ok()) << spec.name;
        for (const ParamSpec& param : spec.params)
            EXPECT_TRUE(param.low <= param.preset && param.preset <= param.high) << spec.name << " " << param.name;
    }
}

TEST(PoisonCatalogue, AMistypedNameIsAnsweredWithTheNearestOne) {
    const auto found = find_poison("badnet");
    ASSERT_FALSE(found.ok());
    EXPECT_NE(found.error().line().find("badnets"), std::string::npos) << found.error().line();
}

}  // namespace
}  // namespace bartizan::catalog
