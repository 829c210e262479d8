// Changes of element type: Cast, CastLike. Strings are not supported.
#include <ATen/core/Tensor.h>

#include "model/operators/build.h"
#include "model/operators/families.h"

namespace bartizan::model::operators {
namespace casting {
namespace {

Result<Kernel> cast(const graph::Node& node, std::int64_t) {
    BARTIZAN_TRY(expect_inputs(node, 1, 1));
    if (!node.has("to")) return invalid_input("Cast without its attribute 'to'");
    const ElementType target = BARTIZAN_TRY(element_type_attribute(node, "to", 0));
    return single([target](const Call& call) -> Result<at::Tensor> {
        if (!call.has(0)) return unsupported("Cast from strings");
        return convert(call.inputs[0], target);
    });
}

Result<Kernel> cast_like(const graph::Node& node, std::int64_t) {
    BARTIZAN_TRY(expect_inputs(node, 2, 2));
    return single([](const Call& call) -> Result<at::Tensor> {
        if (!call.has(0) || !call.has(1)) return unsupported("CastLike from or to strings");
        return call.inputs[0].to(call.inputs[1].scalar_type());
    });
}

constexpr OperatorSpec kOperators[] = {
    {"", "Cast", 6, Gradient::smooth, cast},
    {"", "CastLike", 15, Gradient::smooth, cast_like},
};

}  // namespace
}  // namespace casting

std::span<const OperatorSpec> casting_operators() { return casting::kOperators; }

}  // namespace bartizan::model::operators
