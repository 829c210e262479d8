#pragma once
/// How numbers and names are put to people, the same in text, HTML, JUnit and SARIF.
/// Thread rule: pure functions. What they return is not escaped.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "bartizan/finding.h"

namespace bartizan::report {

/// "robust_accuracy" as "Robust accuracy".
std::string label(std::string_view name);
/// "Critical".
std::string severity_word(Severity severity);
/// 1234567 as "1,234,567".
std::string grouped(std::int64_t value);
/// At most four significant digits; "not a number" for NaN.
std::string plain_number(double value);
/// A fraction as "91.2 %".
std::string percent(double fraction);
/// With its unit: "0.9 %", "112 queries", "0.031".
std::string amount(double value, std::string_view unit);
/// "0.5 – 1.7 %", or "" when there is no interval.
std::string interval_text(const Measurement& measurement);
/// "Robust accuracy 0.9 % (95 % interval 0.5 – 1.7 %, 1,000 samples)".
std::string measurement_line(const Measurement& measurement);

/// The number that a finding is about: its first piece of evidence. May be null.
const Measurement* key_measurement(const Finding& finding);

/// A finding with the probe that made it.
struct FindingRef {
    const ProbeRecord* probe;
    const Finding* finding;
};
/// Gravest first; findings of one severity in the order of the audit. Points into `report`.
std::vector<FindingRef> findings_by_severity(const Report& report);

}  // namespace bartizan::report
