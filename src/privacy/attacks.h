#pragma once
/// Membership inference from scores: how much more a model knows of an item than it would, had it not been trained on
/// it. The references are models of the same kind, each trained on a random half of the items. Thread rule: pure
/// functions.

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace bartizan::privacy {

/// One number for each model and item: [models, items] row-major.
struct ReferenceTable {
    std::vector<double> values;
    std::vector<std::uint8_t> in;  ///< the model was trained on the item
    std::size_t items = 0;
    std::size_t models() const { return items == 0 ? 0 : values.size() / items; }
};

/// Below so many references the variance is taken over all items: that of one would be noise.
inline constexpr std::size_t kOwnVarianceFrom = 64;

/// Online likelihood-ratio attack (LiRA; Carlini et al. 2022, algorithm 1): log N(phi; in) - log N(phi; out). An item
/// that all references hold, or none, scores by the side that is there.
std::vector<double> lira_online(std::span<const double> target, const ReferenceTable& references);
/// Offline: z = (phi - mean of the models without the item) / deviation. The z-score itself: its normal tail saturates.
std::vector<double> lira_offline(std::span<const double> target, const ReferenceTable& references);

/// Relative membership inference (RMIA; Zarifzadeh et al. 2024, arXiv:2312.03262): the share of population items z with
/// ratio(x) >= gamma * ratio(z), where ratio is p(x | target) over its mean without the item, mended by `a` for what
/// models with the item would say. Values are probabilities of the true class; `population` marks the items that z runs
/// over.
std::vector<double> rmia_offline(std::span<const double> target, const ReferenceTable& references,
                                 std::span<const std::uint8_t> population, double a = 0.6, double gamma = 1);
/// With models of both kinds: p(x) is the mean over all of them.
std::vector<double> rmia_online(std::span<const double> target, const ReferenceTable& references,
                                std::span<const std::uint8_t> population, double gamma = 1);

/// Attack-P (Ye et al. 2022): the share of the population of the item's class whose score is lower.
std::vector<double> attack_p(std::span<const double> scores, std::span<const std::int64_t> labels,
                             std::span<const std::uint8_t> population);

/// Quantile regression without references (Bertran et al. 2023, arXiv:2307.03694), Gaussian form: mean and deviation of
/// the score are predicted from `features` [items, width] by ridge regression on the population; z-score.
std::vector<double> quantile_regression(std::span<const double> scores, std::span<const float> features,
                                        std::size_t width, std::span<const std::uint8_t> population);

}  // namespace bartizan::privacy
