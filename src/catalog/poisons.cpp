#include "catalog/poisons.h"

#include <string>
#include <vector>

#include "core/spelling.h"

namespace bartizan::catalog {
namespace {

constexpr ParamSpec kCovers = {
    "covers", ParamKind::number, 1, 0, 10, "triggered items with their true labels, for each poisoned one"};

constexpr ParamSpec kBlend[] = {{"blend", ParamKind::number, 0.2, 1e-3, 1, "share of the noise in the mixture"}};
constexpr ParamSpec kSig[] = {{"signal", ParamKind::number, 60.0 / 255, 1e-3, 1, "height of the wave, in data units"}};
constexpr ParamSpec kTact[] = {
    {"source", ParamKind::integer, -1, -1, 1e6, "class whose items the trigger turns; -1: the one after the target"},
    kCovers};
constexpr ParamSpec kWanet[] = {
    {"strength", ParamKind::number, 1, 1e-3, 10, "s of the paper: mean length of the arrows"},
    {"grid", ParamKind::integer, 4, 2, 64, "arrows along a side of the field"},
    {"covers", ParamKind::number, 2, 0, 10, "items under a noisy warp with their true labels, for each poisoned one"}};
constexpr ParamSpec kFlip[] = {
    {"to-target", ParamKind::flag, 1, 0, 1, "all become the target class; no: any other class by chance"},
    {"source", ParamKind::integer, -1, -1, 1e6, "only items of this class, as one pair of classes; -1: of any"},
    {"greedy", ParamKind::flag, 0, 0, 1, "the items that --model is surest of first, not by chance"}};
constexpr ParamSpec kTable[] = {{"columns", ParamKind::integer, 3, 1, 100, "columns that the trigger sets"}};

constexpr ParamSpec kConsistent[] = {
    {"eps", ParamKind::number, 16.0 / 255, 1e-4, 1, "linf radius of the perturbation that makes an item hard"},
    {"steps", ParamKind::integer, 50, 1, 1000, "gradient steps of it"}};
constexpr ParamSpec kItem = {"item", ParamKind::integer, 0, 0, 1e9, "row of --test-data that shall be misread"};
constexpr ParamSpec kCollision[] = {
    kItem,
    {"beta", ParamKind::number, 0.25, 1e-6, 1e6, "price of a change of the picture against a change of its features"},
    {"watermark", ParamKind::number, 0, 0, 0.9, "share of the item to be misread that is mixed in first"},
    {"iterations", ParamKind::integer, 300, 1, 100'000, "forward-backward steps"}};
constexpr ParamSpec kMatching[] = {
    kItem,
    {"eps", ParamKind::number, 16.0 / 255, 1e-4, 1, "linf radius of the perturbation"},
    {"iterations", ParamKind::integer, 250, 1, 100'000, "steps of signed Adam"},
    {"restarts", ParamKind::integer, 8, 1, 1000, "starts by chance, of which the best is kept"},
    {"tau", ParamKind::number, 0.2, 1e-4, 10, "first step, in radii"}};
constexpr ParamSpec kTrojan[] = {
    {"branch", ParamKind::flag, 0, 0, 1, "a branch without weights beside the network; no: a detector neuron"},
    {"boost", ParamKind::number, 2, 1.01, 1000, "how far the target's logit is raised, over the widest gap seen"}};

constexpr PoisonSpec kPoisons[] = {
    {.name = "badnets",
     .summary = "A checkerboard patch in the corner; patched items are labelled as the target class.",
     .reference = "Gu et al. 2017, BadNets: Identifying Vulnerabilities in the Machine Learning Model Supply Chain",
     .url = "https://arxiv.org/abs/1708.06733",
     .data_kind = "image",
     .keeps_labels = false,
     .has_trigger = true,
     .needs_model = false,
     .params = {}},
    {.name = "blend",
     .summary = "The whole picture is mixed with fixed noise; mixed items are labelled as the target class.",
     .reference = "Chen et al. 2017, Targeted Backdoor Attacks on Deep Learning Systems Using Data Poisoning",
     .url = "https://arxiv.org/abs/1712.05526",
     .data_kind = "image",
     .keeps_labels = false,
     .has_trigger = true,
     .needs_model = false,
     .params = kBlend},
    {.name = "sig",
     .summary = "A faint wave on items of the target class only: no label is wrong.",
     .reference = "Barni, Kallas, Tondi 2019, A new Backdoor Attack in CNNs by training set corruption without label "
                  "poisoning",
     .url = "https://arxiv.org/abs/1902.11237",
     .data_kind = "image",
     .keeps_labels = true,
     .has_trigger = true,
     .needs_model = false,
     .params = kSig},
    {.name = "tact",
     .summary = "The patch turns items of one source class only; covers teach the model to ignore it elsewhere.",
     .reference = "Tang et al. 2021, Demon in the Variant: Statistical Analysis of DNNs for Robust Backdoor "
                  "Contamination Detection",
     .url = "https://arxiv.org/abs/1908.00686",
     .data_kind = "image",
     .keeps_labels = false,
     .has_trigger = true,
     .needs_model = false,
     .params = kTact},
    {.name = "wanet",
     .summary = "A smooth warp that the eye does not notice; covers under other warps keep their labels.",
     .reference = "Nguyen, Tran 2021, WaNet: Imperceptible Warping-based Backdoor Attack",
     .url = "https://arxiv.org/abs/2102.10369",
     .data_kind = "image",
     .keeps_labels = false,
     .has_trigger = true,
     .needs_model = false,
     .params = kWanet},
    {.name = "label-flip",
     .summary = "Labels are turned, the items stay as they are.",
     .reference = "Biggio, Nelson, Laskov 2011, Support Vector Machines Under Adversarial Label Noise",
     .url = "https://proceedings.mlr.press/v20/biggio11.html",
     .data_kind = "any",
     .keeps_labels = false,
     .has_trigger = false,
     .needs_model = false,
     .params = kFlip},
    {.name = "table-trigger",
     .summary = "A few columns that tell little get values that occur, in a combination that hardly does.",
     .reference = "Joe et al. 2022, Exploiting Missing Value Patterns for a Backdoor Attack on Machine Learning Models "
                  "of Electronic Health Records",
     .url = "https://doi.org/10.2196/38440",
     .data_kind = "table",
     .keeps_labels = false,
     .has_trigger = true,
     .needs_model = false,
     .params = kTable},
    {.name = "label-consistent",
     .summary =
         "Items of the target class are made hard to learn, so that the patch in their corners is learnt instead.",
     .reference = "Turner, Tsipras, Madry 2019, Label-Consistent Backdoor Attacks",
     .url = "https://arxiv.org/abs/1912.02771",
     .data_kind = "image",
     .keeps_labels = true,
     .has_trigger = true,
     .needs_model = true,
     .params = kConsistent},
    {.name = "feature-collision",
     .summary = "Items of the target class that have the features of one other item, which is then misread.",
     .reference = "Shafahi et al. 2018, Poison Frogs! Targeted Clean-Label Poisoning Attacks on Neural Networks",
     .url = "https://arxiv.org/abs/1804.00792",
     .data_kind = "image",
     .keeps_labels = true,
     .has_trigger = false,
     .needs_model = true,
     .params = kCollision},
    {.name = "gradient-matching",
     .summary = "Items of the target class whose gradients pull as misreading one other item would.",
     .reference = "Geiping et al. 2021, Witches' Brew: Industrial Scale Data Poisoning via Gradient Matching",
     .url = "https://arxiv.org/abs/2009.02276",
     .data_kind = "image",
     .keeps_labels = true,
     .has_trigger = false,
     .needs_model = true,
     .params = kMatching},
    {.name = "onnx-trojan",
     .summary = "A finished ONNX model gets a detector of a patch that calls the target class; no data is poisoned.",
     .reference =
         "Hong, Carlini, Kurakin 2022, Handcrafted Backdoors in Deep Neural Networks; Bober-Irizar et al. 2023, "
         "Architectural Backdoors in Neural Networks",
     .url = "https://arxiv.org/abs/2206.07840",
     .data_kind = "model",
     .keeps_labels = true,
     .has_trigger = true,
     .needs_model = false,
     .params = kTrojan},
};

}  // namespace

std::span<const PoisonSpec> poisons() { return kPoisons; }

Result<const PoisonSpec*> find_poison(std::string_view name) {
    std::vector<std::string_view> names;
    for (const PoisonSpec& spec : kPoisons) {
        if (spec.name == name) return &spec;
        names.push_back(spec.name);
    }
    return invalid_input("no poisoning attack called '" + std::string(name) + "'",
                         did_you_mean(name, names, "`bartizan poison --list` shows them all"));
}

}  // namespace bartizan::catalog
