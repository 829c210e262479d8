/// How a plan is made: number the values, compile, compute constants ahead, find last uses.
#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string_view>

#include <ATen/core/Tensor.h>
#include <ATen/core/grad_mode.h>

#include "graph/graph.h"
#include "model/plan.h"
#include "model/tensors.h"

namespace bartizan::model {
namespace plan_maker {
namespace {

// Constants larger than this are not computed ahead: an Expand of a scalar should not live as a gigabyte.
constexpr std::int64_t kMaxFoldedElements = std::int64_t{1} << 24;

/// Operators whose output is a new tensor, shared with nothing and not kept for the backward pass: what follows may
/// write into it.
constexpr std::string_view kFreshOutputs[] = {"Conv", "Gemm", "ConvTranspose", "BatchNormalization", "Add", "MaxPool"};
/// Operators that are not functions of their inputs alone.
constexpr std::string_view kNotConstant[] = {"RandomNormal", "RandomUniform", "RandomNormalLike", "RandomUniformLike",
                                             "Bernoulli",    "Multinomial",   "Dropout"};

bool is_one_of(std::span<const std::string_view> names, std::string_view name) {
    return std::ranges::find(names, name) != names.end();
}

/// Number 1, 10, 11 or 16 of TensorProto.DataType: float, float16, double, bfloat16.
bool casts_to_float(const graph::Node& node) {
    const std::int64_t to = node.integer("to", 0).value_or(0);
    return to == 1 || to == 10 || to == 11 || to == 16;
}

/// Of floating-point types alone: those decide in which precision a run computes.
at::ScalarType float_type_of(const graph::TensorType& type) {
    const at::ScalarType scalar = type.dtype ? scalar_type_of(*type.dtype) : at::ScalarType::Undefined;
    return at::isFloatingType(scalar) ? scalar : at::ScalarType::Undefined;
}

}  // namespace
}  // namespace plan_maker

class PlanMaker {
public:
    PlanMaker(const graph::Graph& graph, const Weights& weights) : graph_(graph), weights_(weights) {}

    Result<std::unique_ptr<const Plan>> make() {
        mark_needed();
        plan_->live_ = weights_.live;
        if (weights_.live)
            for (const std::string& name : trainable_names(graph_)) live_.insert(name);
        for (const graph::Value& input : graph_.inputs) {
            plan_->inputs_.push_back(needed_.contains(input.name) ? new_slot(input.name) : -1);
            plan_->declared_.push_back(plan_maker::float_type_of(input.type));
        }
        for (const auto& [name, tensor] : weights_.tensors)
            if (needed_.contains(name)) set_constant(name, tensor);
        for (std::size_t i = 0; i < graph_.nodes.size(); ++i)
            if (node_needed_[i]) BARTIZAN_TRY_WITHIN(add(graph_.nodes[i]), graph_.nodes[i].place());
        for (const graph::Value& output : graph_.outputs) plan_->outputs_.push_back(operand(output.name));
        find_last_uses();
        find_stacks();
        return std::unique_ptr<const Plan>(std::move(plan_));
    }

private:
    using From = Plan::Operand::From;

    /// Walks back from the outputs: what is not met is dead.
    void mark_needed() {
        for (const graph::Value& output : graph_.outputs) needed_.insert(output.name);
        node_needed_.assign(graph_.nodes.size(), false);
        for (std::size_t i = graph_.nodes.size(); i-- > 0;) {
            const graph::Node& node = graph_.nodes[i];
            node_needed_[i] = std::ranges::any_of(
                node.outputs, [&](const std::string& name) { return !name.empty() && needed_.contains(name); });
            if (!node_needed_[i]) continue;
            needed_.insert(node.inputs.begin(), node.inputs.end());
            for (const std::string& name : node.inputs) ++uses_[name];
        }
        for (const graph::Value& output : graph_.outputs) ++uses_[output.name];
    }

    std::int32_t new_slot(const std::string& name) {
        values_[name] = {From::slot, false, plan_->slots_};
        return plan_->slots_++;
    }

    void set_constant(const std::string& name, const at::Tensor& tensor) {
        values_[name] = {From::constant, false, plan_->constants_.add(tensor)};
    }

    Plan::Operand operand(const std::string& name) const {
        const auto found = values_.find(name);
        return name.empty() || found == values_.end() ? Plan::Operand{} : found->second;
    }

    Result<void> add(const graph::Node& node) {
        const std::int64_t opset = graph_.opset(node.domain);
        Plan::Step step;
        step.spec = BARTIZAN_TRY(find_operator(node, opset));
        step.kernel = BARTIZAN_TRY(step.spec->compile(node, opset));
        step.place = node.place();
        if (!node.outputs.empty()) step.value = node.outputs[0];
        for (const std::string& name : node.inputs) step.inputs.push_back(operand(name));
        if (can_fold(node, step) && BARTIZAN_TRY(fold(node, step))) return {};
        if (std::ranges::any_of(node.inputs, [&](const std::string& name) { return live_.contains(name); }))
            live_.insert(node.outputs.begin(), node.outputs.end());
        for (const std::string& name : node.outputs)
            step.outputs.push_back(!name.empty() && needed_.contains(name) ? new_slot(name) : -1);
        step.shortcut = shortcut_of(node, step);
        for (const std::string& name : node.outputs) producers_[name] = node.op_type;
        links_.push_back(interleaved::link_of(node));
        plan_->steps_.push_back(std::move(step));
        return {};
    }

