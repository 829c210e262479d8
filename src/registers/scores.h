#pragma once
/// How a risk is scored: numbers come from what an asset is and from evidence, never from somebody's feeling.
///
///   likelihood  L  = 1 + 4 m (x + k + v) / 3        x exposure, k what the attacker must know, v worth to him, m how
///   far
///                                                   the technique has come in the world (MITRE ATLAS); each in [0, 1]
///   impact      I  = the worst harm, 1 to 5, over those that the threat can do
///   inherent       = L I
///   residual    L' = 1 + (L - 1)(1 - e),  score L' I    e the effectiveness of the controls, in [0, 1]
///
/// What nobody answered counts as the worst. Pure functions.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "bartizan/result.h"
#include "governance/states.h"

namespace bartizan::registers {

/// Each in [0, 1].
struct Chance {
    double exposure = 1;   ///< public 1, partner 0.75, internal 0.5, offline 0.25; not told 1
    double knowledge = 1;  ///< answers alone suffice 1, data or part of the model 0.7, the weights or a way in 0.4
    double value = 1;      ///< criticality / 5; not told 1
    double maturity = 1;   ///< realized 1, demonstrated 0.8, feasible 0.5
};
double exposure_of(std::string_view word);
double value_of(std::int64_t criticality);
/// Fail with `invalid_input` for a word that is none.
Result<double> knowledge_of(std::string_view word);
Result<double> maturity_of(std::string_view word);

/// 1 to 5.
double likelihood(const Chance& chance);
/// L', 1 to L.
double residual(double likelihood, double effectiveness);

/// How the evidence of a check becomes an effectiveness.
enum class Function : std::uint8_t {
    share,             ///< the value is the share that is withstood: e = its low end
    one_minus,         ///< the value is the share that succeeds: e = 1 - its high end
    advantage_of_auc,  ///< e = 1 - (2 AUC - 1) at the high end: what an attacker does better than guessing
    passed,            ///< it has no share: e = `most`, once it passed
};
struct Effect {
    Function function = Function::passed;
    double most = 0;  ///< no evidence counts for more
};
/// Of evidence that passed; a value that is missing or outside [0, 1] counts as 0. What rests on a document or an
/// interview counts half.
double effectiveness(const Effect& effect, governance::Method method, std::optional<double> value,
                     std::optional<double> low, std::optional<double> high);
/// Of several controls: the best alone; 1 - prod(1 - e) only where they are declared independent.
double together(std::span<const double> effects, bool independent);

enum class Band : std::uint8_t { low, moderate, high, critical };
/// "low" is 1 to 4, "moderate" 5 to 9, "high" 10 to 14, "critical" 15 to 25; between two whole numbers the higher
/// counts.
Band band_of(double score);
std::string_view to_string(Band band);
Result<Band> band_from(std::string_view word);

/// "negligible" 1, "minor" 2, "moderate" 3, "major" 4, "severe" 5. Fails with `invalid_input`.
Result<std::int64_t> harm_from(std::string_view word);
std::string_view harm_word(std::int64_t level);
/// What may be harmed.
inline constexpr std::string_view kAxes[] = {"safety", "rights", "money", "confidentiality", "availability", "legal"};

}  // namespace bartizan::registers
