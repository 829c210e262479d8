#include "extraction/relu_neuron.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

namespace bartizan::extraction::relu_exact {
namespace relu_neuron {
namespace {

constexpr double kRankOne = 1e-4;  // of a jump: what is left beside the outer product

}  // namespace
}  // namespace relu_neuron

double dot(std::span<const double> a, std::span<const double> b) {
    return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

double length(std::span<const double> a) { return std::sqrt(dot(a, a)); }

bool factor(const std::vector<Row>& jump, const Row& direction, Neuron& neuron) {
    const std::size_t classes = jump[0].size();
    // Power iteration, from the class that jumps most.
    Row out(classes, 0);
    for (const Row& row : jump)
        for (std::size_t c = 0; c < classes; ++c) out[c] += row[c] * row[c];
    for (double& value : out) value = std::sqrt(value);
    const std::size_t most = static_cast<std::size_t>(std::ranges::max_element(out) - out.begin());
    Row weight;
    for (const Row& row : jump) weight.push_back(row[most]);
    for (int round = 0; round < 8; ++round) {
        const double size = length(weight);
        if (!(size > 0)) return false;
        for (double& value : weight) value /= size;
        std::ranges::fill(out, 0.0);
        for (std::size_t f = 0; f < jump.size(); ++f)
            for (std::size_t c = 0; c < classes; ++c) out[c] += weight[f] * jump[f][c];
        for (std::size_t f = 0; f < jump.size(); ++f) weight[f] = dot(jump[f], out);
    }
    const double size = length(weight);
    if (!(size > 0)) return false;
    for (double& value : weight) value /= size;
    if (dot(weight, direction) < 0)
        for (double& value : weight) value = -value;
    std::ranges::fill(out, 0.0);
    double whole = 0, rest = 0;
    for (std::size_t f = 0; f < jump.size(); ++f)
        for (std::size_t c = 0; c < classes; ++c) out[c] += weight[f] * jump[f][c];
    for (std::size_t f = 0; f < jump.size(); ++f)
        for (std::size_t c = 0; c < classes; ++c) {
            whole += jump[f][c] * jump[f][c];
            rest += std::pow(jump[f][c] - weight[f] * out[c], 2);
        }
    if (!(rest <= relu_neuron::kRankOne * relu_neuron::kRankOne * whole)) return false;
    neuron.weight = std::move(weight);
    neuron.out = std::move(out);
    return true;
}

}  // namespace bartizan::extraction::relu_exact
