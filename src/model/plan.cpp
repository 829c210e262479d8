#include "model/plan.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string_view>

#include <ATen/core/Tensor.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/relu.h>

#include "graph/graph.h"
#include "model/tensors.h"

namespace bartizan::model {
namespace {

constexpr std::int32_t kAbsent = -1;
// Constants larger than this are not computed ahead: an Expand of a scalar should not live as a gigabyte.
constexpr std::int64_t kMaxFoldedElements = std::int64_t{1} << 24;

/// Operators whose output is made anew each time, shared with nothing: a Relu behind them may work in place.
constexpr std::string_view kFreshOutputs[] = {"Conv", "Gemm", "ConvTranspose", "BatchNormalization", "Add"};
/// Operators that are not functions of their inputs alone.
constexpr std::string_view kNotConstant[] = {"RandomNormal", "RandomUniform", "RandomNormalLike", "RandomUniformLike",
                                             "Bernoulli", "Multinomial", "Dropout"};

bool is_one_of(std::span<const std::string_view> names, std::string_view name) {
    return std::ranges::find(names, name) != names.end();
}

}  // namespace

/// Builds a plan: numbers the values, compiles, folds, finds last uses.
class Plan::Maker {
public:
    Maker(const graph::Graph& graph, const Weights& weights) : graph_(graph), weights_(weights) {}

    Result<std::unique_ptr<const Plan>> make() {
        mark_needed();
        for (const graph::Value& input : graph_.inputs) plan_->inputs_.push_back(number(input.name));
        plan_->live_ = weights_.live;
        if (weights_.live)
            for (const std::string& name : trainable_names(graph_)) live_.insert(name);
        for (const auto& [name, tensor] : weights_.tensors)
            if (needed_.contains(name)) set_constant(name, tensor);
        for (std::size_t i = 0; i < graph_.nodes.size(); ++i)
            if (node_needed_[i]) BARTIZAN_TRY_WITHIN(add(graph_.nodes[i]), graph_.nodes[i].place());
        for (const graph::Value& output : graph_.outputs) plan_->outputs_.push_back(number(output.name));
        find_last_uses();
        return std::unique_ptr<const Plan>(std::move(plan_));
    }

private:
    /// Walks back from the outputs: what is not met is dead.
    void mark_needed() {
        for (const graph::Value& output : graph_.outputs) needed_.insert(output.name);
        node_needed_.assign(graph_.nodes.size(), false);
        for (std::size_t i = graph_.nodes.size(); i-- > 0;) {
            const graph::Node& node = graph_.nodes[i];
            node_needed_[i] = std::ranges::any_of(node.outputs, [&](const std::string& name) {
                return !name.empty() && needed_.contains(name);
            });
            if (node_needed_[i]) needed_.insert(node.inputs.begin(), node.inputs.end());
        }
    }

    std::int32_t number(const std::string& name) {
        if (name.empty()) return kAbsent;
        const auto [found, added] = numbers_.emplace(name, static_cast<std::int32_t>(numbers_.size()));
        if (added) plan_->constants_.emplace_back();
        return found->second;
    }

    void set_constant(const std::string& name, const at::Tensor& tensor) {
        plan_->constants_[static_cast<std::size_t>(number(name))] = tensor;
    }

    Result<void> add(const graph::Node& node) {
        const std::int64_t opset = graph_.opset(node.domain);
        Step step;
        step.spec = BARTIZAN_TRY(find_operator(node, opset));
        step.kernel = BARTIZAN_TRY(step.spec->compile(node, opset));
        step.place = node.place();
        for (const std::string& name : node.inputs) step.inputs.push_back(number(name));
        for (const std::string& name : node.outputs) step.outputs.push_back(needed_.contains(name) ? number(name) : kAbsent);
        if (can_fold(node, step)) return fold(node, step);
        if (std::ranges::any_of(node.inputs, [&](const std::string& name) { return live_.contains(name); }))
            for (const std::string& name : node.outputs) live_.insert(name);
        for (const std::string& name : node.outputs) producers_[name] = node.op_type;
        step.relu_in_place = node.domain.empty() && node.op_type == "Relu" && !node.inputs.empty() &&
                             is_one_of(kFreshOutputs, producers_[node.inputs[0]]);
        plan_->steps_.push_back(std::move(step));
        return {};
    }

    bool can_fold(const graph::Node& node, const Step& step) const {
        if (is_one_of(kNotConstant, node.op_type)) return false;
        for (std::size_t i = 0; i < node.inputs.size(); ++i) {
            if (step.inputs[i] == kAbsent) continue;
            if (!plan_->constants_[static_cast<std::size_t>(step.inputs[i])].defined()) return false;
            if (live_.contains(node.inputs[i])) return false;
        }
        return true;
    }

    Result<void> fold(const graph::Node& node, Step& step) {
        Tensors outputs;
        std::vector<at::Tensor> inputs;
        for (const std::int32_t input : step.inputs)
            inputs.push_back(input == kAbsent ? at::Tensor() : plan_->constants_[static_cast<std::size_t>(input)]);
        BARTIZAN_TRY(guarded([&]() -> Result<void> {
            const at::NoGradGuard no_grad;
            outputs = BARTIZAN_TRY(step.kernel({.inputs = inputs, .mode = Mode::evaluation}));
            return {};
        }));
        if (std::ranges::any_of(outputs, [](const at::Tensor& t) { return t.defined() && t.numel() > kMaxFoldedElements; })) {
            plan_->steps_.push_back(std::move(step));
            return {};
        }
        for (std::size_t i = 0; i < std::min(node.outputs.size(), outputs.size()); ++i)
            if (!node.outputs[i].empty()) set_constant(node.outputs[i], outputs[i]);
        return {};
    }

