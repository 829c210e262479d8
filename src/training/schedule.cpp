#include "training/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace bartizan::training {

double rate_at(Schedule schedule, double peak, std::int64_t step, std::int64_t steps) {
    const double t = static_cast<double>(step) / static_cast<double>(std::max<std::int64_t>(1, steps));
    constexpr double kRise = 1.0 / 3, kFirst = 0.1, kLast = 0.01;
    switch (schedule) {
        case Schedule::one_cycle:
            if (t < kRise) return peak * (kFirst + (1 - kFirst) * t / kRise);
            return peak * (1 - (1 - kLast) * (t - kRise) / (1 - kRise));
        case Schedule::cosine:
            return peak * (1 + std::cos(std::numbers::pi * t)) / 2;
        case Schedule::piecewise:
            return t < 0.5 ? peak : t < 0.75 ? peak / 10 : peak / 100;
        case Schedule::constant:
            return peak;
    }
    return peak;
}

}  // namespace bartizan::training
