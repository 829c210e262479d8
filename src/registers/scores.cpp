#include "registers/scores.h"

#include <algorithm>
#include <cmath>

namespace bartizan::registers {
namespace {

struct Word {
    std::string_view word;
    double value;
};
constexpr Word kExposures[] = {{"public", 1}, {"partner", 0.75}, {"internal", 0.5}, {"offline", 0.25}};
constexpr Word kKnowledge[] = {{"answers", 1}, {"part", 0.7}, {"weights", 0.4}};
constexpr Word kMaturity[] = {{"realized", 1}, {"demonstrated", 0.8}, {"feasible", 0.5}};
constexpr std::string_view kBands[] = {"low", "moderate", "high", "critical"};
constexpr std::string_view kHarms[] = {"negligible", "minor", "moderate", "major", "severe"};
constexpr double kOfDocuments = 0.5;
constexpr double kRounding = 1e-9;  // of sums: 4.0000000001 is 4

template <std::size_t N>
Result<double> among(const Word (&words)[N], std::string_view wanted, const char* what) {
    for (const Word& one : words)
        if (one.word == wanted) return one.value;
    return invalid_input("'" + std::string(wanted.substr(0, 40)) + "' is no " + what);
}

double share(double value) { return value >= 0 && value <= 1 ? value : 0; }

}  // namespace

double exposure_of(std::string_view word) { return among(kExposures, word, "exposure").value_or(1); }
double value_of(std::int64_t criticality) {
    return criticality >= 1 && criticality <= 5 ? static_cast<double>(criticality) / 5 : 1;
}
Result<double> knowledge_of(std::string_view word) { return among(kKnowledge, word, "knowledge"); }
Result<double> maturity_of(std::string_view word) { return among(kMaturity, word, "maturity"); }

double likelihood(const Chance& chance) {
    return 1 + 4 * chance.maturity * (chance.exposure + chance.knowledge + chance.value) / 3;
}

double residual(double likelihood, double effectiveness) {
    return 1 + (likelihood - 1) * (1 - std::clamp(effectiveness, 0.0, 1.0));
}

double effectiveness(const Effect& effect, governance::Method method, std::optional<double> value,
                     std::optional<double> low, std::optional<double> high) {
    double e = effect.most;
    const bool measured = effect.function != Function::passed;
    if (measured && !value) return 0;
    const double least = low.value_or(value.value_or(0)), worst = high.value_or(value.value_or(0));
    if (measured && (share(least) != least || share(worst) != worst)) return 0;
    if (effect.function == Function::share) e = least;
    if (effect.function == Function::one_minus) e = 1 - worst;
    if (effect.function == Function::advantage_of_auc) e = 1 - std::max(0.0, 2 * worst - 1);
    e = std::clamp(e, 0.0, effect.most);
    return method == governance::Method::test ? e : e * kOfDocuments;
}

double together(std::span<const double> effects, bool independent) {
    double best = 0, left = 1;
    for (const double e : effects) {
        best = std::max(best, e);
        left *= 1 - e;
    }
    return independent ? 1 - left : best;
}

Band band_of(double score) {
    const double whole = std::ceil(score - kRounding);
    if (whole >= 15) return Band::critical;
    if (whole >= 10) return Band::high;
    return whole >= 5 ? Band::moderate : Band::low;
}

std::string_view to_string(Band band) { return kBands[static_cast<std::size_t>(band)]; }

Result<Band> band_from(std::string_view word) {
    for (const Band band : {Band::low, Band::moderate, Band::high, Band::critical})
        if (to_string(band) == word) return band;
    return invalid_input("'" + std::string(word.substr(0, 40)) + "' is no band", "low, moderate, high or critical");
}

Result<std::int64_t> harm_from(std::string_view word) {
    const auto found = std::ranges::find(kHarms, word);
    if (found != std::end(kHarms)) return found - std::begin(kHarms) + 1;
    return invalid_input("'" + std::string(word.substr(0, 40)) + "' is no harm",
                         "negligible, minor, moderate, major or severe");
}

std::string_view harm_word(std::int64_t level) {
    return kHarms[static_cast<std::size_t>(std::clamp<std::int64_t>(level, 1, 5) - 1)];
}

}  // namespace bartizan::registers
