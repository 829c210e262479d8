#include "model/plan.h"

#include <algorithm>
#include <optional>

#include <ATen/core/Tensor.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/relu.h>

#include "model/taps.h"
#include "model/tensors.h"

namespace bartizan::model {
namespace plan {
namespace {

bool is_narrow(at::ScalarType type) { return type == at::kHalf || type == at::kBFloat16; }

/// float64 anywhere asks for a float64 run; float32 for a half-precision input for a float32 run.
Precision precision_of(std::span<const at::Tensor> inputs, const std::vector<at::ScalarType>& declared) {
    Precision precision;
    for (std::size_t i = 0; i < inputs.size(); ++i) {
        if (!inputs[i].defined()) continue;
        const at::ScalarType given = inputs[i].scalar_type();
        if (given == at::kDouble && declared[i] != at::kDouble) return at::kDouble;
        if (given == at::kFloat && is_narrow(declared[i])) precision = at::kFloat;
    }
    return precision;
}

GradientPath::Reach reach_of(Gradient gradient) {
    switch (gradient) {
        case Gradient::smooth:
            return GradientPath::Reach::smooth;
        case Gradient::zero:
            return GradientPath::Reach::zero;
        case Gradient::none:
            return GradientPath::Reach::none;
    }
    return GradientPath::Reach::none;
}

}  // namespace
}  // namespace plan

/// One run: what is in the slots, and the inputs of the step at hand.
struct Plan::State {
    const std::vector<at::Tensor>& constants;
    Precision precision;
    Mode mode;
    std::vector<at::Tensor> slots;
    std::vector<at::Tensor> gathered;
};

bool Plan::tracks_gradients(std::span<const at::Tensor> inputs) const {
    const auto required = [](const at::Tensor& tensor) { return tensor.defined() && tensor.requires_grad(); };
    return at::GradMode::is_enabled() &&
           (std::ranges::any_of(inputs, required) || (live_ && std::ranges::any_of(constants_.as_given(), required)));
}

at::Tensor Plan::read(const Operand& operand, State& state) const {
    const auto index = static_cast<std::size_t>(operand.index);
    switch (operand.from) {
        case Operand::From::absent:
            return {};
        case Operand::From::constant:
            return state.constants[index];
        case Operand::From::slot:
            return operand.last_use ? std::move(state.slots[index]) : state.slots[index];
    }
    return {};
}

bool Plan::take_shortcut(const Step& step, State& state) const {
    if (step.shortcut == Shortcut::none) return false;
    const std::vector<at::Tensor>& inputs = state.gathered;
    const at::ScalarType type = inputs[0].scalar_type();
    const bool full = type == at::kFloat || type == at::kDouble;  // kernels take care of the rest
    at::Tensor& output = state.slots[static_cast<std::size_t>(step.outputs[0])];
    switch (step.shortcut) {
        case Shortcut::none:
            return false;
        case Shortcut::relu_in_place:
            if (!full) return false;
            output = inputs[0].relu_();
            return true;
        case Shortcut::add_in_place:
            if (!full || inputs[1].scalar_type() != type || inputs[0].sizes() != inputs[1].sizes()) return false;
            output = inputs[0].add_(inputs[1]);
            return true;
        case Shortcut::float_cast:
            if (!state.precision || !at::isFloatingType(type)) return false;
            output = inputs[0];
            return true;
    }
    return false;
}

Result<void> Plan::run_step(const Step& step, State& state) const {
    std::vector<at::Tensor>& inputs = state.gathered;
    for (const Operand& operand : step.inputs) inputs.push_back(read(operand, state));
    const bool tapped = Tapping::wanted();  // what is tapped must not be written into by the next step
    if (tapped || !take_shortcut(step, state)) {
        Tensors outputs = BARTIZAN_TRY(step.kernel({.inputs = inputs, .mode = state.mode}));
        if (tapped && !outputs.empty()) Tapping::note(step.value, inputs, outputs[0]);
        for (std::size_t i = 0; i < std::min(step.outputs.size(), outputs.size()); ++i)
            if (step.outputs[i] >= 0)
                state.slots[static_cast<std::size_t>(step.outputs[i])] = with_precision(outputs[i], state.precision);
    }
    inputs.clear();
    return {};
}

bool Plan::take_stack(std::size_t first, State& state) const {
    const Step& begin = steps_[first];
    if (begin.stack == nullptr || Tapping::wanted()) return false;  // a tap hears each step
    std::vector<at::Tensor>& others = state.gathered;
    for (std::size_t i = first; i < begin.stack_end; ++i)
        for (std::size_t k = 1; k < steps_[i].inputs.size(); ++k) others.push_back(read(steps_[i].inputs[k], state));
    const Operand& from = begin.inputs[0];
    const at::Tensor x = read({from.from, false, from.index}, state);
    auto made = begin.stack->run(x, others);
    others.clear();
    if (!made) return false;
    if (from.last_use) read(from, state);
    state.slots[static_cast<std::size_t>(steps_[begin.stack_end - 1].outputs[0])] = std::move(*made);
    return true;
}

Result<Tensors> Plan::run(std::span<const at::Tensor> inputs, Mode mode) const {
    if (inputs.size() != inputs_.size())
        return invalid_input("the model takes " + std::to_string(inputs_.size()) + " inputs, given " +
                             std::to_string(inputs.size()));
    const Step* current = nullptr;
    Tensors outputs;
    auto done = guarded([&]() -> Result<void> {
        const at::AutoGradMode gradients(tracks_gradients(inputs));
        const Precision precision = plan::precision_of(inputs, declared_);
        std::vector<at::Tensor> scratch;
        State state{constants_.in(precision, live_, scratch), precision, mode, {}, {}};
        state.slots.resize(static_cast<std::size_t>(slots_));
        for (std::size_t i = 0; i < inputs.size(); ++i)
            if (inputs_[i] >= 0) state.slots[static_cast<std::size_t>(inputs_[i])] = inputs[i];
        for (std::size_t i = 0; i < steps_.size();) {
            current = &steps_[i];
            if (take_stack(i, state)) {
                i = current->stack_end;
                continue;
            }
            BARTIZAN_TRY(run_step(*current, state));
            ++i;
        }
        for (const Operand& output : outputs_) outputs.push_back(read(output, state));
        return {};
    });
    if (!done.ok())
        return current == nullptr ? std::move(done).error() : std::move(done).error().within(current->place);
    return outputs;
}

GradientPath Plan::gradient_path(std::size_t index) const {
    // For each slot the best way to it from the first input, and what stands in the way of a better one.
    std::vector<std::optional<GradientPath>> best(static_cast<std::size_t>(slots_));
    const auto way_to = [&](const Operand& operand) {
        return operand.from == Operand::From::slot ? best[static_cast<std::size_t>(operand.index)] : std::nullopt;
    };
    if (!inputs_.empty() && inputs_[0] >= 0) best[static_cast<std::size_t>(inputs_[0])] = GradientPath{};
    for (const Step& step : steps_) {
        std::optional<GradientPath> through;
        for (const Operand& operand : step.inputs)
            if (const auto way = way_to(operand); way && (!through || way->reach < through->reach)) through = way;
        if (!through) continue;
        if (const auto reach = plan::reach_of(step.spec->gradient); reach > through->reach)
            through = GradientPath{reach, step.place};
        for (const std::int32_t output : step.outputs)
            if (output >= 0) best[static_cast<std::size_t>(output)] = through;
    }
    const auto found = index < outputs_.size() ? way_to(outputs_[index]) : std::nullopt;
    return found.value_or(GradientPath{GradientPath::Reach::none, "the output does not depend on the input"});
}

}  // namespace bartizan::model
