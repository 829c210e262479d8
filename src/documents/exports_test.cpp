/// OSCAL, CycloneDX and SARIF of one asset, on both databases. Official schemas: tests/e2e/exports_schema.py.
#include <set>

#include "documents/bill.h"
#include "documents/controls.h"
#include "documents/documents_testing.h"
#include "documents/oscal.h"
#include "documents/oscal_parts.h"
#include "report/sarif.h"

namespace bartizan::documents {
namespace {

class ExportsTest : public DocumentsTest {
protected:
    /// Every member of this name, anywhere.
    static void collect(const Json& json, const std::string& name, std::multiset<std::string>& into) {
        if (json.is_object() && json.contains(name) && json[name].is_string())
            into.insert(json[name].get<std::string>());
        if (json.is_structured())
            for (const auto& [key, value] : json.items()) collect(value, name, into);
    }
    static std::multiset<std::string> all(const Json& json, const std::string& name) {
        std::multiset<std::string> out;
        collect(json, name, out);
        return out;
    }
    static const Json* with(const Json& list, const std::string& name, const std::string& value) {
        for (const Json& one : list)
            if (one.value(name, "") == value) return &one;
        return nullptr;
    }
    static void no_empty_lists(const Json& json, const std::string& at = "") {
        if (json.is_array()) EXPECT_FALSE(json.empty()) << at;
        if (json.is_structured())
            for (const auto& [key, value] : json.items()) no_empty_lists(value, at + "/" + key);
    }
};
INSTANTIATE_TEST_SUITE_P(Both, ExportsTest, testing::Values(store::Engine::sqlite, store::Engine::postgresql),
                         journal::engine_name);

TEST_P(ExportsTest, EvidenceBecomesObservationsAndRequirementsFindings) {
    furnish();
    const Json document = oscal_results(facts("model:m", 0, "nist-ai-rmf"));
    const Json& result = document["assessment-results"]["results"][0];
    ASSERT_EQ(result["observations"].size(), 3U);
    const Json* robust = with(result["observations"], "title", "evasion.whitebox");
    ASSERT_NE(robust, nullptr);
    EXPECT_EQ((*robust)["collected"], "2027-01-15T08:00:00Z");
    EXPECT_EQ((*robust)["methods"][0], "TEST");
    EXPECT_NE((*robust)["description"].get<std::string>().find(robust_.id), std::string::npos);
    EXPECT_NE((*robust)["description"].get<std::string>().find("\\<b\\>"), std::string::npos) << *robust;
    const Json* privacy = with(result["findings"], "title", "NIST AI Risk Management Framework MEASURE 2.10");
    ASSERT_NE(privacy, nullptr);
    EXPECT_EQ((*privacy)["target"]["status"], (Json{{"state", "not-satisfied"}, {"reason", "fail"}}));
    EXPECT_EQ((*privacy)["target"]["target-id"], "nist-ai-rmf-1.0_measure-2.10_obj");
    no_empty_lists(document);
}

TEST_P(ExportsTest, WhatIsUnknownOrStaleIsNotSatisfiedForAnotherReason) {
    furnish();
    now_ += 400 * kDay;
    const Json document = oscal_results(facts("model:m"));
    std::set<std::string> states;
    for (const Json& one : document["assessment-results"]["results"][0]["findings"]) {
        const Json& status = one["target"]["status"];
        const std::string state = one["props"][0]["value"];
        states.insert(state);
        EXPECT_EQ(status["state"], "not-satisfied");
        EXPECT_EQ(status["reason"], state == "failing" ? "fail" : "other");
    }
    EXPECT_TRUE(states.contains("unknown"));
    EXPECT_TRUE(states.contains("failing"));
}

TEST_P(ExportsTest, EveryReferenceInOscalLeadsSomewhereAndIdentifiersAreUnique) {
    furnish();
    for (const Json& document : {oscal_results(facts("model:m")), must(oscal_plan(facts("model:m")))}) {
        const auto uuids = all(document, "uuid");
        for (const char* reference : {"observation-uuid", "risk-uuid", "subject-uuid", "actor-uuid", "component-uuid"})
            for (const std::string& one : all(document, reference)) EXPECT_TRUE(uuids.contains(one)) << reference;
        for (const std::string& one : uuids) EXPECT_EQ(uuids.count(one), 1U) << one;
        for (const std::string& href : all(document, "href"))
            if (href.starts_with('#')) EXPECT_TRUE(uuids.contains(href.substr(1))) << href;
    }
}

TEST_P(ExportsTest, ThePlanHasAnItemForEachCheckInTroubleAndWaivedRisksAreSaidToBe) {
    furnish();
    const Json plan = must(oscal_plan(facts("model:m", 0, "mitre-atlas")));
    const Json& items = plan["plan-of-action-and-milestones"]["poam-items"];
    EXPECT_EQ(items[0]["title"], "privacy.membership: failing") << "the worst comes first";
    EXPECT_EQ(with(items, "title", "evasion.whitebox: met"), nullptr);
    EXPECT_NE(with(items, "title", "backdoor.scan: unknown"), nullptr);
    for (const auto& asked : facts("model:m", 0, "mitre-atlas").standing.asked)
        must(governance_->waivers().grant("ben",
                                          {.requirement = governance_->framework().requirements()[asked.requirement].id,
                                           .subject = "model:m",
                                           .owner = "anna",
                                           .reason = "later",
                                           .expires = now_ + kDay}));
    for (const Json& one :
         must(oscal_plan(facts("model:m", 0, "mitre-atlas")))["plan-of-action-and-milestones"]["risks"])
        EXPECT_EQ(one["status"], "deviation-approved");
}

TEST_P(ExportsTest, BillClaimsWhatIsShownAndCountersWhatFailed) {
    furnish();
    for (const char* spec : {"1.6", "1.7"}) {
        const Json bill = must(bill_of(facts("model:m"), spec));
        EXPECT_EQ(bill["specVersion"], spec);
        const auto references = all(bill, "bom-ref");
        for (const std::string& one : references) EXPECT_EQ(references.count(one), 1U) << one;
        std::size_t claimed = 0, countered = 0;
        for (const Json& row : bill["declarations"]["attestations"][0]["map"]) {
            EXPECT_TRUE(references.contains(row["requirement"].get<std::string>()));
            for (const Json& claim : row.value("claims", Json::array())) {
                EXPECT_TRUE(references.contains(claim.get<std::string>()));
                EXPECT_NE(claim, "claim:" + privacy_.id);
                ++claimed;
            }
            for (const Json& claim : row.value("counterClaims", Json::array())) {
                EXPECT_EQ(claim, "claim:" + privacy_.id);
                EXPECT_EQ(row["conformance"]["score"], 0);
                ++countered;
            }
        }
        EXPECT_GT(claimed, 0U);
        EXPECT_GT(countered, 0U);
        const Json& metrics = bill["components"][0]["modelCard"]["quantitativeAnalysis"]["performanceMetrics"];
        EXPECT_EQ(metrics[0]["type"], "evasion.whitebox (" + robust_.id + ")");
        EXPECT_EQ(metrics[0]["value"], "0.412");
    }
    EXPECT_EQ(bill_of(facts("model:m"), "1.5").error().code(), Errc::invalid_input);
    EXPECT_EQ(bill_of(facts("organisation"), "1.6").error().code(), Errc::invalid_input);
}

TEST_P(ExportsTest, SarifTellsOfFailuresAndNamesWhatNobodyLookedAt) {
    furnish();
    const Json sarif = report::report_sarif(controls_report(facts("model:m")));
    const Json& run = sarif["runs"][0];
    ASSERT_EQ(run["results"].size(), 1U);
    EXPECT_EQ(run["results"][0]["ruleId"], "BTZ-CTL-001");
    EXPECT_EQ(run["results"][0]["level"], "error");
    const Json& taxa = run["results"][0]["taxa"];
    for (std::size_t i = 0; i < taxa.size(); ++i)
        for (std::size_t j = 0; j < i; ++j) EXPECT_NE(taxa[i], taxa[j]) << "SARIF wants each once";
    EXPECT_NE(run["results"][0]["message"]["text"].get<std::string>().find(privacy_.id), std::string::npos);
    EXPECT_NE(run["invocations"].dump().find("backdoor.scan"), std::string::npos);
    now_ += 91 * kDay;
    const Json later = report::report_sarif(controls_report(facts("model:m")));
    std::set<std::string> rules;
    for (const Json& one : later["runs"][0]["results"]) rules.insert(one["ruleId"].get<std::string>());
    EXPECT_EQ(rules, (std::set<std::string>{"BTZ-CTL-001", "BTZ-CTL-002"}));
}

TEST_P(ExportsTest, TheOrganisationIsAskedToo) {
    const Json document = oscal_results(facts("organisation"));
    EXPECT_GT(document["assessment-results"]["results"][0]["findings"].size(), 10U);
    EXPECT_FALSE(document["assessment-results"]["results"][0].contains("observations"));
}

TEST_P(ExportsTest, OldVersionsHaveWhatWasShownOfThem) {
    furnish();
    push("m", "two");
    EXPECT_TRUE(facts("model:m").standing.evidence.empty()) << "a new version starts with none";
    EXPECT_EQ(facts("model:m", 1).standing.evidence.size(), 3U);
    EXPECT_EQ(facts("model:m", 1).asked_version, "model:m@2");
    EXPECT_EQ(gather(sources(), {"model:m", 9}).error().code(), Errc::not_found);
    EXPECT_EQ(gather(sources(), {"model:none"}).error().code(), Errc::not_found);
    EXPECT_EQ(gather(sources(), {"m"}).error().code(), Errc::invalid_input);
    EXPECT_EQ(gather(sources(), {"model:m", 0, "none"}).error().code(), Errc::not_found);
}

TEST(OscalToken, IsATokenWhateverTheNameIs) {
    EXPECT_EQ(oscal::token_of("nist-ai-rmf@1.0:MEASURE 2.7"), "nist-ai-rmf-1.0_measure-2.7");
    EXPECT_EQ(oscal::token_of("9(2)(a)"), "r-9-2--a-");
    EXPECT_EQ(oscal::token_of(""), "r-");
}

}  // namespace
}  // namespace bartizan::documents
