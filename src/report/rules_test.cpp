#include "report/rules.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <set>

#include "report/taxonomy.h"

namespace bartizan::report {
namespace {

/// `form`: A stands for a capital letter, 0 for a digit, anything else for itself.
bool has_form(std::string_view text, std::string_view form) {
    return std::ranges::equal(text, form, [](unsigned char c, char f) {
        if (f == 'A') return std::isupper(c) != 0;
        if (f == '0') return std::isdigit(c) != 0;
        return c == static_cast<unsigned char>(f);
    });
}

TEST(Rules, HaveUniqueIdsAndNamesOfTheAgreedForm) {
    std::set<std::string_view> ids, names;
    for (const Rule& rule : rules()) {
        EXPECT_TRUE(has_form(rule.id, "BTZ-AAA-000")) << rule.id;
        EXPECT_TRUE(std::ranges::all_of(rule.name, [](unsigned char c) { return std::isalpha(c) != 0; })) << rule.name;
        EXPECT_TRUE(ids.insert(rule.id).second) << rule.id << " is used twice";
        EXPECT_TRUE(names.insert(rule.name).second) << rule.name << " is used twice";
    }
}

/// Released ids keep their meaning: a change here needs a new id, not an edit of this list.
TEST(Rules, KeepTheirIds) {
    const std::pair<std::string_view, std::string_view> released[] = {
        {"BTZ-QUA-001", "CleanAccuracy"},
        {"BTZ-QUA-002", "Calibration"},
        {"BTZ-EVA-001", "WhiteBoxEvasion"},
        {"BTZ-EVA-002", "BlackBoxEvasion"},
        {"BTZ-EVA-003", "SmallPerturbation"},
        {"BTZ-EVA-004", "TextEvasion"},
        {"BTZ-ROB-001", "Corruption"},
        {"BTZ-FAI-001", "GroupDisparity"},
        {"BTZ-FAI-002", "RobustnessGap"},
        {"BTZ-BKD-001", "Trojan"},
        {"BTZ-REL-001", "VanishingGradients"},
        {"BTZ-REL-002", "SoftmaxInside"},
        {"BTZ-REL-003", "TrainingMode"},
        {"BTZ-REL-004", "RandomAnswers"},
        {"BTZ-REL-005", "BlackBoxBeatsWhiteBox"},
        {"BTZ-REL-006", "CurveNotFalling"},
        {"BTZ-REL-007", "UnboundedAttackFails"},
        {"BTZ-REL-008", "MoreEffortHelps"},
        {"BTZ-REL-009", "TransferBeatsWhiteBox"},
        {"BTZ-REL-010", "NotDifferentiable"},
        {"BTZ-REL-011", "InputRange"},
        {"BTZ-REL-012", "EpsOutsideRange"},
        {"BTZ-REL-013", "DetectorNotAdaptive"},
        {"BTZ-SCN-001", "RunsCode"},
        {"BTZ-SCN-002", "TouchesFiles"},
        {"BTZ-SCN-003", "TouchesNetwork"},
        {"BTZ-SCN-004", "TampersRuntime"},
        {"BTZ-SCN-005", "Exhausts"},
        {"BTZ-SCN-010", "UnprovenCall"},
        {"BTZ-SCN-011", "UnprovenImport"},
        {"BTZ-SCN-012", "UnprovenCode"},
        {"BTZ-SCN-020", "TwoReadings"},
        {"BTZ-SCN-021", "HiddenData"},
        {"BTZ-SCN-022", "TypeMismatch"},
        {"BTZ-SCN-023", "OutsideFolder"},
        {"BTZ-SCN-024", "Broken"},
        {"BTZ-SCN-025", "NotRead"},
        {"BTZ-SCN-030", "HiddenExecutable"},
        {"BTZ-SCN-031", "Secret"},
        {"BTZ-SCN-032", "Url"},
        {"BTZ-SCN-033", "TemplateEscape"},
        {"BTZ-SCN-034", "RemoteCode"},
        {"BTZ-SCN-040", "NotFinite"},
        {"BTZ-SCN-041", "Stegano"},
        {"BTZ-DAT-001", "DataDefects"},
        {"BTZ-DAT-002", "DataLabels"},
        {"BTZ-DAT-003", "DataLeak"},
        {"BTZ-DAT-004", "PersonalData"},
        {"BTZ-DAT-005", "DataBalance"},
        {"BTZ-PRV-001", "NotAsSigned"},
        {"BTZ-PRV-002", "DataNotAsSealed"},
        {"BTZ-CTL-001", "ControlFailing"},
        {"BTZ-CTL-002", "ControlStale"},
    };
    for (const auto& [id, name] : released) {
        const Rule* rule = find_rule(id);
        ASSERT_NE(rule, nullptr) << id;
        EXPECT_EQ(rule->name, name);
    }
}

TEST(Rules, ExplainThemselvesAndMapOnlyToKnownEntries) {
    for (const Rule& rule : rules()) {
        EXPECT_TRUE(rule.summary.ends_with('.')) << rule.id;
        EXPECT_GT(rule.help.size(), 60U) << rule.id;
        EXPECT_GT(rule.remediation.size(), 20U) << rule.id;
        EXPECT_FALSE(rule.maps.empty()) << rule.id;
        for (const RuleMap& map : rule.maps)
            EXPECT_FALSE(taxon_title(map.scheme, map.id).empty()) << rule.id << ": " << map.scheme << " " << map.id;
    }
}

/// No automatic test shows that a model is safe or that a law is met, so the words are not ours to use.
TEST(Rules, NeverPromiseSafetyOrCompliance) {
    for (const Rule& rule : rules())
        for (const std::string_view text : {rule.summary, rule.help, rule.remediation})
            for (const std::string_view banned : {"compliant", "certified", " safe"})
                EXPECT_EQ(text.find(banned), std::string_view::npos) << rule.id << ": " << text;
}

TEST(Rules, EvasionMapsToTheAtlasTechniqueAndTheInputManipulationEntry) {
    std::set<std::string> maps;
    for (const Mapping& map : mappings_of(rule::kWhiteBoxEvasion))
        maps.insert(map.scheme + "@" + map.version + ":" + map.id);
    EXPECT_TRUE(maps.contains("MITRE ATLAS@5.6.0:AML.T0015"));
    EXPECT_TRUE(maps.contains("MITRE ATLAS@5.6.0:AML.T0043.000"));
    EXPECT_TRUE(maps.contains("OWASP ML Top 10@2023:ML01"));
    EXPECT_TRUE(maps.contains("NIST AI RMF@1.0:MEASURE 2.7"));
    EXPECT_TRUE(maps.contains("ISO/IEC 42001@2023:A.6.2.4"));
    EXPECT_TRUE(maps.contains("EU AI Act@2024/1689:Art. 15(5)"));
}

TEST(Rules, AnUnknownIdHasNoRuleAndNoMappings) {
    EXPECT_EQ(find_rule("BTZ-EVA-999"), nullptr);
    EXPECT_TRUE(mappings_of("").empty());
    EXPECT_TRUE(taxon_title("MITRE ATLAS", "AML.T9999").empty());
    EXPECT_EQ(find_taxonomy("nobody's list"), nullptr);
}

TEST(Rules, AFindingComesWithItsRulesMappingsAndRemedy) {
    const Finding finding = finding_for(rule::kCorruption, Severity::medium, "Blur costs 30 points.");
    EXPECT_EQ(finding.rule, "BTZ-ROB-001");
    EXPECT_EQ(finding.severity, Severity::medium);
    EXPECT_EQ(finding.maps.size(), find_rule("BTZ-ROB-001")->maps.size());
    EXPECT_EQ(finding.remediation, find_rule("BTZ-ROB-001")->remediation);
}

TEST(RulesDeathTest, AMisspeltIdInAProbeAborts) { EXPECT_DEATH(finding_for("BTZ-NIL-001", Severity::low, "x"), ""); }

TEST(Rules, OnlyTheReliabilityFamilySaysThatTheEvaluationIsUnreliable) {
    for (const Rule& rule : rules())
        EXPECT_EQ(is_reliability_rule(rule.id), rule.summary.starts_with("Evaluation unreliable")) << rule.id;
}

}  // namespace
}  // namespace bartizan::report
