#include "catalog/hardening.h"

#include <string>
#include <vector>

#include "core/spelling.h"

namespace bartizan::catalog {
namespace {

constexpr ParamSpec kSteps = {"steps", ParamKind::integer, 10, 1, 1000, "gradient steps of the attack in the loop"};
constexpr ParamSpec kStepSize = {
    "step-size", ParamKind::number, 0, 0, 1, "length of a step, in data units; 0: 2.5 eps / steps"};
constexpr ParamSpec kPerturbation = {
    "weight-perturbation",
    ParamKind::number,
    0,
    0,
    0.1,
    "gamma of adversarial weight perturbation (Wu et al. 2020), 0.005 in the paper; 0: none"};
constexpr ParamSpec kAveraging = {
    "averaging", ParamKind::number, 0, 0, 0.99999, "decay of the average of weights that is kept, as 0.995; 0: none"};

constexpr ParamSpec kPgd[] = {kSteps, kStepSize, kPerturbation, kAveraging};
constexpr ParamSpec kTrades[] = {{"beta", ParamKind::number, 6, 0, 1000, "weight of nearby answers against clean ones"},
                                 kSteps,
                                 kStepSize,
                                 kPerturbation,
                                 kAveraging};
constexpr ParamSpec kMart[] = {{"lambda", ParamKind::number, 5, 0, 1000, "weight of what is misread when clean"},
                               kSteps,
                               kStepSize,
                               kPerturbation,
                               kAveraging};
constexpr ParamSpec kFast[] = {kAveraging};
constexpr ParamSpec kGaussian[] = {
    {"sigma", ParamKind::number, 0.25, 1e-6, 10, "deviation of the noise, in data units"}, kAveraging};
constexpr ParamSpec kRepair[] = {
    {"steps", ParamKind::integer, 200, 1, 100'000, "descent steps of each method of the portfolio"},
    {"allowed-loss", ParamKind::number, 0.03, 0, 1, "of accuracy: what costs more is not kept"},
    {"target", ParamKind::integer, -1, -1, 1'000'000, "the class that the trojan calls; -1: the one that stands out"}};
constexpr ParamSpec kDpSgd[] = {
    {"epsilon", ParamKind::number, 8, 1e-3, 1000, "the promise; the noise follows from it, epochs and batch size"},
    {"delta", ParamKind::number, 1e-5, 1e-10, 0.1, "chance that the promise fails for a row: well below 1 / rows"},
    {"clip", ParamKind::number, 1, 1e-6, 1e6, "longest gradient of a row"},
    {"noise", ParamKind::number, 0, 0, 1000, "deviation of the noise over clip; 0: from epsilon"},
    {"begin-anew", ParamKind::flag, 1, 0, 1, "0: from the weights given, which must never have seen this data"},
    {"noise-seed", ParamKind::integer, -1, -1, 1e15, "repeatable noise, for tests; -1: the system's, as promised"}};
constexpr ParamSpec kPartition[] = {
    {"partitions", ParamKind::integer, 50, 2, 5000, "networks: more certify more poison, and each learns from less"}};
constexpr ParamSpec kPlain[] = {
    kAveraging,
    {"last-layer", ParamKind::flag, 0, 0, 1, "1: only the last linear layer learns, the extractor before it stays"}};
constexpr ParamSpec kTextNormalise[] = {
    {"invisible", ParamKind::flag, 1, 0, 1, "remove characters that take no room"},
    {"look-alikes", ParamKind::flag, 1, 0, 1, "map characters that look like ASCII, in words that give them away"},
    {"direction", ParamKind::flag, 1, 0, 1, "resolve bidirectional overrides"},
    {"deletions", ParamKind::flag, 1, 0, 1, "carry out backspaces"}};

constexpr HardeningSpec kMethods[] = {
    {.name = "pgd",
     .summary = "Trains on the worst inputs that projected gradient descent finds.",
     .reference = "Madry et al. 2018, Towards Deep Learning Models Resistant to Adversarial Attacks",
     .url = "https://arxiv.org/abs/1706.06083",
     .params = kPgd},
    {.name = "trades",
     .summary = "Right on clean inputs, and the same answer nearby: accuracy against robustness by one weight.",
     .reference = "Zhang et al. 2019, Theoretically Principled Trade-off between Robustness and Accuracy",
     .url = "https://arxiv.org/abs/1901.08573",
     .params = kTrades},
    {.name = "mart",
     .summary = "As trades, with more weight on inputs that are misread already when clean.",
     .reference = "Wang et al. 2020, Improving Adversarial Robustness Requires Revisiting Misclassified Examples",
     .url = "https://openreview.net/forum?id=rklOg6EFwS",
     .params = kMart},
    {.name = "fast",
     .summary = "One gradient step from a random start; goes on with pgd when that collapses.",
     .reference = "Wong, Rice, Kolter 2020, Fast is better than free: Revisiting adversarial training",
     .url = "https://arxiv.org/abs/2001.03994",
     .params = kFast},
    {.name = "gaussian",
     .summary = "Trains on noisy inputs, for certificates by randomized smoothing.",
     .reference = "Cohen, Rosenfeld, Kolter 2019, Certified Adversarial Robustness via Randomized Smoothing",
     .url = "https://arxiv.org/abs/1902.02918",
     .params = kGaussian},
    {.name = "dp-sgd",
     .summary = "Trains anew with differential privacy: nobody can tell from the weights which rows were there.",
     .reference = "Abadi et al. 2016, Deep Learning with Differential Privacy",
     .url = "https://arxiv.org/abs/1607.00133",
     .params = kDpSgd},
    {.name = "partition",
     .summary = "Anew on parts of the data, by vote: says how many poisoned items each answer withstands, for sure.",
     .reference = "Levine, Feizi 2021, Deep Partition Aggregation: Provable Defense against General Poisoning Attacks",
     .url = "https://arxiv.org/abs/2006.14768",
     .params = kPartition},
    {.name = "plain",
     .summary = "Goes on training on clean inputs: what the others are to be compared with.",
     .reference = "Robbins, Monro 1951, A Stochastic Approximation Method",
     .url = "https://doi.org/10.1214/aoms/1177729586",
     .params = kPlain},
    {.name = "repair",
     .summary = "Removes a trojan: five methods, and the one is kept after which a reversed trigger works least.",
     .reference = "Wang et al. 2019, Neural Cleanse; Zhu et al. 2023, Enhancing Fine-Tuning Based Backdoor Defense",
     .url = "https://arxiv.org/abs/2304.11823",
     .params = kRepair},
    {.name = "text-normalise",
     .summary = "Writes the policy of a filter in front of a text model: out comes what imperceptible attacks put in.",
     .reference = "Boucher et al. 2022, Bad Characters: Imperceptible NLP Attacks",
     .url = "https://arxiv.org/abs/2106.09898",
     .params = kTextNormalise},
};

}  // namespace

std::span<const HardeningSpec> hardening_methods() { return kMethods; }

Result<const HardeningSpec*> find_hardening(std::string_view name) {
    std::vector<std::string_view> names;
    for (const HardeningSpec& spec : kMethods) {
        if (spec.name == name) return &spec;
        names.push_back(spec.name);
    }
    return invalid_input("no hardening method called '" + std::string(name) + "'",
                         did_you_mean(name, names, "`bartizan harden --list` shows them all"));
}

}  // namespace bartizan::catalog
