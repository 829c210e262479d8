#include "catalog/probes.h"

#include <algorithm>
#include <string>

namespace bartizan::catalog {
namespace {

constexpr ParamSpec kWhitebox[] = {
    {"steps", ParamKind::integer, 40, 1, 10'000, "gradient steps of each attack on the curve"},
    {"final-steps", ParamKind::integer, 100, 1, 10'000, "gradient steps of the attacks at the reference radius"},
    {"pictures", ParamKind::integer, 6, 0, 100, "adversarial examples shown"},
};
constexpr ParamSpec kBlackbox[] = {
    {"queries", ParamKind::integer, 1000, 1, 1'000'000, "queries the attacker may spend on one input"},
    {"samples", ParamKind::integer, 128, 1, 1'000'000, "inputs attacked"},
};
constexpr ParamSpec kCorruption[] = {
    {"samples", ParamKind::integer, 1000, 1, 1'000'000, "inputs corrupted"},
};
constexpr ParamSpec kMinimal[] = {
    {"steps", ParamKind::integer, 40, 1, 10'000, "iterations of FAB"},
    {"samples", ParamKind::integer, 64, 1, 1'000'000, "inputs attacked"},
};
constexpr ParamSpec kBias[] = {
    {"favourable", ParamKind::integer, -1, -1, 1'000'000,
     "the favourable class; -1: the second of two, of several the one with the widest gap"},
    {"least-group", ParamKind::integer, 30, 2, 1'000'000, "smaller groups are left out"},
    {"resamples", ParamKind::integer, 1000, 20, 100'000, "bootstrap samples for the intervals"},
};
constexpr ParamSpec kBackdoor[] = {
    {"samples", ParamKind::integer, 256, 8, 1'000'000, "clean inputs that triggers are sought and measured on"},
    {"steps", ParamKind::integer, 200, 1, 100'000, "most steps of the search for the trigger of a class"},
    {"classes", ParamKind::integer, 50, 2, 100'000, "models of more classes are not looked into: each costs the same"},
};
constexpr ParamSpec kDataQuality[] = {
    {"samples", ParamKind::integer, 100'000, 50, 10'000'000, "items looked at; of larger sets a seeded sample"},
    {"pictures", ParamKind::integer, 6, 0, 100, "worst offenders shown of each kind"},
};
constexpr ParamSpec kPoison[] = {
    {"samples", ParamKind::integer, 20'000, 200, 10'000'000, "training items looked at; of larger sets a seeded sample"},
    {"blends", ParamKind::integer, 20, 0, 1000, "forward passes of STRIP for each item; 0: without it"},
    {"pictures", ParamKind::integer, 8, 0, 100, "suspects shown of each suspicious class"},
};
constexpr ParamSpec kExtraction[] = {
    {"queries", ParamKind::integer, 500, 32, 1'000'000, "queries of the attacker, at most half of the items"},
    {"steps", ParamKind::integer, 800, 1, 1'000'000, "descent steps of each copy"},
};
constexpr ParamSpec kPrivacy[] = {
    {"samples", ParamKind::integer, 5'000, 50, 1'000'000, "training items, and as many others, that are asked about"},
    {"references", ParamKind::integer, 0, 0, 1'024, "models of the same graph, trained on random halves; 0: none, a lower bound"},
    {"epochs", ParamKind::integer, 20, 1, 100'000, "passes over its half that each reference takes"},
};
constexpr ParamSpec kExplain[] = {
    {"samples", ParamKind::integer, 16, 2, 10'000, "inputs explained"},
};
constexpr ParamSpec kReliability[] = {
    {"samples", ParamKind::integer, 64, 8, 1'000'000, "inputs on which the evaluation itself is tested"},
    {"steps", ParamKind::integer, 40, 1, 10'000, "gradient steps of the shorter of the two attacks compared"},
};

constexpr ProbeSpec kProbes[] = {
    {"quality", "Clean quality", "Accuracy, calibration and confusion on the data as it is.", {}},
    {"data-seal", "Training data as sealed",
     "Is the training data what was sealed? Checks signature, manifest and every item (--train-data, --data-key).", {}},
    {"data-quality", "Training data",
     "Wrong labels, leaks into the test data, duplicates, outliers, personal data (--train-data).", kDataQuality},
    {"evasion-whitebox", "White-box evasion",
     "An attacker who has the model: robust accuracy over a curve of perturbation sizes.", kWhitebox},
    {"evasion-blackbox", "Black-box evasion",
     "An attacker who only sees scores: Square attack, with the number of queries it needs.", kBlackbox},
    {"minimal-perturbation", "Smallest perturbations",
     "How small a change is enough: percentiles of the distance to the decision boundary.", kMinimal},
    {"corruption", "Everyday corruption", "Noise, blur and brightness at five strengths: no attacker needed.",
     kCorruption},
    {"bias", "Fairness between groups",
     "Are groups treated differently, and is one of them easier to attack? Groups are named with --group.", kBias},
    {"backdoor", "Hidden trojan",
     "Does the model answer to a hidden trigger? Reverses the smallest trigger of each class and looks for the odd "
     "one.",
     kBackdoor},
    {"poison", "Poisoned training data",
     "Was the model trained on poisoned items? Which class, which items (--train-data; the test data are trusted).", kPoison},
    {"extraction", "Model theft",
     "How well does a copy that was trained on a few hundred answers stand in for the model?", kExtraction},
    {"privacy", "Membership of training items",
     "Can it be told which items the model was trained on? (--train-data; the test data are the others).", kPrivacy},
    {"explain", "Explanations",
     "Can explanations of the answers be trusted? Deletion and insertion against random order, and a network with fresh "
     "weights.",
     kExplain},
    {"reliability", "Can this evaluation be trusted?",
     "Looks for the known ways in which a robustness evaluation fools itself.", kReliability},
};

}  // namespace

std::span<const ProbeSpec> probes() { return kProbes; }

Result<const ProbeSpec*> find_probe(std::string_view name) {
    const auto found = std::ranges::find(kProbes, name, &ProbeSpec::name);
    if (found != std::end(kProbes)) return &*found;
    std::string known;
    for (const ProbeSpec& spec : kProbes) known += (known.empty() ? "" : ", ") + std::string(spec.name);
    return invalid_input("no probe called '" + std::string(name) + "'", "there are " + known);
}

}  // namespace bartizan::catalog
