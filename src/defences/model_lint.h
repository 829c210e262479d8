#pragma once
/// What stands out in the graph and the weights of a model, without running it: the marks of trojans that were built in
/// by hand. An architectural backdoor reads the input a second time, beside the network (Bober-Irizar et al. 2023,
/// "Architectural Backdoors in Neural Networks"); a weight-space one adds a detector neuron with its own wire to a
/// class (Hong, Carlini, Kurakin 2022, "Handcrafted Backdoors in Deep Neural Networks"; Qi et al. 2022, "Subnet
/// Replacement"). Thread rule: pure functions.

#include <string>
#include <string_view>
#include <vector>

#include "graph/graph.h"

namespace bartizan::defences {

struct LintNote {
    enum class Kind {
        parallel_branch,  ///< the input goes into several computations, and a side one skips the network
        branch_on_input,  ///< the input is compared and the answer is chosen by it
        detector_neuron,  ///< one neuron whose wire to one class is far heavier than any other's
        isolated_neuron,  ///< one neuron that reads few of its inputs, in a layer whose others read all
    };
    Kind kind;
    std::string node;    ///< where: "node 'conv1' (Conv)"
    std::string detail;  ///< for people
};
std::string_view to_string(LintNote::Kind kind);

/// At most `kMostNotes` notes, in the order of the graph.
std::vector<LintNote> lint_model(const graph::Graph& graph);

inline constexpr std::size_t kMostNotes = 20;

}  // namespace bartizan::defences
