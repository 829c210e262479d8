#pragma once
/// Shapley values of any game by weighted least squares: KernelSHAP (Lundberg and Lee 2017, theorem 2) in its paired form
/// (Covert and Lee 2021, section 4.1: each coalition with its complement). Sizes of coalitions are taken whole from both
/// ends while the budget covers them; the rest is drawn. With all coalitions the values are the exact ones, and with
/// pairs already where no three players act together. The sum is held by elimination, and nothing is regularised away.
/// Thread rule: pure functions.

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "bartizan/result.h"

namespace bartizan::explain {

/// Up to so many players every coalition is asked for.
inline constexpr std::size_t kExactPlayers = 12;

/// A coalition: 1 for each player who takes part.
using Coalition = std::vector<std::uint8_t>;
/// What each of the coalitions is worth.
using Game = std::function<Result<std::vector<double>>(std::span<const Coalition>)>;

struct Shapley {
    std::vector<double> values;  ///< one for each player; they sum to the worth of all less that of none
    double none = 0, all = 0;
    std::int64_t coalitions = 0;  ///< that the game was asked for
    bool exact = false;           ///< all of them were
};

/// `budget`: coalitions beside all and none; at least 2 for each player, else as many. Fails as `game` does, or with
/// `invalid_input` on no players.
Result<Shapley> kernel_shap(std::size_t players, std::int64_t budget, std::uint64_t seed, const Game& game);

/// What the field takes (Lundberg's own default): 2,048 and two for each player.
std::int64_t usual_budget(std::size_t players);

}  // namespace bartizan::explain
