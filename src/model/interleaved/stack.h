#pragma once
/// Convolutions, products with matrices and Relus that follow one another, run as one: forwards, and backwards by
/// input and weights, on interleaved images. What it cannot take it leaves to the steps themselves.
/// Internal to `model`. Thread rule: `run` may be called from several threads at once.

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include <ATen/core/Tensor.h>

#include "graph/graph.h"
#include "model/interleaved/packing.h"
#include "model/kernel.h"
#include "model/operators/window.h"

namespace bartizan::model::interleaved {

/// What a node is in a stack.
struct Link {
    enum class Kind { convolution, product, relu, flatten, reshape } kind = Kind::relu;
    operators::Window window;  ///< of a convolution
    bool transposed = false;   ///< of a product: weights [outputs, inputs]
    bool heavy() const { return kind == Kind::convolution || kind == Kind::product; }
};
/// Nothing where the node has no place in a stack.
std::optional<Link> link_of(const graph::Node& node);

/// One node: its first input is what the one before made, or the stack's own.
struct Member {
    Link link;
    Kernel kernel;           ///< the step itself, for who differentiates twice
    std::size_t others = 0;  ///< further inputs: weight, bias, shape
};

class Stack : public std::enable_shared_from_this<Stack> {
public:
    /// `live`: training may change the weights between runs.
    Stack(std::vector<Member> members, bool live) : members_(std::move(members)), live_(live) {}

    /// `others`: the further inputs of all members, one after another; undefined where one is left out. Nothing where
    /// shapes, types or sizes are not made for this: the caller runs the steps. Differentiable, twice too.
    std::optional<at::Tensor> run(const at::Tensor& x, std::span<const at::Tensor> others) const;

    /// The steps one by one. Throws c10::Error where one fails.
    at::Tensor replay(at::Tensor x, std::span<const at::Tensor> others) const;

private:
    std::vector<Member> members_;
    bool live_;
    mutable PackedWeights packed_;
};

}  // namespace bartizan::model::interleaved
