/// The catalogue of extraction attacks, and the page docs/extraction.md whose facts are made from it.
#include "catalog/extractions.h"

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
    for (const ExtractionSpec& spec : extractions()) {
        text += fmt::format("### {}\n\n{} Asks with {}, uses {}, works on {}. [{}]({})\n\n", spec.name, spec.summary,
                            spec.asks_with, spec.sees, spec.works_on, spec.reference, spec.url);
        if (spec.params.empty()) continue;
        text += "| parameter | default | range | what |\n|---|---|---|---|\n";
        for (const ParamSpec& param : spec.params)
            text += fmt::format(
                "| `{}` | {} | {} | {} |\n", param.name,
                param.kind == ParamKind::flag ? (param.preset != 0 ? "yes" : "no") : fmt::format("{:g}", param.preset),
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

TEST(ExtractionPage, SaysWhatTheCatalogueSays) {
    const std::filesystem::path path = std::filesystem::path(BARTIZAN_SOURCE_DIR) / "docs/extraction.md";
    const std::string page = read(path);
    const std::size_t begin = page.find(kBegin), end = page.find(kEnd);
    ASSERT_TRUE(begin != std::string::npos && end != std::string::npos && begin < end) << path;
    const std::string expected = page.substr(0, begin + kBegin.size()) + facts() + page.substr(end);
    if (std::getenv("BARTIZAN_APPROVE") != nullptr) std::ofstream(path) << expected;
    EXPECT_EQ(read(path), expected) << "run this test with BARTIZAN_APPROVE=1 to write the facts anew";
}

TEST(ExtractionCatalogue, NamesAreUniqueAndParametersPassTheirOwnLimits) {
    std::set<std::string_view> names;
    for (const ExtractionSpec& spec : extractions()) {
        EXPECT_TRUE(names.insert(spec.name).second) << spec.name;
        EXPECT_EQ(find_extraction(spec.name).value(), &spec);
        EXPECT_TRUE(Params::make(spec.params, {}).ok()) << spec.name;
        for (const ParamSpec& param : spec.params)
            EXPECT_TRUE(param.low <= param.preset && param.preset <= param.high) << spec.name << " " << param.name;
    }
}

TEST(ExtractionCatalogue, AMistypedNameIsAnsweredWithTheNearestOne) {
    const auto found = find_extraction("knockof-random");
    ASSERT_FALSE(found.ok());
    EXPECT_NE(found.error().line().find("knockoff-random"), std::string::npos) << found.error().line();
}

}  // namespace
}  // namespace bartizan::catalog
