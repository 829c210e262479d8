#include "report/wording.h"

#include <algorithm>
#include <cctype>
#include <cmath>

#include <fmt/format.h>

namespace bartizan::report {
namespace {

/// Below this, digits are grouped as whole numbers; a double holds them exactly.
constexpr double kGroupedLimit = 9e15;

}  // namespace

std::string label(std::string_view name) {
    std::string out(name);
    std::ranges::replace(out, '_', ' ');
    if (!out.empty()) out[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(out[0])));
    return out;
}

std::string severity_word(Severity severity) { return label(to_string(severity)); }

std::string grouped(std::int64_t value) {
    std::string digits = std::to_string(value);
    const std::size_t first = value < 0 ? 1 : 0;
    for (std::size_t at = digits.size(); at > first + 3;) digits.insert(at -= 3, ",");
    return digits;
}

std::string plain_number(double value) {
    if (std::isnan(value)) return "not a number";
    if (std::isinf(value)) return value > 0 ? "infinite" : "minus infinite";
    if (value == std::round(value) && std::abs(value) < kGroupedLimit) return grouped(static_cast<std::int64_t>(value));
    if (std::abs(value) >= 1000 && std::abs(value) < kGroupedLimit) return grouped(std::llround(value));
    return fmt::format("{:.4g}", value);
}

std::string percent(double fraction) {
    if (!std::isfinite(fraction)) return plain_number(fraction);
    // What is next to nothing, or next to all, does not read as that.
    const double rest = 100 * std::min(std::abs(fraction), std::abs(1 - fraction));
    const int digits = rest > 1e-6 && rest < 0.05 ? static_cast<int>(-std::floor(std::log10(rest) + 1e-9)) : 1;
    return fmt::format("{:.{}f} %", fraction * 100, digits);
}

std::string amount(double value, std::string_view unit) {
    if (unit == "fraction") return percent(value);
    std::string out = plain_number(value);
    if (!unit.empty()) out += " " + std::string(unit);
    return out;
}

std::string interval_text(const Measurement& measurement) {
    if (!measurement.low || !measurement.high) return {};
    std::string low = amount(*measurement.low, measurement.unit);
    if (measurement.unit == "fraction" && low.ends_with(" %"))
        low.resize(low.size() - 2);
    else if (!measurement.unit.empty())
        low = plain_number(*measurement.low);
    return low + " – " + amount(*measurement.high, measurement.unit);
}

std::string measurement_line(const Measurement& measurement) {
    std::string out = label(measurement.name) + " " + amount(measurement.value, measurement.unit);
    const std::string interval = interval_text(measurement);
    std::string inside = interval.empty() ? "" : "95 % interval " + interval;
    if (measurement.samples)
        inside += (inside.empty() ? "" : ", ") + grouped(*measurement.samples) +
                  (*measurement.samples == 1 ? " sample" : " samples");
    return inside.empty() ? out : out + " (" + inside + ")";
}

const Measurement* key_measurement(const Finding& finding) {
    return finding.evidence.empty() ? nullptr : &finding.evidence.front();
}

std::vector<FindingRef> findings_by_severity(const Report& report) {
    std::vector<FindingRef> out;
    for (const ProbeRecord& probe : report.probes)
        for (const Finding& finding : probe.findings) out.push_back({&probe, &finding});
    std::ranges::stable_sort(out, std::ranges::greater(), [](const FindingRef& ref) { return ref.finding->severity; });
    return out;
}

}  // namespace bartizan::report
