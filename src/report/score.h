#pragma once
/// One number and one word for an audit. The score orders reports; it is not a probability, and no value of it
/// means that a model is free of weaknesses.
///
/// Every finding counts with its severity; a probe that failed or stopped before its end counts as one finding of
/// severity high, a skipped one as low: what was not looked at is never taken for good.
///   score = ceiling(worst) - sum of weight(every other), at least 0; 0 when no probe ran to its end
///   ceiling: none 100, info 100, low 90, medium 75, high 50, critical 20
///   weight:            info 0,   low 1,  medium 2,  high 4,  critical 6
/// So one more finding, or a graver one, never raises it.
/// Thread rule: pure functions.

#include <array>
#include <cstddef>
#include <optional>
#include <string>

#include "bartizan/finding.h"

namespace bartizan::report {

inline constexpr std::size_t kSeverityCount = 5;

/// How many findings there are of each severity, by `Severity`; and of probes, by `ProbeStatus`.
struct Tally {
    std::array<std::size_t, kSeverityCount> severities{};
    std::array<std::size_t, 4> statuses{};

    std::size_t of(Severity severity) const { return severities[static_cast<std::size_t>(severity)]; }
    std::size_t of(ProbeStatus status) const { return statuses[static_cast<std::size_t>(status)]; }
    std::size_t findings() const;
};
Tally tally(const Report& report);

/// 0 to 100.
int score(const Report& report);
/// Nothing when there are no findings.
std::optional<Severity> worst_severity(const Report& report);
/// True when a finding is at or above the gate: the audit then ends with exit status 1.
bool reaches_gate(const Report& report, Severity gate);

/// The verdict in words. `word`: "Critical weakness" ... "No weakness found", with "(not fully examined)" where
/// something was not looked at; `sentence`: one or more plain sentences for people who read nothing else.
struct Verdict {
    std::string word;
    std::string sentence;
};
Verdict verdict(const Report& report);

}  // namespace bartizan::report
