#include "catalog/attacks.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "core/spelling.h"

namespace bartizan::catalog {
namespace {

constexpr Norm kThreeNorms[] = {Norm::linf, Norm::l2, Norm::l1};
constexpr std::string_view kWhiteBox = "AML.T0043.000";
constexpr std::string_view kBlackBox = "AML.T0043.001";

constexpr ParamSpec kRestarts = {
    "restarts", ParamKind::integer, 1, 1, 1000, "random starts; the first that fools counts"};
constexpr ParamSpec kTargets = {
    "targets", ParamKind::integer, 9, 1, 1000, "wrong classes tried, the most likely first"};

constexpr ParamSpec kBim[] = {
    {"steps", ParamKind::integer, 10, 1, 100'000, "gradient steps"},
    {"step-size", ParamKind::number, 0.2, 1e-6, 10, "length of a step, as a fraction of eps"},
    {"sparsity", ParamKind::number, 0.05, 1e-6, 1, "l1: share of the coordinates that a step moves"},
};
constexpr ParamSpec kPgd[] = {
    {"steps", ParamKind::integer, 40, 1, 100'000, "gradient steps of each start"},
    kRestarts,
    {"step-size", ParamKind::number, 0, 0, 10, "length of a step, as a fraction of eps; 0: 2.5 / steps"},
    {"random-start", ParamKind::flag, 1, 0, 1, "start at a random point of the ball, not at the input"},
    {"sparsity", ParamKind::number, 0.05, 1e-6, 1, "l1: share of the coordinates that a step moves"},
};
constexpr ParamSpec kMim[] = {
    {"steps", ParamKind::integer, 10, 1, 100'000, "gradient steps"},
    {"step-size", ParamKind::number, 0, 0, 10, "length of a step, as a fraction of eps; 0: 1 / steps"},
    {"decay", ParamKind::number, 1, 0, 10, "share of the old direction that is kept"},
    {"sparsity", ParamKind::number, 0.05, 1e-6, 1, "l1: share of the coordinates that a step moves"},
};
constexpr ParamSpec kApgd[] = {
    {"steps", ParamKind::integer, 100, 1, 100'000, "gradient steps of each start"},
    kRestarts,
    {"rho", ParamKind::number, 0.75, 0, 1, "share of steps that must gain, or the step is halved"},
    {"eot", ParamKind::integer, 1, 1, 1000, "gradients averaged in each step, for models that are random"},
    {"shrink", ParamKind::flag, 1, 0, 1, "l1: begin in a ball of 3 eps and shrink it"},
};
constexpr ParamSpec kApgdTargeted[] = {
    {"steps", ParamKind::integer, 100, 1, 100'000, "gradient steps for each target and start"},
    kRestarts,
    kTargets,
    {"rho", ParamKind::number, 0.75, 0, 1, "share of steps that must gain, or the step is halved"},
    {"shrink", ParamKind::flag, 1, 0, 1, "l1: begin in a ball of 3 eps and shrink it"},
};
constexpr ParamSpec kFab[] = {
    {"steps", ParamKind::integer, 100, 1, 100'000, "iterations of each start"},
    {"restarts", ParamKind::integer, 1, 1, 1000, "starts, the first at the input; the smallest change counts"},
    {"alpha-max", ParamKind::number, 0.1, 0, 1, "largest bias towards the input"},
    {"eta", ParamKind::number, 1.05, 1, 10, "how far a step overshoots the boundary"},
    {"beta", ParamKind::number, 0.9, 0, 1, "backward step after an adversarial point"},
};
constexpr ParamSpec kFabTargeted[] = {
    kFab[0], kFab[1], kTargets, kFab[2], kFab[3], kFab[4],
};
constexpr ParamSpec kSquare[] = {
    {"queries", ParamKind::integer, 5000, 1, 10'000'000, "forward passes for each input and start"},
    kRestarts,
    {"p-init", ParamKind::number, 0.8, 1e-6, 1, "share of the picture that the first squares cover"},
    {"rescale", ParamKind::flag, 1, 0, 1, "stretch the schedule of sizes over the budget (else: 10,000 queries)"},
};
constexpr ParamSpec kAutoattack[] = {
    {"steps", ParamKind::integer, 100, 1, 100'000, "gradient steps of each white-box run"},
    {"queries", ParamKind::integer, 5000, 1, 10'000'000, "forward passes of Square for each input"},
    kTargets,
};

// Budget, population and generations of Boucher et al. 2022, section V.
constexpr ParamSpec kTextImperceptible[] = {
    {"budget", ParamKind::integer, 5, 1, 100, "perturbations of a text, at most"},
    {"population", ParamKind::integer, 32, 4, 1000, "members of the evolution: texts asked in each generation"},
    {"generations", ParamKind::integer, 10, 0, 10'000, "generations after the first"},
    {"invisible", ParamKind::flag, 1, 0, 1, "insert characters of no width"},
    {"homoglyphs", ParamKind::flag, 1, 0, 1, "replace characters by look-alikes"},
    {"reorderings", ParamKind::flag, 1, 0, 1, "exchange neighbours under bidirectional controls"},
    {"deletions", ParamKind::flag, 1, 0, 1, "insert a character and a backspace"},
    {"ascii", ParamKind::flag, 0, 0, 1, "look-alikes within ASCII (l and I, rn and m): for those who know the normaliser"},
    {"marks", ParamKind::flag, 0, 0, 1, "small marks below letters: for those who know the normaliser"},
};
constexpr ParamSpec kTextSwap[] = {
    {"candidates", ParamKind::integer, 50, 1, 1000, "replacements tried for a word"},
    {"similarity", ParamKind::number, 0.7, -1, 1, "least cosine of a replacement, with --embeddings"},
    {"max-changed", ParamKind::number, 0.25, 0, 1, "share of the words that may change (one may always)"},
};
constexpr ParamSpec kTextUniversal[] = {
    {"length", ParamKind::integer, 3, 1, 20, "words of the trigger"},
    {"candidates", ParamKind::integer, 20, 1, 1000, "words tried at a place in each step"},
    {"rounds", ParamKind::integer, 3, 1, 100, "times that each place is tried"},
};
constexpr Norm kEdits[] = {Norm::l0};

constexpr AttackSpec kAttacks[] = {
    {.name = "fgsm",
     .summary = "One step to the worst point of the linearised loss.",
     .reference = "Goodfellow, Shlens, Szegedy 2015, Explaining and Harnessing Adversarial Examples",
     .url = "https://arxiv.org/abs/1412.6572",
     .access = Access::gradients,
     .norms = kThreeNorms,
     .data_kind = "any",
     .atlas = kWhiteBox,
     .minimal = false,
     .can_target = true,
     .maturity = Maturity::alpha,
     .params = {}},
    {.name = "bim",
     .summary = "Repeated gradient steps from the input, each projected back on the ball.",
     .reference = "Kurakin, Goodfellow, Bengio 2017, Adversarial Examples in the Physical World",
     .url = "https://arxiv.org/abs/1607.02533",
     .access = Access::gradients,
     .norms = kThreeNorms,
     .data_kind = "any",
     .atlas = kWhiteBox,
     .minimal = false,
     .can_target = true,
     .maturity = Maturity::alpha,
     .params = kBim},
    {.name = "pgd",
     .summary = "Repeated gradient steps from a random point, each projected back on the ball; with restarts.",
     .reference = "Madry et al. 2018, Towards Deep Learning Models Resistant to Adversarial Attacks",
     .url = "https://arxiv.org/abs/1706.06083",
     .access = Access::gradients,
     .norms = kThreeNorms,
     .data_kind = "any",
     .atlas = kWhiteBox,
     .minimal = false,
     .can_target = true,
     .maturity = Maturity::alpha,
     .params = kPgd},
    {.name = "mim",
     .summary = "Projected steps along an average of the gradients seen; what it finds transfers better.",
     .reference = "Dong et al. 2018, Boosting Adversarial Attacks with Momentum",
     .url = "https://arxiv.org/abs/1710.06081",
     .access = Access::gradients,
     .norms = kThreeNorms,
     .data_kind = "any",
     .atlas = kWhiteBox,
     .minimal = false,
     .can_target = true,
     .maturity = Maturity::alpha,
     .params = kMim},
    {.name = "apgd-ce",
     .summary = "Projected ascent on the cross-entropy that chooses its own step size.",
     .reference = "Croce, Hein 2020, Reliable Evaluation of Adversarial Robustness with an Ensemble of Diverse "
                  "Parameter-free Attacks",
     .url = "https://arxiv.org/abs/2003.01690",
     .access = Access::gradients,
     .norms = kThreeNorms,
     .data_kind = "any",
     .atlas = kWhiteBox,
     .minimal = false,
     .can_target = true,
     .maturity = Maturity::alpha,
     .params = kApgd},
    {.name = "apgd-dlr",
     .summary = "As apgd-ce, on the difference-of-logits ratio, which scaled logits do not blind.",
     .reference = "Croce, Hein 2020, Reliable Evaluation of Adversarial Robustness with an Ensemble of Diverse "
                  "Parameter-free Attacks",
     .url = "https://arxiv.org/abs/2003.01690",
     .access = Access::gradients,
     .norms = kThreeNorms,
     .data_kind = "any",
     .atlas = kWhiteBox,
     .minimal = false,
     .can_target = false,
     .maturity = Maturity::alpha,
     .params = kApgd},
    {.name = "apgd-t",
     .summary = "Projected ascent towards each of the most likely wrong classes in turn.",
     .reference = "Croce, Hein 2020, Reliable Evaluation of Adversarial Robustness with an Ensemble of Diverse "
                  "Parameter-free Attacks",
     .url = "https://arxiv.org/abs/2003.01690",
     .access = Access::gradients,
     .norms = kThreeNorms,
     .data_kind = "any",
     .atlas = kWhiteBox,
     .minimal = false,
     .can_target = false,
     .maturity = Maturity::alpha,
     .params = kApgdTargeted},
    {.name = "fab",
     .summary = "Looks for the smallest change by projecting on the linearised decision boundary.",
     .reference = "Croce, Hein 2020, Minimally Distorted Adversarial Examples with a Fast Adaptive Boundary Attack",
     .url = "https://arxiv.org/abs/1907.02044",
     .access = Access::gradients,
     .norms = kThreeNorms,
     .data_kind = "any",
     .atlas = kWhiteBox,
     .minimal = true,
     .can_target = false,
     .maturity = Maturity::alpha,
     .params = kFab},
    {.name = "fab-t",
     .summary = "As fab, towards each of the most likely wrong classes: one gradient a step, for many classes.",
     .reference = "Croce, Hein 2020, Minimally Distorted Adversarial Examples with a Fast Adaptive Boundary Attack",
     .url = "https://arxiv.org/abs/1907.02044",
     .access = Access::gradients,
     .norms = kThreeNorms,
     .data_kind = "any",
     .atlas = kWhiteBox,
     .minimal = true,
     .can_target = false,
     .maturity = Maturity::alpha,
     .params = kFabTargeted},
    {.name = "square",
     .summary = "Random search with square patches; sees scores only, needs no gradient.",
     .reference = "Andriushchenko et al. 2020, Square Attack: a Query-efficient Black-box Adversarial Attack via "
                  "Random Search",
     .url = "https://arxiv.org/abs/1912.00049",
     .access = Access::scores,
     .norms = kThreeNorms,
     .data_kind = "any",
     .atlas = kBlackBox,
     .minimal = false,
     .can_target = true,
     .maturity = Maturity::alpha,
     .params = kSquare},
    {.name = "autoattack",
     .summary = "The standard ensemble: apgd-ce, apgd-t, fab-t, square, each on what the others left.",
     .reference = "Croce, Hein 2020, Reliable Evaluation of Adversarial Robustness with an Ensemble of Diverse "
                  "Parameter-free Attacks",
     .url = "https://arxiv.org/abs/2003.01690",
     .access = Access::gradients,
     .norms = kThreeNorms,
     .data_kind = "any",
     .atlas = kWhiteBox,
     .minimal = false,
     .can_target = false,
     .maturity = Maturity::alpha,
     .params = kAutoattack},
    {.name = "text-imperceptible",
     .summary = "Characters that no reader sees, or sees as others: invisible, look-alike, reordered, deleted.",
     .reference = "Boucher et al. 2022, Bad Characters: Imperceptible NLP Attacks",
     .url = "https://arxiv.org/abs/2106.09898",
     .access = Access::scores,
     .norms = kEdits,
     .data_kind = "text",
     .atlas = kBlackBox,
     .minimal = false,
     .can_target = false,
     .maturity = Maturity::alpha,
     .params = kTextImperceptible},
    {.name = "text-swap",
     .summary = "The words that matter most, replaced by near ones, or misspelt where no embeddings are given.",
     .reference = "Jin et al. 2020, Is BERT Really Robust?; Li et al. 2019, TextBugger",
     .url = "https://arxiv.org/abs/1907.11932",
     .access = Access::scores,
     .norms = kEdits,
     .data_kind = "text",
     .atlas = kBlackBox,
     .minimal = false,
     .can_target = false,
     .maturity = Maturity::alpha,
     .params = kTextSwap},
    {.name = "text-universal",
     .summary = "A few words that turn the answer to any text they stand before.",
     .reference = "Wallace et al. 2019, Universal Adversarial Triggers for Attacking and Analyzing NLP",
     .url = "https://arxiv.org/abs/1908.07125",
     .access = Access::scores,
     .norms = kEdits,
     .data_kind = "text",
     .atlas = kBlackBox,
     .minimal = false,
     .can_target = false,
     .maturity = Maturity::alpha,
     .params = kTextUniversal},
};

constexpr std::array<std::pair<Norm, std::string_view>, 4> kNormNames = {
    {{Norm::linf, "linf"}, {Norm::l2, "l2"}, {Norm::l1, "l1"}, {Norm::l0, "l0"}}};

}  // namespace

std::string_view to_string(Access access) {
    switch (access) {
        case Access::gradients:
            return "gradients";
        case Access::scores:
            return "scores";
        case Access::decisions:
            return "decisions";
    }
    return "";
}

std::string_view to_string(Norm norm) {
    for (const auto& [known, name] : kNormNames)
        if (known == norm) return name;
    return "";
}

std::string_view to_string(Maturity maturity) {
    switch (maturity) {
        case Maturity::wip:
            return "wip";
        case Maturity::alpha:
            return "alpha";
        case Maturity::stable:
            return "stable";
    }
    return "";
}

Result<Norm> norm_from(std::string_view text) {
    for (const auto& [norm, name] : kNormNames)
        if (name == text) return norm;
    return invalid_input("no norm called '" + std::string(text) + "'", "there are linf, l2, l1, l0");
}

std::span<const AttackSpec> attacks() { return kAttacks; }

Result<const AttackSpec*> find_attack(std::string_view name) {
    const auto found = std::ranges::find(kAttacks, name, &AttackSpec::name);
    if (found != std::end(kAttacks)) return &*found;
    std::vector<std::string_view> known;
    for (const AttackSpec& spec : kAttacks) known.push_back(spec.name);
    return invalid_input("no attack called '" + std::string(name) + "'",
                         did_you_mean(name, known, "`bartizan attack --list` shows them all"));
}

}  // namespace bartizan::catalog
