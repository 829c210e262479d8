// The gradient of every operator that says it has one, against central differences in double: on the cases of ONNX's
// backend tests, and on examples for operators that have none there. An operator without either fails the test.
#include <cstdio>
#include <map>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/tensor.h>

#include "model/conformance_testing.h"
#include "model/gradient_testing.h"
#include "model/kernel.h"
#include "model/model.h"
#include "model/operators/gradient_examples_testing.h"

namespace bartizan::model::gradient {
namespace {

using conformance::Case;

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

/// Floating-point inputs in double, a little moved.
Point point_of(const graph::Graph& graph, const std::vector<at::Tensor>& given) {
    Point point{given, {}};
    for (std::size_t i = 0; i < given.size(); ++i) {
        const bool single = given[i].scalar_type() == at::kFloat;
        if ((!single && given[i].scalar_type() != at::kDouble) || given[i].numel() == 0) continue;
        at::Tensor& x = point.inputs[i];
        x = given[i].to(at::kDouble);
        if (!is_variable(graph, graph.inputs[i].name)) continue;
        x = x * (1 - kJitter * (noise_like(x, 7 + i).abs() + 0.1)) + kJitter * noise_like(x, 70 + i);
        point.variables.push_back(i);
    }
    return point;
}

at::Tensor floats_in_double(std::initializer_list<double> values) { return at::tensor(std::vector<double>(values)); }

std::string full_name(const std::string& domain, const std::string& op_type) {
    return domain.empty() ? op_type : domain + ":" + op_type;
}

using Comparison = Finding (*)(const Function&, const Point&);
/// What differed, by operator.
using Differing = std::map<std::string, std::string>;

/// Compares on all of ONNX's cases; gives the operators that were compared.
std::set<std::string> check_cases(Comparison comparison, Differing& differing) {
    std::set<std::string> checked;
    for (const Case& which : conformance::all_cases()) {
        const auto graph = which.load();
        if (!graph.ok() || which.suite != "node" || !every_operator_is_smooth(*graph) || has_half_precision(*graph))
            continue;
        const auto model = from_graph(*graph);
        const auto sets = conformance::data_sets(which, *graph);
        if (!model.ok() || !sets.ok() || sets->empty()) continue;
        const Point point = point_of(*graph, sets->front().inputs);
        if (point.variables.empty()) continue;
        const Finding finding =
            comparison([&](const std::vector<at::Tensor>& at) { return (*model)->run(at).value_or({}); }, point);
        if (finding.verdict == Verdict::not_checked) continue;
        for (const graph::Node& node : graph->nodes) checked.insert(full_name(node.domain, node.op_type));
        const graph::Node& last = graph->nodes.back();
        if (finding.verdict == Verdict::differs)
            differing.emplace(full_name(last.domain, last.op_type), which.name + ": " + finding.how);
    }
    return checked;
}

/// The same on the examples of what ONNX has no cases for.
std::set<std::string> check_examples(Comparison comparison, Differing& differing) {
    std::set<std::string> checked;
    for (const operators::GradientExample& example : operators::gradient_examples()) {
        Point point{example.inputs, {}};
        for (std::size_t i = 0; i < point.inputs.size(); ++i)
            if (point.inputs[i].defined() && point.inputs[i].scalar_type() == at::kDouble &&
                !example.settings.contains(i))
                point.variables.push_back(i);
        const Finding finding =
            comparison([&](const std::vector<at::Tensor>& at) { return example.node.all(at).value_or({}); }, point);
        const std::string name = full_name(example.node.domain, example.node.op_type);
        if (finding.verdict != Verdict::agrees) differing.emplace(name, finding.how);
        checked.insert(name);
    }
    return checked;
}

TEST(Gradients, AgreeWithCentralDifferencesForEverySmoothOperator) {
    Differing differing;
    std::set<std::string> checked = check_cases(compare, differing);
    EXPECT_GE(checked.size(), 110U) << "install the package libonnx-testdata";
    checked.merge(check_examples(compare, differing));
    for (const auto& [name, how] : differing) ADD_FAILURE() << name << ": " << how;
    for (const OperatorSpec* spec : all_operators()) {
        const std::string name = full_name(std::string(spec->domain), std::string(spec->op_type));
        if (spec->gradient == Gradient::smooth)
            EXPECT_TRUE(checked.contains(name)) << name << " has no case: add it to gradient_examples()";
    }
    std::printf("gradients: %zu operators checked\n", checked.size());
}

/// Smooth operators whose gradient cannot be differentiated again: LibTorch 1.13 has no formula for it.
const std::set<std::string> kOnceOnly = {"GridSample"};

TEST(Gradients, CanBeDifferentiatedAgainButForThoseThatAreListed) {
    Differing differing;
    std::set<std::string> checked = check_cases(compare_second, differing);
    checked.merge(check_examples(compare_second, differing));
    for (const auto& [name, how] : differing)
        if (!kOnceOnly.contains(name)) ADD_FAILURE() << name << ": " << how;
    for (const std::string& name : kOnceOnly) EXPECT_TRUE(differing.contains(name)) << name << " is no longer one";
    std::printf("second derivatives: %zu operators checked, %zu have none\n", checked.size(), differing.size());
}

TEST(Gradients, FindAWrongOne) {
    // The comparison itself: x^2 with the gradient of 2 x^2, and a constant.
    const Point point{{floats_in_double({1, 2, 3})}, {0}};
    const auto square = [](double factor) {
        return [factor](const std::vector<at::Tensor>& at) {
            const at::Tensor y = at[0].square();
            return std::vector<at::Tensor>{y.detach() + factor * (y - y.detach())};
        };
    };
    EXPECT_EQ(compare(square(1), point).verdict, Verdict::agrees);
    EXPECT_EQ(compare(square(2), point).verdict, Verdict::differs);
    EXPECT_EQ(compare([](const std::vector<at::Tensor>& at) { return std::vector<at::Tensor>{at[0].detach()}; }, point)
                  .verdict,
              Verdict::differs);
    EXPECT_EQ(compare([](const std::vector<at::Tensor>&) { return std::vector<at::Tensor>{}; }, point).verdict,
              Verdict::not_checked);
}

}  // namespace
}  // namespace bartizan::model::gradient
