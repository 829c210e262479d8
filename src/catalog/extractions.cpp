#include "catalog/extractions.h"

#include <string>
#include <vector>

#include "core/spelling.h"

namespace bartizan::catalog {
namespace {

constexpr ParamSpec kAdaptive[] = {
    {"certainty", ParamKind::number, 1, 0, 100, "weight of the reward for answers that are sure"},
    {"diversity", ParamKind::number, 1, 0, 100, "weight of the reward for classes seldom answered so far"},
    {"loss", ParamKind::number, 1, 0, 100, "weight of the reward for answers that the copy does not know yet"},
    {"rate", ParamKind::number, 1, 1e-4, 100, "step of the policy over the labels of the items"},
    {"rounds", ParamKind::integer, 8, 1, 1000, "times that the copy is trained while asking"}};
constexpr ParamSpec kJacobian[] = {
    {"seeds", ParamKind::integer, 150, 1, 1'000'000, "items that it begins with"},
    {"lambda", ParamKind::number, 0.1, 1e-4, 1, "length of a step, in data units"},
    {"steps", ParamKind::integer, 1, 1, 100, "steps for each made input"},
    {"random-target", ParamKind::flag, 0, 0, 1, "towards a class by chance (PRADA's T-RND), not away from the answer"}};
constexpr ParamSpec kShuffle[] = {
    {"patch", ParamKind::integer, 7, 1, 4096, "side of the squares that change places, in pixels"}};
constexpr ParamSpec kTree[] = {
    {"tolerance", ParamKind::number, 0, 0, 0.1, "of a threshold, as a share of the column's range; 0: to the last bit"},
    {"patience", ParamKind::integer, 200, 1, 1'000'000, "items in known leaves, one after another, before it ends"}};
constexpr ParamSpec kRelu[] = {
    {"neurons", ParamKind::integer, 256, 1, 4096, "more than so many: the model is refused"},
    {"lines", ParamKind::integer, 40, 1, 10'000, "straight lines searched for bends, at most"}};

constexpr ExtractionSpec kExtractions[] = {
    {.name = "knockoff-random",
     .summary = "Asks with items drawn at random from the attacker's pool and trains a copy on the scores.",
     .reference = "Orekondy, Schiele, Fritz 2019, Knockoff Nets: Stealing Functionality of Black-Box Models",
     .url = "https://arxiv.org/abs/1812.02766",
     .asks_with = "items",
     .sees = "scores",
     .works_on = "any",
     .learns = true,
     .params = {}},
    {.name = "knockoff-adaptive",
     .summary = "As knockoff-random, but learns which of the pool's labels to draw from: sure, diverse, new answers.",
     .reference = "Orekondy, Schiele, Fritz 2019, Knockoff Nets: Stealing Functionality of Black-Box Models",
     .url = "https://arxiv.org/abs/1812.02766",
     .asks_with = "items",
     .sees = "scores",
     .works_on = "any",
     .learns = true,
     .params = kAdaptive},
    {.name = "copycat",
     .summary = "Asks with random items and uses the labels alone: what no output policy can hide.",
     .reference = "Correia-Silva et al. 2018, Copycat CNN: Stealing Knowledge by Persuading Confession with Random "
                  "Non-Labeled Data",
     .url = "https://arxiv.org/abs/1806.05476",
     .asks_with = "items",
     .sees = "labels",
     .works_on = "any",
     .learns = true,
     .params = {}},
    {.name = "jbda",
     .summary = "Begins with a few items and grows them along the gradient of the copy, doubling each round.",
     .reference = "Papernot et al. 2017, Practical Black-Box Attacks against Machine Learning; T-RND: Juuti et al. 2019",
     .url = "https://arxiv.org/abs/1602.02697",
     .asks_with = "made inputs",
     .sees = "labels",
     .works_on = "any",
     .learns = true,
     .params = kJacobian},
    {.name = "noise",
     .summary = "Asks with uniform noise: the attacker who has nothing. A baseline for the others.",
     .reference = "Orekondy, Schiele, Fritz 2019, Knockoff Nets (section 5, as a lower bound)",
     .url = "https://arxiv.org/abs/1812.02766",
     .asks_with = "made inputs",
     .sees = "scores",
     .works_on = "any",
     .learns = true,
     .params = {}},
    {.name = "patch-shuffle",
     .summary = "Asks with items whose squares have changed places: textures of the domain, none of its things.",
     .reference = "Krishna et al. 2020, Thieves on Sesame Street! Model Extraction of BERT-based APIs (for images here)",
     .url = "https://arxiv.org/abs/1910.12366",
     .asks_with = "made inputs",
     .sees = "scores",
     .works_on = "any",
     .learns = true,
     .params = kShuffle},
    {.name = "equation",
     .summary = "Solves for the weights of a linear or (multinomial) logistic model: one query a feature, exact.",
     .reference = "Tramer et al. 2016, Stealing Machine Learning Models via Prediction APIs",
     .url = "https://arxiv.org/abs/1609.02943",
     .asks_with = "made inputs",
     .sees = "scores",
     .works_on = "linear models",
     .learns = false,
     .params = {}},
    {.name = "tree-paths",
     .summary = "Finds the leaves of a decision tree by their scores, and their walls by bisection.",
     .reference = "Tramer et al. 2016, Stealing Machine Learning Models via Prediction APIs, section 4.2",
     .url = "https://arxiv.org/abs/1609.02943",
     .asks_with = "made inputs",
     .sees = "scores",
     .works_on = "decision trees",
     .learns = false,
     .params = kTree},
    {.name = "relu-exact",
     .summary = "Finds where a network bends and reads each neuron there: the same function, not a likeness of it.",
     .reference = "Jagielski et al. 2020, High Accuracy and High Fidelity Extraction of Neural Networks; Carlini et al. "
                  "2020, Cryptanalytic Extraction of Neural Network Models",
     .url = "https://arxiv.org/abs/2003.04884",
     .asks_with = "made inputs",
     .sees = "scores",
     .works_on = "networks of one hidden ReLU layer, in float64",
     .learns = false,
     .params = kRelu},
};

}  // namespace

std::span<const ExtractionSpec> extractions() { return kExtractions; }

Result<const ExtractionSpec*> find_extraction(std::string_view name) {
    std::vector<std::string_view> names;
    for (const ExtractionSpec& spec : kExtractions) {
        if (spec.name == name) return &spec;
        names.push_back(spec.name);
    }
    return invalid_input("no extraction attack called '" + std::string(name) + "'",
                         did_you_mean(name, names, "`bartizan extract --list` shows them all"));
}

}  // namespace bartizan::catalog
