#pragma once
/// The pieces that the audit page and the comparison page are put together from. Every string of a report is
/// escaped here.
/// Thread rule: pure functions. Cannot fail.

#include <cstddef>
#include <string>
#include <string_view>

#include "bartizan/finding.h"

namespace bartizan::report {

/// A whole document: head with the policy that forbids every load, style, header, `body`, footer.
std::string html_page(std::string_view title, std::string_view kind, std::string_view tool_version,
                      const std::string& body);

/// The card with verdict, sentence, score and counts. `heading`: "h1" on a page of its own, "h2" in a pair.
std::string verdict_card(const Report& report, std::string_view eyebrow, std::string_view heading);
std::string probe_table(const Report& report);
/// One finding in full; `number` makes its anchor "f<number>".
std::string finding_card(const Finding& finding, const ProbeRecord& probe, std::size_t number);
/// Seed, version, command, digest, data, time.
std::string measured_section(const Report& report, std::string_view heading);

std::string severity_tag(Severity severity);
/// A bar from 0 to `value` of 1 with its interval; "" when the measurement is no fraction.
std::string fraction_bar(const Measurement& measurement, std::string_view css_class = "");

}  // namespace bartizan::report