    /// A step writes into an input only if it is the input's one use: another step may have kept it for the backward
    /// pass (batch normalisation keeps its input), or made a view of it.
    Plan::Shortcut shortcut_of(const graph::Node& node, Plan::Step& step) const {
        using enum Plan::Shortcut;
        const auto fresh = [&](const std::string& name) {
            const auto found = producers_.find(name);
            return found != producers_.end() && uses_.at(name) == 1 &&
                   plan_maker::is_one_of(plan_maker::kFreshOutputs, found->second);
        };
        if (!node.domain.empty() || node.outputs.size() != 1) return none;
        if (node.op_type == "Relu" && node.inputs.size() == 1 && fresh(node.inputs[0])) return relu_in_place;
        if (node.op_type == "Cast" && plan_maker::casts_to_float(node)) return float_cast;
        // Addition does not mind the order, unless the second input is laid along an axis of the first (opset below 7).
        if (node.op_type != "Add" || node.inputs.size() != 2 || node.has("axis")) return none;
        if (fresh(node.inputs[0])) return add_in_place;
        if (!fresh(node.inputs[1])) return none;
        std::swap(step.inputs[0], step.inputs[1]);
        return add_in_place;
    }

    bool can_fold(const graph::Node& node, const Plan::Step& step) const {
        if (plan_maker::is_one_of(plan_maker::kNotConstant, node.op_type)) return false;
        if (std::ranges::any_of(node.inputs, [&](const std::string& name) { return live_.contains(name); }))
            return false;
        return std::ranges::none_of(step.inputs, [](const Plan::Operand& input) { return input.from == From::slot; });
    }

    /// Computes a node ahead. False where the result is too large to keep.
    Result<bool> fold(const graph::Node& node, const Plan::Step& step) {
        Tensors inputs, outputs;
        for (const Plan::Operand& input : step.inputs)
            inputs.push_back(input.from == From::absent
                                 ? at::Tensor()
                                 : plan_->constants_.as_given()[static_cast<std::size_t>(input.index)]);
        BARTIZAN_TRY(guarded([&]() -> Result<void> {
            const at::NoGradGuard no_grad;
            outputs = BARTIZAN_TRY(step.kernel({.inputs = inputs, .mode = Mode::evaluation}));
            return {};
        }));
        if (std::ranges::any_of(outputs, [](const at::Tensor& tensor) {
                return tensor.defined() && tensor.numel() > plan_maker::kMaxFoldedElements;
            }))
            return false;
        for (std::size_t i = 0; i < std::min(node.outputs.size(), outputs.size()); ++i)
            if (!node.outputs[i].empty()) set_constant(node.outputs[i], outputs[i]);
        return true;
    }

    /// Marks the last use of each slot; a step works in place only on a slot that dies with it.
    void find_last_uses() {
        std::vector<bool> seen(static_cast<std::size_t>(plan_->slots_), false);
        const auto mark = [&seen](std::vector<Plan::Operand>& operands) {
            for (std::size_t i = operands.size(); i-- > 0;) {
                Plan::Operand& use = operands[i];
                if (use.from != From::slot || seen[static_cast<std::size_t>(use.index)]) continue;
                use.last_use = true;
                seen[static_cast<std::size_t>(use.index)] = true;
            }
        };
        mark(plan_->outputs_);
        for (std::size_t i = plan_->steps_.size(); i-- > 0;) {
            Plan::Step& step = plan_->steps_[i];
            mark(step.inputs);
            const bool writes =
                step.shortcut == Plan::Shortcut::relu_in_place || step.shortcut == Plan::Shortcut::add_in_place;
            if (writes && !step.inputs[0].last_use) step.shortcut = Plan::Shortcut::none;
        }
    }

    /// A stack goes on while each step has but one use, the next step, which adds nothing but constants.
    bool goes_on(std::size_t step) const {
        const Plan::Step &now = plan_->steps_[step], &next = plan_->steps_[step + 1];
        const Plan::Operand& joint = next.inputs[0];
        return links_[step + 1] && joint.from == From::slot && joint.last_use && joint.index == now.outputs[0] &&
               only_constants(next);
    }

    static bool only_constants(const Plan::Step& step) {
        return std::all_of(step.inputs.begin() + 1, step.inputs.end(),
                           [](const Plan::Operand& input) { return input.from == From::constant; });
    }

    /// Marks the runs of steps that can go as one. Of a single layer nothing is gained.
    void find_stacks() {
        std::vector<Plan::Step>& steps = plan_->steps_;
        for (std::size_t first = 0, end = 0; first < steps.size(); first = std::max(first + 1, end)) {
            if (!links_[first] || !links_[first]->heavy() || steps[first].inputs[0].from != From::slot ||
                !only_constants(steps[first]))
                continue;
            for (end = first + 1; end < steps.size() && goes_on(end - 1);) ++end;
            std::vector<interleaved::Member> members;
            std::ptrdiff_t layers = 0;
            for (std::size_t i = first; i < end; ++i) {
                members.push_back({*links_[i], steps[i].kernel, steps[i].inputs.size() - 1});
                layers += links_[i]->heavy() ? 1 : 0;
            }
            if (layers < 2) continue;
            steps[first].stack = std::make_shared<const interleaved::Stack>(std::move(members), plan_->live_);
            steps[first].stack_end = end;
        }
    }

    const graph::Graph& graph_;
    const Weights& weights_;
    std::unique_ptr<Plan> plan_ = std::make_unique<Plan>();
    std::map<std::string, Plan::Operand> values_;
    std::map<std::string, std::string> producers_;
    std::set<std::string> needed_;
    std::map<std::string, int> uses_;
    std::set<std::string> live_;
    std::vector<bool> node_needed_;
    std::vector<std::optional<interleaved::Link>> links_;  ///< of each step
};

Result<std::unique_ptr<const Plan>> Plan::make(const graph::Graph& graph, std::shared_ptr<const Weights> weights) {
    return PlanMaker(graph, *weights).make();
}

}  // namespace bartizan::model
