/// The one list of operator families.
#include <string>

#include "model/kernel.h"
#include "model/operators/families.h"

namespace bartizan::model {
namespace {

using Family = std::span<const OperatorSpec> (*)();

constexpr Family kFamilies[] = {
    operators::activation_operators,
    operators::binary_operators,
    operators::casting_operators,
    operators::convolution_operators,
    operators::experimental_operators,
    operators::growing_operators,
    operators::indexing_operators,
    operators::joining_operators,
    operators::layer_normalization_operators,
    operators::linear_algebra_operators,
    operators::loss_operators,
    operators::lp_operators,
    operators::making_operators,
    operators::ml_feature_operators,
    operators::ml_linear_operators,
    operators::ml_tree_operators,
    operators::normalization_operators,
    operators::pooling_operators,
    operators::quantization_operators,
    operators::random_operators,
    operators::recurrent_operators,
    operators::reduction_operators,
    operators::refused_operators,
    operators::resizing_operators,
    operators::roi_operators,
    operators::sampling_operators,
    operators::scatter_operators,
    operators::selection_operators,
    operators::shape_operators,
    operators::signal_operators,
    operators::text_operators,
    operators::transposed_convolution_operators,
    operators::unary_operators,
    operators::unpooling_operators,
    operators::variadic_operators,
};

std::string full_name(const graph::Node& node) {
    return node.domain.empty() ? node.op_type : node.domain + ":" + node.op_type;
}

}  // namespace

Result<const OperatorSpec*> find_operator(const graph::Node& node, std::int64_t opset) {
    const OperatorSpec* newest = nullptr;
    bool known = false;
    for (const Family family : kFamilies)
        for (const OperatorSpec& spec : family()) {
            if (spec.op_type != node.op_type || spec.domain != node.domain) continue;
            known = true;
            if (spec.since <= opset && (newest == nullptr || spec.since > newest->since)) newest = &spec;
        }
    if (newest != nullptr) return newest;
    return unsupported("operator " + full_name(node) + " of opset " + std::to_string(opset) +
                           (known ? " is older than what this build runs" : " is not among those this build runs"),
                       "export the model with the operators that `docs/operators.md` lists");
}

std::vector<const OperatorSpec*> all_operators() {
    std::vector<const OperatorSpec*> all;
    for (const Family family : kFamilies)
        for (const OperatorSpec& spec : family()) all.push_back(&spec);
    return all;
}

}  // namespace bartizan::model
