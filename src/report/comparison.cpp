#include <algorithm>
#include <cmath>
#include <map>
#include <optional>

#include <fmt/format.h>

#include "report/escape.h"
#include "report/html.h"
#include "report/html_parts.h"
#include "report/plot.h"
#include "report/rules.h"
#include "report/score.h"
#include "report/wording.h"

namespace bartizan::report {
namespace {

std::string text(std::string_view from_outside) { return escape_markup(clean_line(from_outside)); }

/// The findings of one rule in both audits; one of the two may be missing.
struct Matched {
    std::optional<FindingRef> before, after;

    const FindingRef& any() const { return after ? *after : *before; }
    bool both() const { return before && after; }
};

/// Matched by rule and, within a rule, by order; those of `before` first.
std::vector<Matched> match(const Report& before, const Report& after) {
    std::vector<Matched> out;
    std::map<std::pair<std::string, std::size_t>, std::size_t> where;
    const auto take = [&](const Report& report, std::optional<FindingRef> Matched::*side) {
        std::map<std::string, std::size_t> seen;
        for (const FindingRef& ref : findings_by_severity(report)) {
            const auto [at, added] = where.try_emplace({ref.finding->rule, seen[ref.finding->rule]++}, out.size());
            if (added) out.emplace_back();
            out[at->second].*side = ref;
        }
    };
    take(before, &Matched::before);
    take(after, &Matched::after);
    return out;
}

const Measurement* find_measurement(const Finding& finding, const std::string& name) {
    const auto found = std::ranges::find(finding.evidence, name, &Measurement::name);
    return found == finding.evidence.end() ? nullptr : &*found;
}

/// +1 where more is better, -1 where less is, 0 where the name does not tell.
int direction(std::string_view name) {
    for (const std::string_view good : {"accuracy_drop", "error", "success_rate"})
        if (name.find(good) != std::string_view::npos) return -1;
    for (const std::string_view good : {"accuracy", "queries", "distance", "perturbation", "gradients"})
        if (name.find(good) != std::string_view::npos) return 1;
    return 0;
}

std::string delta(const Measurement& before, const Measurement& after) {
    const double change = after.value - before.value;
    if (!std::isfinite(change)) return {};
    if (change == 0) return "<span class=\"delta\">no change</span>";
    const std::string size =
        (change < 0 ? "−" : "+") + (before.unit == "fraction" ? fmt::format("{:.1f} points", std::abs(change) * 100)
                                                              : plain_number(std::abs(change)));
    const int sign = change > 0 ? direction(before.name) : change < 0 ? -direction(before.name) : 0;
    return fmt::format("<span class=\"delta {}\">{}</span>", sign > 0 ? "better" : sign < 0 ? "worse" : "", text(size));
}

std::string compared_row(const Measurement& measurement, const std::string& title, std::string_view css_class) {
    std::string bar = fraction_bar(measurement, css_class);
    if (bar.empty()) bar = "<span class=\"gap\"></span>";
    return fmt::format("<span class=\"{0}\">{1}</span>{2}<b class=\"{0}\">{3}</b>", css_class, text(title), bar,
                       text(amount(measurement.value, measurement.unit)));
}

std::string measurement_card(const Measurement& before, const Measurement& after, const FindingRef& ref,
                             const ComparisonTitles& titles) {
    return fmt::format(
        "<div class=\"card change\"><h3>{} {}<small>{} <span class=\"mono\">{}</span></small></h3><div "
        "class=\"compare\">{}{}</div></div>",
        text(label(before.name)), delta(before, after), text(ref.probe->title), text(ref.finding->rule),
        compared_row(before, titles.before, "first"), compared_row(after, titles.after, "second"));
}

std::string measurements(const std::vector<Matched>& matched, const ComparisonTitles& titles) {
    std::string out;
    for (const Matched& pair : matched) {
        if (!pair.both()) continue;
        for (const Measurement& before : pair.before->finding->evidence)
            if (const Measurement* after = find_measurement(*pair.after->finding, before.name))
                out += measurement_card(before, *after, *pair.before, titles);
    }
    return out.empty() ? out : "<h2>The numbers</h2>" + out;
}

/// The curves of one title in one plot: the first series of each audit, which is the attack's.
std::string curves(const std::vector<Matched>& matched, const ComparisonTitles& titles) {
    std::string out;
    for (const Matched& pair : matched) {
        if (!pair.both()) continue;
        for (const Curve& before : pair.before->finding->curves) {
            const auto after = std::ranges::find(pair.after->finding->curves, before.title, &Curve::title);
            if (after == pair.after->finding->curves.end() || before.series.empty() || after->series.empty()) continue;
            Curve both = before;
            both.series = {after->series.front(), before.series.front()};
            both.series[0].name = titles.after + ": " + both.series[0].name;
            both.series[1].name = titles.before + ": " + both.series[1].name;
            out += "<div class=\"card change\">" + curve_figure(both) + "</div>";
        }
    }
    return out.empty() ? out : "<h2>The curves</h2>" + out;
}

/// The severity on one side, or why there is none: the probe found nothing, or was not there to find it.
std::string side_text(const std::optional<FindingRef>& ref, const Report& report, const std::string& probe) {
    if (ref) return severity_tag(ref->finding->severity);
    const auto ran = std::ranges::find(report.probes, probe, &ProbeRecord::name);
    const std::string why = ran == report.probes.end()           ? "not examined"
                            : ran->status == ProbeStatus::passed ? "not found"
                                                                 : "probe " + std::string(to_string(ran->status));
    return "<span class=\"small\">" + why + "</span>";
}

std::string finding_rows(const std::vector<Matched>& matched, const Report& before, const Report& after,
                         const ComparisonTitles& titles) {
    std::string out = fmt::format(
        "<h2>The findings</h2><div class=\"card scroll\" tabindex=\"0\" role=\"region\" aria-label=\"The findings\">"
        "<table><thead><tr><th scope=\"col\">Finding</th><th scope=\"col\">{}</th><th scope=\"col\">{}</th></tr>"
        "</thead><tbody>",
        text(titles.before), text(titles.after));
    for (const Matched& pair : matched) {
        const FindingRef& ref = pair.any();
        const Rule* rule = find_rule(ref.finding->rule);
        out += fmt::format("<tr><td>{}<br><small class=\"mono\">{}</small></td><td>{}</td><td>{}</td></tr>",
                           text(rule == nullptr ? std::string_view(ref.finding->title) : rule->summary),
                           text(ref.finding->rule), side_text(pair.before, before, ref.probe->name),
                           side_text(pair.after, after, ref.probe->name));
    }
    return out + "</tbody></table></div>";
}

std::string lead(const Report& before, const Report& after, const ComparisonTitles& titles) {
    const int change = score(after) - score(before);
    const std::string sentence =
        change == 0 ? "Both score " + std::to_string(score(after)) + " of 100."
                    : fmt::format("“{}” scores {} of 100, {} points {} “{}”.", titles.after, score(after),
                                  std::abs(change), change > 0 ? "above" : "below", titles.before);
    return "<div class=\"lead\"><h1>Two audits side by side</h1><p>" + text(sentence) + "</p></div>";
}

}  // namespace

std::string comparison_html(const Report& before, const Report& after, const ComparisonTitles& titles) {
    const auto matched = match(before, after);
    std::string body = lead(before, after, titles);
    body += "<div class=\"pair\">" + verdict_card(before, titles.before, "h2") +
            verdict_card(after, titles.after, "h2") + "</div>";
    body += measurements(matched, titles) + curves(matched, titles);
    if (!matched.empty()) body += finding_rows(matched, before, after, titles);
    body +=
        "<p class=\"note\">Findings are matched by rule. A robustness figure is an upper bound: a better attack can "
        "only lower "
        "it. Each audit has a report of its own with pictures and remedies.</p>";
    body += measured_section(before, "How “" + titles.before + "” was measured");
    body += measured_section(after, "How “" + titles.after + "” was measured");
    return html_page(titles.before + " and " + titles.after, "two audits compared", after.tool_version, body);
}

}  // namespace bartizan::report
