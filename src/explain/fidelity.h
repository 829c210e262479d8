#pragma once
/// Does an attribution say what the model does? Without these figures a map is decoration.
/// Thread rule: pure functions.

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "explain/methods.h"

namespace bartizan::explain {

struct Fidelity {
    double deletion = 0,
           insertion = 0;       ///< areas under the score, 0 the baseline's, 1 the input's (Petsiuk et al. 2018)
    double deletion_lift = 0;   ///< area of random orders less `deletion`: above 0 is better than chance
    double insertion_lift = 0;  ///< `insertion` less the area of random orders
    /// E[(I.a - (f(x) - f(x - I)))^2] at its best scale, by the variance of the drop (Yeh et al. 2019): 0 perfect, 1
    /// none
    double infidelity = 0;
    double sensitivity = 0;  ///< largest relative change of the attribution in a small ball (Yeh et al. 2019)
};

/// Pixels are replaced by the baseline, most important first. O((steps * random orders + samples) evaluations).
Result<Fidelity> fidelity_of(const Score& score, const Method& method, std::span<const float> x,
                             std::span<const float> baseline, const Layout& layout, const Attribution& attribution,
                             const RunContext& ctx);

/// Spearman's rank correlation: how alike two maps are (Adebayo et al. 2018), over the numbers that either gives a
/// share. With signs: magnitudes alone show where the input is bright, whatever the model.
double likeness(std::span<const float> a, std::span<const float> b);

enum class Verdict { trusted, weak, rejected };
std::string_view to_string(Verdict verdict);

/// Means over several inputs, with half the width of their 95 % intervals.
struct Summary {
    std::int64_t samples = 0;
    std::optional<double> completeness_error;  ///< the largest
    double deletion_lift = 0, deletion_reach = 0, insertion_lift = 0, insertion_reach = 0;
    double infidelity = 0, sensitivity = 0;
    std::optional<double> randomised_likeness;  ///< to the maps of a network with fresh weights
    Verdict verdict = Verdict::rejected;
};

/// Trusted: both lifts are above 0 by their intervals, the sum is complete to 1 %, and the map changes with the
/// weights. Rejected: no lift is above 0, or the map stays what it was with fresh weights.
Summary summarise(std::span<const Attribution> attributions, std::span<const Fidelity> figures,
                  std::optional<double> randomised_likeness);

}  // namespace bartizan::explain
