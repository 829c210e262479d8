#include "attacks/geometry.h"

#include <algorithm>
#include <gtest/gtest.h>

#include "attacks/halfspace.h"
#include "attacks/toys_testing.h"

namespace bartizan::attacks {
namespace geometry_test {
namespace {

using Values = std::vector<float>;
constexpr std::size_t kWidth = 50;

Values uniform(std::uint64_t stream, float low, float high) {
    Values values(kWidth);
    Random(3, stream).fill_uniform(values, low, high);
    return values;
}

/// Values in [0, 1] of which some sit on the border, as in pictures.
Values picture(std::uint64_t stream) {
    Values values = uniform(stream, -0.5F, 1.5F);
    for (float& value : values) value = std::clamp(value, 0.0F, 1.0F);
    return values;
}

/// The projection on the l1 ball and the box, from its optimality condition, by bisection on the multiplier.
Values brute_force_l1(ConstRow center, ConstRow x, double eps) {
    const auto at = [&](double multiplier) {
        Values z(x.size());
        for (std::size_t i = 0; i < x.size(); ++i) {
            const double d = static_cast<double>(x[i]) - center[i];
            const double shrunk = std::copysign(std::max(0.0, std::abs(d) - multiplier), d);
            z[i] = static_cast<float>(std::clamp(center[i] + shrunk, 0.0, 1.0));
        }
        return z;
    };
    double low = 0, high = 100;
    if (length(Norm::l1, Values(x.size())) == 0 && distance(Norm::l1, at(0), center) <= eps) return at(0);
    for (int round = 0; round < 200; ++round) {
        const double middle = (low + high) / 2;
        (distance(Norm::l1, at(middle), center) > eps ? low : high) = middle;
    }
    return at(high);
}

/// The same for l2: the optimum is the clamped point on the line towards the centre.
Values brute_force_l2(ConstRow center, ConstRow x, double eps) {
    const auto at = [&](double factor) {
        Values z(x.size());
        for (std::size_t i = 0; i < x.size(); ++i)
            z[i] =
                static_cast<float>(std::clamp(center[i] + factor * (static_cast<double>(x[i]) - center[i]), 0.0, 1.0));
        return z;
    };
    if (distance(Norm::l2, at(1), center) <= eps) return at(1);
    double low = 0, high = 1;
    for (int round = 0; round < 200; ++round) {
        const double middle = (low + high) / 2;
        (distance(Norm::l2, at(middle), center) > eps ? high : low) = middle;
    }
    return at(low);
}

TEST(Geometry, L1ProjectionIsTheOneThatBisectionFinds) {
    for (std::uint64_t trial = 0; trial < 50; ++trial) {
        const Values center = picture(2 * trial);
        Values x = uniform(2 * trial + 1, -2, 3);
        const double eps = 0.05 * static_cast<double>(trial + 1);
        const Values expected = brute_force_l1(center, x, eps);
        project({Norm::l1, eps, 0, 1}, center, x);
        for (std::size_t i = 0; i < kWidth; ++i) ASSERT_NEAR(x[i], expected[i], 2e-6) << "trial " << trial;
    }
}

TEST(Geometry, L2ProjectionIsTheOneThatBisectionFinds) {
    for (std::uint64_t trial = 0; trial < 50; ++trial) {
        const Values center = picture(2 * trial);
        Values x = uniform(2 * trial + 1, -2, 3);
        const double eps = 0.1 * static_cast<double>(trial + 1);
        const Values expected = brute_force_l2(center, x, eps);
        project({Norm::l2, eps, 0, 1}, center, x);
        for (std::size_t i = 0; i < kWidth; ++i) ASSERT_NEAR(x[i], expected[i], 2e-6) << "trial " << trial;
    }
}

TEST(Geometry, ProjectionLeavesPointsInsideAlone) {
    const Values center(kWidth, 0.5F);
    for (const Norm norm : {Norm::linf, Norm::l2, Norm::l1}) {
        Values x = uniform(7, 0.499F, 0.501F);
        const Values before = x;
        project({norm, 0.1, 0, 1}, center, x);
        EXPECT_EQ(x, before) << catalog::to_string(norm);
    }
}

TEST(Geometry, ProjectionStaysWithinRadiusAndRangeToAMillionth) {
    for (std::uint64_t trial = 0; trial < 20; ++trial)
        for (const Norm norm : {Norm::linf, Norm::l2, Norm::l1}) {
            Values center(3072), x(3072);
            Random(1, 2 * trial).fill_uniform(center, 0, 1);
            Random(1, 2 * trial + 1).fill_uniform(x, -1, 2);
            const double eps = norm == Norm::linf ? 0.03 : norm == Norm::l2 ? 0.5 : 12;
            project({norm, eps, 0, 1}, center, x);
            EXPECT_LE(distance(norm, x, center), eps + 1e-6) << catalog::to_string(norm);
            EXPECT_GE(std::ranges::min(x), 0);
            EXPECT_LE(std::ranges::max(x), 1);
        }
}

TEST(Geometry, TheWorstLinearPointGainsAllThatTheBallAllows) {
    for (const Norm norm : {Norm::linf, Norm::l2, Norm::l1})
        for (std::uint64_t trial = 0; trial < 20; ++trial) {
            const Values center = picture(2 * trial), slope = uniform(2 * trial + 1, -1, 1);
            const double eps = (norm == Norm::linf ? 0.02 : 0.2) * static_cast<double>(trial + 1);
            Values z(kWidth);
            worst_linear_point({norm, eps, 0, 1}, center, slope, z);
            double gain = 0;
            for (std::size_t i = 0; i < kWidth; ++i) gain += static_cast<double>(slope[i]) * (z[i] - center[i]);
            const std::vector<double> exact(slope.begin(), slope.end());
            EXPECT_NEAR(gain, best_gain(norm, eps, center, exact), 1e-5) << catalog::to_string(norm);
            EXPECT_LE(distance(norm, z, center), eps + 1e-6);
        }
}

TEST(Geometry, AscentStepsHaveTheAskedLength) {
    const Values slope = uniform(1, -1, 1);
    for (const Norm norm : {Norm::linf, Norm::l2, Norm::l1}) {
        Values x(kWidth, 0.0F);
        ascend(norm, 0.25, 5, slope, x);
        EXPECT_NEAR(length(norm, x), 0.25, 1e-6) << catalog::to_string(norm);
        if (norm == Norm::l1) EXPECT_EQ(length(Norm::l0, x), 5);
    }
}

TEST(Geometry, AStepAlongNoSlopeGoesNowhere) {
    const Values none(kWidth, 0.0F);
    for (const Norm norm : {Norm::linf, Norm::l2, Norm::l1}) {
        Values x(kWidth, 0.5F);
        ascend(norm, 0.25, 5, none, x);
        EXPECT_EQ(x, Values(kWidth, 0.5F));
    }
}

TEST(Geometry, RandomPointsLieInTheBall) {
    const Values center = picture(1);
    for (const Norm norm : {Norm::linf, Norm::l2, Norm::l1}) {
        Values x(kWidth);
        Random random(1, 2);
        random_point({norm, 0.3, 0, 1}, center, random, x);
        EXPECT_GT(distance(norm, x, center), 0.01);
        EXPECT_LE(distance(norm, x, center), 0.3 + 1e-6);
    }
}

TEST(Geometry, RefusesThreatsThatAreNoBall) {
    EXPECT_EQ(ball_of({.norm = Norm::l0, .eps = 1}).error().code(), Errc::unsupported);
    EXPECT_EQ(ball_of({.norm = Norm::l2, .eps = -1}).error().code(), Errc::invalid_input);
    EXPECT_EQ(ball_of({.norm = Norm::l2, .eps = 1, .low = 1, .high = 0}).error().code(), Errc::invalid_input);
}

/// The smallest move in the norm that closes the gap: the radius at which the best gain reaches it, by bisection.
double least_radius(Norm norm, ConstRow point, const std::vector<double>& slope, double gap) {
    double low = 0, high = 1000;
    for (int round = 0; round < 100; ++round) {
        const double middle = (low + high) / 2;
        (best_gain(norm, middle, point, slope) < gap ? low : high) = middle;
    }
    return high;
}

TEST(HalfSpace, StepsAreTheShortestThatReachThePlane) {
    for (const Norm norm : {Norm::linf, Norm::l2, Norm::l1})
        for (std::uint64_t trial = 0; trial < 40; ++trial) {
            const Values point = picture(2 * trial), slope = uniform(2 * trial + 1, -1, 1);
            const double value = (trial % 2 == 0 ? 0.1 : -0.1) * static_cast<double>(trial + 1);
            Values step(kWidth);
            step_to_plane({norm, 0, 0, 1}, point, value, slope, step);
            double reached = value;
            for (std::size_t i = 0; i < kWidth; ++i) reached += static_cast<double>(slope[i]) * step[i];
            EXPECT_NEAR(reached, 0, 1e-5) << catalog::to_string(norm);
            std::vector<double> down;
            for (const float s : slope) down.push_back(value > 0 ? -s : s);
            EXPECT_NEAR(length(norm, step), least_radius(norm, point, down, std::abs(value)), 1e-5)
                << catalog::to_string(norm);
        }
}

TEST(HalfSpace, GoesAsFarAsTheRangeAllowsWhenThePlaneIsOutOfReach) {
    const Values point(kWidth, 0.25F), slope(kWidth, 1.0F);
    for (const Norm norm : {Norm::linf, Norm::l2, Norm::l1}) {
        Values step(kWidth);
        step_to_plane({norm, 0, 0, 1}, point, 1000, slope, step);
        EXPECT_EQ(step, Values(kWidth, -0.25F)) << catalog::to_string(norm);
    }
}

}  // namespace
}  // namespace geometry_test
}  // namespace bartizan::attacks
