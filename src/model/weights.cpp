#include "model/weights.h"

#include <algorithm>
#include <array>
#include <set>
#include <string_view>
#include <vector>

#include "model/tensors.h"

namespace bartizan::model {
namespace {

/// Which inputs of an operator hold weights, as a half-open range.
struct WeightInputs {
    std::string_view op_type;
    std::size_t first, last;
};
constexpr WeightInputs kWeightInputs[] = {
    {"Conv", 1, 3},
    {"ConvTranspose", 1, 3},
    {"Gemm", 1, 3},
    {"MatMul", 0, 2},
    {"BatchNormalization", 1, 3},
    {"InstanceNormalization", 1, 3},
    {"PRelu", 1, 2},
    {"LayerNormalization", 1, 3},
    {"GroupNormalization", 1, 3},
    {"LSTM", 1, 4},
    {"GRU", 1, 4},
    {"RNN", 1, 4},
};

bool is_float(const NdArray& array) { return array.dtype() == DType::f32 || array.dtype() == DType::f64; }

}  // namespace

Result<std::shared_ptr<Weights>> make_weights(const graph::Graph& graph) {
    auto weights = std::make_shared<Weights>();
    for (const auto& [name, array] : graph.initializers)
        weights->tensors.emplace(name, BARTIZAN_TRY_WITHIN(to_tensor(array), "initializer '" + name + "'"));
    return weights;
}

std::vector<std::string> trainable_names(const graph::Graph& graph) {
    std::set<std::string> names;
    std::set<std::string> dense_outputs;
    const auto take = [&](const std::string& name) {
        const auto found = graph.initializers.find(name);
        if (found != graph.initializers.end() && is_float(found->second)) names.insert(name);
    };
    for (const graph::Node& node : graph.nodes) {
        if (!node.domain.empty()) continue;
        const auto rule = std::ranges::find(kWeightInputs, node.op_type, &WeightInputs::op_type);
        if (rule != std::end(kWeightInputs))
            for (std::size_t i = rule->first; i < std::min(rule->last, node.inputs.size()); ++i) take(node.inputs[i]);
        if (node.op_type == "Gather" && !node.inputs.empty()) {  // an embedding: rows of a table, one for each token
            const auto table = graph.initializers.find(node.inputs[0]);
            if (table != graph.initializers.end() && table->second.rank() == 2) take(node.inputs[0]);
        }
        if (node.op_type == "MatMul" && !node.outputs.empty()) dense_outputs.insert(node.outputs[0]);
        // The bias of a dense layer that was written as MatMul and Add.
        if (node.op_type == "Add" && node.inputs.size() == 2)
            for (std::size_t i = 0; i < 2; ++i)
                if (dense_outputs.contains(node.inputs[1 - i])) take(node.inputs[i]);
    }
    return {names.begin(), names.end()};
}

}  // namespace bartizan::model
