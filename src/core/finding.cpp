#include "bartizan/finding.h"

#include <algorithm>
#include <array>

namespace bartizan {
namespace {

constexpr std::array<std::string_view, 5> kSeverities = {"info", "low", "medium", "high", "critical"};
constexpr std::array<std::string_view, 4> kStatuses = {"passed", "failed", "skipped", "incomplete"};

}  // namespace

std::string_view to_string(Severity severity) { return kSeverities[static_cast<std::size_t>(severity)]; }
std::string_view to_string(ProbeStatus status) { return kStatuses[static_cast<std::size_t>(status)]; }

std::optional<Severity> severity_from(std::string_view text) {
    const auto found = std::ranges::find(kSeverities, text);
    if (found == kSeverities.end()) return std::nullopt;
    return static_cast<Severity>(found - kSeverities.begin());
}

}  // namespace bartizan
