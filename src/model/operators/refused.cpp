// Operators that are known and refused: those over sequences, optionals and strings, those that hold subgraphs, and
// the training ones. The error names the operator and says why.
#include "model/operators/build.h"
#include "model/operators/families.h"

namespace bartizan::model::operators {
namespace refused {
namespace {

enum class Why { sequence, optional, string, subgraph, training };

constexpr std::string_view reason(Why why) {
    switch (why) {
        case Why::sequence:
            return "works on sequences of tensors";
        case Why::optional:
            return "works on optional values";
        case Why::string:
            return "works on strings";
        case Why::subgraph:
            return "holds a subgraph";
        case Why::training:
            break;
    }
    return "is a training step";
}

template <Why why>
Result<Kernel> refuse(const graph::Node& node, std::int64_t) {
    return unsupported("operator " + node.op_type + " " + std::string(reason(why)) + ", which is not supported",
                       "export the model without it");
}

constexpr std::string_view kTraining = "ai.onnx.preview.training";

constexpr OperatorSpec kOperators[] = {
    {"", "ConcatFromSequence", 1, Gradient::none, refuse<Why::sequence>},
    {"", "If", 1, Gradient::none, refuse<Why::subgraph>},
    {"", "Loop", 1, Gradient::none, refuse<Why::subgraph>},
    {"", "Optional", 1, Gradient::none, refuse<Why::optional>},
    {"", "OptionalGetElement", 1, Gradient::none, refuse<Why::optional>},
    {"", "OptionalHasElement", 1, Gradient::none, refuse<Why::optional>},
    {"", "RegexFullMatch", 1, Gradient::none, refuse<Why::string>},
    {"", "Scan", 1, Gradient::none, refuse<Why::subgraph>},
    {"", "SequenceAt", 1, Gradient::none, refuse<Why::sequence>},
    {"", "SequenceConstruct", 1, Gradient::none, refuse<Why::sequence>},
    {"", "SequenceEmpty", 1, Gradient::none, refuse<Why::sequence>},
    {"", "SequenceErase", 1, Gradient::none, refuse<Why::sequence>},
    {"", "SequenceInsert", 1, Gradient::none, refuse<Why::sequence>},
    {"", "SequenceLength", 1, Gradient::none, refuse<Why::sequence>},
    {"", "SequenceMap", 1, Gradient::none, refuse<Why::subgraph>},
    {"", "SplitToSequence", 1, Gradient::none, refuse<Why::sequence>},
    {"", "StringConcat", 1, Gradient::none, refuse<Why::string>},
    {"", "StringNormalizer", 1, Gradient::none, refuse<Why::string>},
    {"", "StringSplit", 1, Gradient::none, refuse<Why::string>},
    {kTraining, "Adagrad", 1, Gradient::none, refuse<Why::training>},
    {kTraining, "Adam", 1, Gradient::none, refuse<Why::training>},
    {kTraining, "Gradient", 1, Gradient::none, refuse<Why::training>},
    {kTraining, "Momentum", 1, Gradient::none, refuse<Why::training>},
};

}  // namespace
}  // namespace refused

std::span<const OperatorSpec> refused_operators() { return refused::kOperators; }

}  // namespace bartizan::model::operators
