#pragma once
/// Gauss-Legendre quadrature on [0, 1]: n nodes are exact for polynomials of degree 2 n - 1. Thread rule: pure
/// function.

#include <vector>

namespace bartizan::explain {

struct Nodes {
    std::vector<double> at, weight;
};

/// By Newton's method on the Legendre polynomial (Abramowitz and Stegun, 25.4.29). n >= 1.
Nodes gauss_legendre(int n);

}  // namespace bartizan::explain
