#pragma once
/// The catalogue of rules: what every finding's id stands for, how it maps to outside schemes, and what to do about
/// it in general. An id, once released, keeps its meaning for ever and is never used again; titles may be reworded.
/// A probe makes its finding with `finding_for`, then adds title, explanation, evidence and pictures.
/// Thread rule: constants.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bartizan/finding.h"

namespace bartizan::report {

/// The ids, by name, so that a misspelt one does not compile.
namespace rule {
inline constexpr std::string_view kCleanAccuracy = "BTZ-QUA-001";
inline constexpr std::string_view kCalibration = "BTZ-QUA-002";
inline constexpr std::string_view kEvaluationChecks = "BTZ-QUA-003";
inline constexpr std::string_view kWhiteBoxEvasion = "BTZ-EVA-001";
inline constexpr std::string_view kBlackBoxEvasion = "BTZ-EVA-002";
inline constexpr std::string_view kSmallPerturbation = "BTZ-EVA-003";
inline constexpr std::string_view kTextEvasion = "BTZ-EVA-004";
inline constexpr std::string_view kCorruption = "BTZ-ROB-001";
inline constexpr std::string_view kGroupDisparity = "BTZ-FAI-001";
inline constexpr std::string_view kRobustnessGap = "BTZ-FAI-002";
inline constexpr std::string_view kTrojan = "BTZ-BKD-001";
inline constexpr std::string_view kPoison = "BTZ-POI-001";
inline constexpr std::string_view kExtraction = "BTZ-EXT-001";
inline constexpr std::string_view kMembership = "BTZ-MIA-001";
inline constexpr std::string_view kExplanation = "BTZ-EXP-001";
// "Evaluation unreliable": one for each way in which a robustness evaluation fools itself.
inline constexpr std::string_view kVanishingGradients = "BTZ-REL-001";
inline constexpr std::string_view kSoftmaxInside = "BTZ-REL-002";
inline constexpr std::string_view kTrainingMode = "BTZ-REL-003";
inline constexpr std::string_view kRandomAnswers = "BTZ-REL-004";
inline constexpr std::string_view kBlackBoxBeatsWhiteBox = "BTZ-REL-005";
inline constexpr std::string_view kCurveNotFalling = "BTZ-REL-006";
inline constexpr std::string_view kUnboundedAttackFails = "BTZ-REL-007";
inline constexpr std::string_view kMoreEffortHelps = "BTZ-REL-008";
inline constexpr std::string_view kTransferBeatsWhiteBox = "BTZ-REL-009";
inline constexpr std::string_view kNotDifferentiable = "BTZ-REL-010";
inline constexpr std::string_view kInputRange = "BTZ-REL-011";
inline constexpr std::string_view kEpsOutsideRange = "BTZ-REL-012";
inline constexpr std::string_view kDetectorNotAdaptive = "BTZ-REL-013";
// Of the training data.
inline constexpr std::string_view kDataDefects = "BTZ-DAT-001";
inline constexpr std::string_view kDataLabels = "BTZ-DAT-002";
inline constexpr std::string_view kDataLeak = "BTZ-DAT-003";
inline constexpr std::string_view kPersonalData = "BTZ-DAT-004";
inline constexpr std::string_view kDataBalance = "BTZ-DAT-005";
inline constexpr std::string_view kDataNotAsSealed = "BTZ-PRV-002";
// Of what requirements ask for.
inline constexpr std::string_view kControlFailing = "BTZ-CTL-001";
inline constexpr std::string_view kControlStale = "BTZ-CTL-002";
}  // namespace rule

/// A mapping of a rule; the version is the one of report/taxonomy.h.
struct RuleMap {
    std::string_view scheme;
    std::string_view id;
};

struct Rule {
    std::string_view id;           ///< "BTZ-EVA-001"
    std::string_view name;         ///< "WhiteBoxEvasion"
    std::string_view summary;      ///< one sentence: what a finding of this rule says
    std::string_view help;         ///< why it matters and how it is measured, in plain words
    std::string_view remediation;  ///< what to do about it in general
    std::span<const RuleMap> maps;
};

/// All rules, in the order of their ids within a family.
std::span<const Rule> rules();
/// Nothing for an id that is not in the table.
const Rule* find_rule(std::string_view id);
/// True for the BTZ-REL rules: the numbers of this audit may look better than the model is.
bool is_reliability_rule(std::string_view id);

/// The mappings of a rule with their versions; none for an unknown id.
std::vector<Mapping> mappings_of(std::string_view id);
/// A finding with rule, severity, title, mappings and the rule's general remediation filled in. `id` is a
/// constant of `rule`; one that is not in the table is a bug and aborts.
Finding finding_for(std::string_view id, Severity severity, std::string title);

}  // namespace bartizan::report
