#include "model/operators/cells.h"

#include <algorithm>
#include <cctype>

#include <ATen/TensorOperators.h>
#include <ATen/ops/elu.h>
#include <ATen/ops/leaky_relu.h>
#include <ATen/ops/softplus.h>
#include <ATen/ops/zeros_like.h>

namespace bartizan::model::operators {
namespace cells {
namespace {

struct Entry {
    std::string_view name;
    bool takes_alpha, takes_beta;
    double alpha, beta;  ///< where the node gives none: those of the operator of the same name
    at::Tensor (*apply)(const at::Tensor& x, double alpha, double beta);
};

constexpr Entry kEntries[] = {
    {"affine", true, true, 1, 0, [](const at::Tensor& x, double a, double b) { return x * a + b; }},
    {"elu", true, false, 1, 0, [](const at::Tensor& x, double a, double) { return at::elu(x, a); }},
    {"hardsigmoid", true, true, 0.2, 0.5,
     [](const at::Tensor& x, double a, double b) { return (x * a + b).clamp(0, 1); }},
    {"leakyrelu", true, false, 0.01, 0, [](const at::Tensor& x, double a, double) { return at::leaky_relu(x, a); }},
    {"relu", false, false, 0, 0, [](const at::Tensor& x, double, double) { return x.relu(); }},
    {"scaledtanh", true, true, 1, 1, [](const at::Tensor& x, double a, double b) { return a * (x * b).tanh(); }},
    {"sigmoid", false, false, 0, 0, [](const at::Tensor& x, double, double) { return x.sigmoid(); }},
    {"softplus", false, false, 0, 0, [](const at::Tensor& x, double, double) { return at::softplus(x); }},
    {"softsign", false, false, 0, 0, [](const at::Tensor& x, double, double) { return x / (1 + x.abs()); }},
    {"tanh", false, false, 0, 0, [](const at::Tensor& x, double, double) { return x.tanh(); }},
    {"thresholdedrelu", true, false, 1, 0,
     [](const at::Tensor& x, double a, double) { return x.masked_fill(x.le(a), 0); }},
};

/// Names are not case-sensitive.
Result<const Entry*> find(std::string name) {
    std::ranges::transform(name, name.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    const auto* const found = std::ranges::find(kEntries, std::string_view(name), &Entry::name);
    if (found == std::end(kEntries)) return invalid_input("activation '" + name + "' is unknown");
    return found;
}

double take(const std::vector<float>& values, std::size_t& next, bool takes, double preset) {
    return takes && next < values.size() ? static_cast<double>(values[next++]) : preset;
}

}  // namespace
}  // namespace cells

Result<std::vector<CellActivation>> read_cell_activations(const graph::Node& node, std::size_t directions,
                                                          std::initializer_list<std::string_view> presets) {
    std::vector<std::string> names;
    if (node.has("activations")) names = BARTIZAN_TRY(node.texts("activations"));
    if (names.empty())
        for (std::size_t d = 0; d < directions; ++d) names.insert(names.end(), presets.begin(), presets.end());
    if (names.size() != directions * presets.size())
        return invalid_input(node.op_type + " names " + std::to_string(names.size()) + " activations, " +
                             std::to_string(directions * presets.size()) + " are needed");
    const std::vector<float> alphas = BARTIZAN_TRY(node.reals("activation_alpha", {}));
    const std::vector<float> betas = BARTIZAN_TRY(node.reals("activation_beta", {}));
    std::size_t next_alpha = 0, next_beta = 0;
    std::vector<CellActivation> activations;
    for (const std::string& name : names) {
        const cells::Entry& entry = *BARTIZAN_TRY(cells::find(name));
        const double alpha = cells::take(alphas, next_alpha, entry.takes_alpha, entry.alpha);
        const double beta = cells::take(betas, next_beta, entry.takes_beta, entry.beta);
        activations.emplace_back([=, apply = entry.apply](const at::Tensor& x) { return apply(x, alpha, beta); });
    }
    return activations;
}

}  // namespace bartizan::model::operators
