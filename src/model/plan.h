#pragma once
/// A graph made ready to run: its operators compiled, constants computed ahead, dead nodes gone, each value freed at
/// its last use. Internal to `model`.
/// Thread rule: immutable once made; `run` may be called from several threads at once.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "model/constants.h"
#include "model/interleaved/stack.h"
#include "model/kernel.h"
#include "model/weights.h"

namespace bartizan::model {

class Plan {
public:
    /// Fails with `unsupported` naming the operator, `invalid_input` naming the node.
    /// With live weights nothing that depends on a trainable weight is computed ahead.
    static Result<std::unique_ptr<const Plan>> make(const graph::Graph& graph, std::shared_ptr<const Weights> weights);

    /// Outputs in the graph's order; undefined where an output is not a tensor. Builds the autograd graph where an
    /// input, or a live weight, requires a gradient; else none. Inputs wider than the model declares (float32 for
    /// float16, float64 for any) run the whole model in their precision.
    Result<Tensors> run(std::span<const at::Tensor> inputs, Mode mode) const;

    /// From the graph's first input to its output `index`.
    GradientPath gradient_path(std::size_t index) const;

    /// Nodes that are left to run.
    std::size_t steps() const { return steps_.size(); }

private:
    /// Where a step finds an input.
    struct Operand {
        enum class From : std::uint8_t { absent, constant, slot } from = From::absent;
        bool last_use = false;  ///< nobody needs the slot afterwards: the step may take the tensor
        std::int32_t index = 0;
    };
    /// Steps that need not go through their kernel: a Relu or Add may write into its first input, when that is fresh
    /// and dies here; a cast between floating-point types does nothing in a run that has its own precision.
    enum class Shortcut : std::uint8_t { none, relu_in_place, add_in_place, float_cast };
    struct Step {
        const OperatorSpec* spec = nullptr;
        Kernel kernel;
        std::string place;
        std::string value;  ///< the graph's name of the first output
        std::vector<Operand> inputs;
        std::vector<std::int32_t> outputs;  ///< slots; -1: not wanted
        Shortcut shortcut = Shortcut::none;
        std::shared_ptr<const interleaved::Stack> stack;  ///< this step and those that follow, up to `stack_end`
        std::size_t stack_end = 0;
    };
    struct State;
    friend class PlanMaker;

    bool tracks_gradients(std::span<const at::Tensor> inputs) const;
    bool take_shortcut(const Step& step, State& state) const;
    Result<void> run_step(const Step& step, State& state) const;
    bool take_stack(std::size_t first, State& state) const;
    at::Tensor read(const Operand& operand, State& state) const;

    std::vector<Step> steps_;
    Constants constants_;
    std::vector<std::int32_t> inputs_;      ///< slots
    std::vector<at::ScalarType> declared_;  ///< of the inputs; Undefined where the file does not say
    std::vector<Operand> outputs_;
    std::int32_t slots_ = 0;
    bool live_ = false;
};

}  // namespace bartizan::model
