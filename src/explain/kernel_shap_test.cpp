/// Shapley values by least squares are those of the definition.
#include "explain/kernel_shap.h"

#include <bit>
#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "core/random.h"

namespace bartizan::explain {
namespace kernel_shap_test {
namespace {

std::size_t mask_of(const Coalition& coalition) {
    std::size_t out = 0;
    for (std::size_t i = 0; i < coalition.size(); ++i) out |= std::size_t{coalition[i]} << i;
    return out;
}

/// A game by a table of all its coalitions.
Game game_of(const std::vector<double>& worth) {
    return [&worth](std::span<const Coalition> coalitions) -> Result<std::vector<double>> {
        std::vector<double> out;
        for (const Coalition& coalition : coalitions) out.push_back(worth[mask_of(coalition)]);
        return out;
    };
}

/// Shapley 1953: the mean of what a player adds, over all orders.
std::vector<double> by_definition(std::size_t players, const std::vector<double>& worth) {
    std::vector<double> factorial = {1};
    for (std::size_t i = 1; i <= players; ++i) factorial.push_back(factorial.back() * static_cast<double>(i));
    std::vector<double> out(players, 0);
    for (std::size_t mask = 0; mask < worth.size(); ++mask)
        for (std::size_t i = 0; i < players; ++i) {
            if ((mask >> i & 1U) != 0) continue;
            const auto size = static_cast<std::size_t>(std::popcount(mask));
            out[i] += factorial[size] * factorial[players - size - 1] / factorial[players] *
                      (worth[mask | std::size_t{1} << i] - worth[mask]);
        }
    return out;
}

std::vector<double> random_game(std::size_t players, std::uint64_t seed) {
    Random random(seed, 0);
    std::vector<double> out(std::size_t{1} << players);
    for (double& value : out) value = random.normal() * 3;
    return out;
}

TEST(KernelShap, EqualsTheDefinitionOnRandomGames) {
    for (std::size_t players = 1; players <= kExactPlayers; ++players)
        for (std::uint64_t seed = 0; seed < 3; ++seed) {
            const std::vector<double> worth = random_game(players, seed);
            const auto found = kernel_shap(players, 2, 0, game_of(worth));
            ASSERT_TRUE(found.ok());
            EXPECT_TRUE(found->exact);
            const std::vector<double> truth = by_definition(players, worth);
            for (std::size_t i = 0; i < players; ++i) EXPECT_NEAR(found->values[i], truth[i], 1e-9) << players << i;
        }
}

TEST(KernelShap, PairsAreExactWhereNoThreePlayersActTogether) {
    constexpr std::size_t kPlayers = 30;
    Random random(4, 0);
    std::vector<double> alone(kPlayers), together(kPlayers * kPlayers);
    for (double& value : alone) value = random.normal();
    for (double& value : together) value = random.normal();
    const Game game = [&](std::span<const Coalition> coalitions) -> Result<std::vector<double>> {
        std::vector<double> out;
        for (const Coalition& c : coalitions) {
            double sum = 1;
            for (std::size_t i = 0; i < kPlayers; ++i)
                for (std::size_t j = 0; j < i; ++j) sum += c[i] * c[j] * together[i * kPlayers + j];
            for (std::size_t i = 0; i < kPlayers; ++i) sum += c[i] * alone[i];
            out.push_back(sum);
        }
        return out;
    };
    const auto found = kernel_shap(kPlayers, 400, 1, game);
    ASSERT_TRUE(found.ok());
    EXPECT_FALSE(found->exact);
    EXPECT_LE(found->coalitions, 402);
    for (std::size_t i = 0; i < kPlayers; ++i) {
        double truth = alone[i];
        for (std::size_t j = 0; j < kPlayers; ++j)
            truth += (j < i ? together[i * kPlayers + j] : j > i ? together[j * kPlayers + i] : 0) / 2;
        EXPECT_NEAR(found->values[i], truth, 1e-9) << i;
    }
}

TEST(KernelShap, DrawnCoalitionsComeNearAndKeepTheSum) {
    constexpr std::size_t kPlayers = 16;
    std::vector<double> worth(std::size_t{1} << kPlayers);
    for (std::size_t mask = 0; mask < worth.size(); ++mask) {
        double sum = 0;
        for (std::size_t i = 0; i < kPlayers; ++i) sum += (mask >> i & 1U) != 0 ? static_cast<double>(i) / 8 : 0;
        worth[mask] = std::tanh(sum - 4) * 5;
    }
    const std::vector<double> truth = by_definition(kPlayers, worth);
    double before = INFINITY;
    for (const std::int64_t budget : {200, 2'000, 20'000}) {
        const auto found = kernel_shap(kPlayers, budget, 0, game_of(worth));
        ASSERT_TRUE(found.ok());
        EXPECT_LE(found->coalitions, budget + 2);
        double sum = 0, square = 0;
        for (std::size_t i = 0; i < kPlayers; ++i) {
            sum += found->values[i];
            square += (found->values[i] - truth[i]) * (found->values[i] - truth[i]) / kPlayers;
        }
        EXPECT_NEAR(sum, worth.back() - worth.front(), 1e-12);
        EXPECT_LT(std::sqrt(square), before / 2) << budget;
        before = std::sqrt(square);
    }
    EXPECT_LT(before, 0.02);
    const auto found = kernel_shap(kPlayers, usual_budget(kPlayers), 0, game_of(worth));
    const auto again = kernel_shap(kPlayers, usual_budget(kPlayers), 0, game_of(worth));
    EXPECT_EQ(again->values, found->values);
}

TEST(KernelShap, AFailingGameFails) {
    const Game game = [](std::span<const Coalition>) -> Result<std::vector<double>> { return unsupported("no"); };
    EXPECT_FALSE(kernel_shap(3, 10, 0, game).ok());
    EXPECT_FALSE(kernel_shap(0, 10, 0, game).ok());
}

}  // namespace
}  // namespace kernel_shap_test
}  // namespace bartizan::explain
