#include "explain/gauss_legendre.h"

#include <cmath>
#include <numbers>
#include <utility>

namespace bartizan::explain {

Nodes gauss_legendre(int n) {
    Nodes out;
    for (int i = 0; i < n; ++i) {
        double x = std::cos(std::numbers::pi * (i + 0.75) / (n + 0.5)), slope = 1;
        for (int round = 0; round < 100; ++round) {
            double here = 1, before = 0;
            for (int k = 1; k <= n; ++k) {
                const double next = ((2 * k - 1) * x * here - (k - 1) * before) / k;
                before = std::exchange(here, next);
            }
            slope = n * (x * here - before) / (x * x - 1);
            const double step = here / slope;
            x -= step;
            if (std::abs(step) < 1e-15) break;
        }
        out.at.push_back((1 - x) / 2);
        out.weight.push_back(1 / ((1 - x * x) * slope * slope));
    }
    return out;
}

}  // namespace bartizan::explain
