#pragma once
/// A graph made ready to run: its operators compiled, constants computed ahead, dead nodes gone, each value freed after
/// its last use. Internal to `model`.
/// Thread rule: immutable once made; `run` may be called from several threads at once.

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "model/kernel.h"
#include "model/weights.h"

namespace bartizan::model {

class Plan {
public:
    /// Fails with `unsupported` naming the operator, `invalid_input` naming the node.
    /// With live weights nothing that depends on a trainable weight is computed ahead.
    static Result<std::unique_ptr<const Plan>> make(const graph::Graph& graph, std::shared_ptr<const Weights> weights);

    /// Outputs in the graph's order; undefined where an output is not a tensor.
    Result<Tensors> run(std::span<const at::Tensor> inputs, Mode mode) const;

    /// From the graph's first input to its output `index`.
    GradientPath gradient_path(std::size_t index) const;

    std::size_t steps() const { return steps_.size(); }

private:
    struct Step {
        const OperatorSpec* spec = nullptr;
        Kernel kernel;
        std::string place;
        std::vector<std::int32_t> inputs;   ///< value numbers; -1: left out
        std::vector<std::int32_t> outputs;  ///< value numbers; -1: not wanted
        std::vector<std::int32_t> dead;     ///< values that nobody needs afterwards
        bool relu_in_place = false;
    };
    class Maker;

    std::vector<at::Tensor> constants_for(bool in_double) const;
    Result<void> run_step(const Step& step, std::vector<at::Tensor>& values, Mode mode) const;

    std::vector<Step> steps_;
    std::vector<at::Tensor> constants_;  ///< by value number; undefined: computed
    std::vector<std::int32_t> inputs_, outputs_;
    bool live_ = false;
    mutable std::once_flag double_once_;
    mutable std::vector<at::Tensor> double_constants_;  ///< for float64 inputs
};

}  // namespace bartizan::model
