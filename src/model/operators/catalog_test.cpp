// Laws over every operator of the catalogue, and the page of the documentation that lists them.
#include <cstdlib>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>

#include <gtest/gtest.h>

#include "model/operators/operator_testing.h"

namespace bartizan::model::operators {
namespace {

const std::string kPage = std::string(BARTIZAN_SOURCE_DIR) + "/docs/operators.md";

std::string_view words_of(Gradient gradient) {
    switch (gradient) {
        case Gradient::smooth:
            return "yes";
        case Gradient::zero:
            return "zero";
        case Gradient::none:
            break;
    }
    return "no";
}

/// The page as the catalogue would have it.
std::string page() {
    std::map<std::string, std::string> rows;
    for (const OperatorSpec* spec : all_operators()) {
        const std::string name =
            (spec->domain.empty() ? "" : std::string(spec->domain) + ":") + std::string(spec->op_type);
        const auto refused = spec->compile(graph::Node{.op_type = std::string(spec->op_type)}, 17);
        const bool never = !refused.ok() && refused.error().code() == Errc::unsupported;
        std::string& row = rows[name];
        if (row.empty())
            row = "| `" + name + "` | " + (never ? "refused" : std::to_string(spec->since)) + " | " +
                  std::string(never ? "" : words_of(spec->gradient)) + " |\n";
    }
    std::string text =
        "# ONNX operators\n\nEvery operator that an ONNX model may use here, the first opset that counts, and whether "
        "gradients flow\nthrough it (\"zero\": they exist but vanish, so gradient attacks find nothing behind it). "
        "\"Refused\": known, and\nrefused by name with a reason.\n\nThis page is made from the catalogue: "
        "`BARTIZAN_APPROVE=1 build/release/bin/bartizan_model_test\n--gtest_filter='OperatorCatalogue.*'` writes it "
        "anew.\n\n| operator | since opset | gradient |\n|---|---|---|\n";
    for (const auto& [name, row] : rows) text += row;
    return text;
}

TEST(OperatorCatalogue, IsWhatTheDocumentationSays) {
    if (std::getenv("BARTIZAN_APPROVE") != nullptr) std::ofstream(kPage) << page();
    std::ostringstream written;
    written << std::ifstream(kPage).rdbuf();
    EXPECT_EQ(written.str(), page()) << "run this test with BARTIZAN_APPROVE=1 to write docs/operators.md anew";
}

TEST(OperatorCatalogue, HoldsEachVersionOnce) {
    std::set<std::tuple<std::string_view, std::string_view, std::int64_t>> seen;
    for (const OperatorSpec* spec : all_operators()) {
        EXPECT_TRUE(seen.emplace(spec->domain, spec->op_type, spec->since).second) << spec->op_type << spec->since;
        EXPECT_GE(spec->since, 1) << spec->op_type;
    }
}

TEST(OperatorCatalogue, PicksTheNewestVersionNotAboveTheModels) {
    const auto since = [](std::int64_t opset) {
        const auto spec = find_operator(graph::Node{.op_type = "Slice"}, opset);
        return spec.ok() ? (*spec)->since : -1;
    };
    EXPECT_EQ(since(9), 1);
    EXPECT_EQ(since(10), 10);
    EXPECT_EQ(since(1000), 10);
    EXPECT_EQ(since(0), -1);
}

TEST(OperatorCatalogue, CompilesNothingFromAnEmptyNodeThatNeedsInputs) {
    // No operator may trust a node: without inputs, outputs and attributes it compiles to something harmless or fails.
    for (const OperatorSpec* spec : all_operators())
        for (const std::int64_t opset : {6, 12, 13, 17, 21}) {
            const OneNode node{std::string(spec->op_type), opset, {}, 0};
            const auto result = node.all({});
            if (!result.ok()) EXPECT_NE(result.error().code(), Errc::internal) << spec->op_type;
        }
}

}  // namespace
}  // namespace bartizan::model::operators
