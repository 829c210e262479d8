#include "report/html.h"

#include <fmt/format.h>

#include "report/escape.h"
#include "report/html_parts.h"
#include "report/wording.h"

namespace bartizan::report {
namespace {

std::string key_number(const Measurement& key) {
    return fmt::format("{}<small>{}</small>", escape_markup(clean_line(amount(key.value, key.unit))),
                       escape_markup(clean_line(label(key.name))));
}

std::string contents(const std::vector<FindingRef>& findings) {
    std::string out = "<ol class=\"card contents\">";
    for (std::size_t i = 0; i < findings.size(); ++i) {
        const Finding& finding = *findings[i].finding;
        const Measurement* key = key_measurement(finding);
        out +=
            fmt::format("<li><a href=\"#f{}\">{}<span class=\"name\">{}</span><span class=\"key\">{}</span></a></li>",
                        i + 1, severity_tag(finding.severity), escape_markup(clean_line(finding.title)),
                        key == nullptr ? "" : key_number(*key));
    }
    return out + "</ol>";
}

}  // namespace

std::string report_html(const Report& report) {
    const auto findings = findings_by_severity(report);
    std::string body = verdict_card(report, "Audit of " + report.asset.path, "h1");
    body += "<h2>What was found</h2>";
    body += findings.empty() ? "<p class=\"note\">The probes reported nothing.</p>" : contents(findings);
    body += "<h2>What was examined</h2>" + probe_table(report);
    if (!findings.empty()) body += "<h2>The findings one by one</h2>";
    for (std::size_t i = 0; i < findings.size(); ++i)
        body += finding_card(*findings[i].finding, *findings[i].probe, i + 1);
    body += measured_section(report, "How it was measured");
    body +=
        "<p class=\"note\">Intervals are 95 % intervals of what was sampled. A robustness figure is an upper bound: a "
        "better "
        "attack can only lower it. That nothing was found does not prove that nothing is there. A tag under “Relevant "
        "to” "
        "says that a finding bears on an entry, not that a requirement is met or missed.</p>";
    return html_page("Audit of " + report.asset.path, "security audit", report.tool_version, body);
}

}  // namespace bartizan::report
