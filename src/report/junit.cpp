#include "report/junit.h"

#include <cmath>

#include <fmt/format.h>

#include "report/escape.h"
#include "report/score.h"
#include "report/wording.h"

namespace bartizan::report {
namespace {

enum class CaseState { passed, failure, error, skipped };

CaseState state_of(const ProbeRecord& probe, std::optional<Severity> gate) {
    if (probe.status == ProbeStatus::failed || probe.status == ProbeStatus::incomplete) return CaseState::error;
    if (probe.status == ProbeStatus::skipped) return CaseState::skipped;
    if (!gate) return CaseState::passed;
    for (const Finding& finding : probe.findings)
        if (finding.severity >= *gate) return CaseState::failure;
    return CaseState::passed;
}

std::string seconds(double value) { return std::isfinite(value) ? fmt::format("{:.3f}", value) : "0.000"; }

/// The findings of a probe as plain lines; only those at or above `least`.
std::string finding_lines(const ProbeRecord& probe, Severity least) {
    std::string out;
    for (const Finding& finding : probe.findings) {
        if (finding.severity < least) continue;
        out += fmt::format("[{}] {} {}\n", to_string(finding.severity), finding.rule, finding.title);
        if (const Measurement* key = key_measurement(finding)) out += "    " + measurement_line(*key) + "\n";
        if (!finding.remediation.empty()) out += "    What to do: " + finding.remediation + "\n";
    }
    return out;
}

std::string first_title(const ProbeRecord& probe, Severity least) {
    for (const Finding& finding : probe.findings)
        if (finding.severity >= least) return finding.title;
    return {};
}

std::string case_body(const ProbeRecord& probe, CaseState state, std::optional<Severity> gate) {
    const std::string why = probe.reason.empty() ? std::string(to_string(probe.status)) : probe.reason;
    switch (state) {
        case CaseState::failure:
            return fmt::format("      <failure type=\"finding\" message=\"{}\">{}</failure>\n",
                               escape_markup(clean_line(first_title(probe, *gate))),
                               escape_markup(finding_lines(probe, *gate)));
        case CaseState::error:
            return fmt::format("      <error type=\"probe-{}\" message=\"{}\"/>\n", to_string(probe.status),
                               escape_markup(clean_line(why)));
        case CaseState::skipped:
            return fmt::format("      <skipped message=\"{}\"/>\n", escape_markup(clean_line(why)));
        case CaseState::passed:
            break;
    }
    return {};
}

std::string test_case(const ProbeRecord& probe, std::optional<Severity> gate) {
    std::string out = fmt::format("    <testcase classname=\"bartizan.audit\" name=\"{}\" time=\"{}\">\n",
                                  escape_markup(clean_line(probe.name)), seconds(probe.seconds));
    out += case_body(probe, state_of(probe, gate), gate);
    const std::string lines = finding_lines(probe, Severity::info);
    if (!lines.empty()) out += "      <system-out>" + escape_markup(lines) + "</system-out>\n";
    return out + "    </testcase>\n";
}

std::string property(std::string_view name, std::string_view value) {
    return fmt::format("      <property name=\"{}\" value=\"{}\"/>\n", name, escape_markup(clean_line(value)));
}

}  // namespace

std::string report_junit(const Report& report, std::optional<Severity> gate) {
    int failures = 0, errors = 0, skipped = 0;
    std::string cases;
    for (const ProbeRecord& probe : report.probes) {
        const CaseState state = state_of(probe, gate);
        failures += state == CaseState::failure ? 1 : 0;
        errors += state == CaseState::error ? 1 : 0;
        skipped += state == CaseState::skipped ? 1 : 0;
        cases += test_case(probe, gate);
    }
    const std::string counts = fmt::format("tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\" time=\"{}\"",
                                           report.probes.size(), failures, errors, skipped, seconds(report.seconds));
    std::string out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
    out += fmt::format("<testsuites name=\"bartizan audit\" {}>\n", counts);
    out += fmt::format(
        "  <testsuite name=\"bartizan audit {}\" {}{}>\n", escape_markup(clean_line(report.asset.path)), counts,
        report.started.empty() ? "" : fmt::format(" timestamp=\"{}\"", escape_markup(clean_line(report.started))));
    out += "    <properties>\n" + property("score", std::to_string(score(report))) +
           property("verdict", verdict(report).word) + property("sha256", report.asset.sha256) +
           property("seed", std::to_string(report.seed)) + property("bartizan", report.tool_version) +
           "    </properties>\n";
    return out + cases + "  </testsuite>\n</testsuites>\n";
}

}  // namespace bartizan::report
