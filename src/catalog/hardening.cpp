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

constexpr ParamSpec kClean = {
    "clean-weight", ParamKind::number, 0, 0, 1, "share of the loss on clean inputs; 0: the worst inputs alone"};
constexpr ParamSpec kSchedule = {
    "schedule", ParamKind::integer,
    0,          0,
    3,          "of the learning rate: 0 one cycle, 1 cosine, 2 in steps (half, three quarters), 3 constant"};
constexpr ParamSpec kCrop = {
    "crop", ParamKind::integer, 0, 0, 64, "pictures are shifted by up to so many pixels; 4 for 32 by 32"};
constexpr ParamSpec kFlip = {"flip", ParamKind::flag, 0, 0, 1, "1: every other picture is mirrored"};
constexpr ParamSpec kPatience = {
    "patience", ParamKind::integer, 0, 0, 100'000, "ends after so many epochs without a better one; 0: all epochs"};

constexpr ParamSpec kPgd[] = {kSteps, kStepSize, kClean, kPerturbation, kAveraging, kSchedule, kCrop, kFlip, kPatience};
constexpr ParamSpec kTrades[] = {{"beta", ParamKind::number, 6, 0, 1000, "weight of nearby answers against clean ones"},
                                 kSteps,
                                 kStepSize,
                                 kPerturbation,
                                 kAveraging,
                                 kSchedule,
                                 kCrop,
                                 kFlip,
                                 kPatience};
constexpr ParamSpec kMart[] = {{"lambda", ParamKind::number, 5, 0, 1000, "weight of what is misread when clean"},
                               kSteps,
                               kStepSize,
                               kPerturbation,
                               kAveraging,
                               kSchedule,
                               kCrop,
                               kFlip,
                               kPatience};
constexpr ParamSpec kFast[] = {kClean, kAveraging, kSchedule, kCrop, kFlip, kPatience};
constexpr ParamSpec kFree[] = {
    {"replays", ParamKind::integer, 4, 1, 64, "times that each batch is used in a row; an epoch costs as many"},
    kClean,
    kAveraging,
    kSchedule,
    kCrop,
    kFlip,
    kPatience};
constexpr ParamSpec kGaussian[] = {
    {"sigma", ParamKind::number, 0.25, 1e-6, 10, "deviation of the noise, in data units"},
    kAveraging,
    kSchedule,
    kCrop,
    kFlip,
    kPatience};
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
    {"last-layer", ParamKind::flag, 0, 0, 1, "1: only the last linear layer learns, the extractor before it stays"},
    kSchedule,
    kCrop,
    kFlip,
    kPatience};
constexpr ParamSpec kTextNormalise[] = {
    {"invisible", ParamKind::flag, 1, 0, 1, "remove characters that take no room"},
    {"look-alikes", ParamKind::flag, 1, 0, 1, "map characters that look like ASCII, in words that give them away"},
    {"direction", ParamKind::flag, 1, 0, 1, "resolve bidirectional overrides"},
    {"deletions", ParamKind::flag, 1, 0, 1, "carry out backspaces"}};

constexpr ParamSpec kBits = {"bits", ParamKind::integer, 4, 1, 8, "bits that are left of a number"};
constexpr ParamSpec kWindow = {"window", ParamKind::integer, 2, 2, 7, "pixels of a side of the window"};
constexpr ParamSpec kBitDepth[] = {kBits};
constexpr ParamSpec kJpeg[] = {{"quality", ParamKind::integer, 75, 1, 100, "as in libjpeg"}};
constexpr ParamSpec kSpatial[] = {kWindow,
                                  {"mean", ParamKind::flag, 0, 0, 1, "1: the mean of the window, not its median"}};
constexpr ParamSpec kSqueezing[] = {
    kBits, kWindow, {"alarms", ParamKind::number, 0.05, 0, 0.5, "share of clean items that may raise an alarm"}};

constexpr ParamSpec kSmoothing[] = {
    {"sigma", ParamKind::number, 0.25, 1e-6, 10, "deviation of the noise, in data units"},
    {"samples", ParamKind::integer, 10'000, 100, 10'000'000, "noisy copies that an item is certified by"},
    {"alpha", ParamKind::number, 0.001, 1e-9, 0.5, "chance that a certificate is wrong, for each item"},
    {"items", ParamKind::integer, 200, 1, 1000, "that are certified, of those held out"},
    {"copies", ParamKind::integer, 100, 2, 10'000, "noisy copies that the file itself takes a vote of"}};

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
    {.name = "free",
     .summary =
         "Each batch several times in a row: one gradient moves weights and inputs, at the price of plain training.",
     .reference = "Shafahi et al. 2019, Adversarial Training for Free!",
     .url = "https://arxiv.org/abs/1904.12843",
     .params = kFree},
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
    {.name = "temperature",
     .summary = "Divides the logits by one number, fitted on --data, so that confidence means what it says.",
     .reference = "Guo et al. 2017, On Calibration of Modern Neural Networks",
     .url = "https://arxiv.org/abs/1706.04599",
     .params = {}},
    {.name = "smoothing",
     .summary = "The vote over noisy copies of the input, with the l2 radius within which its answer cannot change.",
     .reference = "Cohen, Rosenfeld, Kolter 2019, Certified Adversarial Robustness via Randomized Smoothing",
     .url = "https://arxiv.org/abs/1902.02918",
     .params = kSmoothing},
    {.name = "feature-squeezing",
     .summary = "Adds an alarm for inputs whose answer changes when they are squeezed; says who gets past it.",
     .reference = "Xu, Evans, Qi 2018, Feature Squeezing: Detecting Adversarial Examples in Deep Neural Networks",
     .url = "https://arxiv.org/abs/1704.01155",
     .params = kSqueezing},
    {.name = "bit-depth",
     .summary = "Rounds the input to few levels, inside the file. Not a defence against attackers who know of it.",
     .reference = "Xu, Evans, Qi 2018, Feature Squeezing: Detecting Adversarial Examples in Deep Neural Networks",
     .url = "https://arxiv.org/abs/1704.01155",
     .params = kBitDepth},
    {.name = "jpeg",
     .summary = "Compresses the picture as JPEG does, inside the file. Not a defence against attackers who know of it.",
     .reference = "Dziugaite, Ghahramani, Roy 2016, A study of the effect of JPG compression on adversarial images",
     .url = "https://arxiv.org/abs/1608.00853",
     .params = kJpeg},
    {.name = "spatial-smoothing",
     .summary = "Smooths the picture, inside the file. Not a defence against attackers who know of it.",
     .reference = "Xu, Evans, Qi 2018, Feature Squeezing: Detecting Adversarial Examples in Deep Neural Networks",
     .url = "https://arxiv.org/abs/1704.01155",
     .params = kSpatial},
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
