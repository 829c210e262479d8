// The gradient of every operator that says it has one, against central differences in double, on the cases of
// ONNX's backend tests: no list to keep, a new operator is checked as soon as it has a case.
#include <cmath>
#include <cstdio>
#include <map>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/zeros_like.h>

#include "model/conformance_testing.h"
#include "model/kernel.h"
#include "model/model.h"

namespace bartizan::model::gradient {
namespace {

using conformance::Case;

constexpr double kStep = 1e-6;
constexpr double kTolerance = 1e-5;
/// Inputs are moved by about this much, away from kinks (Relu at 0) and ties (Max of equal values).
constexpr double kJitter = 1e-3;

/// Bounds and settings: read as numbers, not differentiated.
const std::map<std::string, std::set<std::size_t>> kSettings = {
    {"Clip", {1, 2}}, {"Pad", {2}}, {"Resize", {1, 2}}, {"Upsample", {1}}, {"Dropout", {1}}, {"CastLike", {1}},
};

/// An input that some node differentiates by: used, and not as a setting.
bool is_variable(const graph::Graph& graph, const std::string& name) {
    bool used = false;
    for (const graph::Node& node : graph.nodes) {
        const auto found = kSettings.find(node.op_type);
        for (std::size_t i = 0; i < node.inputs.size(); ++i) {
            if (node.inputs[i] != name) continue;
            if (found != kSettings.end() && found->second.contains(i)) return false;
            used = true;
        }
    }
    return used;
}

bool every_operator_is_smooth(const graph::Graph& graph) {
    for (const graph::Node& node : graph.nodes) {
        const auto spec = find_operator(node, graph.opset(node.domain));
        if (!spec.ok() || (*spec)->gradient != Gradient::smooth) return false;
    }
    return true;
}

/// Steps of half precision are wider than the differences taken here.
bool has_half_precision(const graph::Graph& graph) {
    for (const auto& values : {graph.inputs, graph.outputs})
        for (const graph::Value& value : values)
            if (value.type.dtype == DType::f16 || value.type.dtype == DType::bf16) return true;
    return false;
}

at::Tensor noise_like(const at::Tensor& x, std::uint64_t seed) {
    return at::empty_like(x).uniform_(-1, 1, at::detail::createCPUGenerator(seed));
}

/// The model as a function of its floating-point inputs, weighted and summed over its outputs.
class Scalar {
public:
    Scalar(const Model& model, const graph::Graph& graph, const std::vector<at::Tensor>& given) : model_(model) {
        for (std::size_t i = 0; i < given.size(); ++i) {
            inputs.push_back(given[i]);
            const bool single = given[i].scalar_type() == at::kFloat;
            if ((!single && given[i].scalar_type() != at::kDouble) || given[i].numel() == 0) continue;
            inputs[i] = given[i].to(at::kDouble);
            if (!is_variable(graph, graph.inputs[i].name)) continue;
            inputs[i] = inputs[i] * (1 - kJitter * (noise_like(inputs[i], 7 + i).abs() + 0.1)) +
                        kJitter * noise_like(inputs[i], 70 + i);
            variables.push_back(i);
        }
    }

    /// Undefined when the model does not run, or gives nothing that could be differentiated.
    at::Tensor operator()(const std::vector<at::Tensor>& at) const {
        const auto outputs = model_.run(at);
        if (!outputs.ok()) return {};
        at::Tensor sum;
        for (std::size_t i = 0; i < outputs->size(); ++i) {
            const at::Tensor& output = (*outputs)[i];
            if (!output.defined() || output.scalar_type() != at::kDouble) continue;
            const at::Tensor part = (output * noise_like(output.detach(), 700 + i)).sum();
            sum = sum.defined() ? sum + part : part;
        }
        return sum;
    }

    std::vector<at::Tensor> inputs;
    std::vector<std::size_t> variables;

private:
    const Model& model_;
};

enum class Verdict { agrees, differs, not_checked };

/// Compares the slope along one random direction over all inputs at once.
Verdict check(const Scalar& function, std::string& how) {
    std::vector<at::Tensor> at = function.inputs;
    for (const std::size_t i : function.variables) at[i] = at[i].detach().clone().set_requires_grad(true);
    const at::Tensor value = function(at);
    if (!value.defined() || !std::isfinite(value.item<double>())) return Verdict::not_checked;
    if (function(at).item<double>() != value.item<double>())
        return Verdict::not_checked;  // random: dropout in training
    if (!value.requires_grad()) {
        how = "no gradient reaches the inputs";
        return Verdict::differs;
    }
    value.backward();
    double analytic = 0;
    std::vector<at::Tensor> ahead = function.inputs;
    std::vector<at::Tensor> behind = function.inputs;
    for (const std::size_t i : function.variables) {
        const at::Tensor direction = noise_like(function.inputs[i], 7000 + i);
        if (at[i].grad().defined()) analytic += (at[i].grad() * direction).sum().item<double>();
        ahead[i] = function.inputs[i] + kStep * direction;
        behind[i] = function.inputs[i] - kStep * direction;
    }
    const double numeric = (function(ahead).item<double>() - function(behind).item<double>()) / (2 * kStep);
    how = "autograd says " + std::to_string(analytic) + ", differences say " + std::to_string(numeric);
    if (!std::isfinite(numeric)) return Verdict::not_checked;
    const double scale = std::max({1.0, std::abs(numeric), std::abs(value.item<double>())});
    return std::abs(analytic - numeric) <= kTolerance * scale ? Verdict::agrees : Verdict::differs;
}

TEST(Gradients, AgreeWithCentralDifferencesForEverySmoothOperator) {
    std::set<std::string> checked;
    std::set<std::string> smooth;
    for (const OperatorSpec* spec : all_operators())
        if (spec->gradient == Gradient::smooth && spec->domain.empty()) smooth.emplace(spec->op_type);
    int cases = 0;
    for (const Case& which : conformance::all_cases()) {
        const auto graph = which.load();
        if (!graph.ok() || which.suite != "node" || !every_operator_is_smooth(*graph) || has_half_precision(*graph))
            continue;
        const auto model = from_graph(*graph);
        const auto sets = conformance::data_sets(which, *graph);
        if (!model.ok() || !sets.ok() || sets->empty()) continue;
        const Scalar function(**model, *graph, sets->front().inputs);
        if (function.variables.empty()) continue;
        std::string how;
        const Verdict verdict = check(function, how);
        EXPECT_NE(verdict, Verdict::differs) << which.name << ": " << how;
        if (verdict == Verdict::not_checked) continue;
        ++cases;
        for (const graph::Node& node : graph->nodes) checked.insert(node.op_type);
    }
    for (const std::string& name : smooth)
        if (!checked.contains(name)) std::printf("no case checks the gradient of %s\n", name.c_str());
    std::printf("gradients: %zu of %zu smooth operators checked in %d cases\n", checked.size(), smooth.size(), cases);
    EXPECT_GE(checked.size() * 10, smooth.size() * 8);
}

}  // namespace
}  // namespace bartizan::model::gradient
