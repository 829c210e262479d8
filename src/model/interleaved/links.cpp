/// Which nodes have a place in a stack.
#include <algorithm>

#include "model/interleaved/stack.h"
#include "model/operators/convolution.h"

namespace bartizan::model::interleaved {
namespace links {
namespace {

std::optional<Link> convolution(const graph::Node& node) {
    const auto window = operators::read_window(node);
    const auto groups = operators::read_groups(node);
    if (!window.ok() || !groups.ok() || *groups != 1) return std::nullopt;
    if (std::ranges::any_of(window->dilations, [](std::int64_t value) { return value != 1; })) return std::nullopt;
    return Link{Link::Kind::convolution, *window};
}

std::optional<Link> product(const graph::Node& node) {
    const auto alpha = node.real("alpha", 1), beta = node.real("beta", 1);
    const auto left = node.integer("transA", 0), right = node.integer("transB", 0);
    if (!alpha.ok() || !beta.ok() || !left.ok() || !right.ok() || *alpha != 1 || *beta != 1 || *left != 0)
        return std::nullopt;
    return Link{Link::Kind::product, {}, *right != 0};
}

}  // namespace
}  // namespace links

std::optional<Link> link_of(const graph::Node& node) {
    const std::size_t inputs = node.inputs.size();
    const bool named = std::ranges::none_of(node.inputs, [](const std::string& name) { return name.empty(); });
    if (!node.domain.empty() || node.outputs.size() != 1 || !named) return std::nullopt;
    if (node.op_type == "Conv" && (inputs == 2 || inputs == 3)) return links::convolution(node);
    if (node.op_type == "Gemm" && (inputs == 2 || inputs == 3)) return links::product(node);
    if (node.op_type == "Relu" && inputs == 1) return Link{Link::Kind::relu};
    if (node.op_type == "Reshape" && inputs == 2 && !node.has("allowzero")) return Link{Link::Kind::reshape};
    if (node.op_type == "Flatten" && inputs == 1) {
        const auto axis = node.integer("axis", 1);
        if (axis.ok() && *axis == 1) return Link{Link::Kind::flatten};
    }
    return std::nullopt;
}

}  // namespace bartizan::model::interleaved
