#include "model/gradient_testing.h"

#include <algorithm>
#include <cmath>

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/empty_like.h>
#include <torch/csrc/autograd/autograd.h>

namespace bartizan::model::gradient {
namespace {

constexpr double kStep = 1e-6;
constexpr double kTolerance = 1e-5;

/// Undefined when there is nothing that could be differentiated.
at::Tensor weighted_sum(const std::vector<at::Tensor>& outputs) {
    at::Tensor sum;
    for (std::size_t i = 0; i < outputs.size(); ++i) {
        const at::Tensor& output = outputs[i];
        if (!output.defined() || output.scalar_type() != at::kDouble) continue;
        const at::Tensor part = (output * noise_like(output.detach(), 700 + i)).sum();
        sum = sum.defined() ? sum + part : part;
    }
    return sum;
}

at::Tensor direction_of(const Point& point, std::size_t variable) {
    return noise_like(point.inputs[variable], 7000 + variable);
}

double numeric_slope(const Function& function, const Point& point) {
    std::vector<at::Tensor> ahead = point.inputs;
    std::vector<at::Tensor> behind = point.inputs;
    for (const std::size_t i : point.variables) {
        ahead[i] = point.inputs[i] + kStep * direction_of(point, i);
        behind[i] = point.inputs[i] - kStep * direction_of(point, i);
    }
    return (weighted_sum(function(ahead)).item<double>() - weighted_sum(function(behind)).item<double>()) / (2 * kStep);
}

}  // namespace

at::Tensor noise_like(const at::Tensor& x, std::uint64_t seed) {
    return at::empty_like(x).uniform_(-1, 1, at::detail::createCPUGenerator(seed));
}

Finding compare_second(const Function& function, const Point& point) {
    bool constant = true;
    const Function gradient = [&](const std::vector<at::Tensor>& at) -> std::vector<at::Tensor> {
        std::vector<at::Tensor> leaves = at, by;
        for (const std::size_t i : point.variables) {
            if (!leaves[i].requires_grad()) leaves[i] = at[i].detach().clone().set_requires_grad(true);
            by.push_back(leaves[i]);
        }
        const at::Tensor sum = weighted_sum(function(leaves));
        if (!sum.defined() || !sum.requires_grad()) return {};
        auto gradients = torch::autograd::grad({sum}, by, {}, true, true, true);
        for (const at::Tensor& one : gradients) constant = constant && !(one.defined() && one.requires_grad());
        return gradients;
    };
    try {
        const std::vector<at::Tensor> first = gradient(point.inputs);
        if (first.empty()) return {Verdict::not_checked, "it has no first derivative"};
        if (!constant) return compare(gradient, point);
        if (weighted_sum(gradient(point.inputs)).item<double>() != weighted_sum(first).item<double>())
            return {Verdict::not_checked, "it is random"};
        const double numeric = numeric_slope(gradient, point);
        const std::string how = "its gradient is constant to autograd, differences say " + std::to_string(numeric);
        if (!std::isfinite(numeric)) return {Verdict::not_checked, how};
        return {std::abs(numeric) <= kTolerance ? Verdict::agrees : Verdict::differs, how};
    } catch (const std::exception& error) {
        return {Verdict::differs, std::string(error.what()).substr(0, 120)};
    }
}

Finding compare(const Function& function, const Point& point) {
    std::vector<at::Tensor> at = point.inputs;
    for (const std::size_t i : point.variables) at[i] = at[i].detach().clone().set_requires_grad(true);
    const at::Tensor value = weighted_sum(function(at));
    if (!value.defined() || !std::isfinite(value.item<double>())) return {Verdict::not_checked, "it does not run"};
    if (weighted_sum(function(at)).item<double>() != value.item<double>())
        return {Verdict::not_checked, "it is random"};
    if (!value.requires_grad()) return {Verdict::differs, "no gradient reaches the inputs"};
    value.backward();
    double analytic = 0;
    for (const std::size_t i : point.variables)
        if (at[i].grad().defined()) analytic += (at[i].grad() * direction_of(point, i)).sum().item<double>();
    const double numeric = numeric_slope(function, point);
    const std::string how =
        "autograd says " + std::to_string(analytic) + ", differences say " + std::to_string(numeric);
    if (!std::isfinite(numeric)) return {Verdict::not_checked, how};
    const double scale = std::max({1.0, std::abs(numeric), std::abs(value.item<double>())});
    return {std::abs(analytic - numeric) <= kTolerance * scale ? Verdict::agrees : Verdict::differs, how};
}

}  // namespace bartizan::model::gradient
