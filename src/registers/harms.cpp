#include "registers/harms.h"

#include <algorithm>

#include <fmt/format.h>

namespace bartizan::registers {
namespace {

constexpr std::int64_t kWorst = 5;

Harm by_criticality(const std::string& axis, const governance::Profile& profile) {
    if (profile.criticality == 0) return {axis, kWorst, "nobody told the criticality"};
    return {axis, profile.criticality, fmt::format("criticality {}", profile.criticality)};
}

Harm by_risk_class(const std::string& axis, const governance::Profile& profile) {
    if (profile.risk_class.empty()) return {axis, kWorst, "nobody told the risk class"};
    const std::int64_t level = profile.risk_class == "minimal" ? 1 : profile.risk_class == "limited" ? 3 : kWorst;
    return {axis, level, "risk class " + profile.risk_class};
}

Harm by_law(const std::string& axis, const governance::Profile& profile) {
    Harm out = by_risk_class(axis, profile);
    const bool regulated = profile.sector == "health" || profile.sector == "finance" || profile.sector == "automotive";
    if (profile.sector.empty() && out.level < kWorst) return {axis, kWorst, "nobody told the sector"};
    if (regulated && out.level < 4) return {axis, 4, "sector " + profile.sector};
    return out;
}

/// Words that nobody knows count as personal data.
Harm by_data(const std::string& axis, const governance::Profile& profile) {
    if (profile.data_classes.empty()) return {axis, kWorst, "nobody told the classes of data"};
    Harm out{axis, 1, "no data that anybody could miss"};
    for (const std::string& one : profile.data_classes) {
        const std::int64_t level =
            one == "none" || one == "public"                                                                    ? 1
            : one == "internal"                                                                                 ? 3
            : one == "health" || one == "payment" || one == "biometric" || one == "children" || one == "secret" ? 5
                                                                                                                : 4;
        if (level > out.level) out = {axis, level, "data: " + one};
    }
    return out;
}

}  // namespace

Harm harm_of(const std::string& axis, const governance::Profile& profile) {
    if (axis == "rights") return by_risk_class(axis, profile);
    if (axis == "legal") return by_law(axis, profile);
    if (axis == "confidentiality") return by_data(axis, profile);
    return by_criticality(axis, profile);
}

std::vector<Harm> harms_of(const Threat& threat, const governance::Profile& profile, const std::vector<Harm>& judged) {
    std::vector<Harm> out = judged;
    for (const std::string& axis : threat.harms)
        if (std::ranges::find(judged, axis, &Harm::axis) == judged.end()) out.push_back(harm_of(axis, profile));
    return out;
}

}  // namespace bartizan::registers
