#include "governance/catalogue.h"

#include <set>

#include <gtest/gtest.h>

namespace bartizan::governance {
namespace {

Framework shipped() {
    auto made = Framework::make();
    EXPECT_TRUE(made.ok()) << made.error().line();
    return std::move(made).value();
}

std::string own(const std::string& requirement, const std::string& more = "") {
    return R"({"schema":"bartizan.catalogue/1","scheme":"own","version":"1","title":"t","publisher":"p","licence":"l",)"
           R"("source":"s","requirements":[)" +
           requirement + "]" + more + "}";
}

TEST(Catalogue, HasWhatIsPublished) {
    const Framework framework = shipped();
    std::map<std::string, std::size_t> counts;
    for (const Catalogue& one : framework.catalogues()) counts[one.scheme] = one.count;
    EXPECT_EQ(framework.capabilities().size(), 41U);
    EXPECT_EQ(counts["nist-ai-rmf"], 72U);  // AI RMF 1.0: 19 + 18 + 22 + 13 subcategories
    EXPECT_EQ(counts["owasp-ml"], 10U);
    EXPECT_EQ(counts["mitre-atlas"], 35U);  // mitigations of 5.6.0
    std::size_t annex = 0;
    for (const Requirement& one : framework.requirements())
        annex += one.id.starts_with("iso-iec-42001@2023:A.") ? 1 : 0;
    EXPECT_EQ(annex, 38U);
    for (const char* id : {"eu-ai-act@2024/1689:15(5)", "eu-ai-act@2024/1689:73(6)",
                           "hipaa-45cfr@45 CFR 164:164.312(b)", "dora@2022/2554:24(6)", "unece-r155@2021:7.2.2.5"})
        EXPECT_TRUE(framework.requirement_index(id)) << id;
}

TEST(Catalogue, EveryShippedCatalogueSaysWhereItIsFromAndOnWhichTerms) {
    const Framework framework = shipped();
    std::set<std::string> names;
    for (const Catalogue& one : framework.catalogues()) {
        EXPECT_GT(one.licence.size(), 5U) << one.scheme;
        EXPECT_TRUE(one.source.starts_with("https://")) << one.scheme;
        EXPECT_EQ(one.mapping_status, "draft") << "nobody has reviewed " << one.scheme;
        EXPECT_TRUE(names.insert(one.scheme).second);
    }
    for (const Requirement& one : framework.requirements()) EXPECT_EQ(one.must & one.may, 0U) << one.id;
    for (const Capability& one : framework.capabilities()) EXPECT_FALSE(one.checks.empty()) << one.id;
}

TEST(Catalogue, ChecksAreAskedOfWhatTheyAreAbout) {
    const Framework framework = shipped();
    const auto has = [&](CapabilitySet set, const char* id) {
        for (std::size_t i = 0; i < framework.capabilities().size(); ++i)
            if (framework.capabilities()[i].id == id) return (set >> i & 1U) != 0;
        return false;
    };
    EXPECT_TRUE(has(framework.asked_of(SubjectKind::model, ""), "CAP-PROMPT"));  // nobody told: it may be text
    EXPECT_TRUE(has(framework.asked_of(SubjectKind::model, "text"), "CAP-PROMPT"));
    EXPECT_FALSE(has(framework.asked_of(SubjectKind::model, "image"), "CAP-PROMPT"));
    EXPECT_FALSE(has(framework.asked_of(SubjectKind::data, ""), "CAP-EVASION"));
    EXPECT_TRUE(has(framework.asked_of(SubjectKind::organisation, ""), "CAP-BUDGET"));
}

TEST(Catalogue, TakesOneOfTheInstallation) {
    const std::pair<std::string, std::string> file{"house.json",
                                                   own(R"({"ref":"H1","title":"x","must":["CAP-SIGN"]})")};
    const auto made = Framework::make({&file, 1});
    ASSERT_TRUE(made.ok()) << made.error().line();
    EXPECT_TRUE(made->requirement_index("own@1:H1"));
}

TEST(Catalogue, RefusesWhatIsWrongWithFilePlaceAndReason) {
    for (const auto& [text, told] : std::initializer_list<std::pair<std::string, const char*>>{
             {"{", "not valid JSON"},
             {"[]", "expected an object"},
             {R"({"schema":"x"})", "this is no bartizan.catalogue/1"},
             {own(R"({"ref":"H1"})"), "requirements[0].title"},
             {own(R"({"ref":"H1","title":"x","must":["CAP-NONE"]})"), "requirements[0].must: there is no capability"},
             {own(R"({"ref":"H1","title":"x"},{"ref":"H1","title":"y"})"),
              "requirements[1].ref: 'own@1:H1' is there twice"},
             {own(R"({"ref":"H1","title":"x","mast":[]})"), "did you mean 'must'"},
             {own(R"({"ref":"a\u0000b","title":"x"})"), "requirements[0].ref"},
             {own(R"({"ref":7,"title":"x"})"), "requirements[0].ref: expected a text"},
             {own("", R"(,"requirements":7)"), "requirements"}}) {
        const std::pair<std::string, std::string> file{"house.json", text};
        const auto made = Framework::make({&file, 1});
        ASSERT_FALSE(made.ok()) << text;
        EXPECT_EQ(made.error().code(), Errc::invalid_input);
        EXPECT_TRUE(made.error().line().starts_with("house.json: ")) << made.error().line();
        EXPECT_NE(made.error().line().find(told), std::string::npos) << made.error().line() << " / " << told;
    }
}

}  // namespace
}  // namespace bartizan::governance