    /// Each step learns which values die with it; a Relu works in place only on a value that does.
    void find_last_uses() {
        std::set<std::int32_t> kept(plan_->outputs_.begin(), plan_->outputs_.end());
        std::set<std::int32_t> seen;
        for (std::size_t i = plan_->steps_.size(); i-- > 0;) {
            Step& step = plan_->steps_[i];
            for (const std::vector<std::int32_t>* values : {&step.inputs, &step.outputs})
                for (const std::int32_t value : *values) {
                    if (value == kAbsent || kept.contains(value) || !seen.insert(value).second) continue;
                    if (!plan_->constants_[static_cast<std::size_t>(value)].defined()) step.dead.push_back(value);
                }
            if (step.relu_in_place) step.relu_in_place = std::ranges::find(step.dead, step.inputs[0]) != step.dead.end();
        }
    }

    const graph::Graph& graph_;
    const Weights& weights_;
    std::unique_ptr<Plan> plan_ = std::make_unique<Plan>();
    std::map<std::string, std::int32_t> numbers_;
    std::map<std::string, std::string> producers_;
    std::set<std::string> needed_;
    std::set<std::string> live_;
    std::vector<bool> node_needed_;
};

Result<std::unique_ptr<const Plan>> Plan::make(const graph::Graph& graph, std::shared_ptr<const Weights> weights) {
    return Maker(graph, *weights).make();
}

std::vector<at::Tensor> Plan::constants_for(bool in_double) const {
    if (!in_double) return constants_;
    const auto convert = [this] {
        std::vector<at::Tensor> converted;
        for (const at::Tensor& constant : constants_)
            converted.push_back(constant.defined() && constant.scalar_type() == at::kFloat ? constant.to(at::kDouble)
                                                                                           : constant);
        return converted;
    };
    if (live_) return convert();
    std::call_once(double_once_, [&] { double_constants_ = convert(); });
    return double_constants_;
}

Result<void> Plan::run_step(const Step& step, std::vector<at::Tensor>& values, Mode mode) const {
    std::vector<at::Tensor> inputs;
    inputs.reserve(step.inputs.size());
    for (const std::int32_t input : step.inputs)
        inputs.push_back(input == kAbsent ? at::Tensor() : values[static_cast<std::size_t>(input)]);
    if (step.relu_in_place) {
        values[static_cast<std::size_t>(step.inputs[0])].reset();
        if (step.outputs[0] != kAbsent) values[static_cast<std::size_t>(step.outputs[0])] = inputs[0].relu_();
        return {};
    }
    Tensors outputs = BARTIZAN_TRY(step.kernel({.inputs = inputs, .mode = mode}));
    for (std::size_t i = 0; i < std::min(step.outputs.size(), outputs.size()); ++i)
        if (step.outputs[i] != kAbsent) values[static_cast<std::size_t>(step.outputs[i])] = std::move(outputs[i]);
    return {};
}

Result<Tensors> Plan::run(std::span<const at::Tensor> inputs, Mode mode) const {
    if (inputs.size() != inputs_.size())
        return invalid_input("the model takes " + std::to_string(inputs_.size()) + " inputs, given " +
                             std::to_string(inputs.size()));
    const bool any_double =
        std::ranges::any_of(inputs, [](const at::Tensor& t) { return t.defined() && t.scalar_type() == at::kDouble; });
    std::vector<at::Tensor> values = constants_for(any_double);
    for (std::size_t i = 0; i < inputs.size(); ++i) values[static_cast<std::size_t>(inputs_[i])] = inputs[i];
    for (const Step& step : steps_) {
        BARTIZAN_TRY(guarded([&] { return run_step(step, values, mode); }).within(step.place));
        for (const std::int32_t value : step.dead) values[static_cast<std::size_t>(value)].reset();
    }
    Tensors outputs;
    for (const std::int32_t output : outputs_) outputs.push_back(values[static_cast<std::size_t>(output)]);
    return outputs;
}

GradientPath Plan::gradient_path(std::size_t index) const {
    // For each value the best way to it from the first input, and what stands in the way of a better one.
    std::vector<std::optional<GradientPath>> best(constants_.size());
    if (!inputs_.empty()) best[static_cast<std::size_t>(inputs_[0])] = GradientPath{};
    for (const Step& step : steps_) {
        std::optional<GradientPath> through;
        for (const std::int32_t input : step.inputs)
            if (input != kAbsent && best[static_cast<std::size_t>(input)] &&
                (!through || best[static_cast<std::size_t>(input)]->reach < through->reach))
                through = best[static_cast<std::size_t>(input)];
        if (!through) continue;
        const auto reach = step.spec->gradient == Gradient::smooth ? GradientPath::Reach::smooth
                           : step.spec->gradient == Gradient::zero ? GradientPath::Reach::zero
                                                                   : GradientPath::Reach::none;
        if (reach > through->reach) through = GradientPath{reach, step.place};
        for (const std::int32_t output : step.outputs)
            if (output != kAbsent) best[static_cast<std::size_t>(output)] = through;
    }
    const auto& found = best[static_cast<std::size_t>(outputs_[index])];
    return found.value_or(GradientPath{GradientPath::Reach::none, "the output does not depend on the input"});
}

}  // namespace bartizan::model
