#pragma once
/// A hidden neuron as its bend shows it: what relu-exact reads from the jump of a Jacobian. Internal to `extraction`.
/// Thread rule: free functions of their arguments.

#include <span>
#include <vector>

namespace bartizan::extraction::relu_exact {

using Row = std::vector<double>;

double dot(std::span<const double> a, std::span<const double> b);
double length(std::span<const double> a);

/// u = weight . x + bias, of unit length; a bend of `out` [classes - 1] times max(u, 0), up to the side.
struct Neuron {
    Row weight;
    double bias = 0;
    Row out;
    bool flipped = false;  ///< it is active where u < 0
};

/// jump [features][classes - 1] = weight (x) out, weight of unit length and along `direction`; `neuron` gets both.
/// False: the jump is no outer product, so more than one neuron bends there.
bool factor(const std::vector<Row>& jump, const Row& direction, Neuron& neuron);

}  // namespace bartizan::extraction::relu_exact
