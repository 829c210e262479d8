#include "report/html_parts.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include <fmt/format.h>

#include "core/progress.h"
#include "report/escape.h"
#include "report/html_style.h"
#include "report/plot.h"
#include "report/rules.h"
#include "report/score.h"
#include "report/taxonomy.h"
#include "report/wording.h"

namespace bartizan::report {
namespace {

/// Figures shown large; the rest is in the evidence table.
constexpr std::size_t kLargeFigures = 3;

std::string text(std::string_view from_outside) { return escape_markup(clean_line(from_outside)); }

std::string score_ring(int points) {
    constexpr double kRadius = 52;
    const double length = 2 * std::numbers::pi * kRadius;
    const std::string arc =
        points == 0 ? ""
                    : fmt::format(
                          "<circle class=\"arc\" cx=\"60\" cy=\"60\" r=\"{}\" stroke-dasharray=\"{:.1f} {:.1f}\" "
                          "transform=\"rotate(-90 60 60)\"/>",
                          kRadius, length * points / 100, length);
    return fmt::format(
        "<div class=\"ring\"><svg viewBox=\"0 0 120 120\" role=\"img\" aria-label=\"Score {0} of 100\"><circle "
        "class=\"track\" cx=\"60\" cy=\"60\" r=\"{1}\"/>{2}<text class=\"score\" x=\"60\" y=\"68\" "
        "text-anchor=\"middle\">{0}</text><text class=\"of\" x=\"60\" y=\"87\" text-anchor=\"middle\">of 100</text>"
        "</svg></div>",
        points, kRadius, arc);
}

std::string counts(const Tally& tally) {
    std::string out = "<ul class=\"counts\" aria-label=\"Findings by severity\">";
    for (std::size_t i = kSeverityCount; i-- > 0;) {
        const auto severity = static_cast<Severity>(i);
        out += fmt::format("<li class=\"{} {}\">{} {}</li>", to_string(severity), tally.of(severity) == 0 ? "none" : "",
                           tally.of(severity), to_string(severity));
    }
    return out + "</ul>";
}

std::string figure(const Measurement& measurement) {
    const std::string interval = interval_text(measurement);
    std::string small = interval.empty() ? "" : "95 % interval " + interval;
    if (measurement.samples)
        small += (small.empty() ? "" : " · ") + grouped(*measurement.samples) +
                 (*measurement.samples == 1 ? " sample" : " samples");
    return fmt::format(
        "<div class=\"figure\"><div class=\"name\">{}</div><div class=\"value\">{}</div>{}<div class=\"small\">{}"
        "</div></div>",
        text(label(measurement.name)), text(amount(measurement.value, measurement.unit)), fraction_bar(measurement),
        text(small));
}

std::string figures(const Finding& finding) {
    if (finding.evidence.empty()) return {};
    std::string out = "<div class=\"figures\">";
    for (std::size_t i = 0; i < std::min(kLargeFigures, finding.evidence.size()); ++i)
        out += figure(finding.evidence[i]);
    return out + "</div>";
}

std::string scrollable(std::string_view title, const std::string& table) {
    return fmt::format("<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{}\">{}</div>", text(title),
                       table);
}

std::string table_of(const Table& table) {
    std::string out = "<div><h4>" + text(table.title) + "</h4>";
    std::string rows = "<table><thead><tr>";
    for (const std::string& cell : table.header) rows += "<th scope=\"col\">" + text(cell) + "</th>";
    rows += "</tr></thead><tbody>";
    for (const auto& row : table.rows) {
        rows += "<tr>";
        for (const std::string& cell : row) rows += "<td>" + text(cell) + "</td>";
        rows += "</tr>";
    }
    return out + scrollable(table.title, rows + "</tbody></table>") + "</div>";
}

std::string evidence_table(const Finding& finding) {
    if (finding.evidence.empty()) return {};
    std::string rows =
        "<table class=\"evidence\"><thead><tr><th scope=\"col\">measured</th><th scope=\"col\">value</th><th "
        "scope=\"col\">95 % "
        "interval</th><th scope=\"col\">samples</th><th scope=\"col\">how</th></tr></thead><tbody>";
    for (const Measurement& m : finding.evidence)
        rows += fmt::format(
            "<tr><td>{}</td><td>{}</td><td data-label=\"95 % interval\">{}</td><td data-label=\"samples\">{}</td><td "
            "data-label=\"how\">{}</td></tr>",
            text(label(m.name)), text(amount(m.value, m.unit)), text(interval_text(m)),
            m.samples ? grouped(*m.samples) : "", text(m.note));
    return fmt::format("<div><h4>Evidence <span class=\"hidden\">of {}</span></h4>", text(finding.rule)) +
           scrollable("Evidence", rows + "</tbody></table>") + "</div>";
}

std::string picture_figure(const Picture& picture) {
    constexpr std::string_view kPngSignature = "\x89PNG\r\n\x1a\n";
    if (!picture.png.starts_with(kPngSignature))
        return "<figure><figcaption>" + text(picture.caption) + " (no picture)</figcaption></figure>";
    return fmt::format(
        "<figure><img alt=\"{0}\" width=\"{1}\" height=\"{2}\" src=\"data:image/png;base64,{3}\">"
        "<figcaption>{0}</figcaption></figure>",
        text(picture.caption), picture.width, picture.height, base64(picture.png));
}

std::string picture_rows(const Finding& finding) {
    if (finding.pictures.empty()) return {};
    std::string out = "<div><h4>Examples</h4><div class=\"rows\">";
    for (const PictureRow& row : finding.pictures) {
        out += "<div><p class=\"rowtitle\">" + text(row.title) + "</p><div class=\"pictures\">";
        for (const Picture& picture : row.pictures) out += picture_figure(picture);
        out += "</div></div>";
    }
    return out + "</div></div>";
}

std::string mapping_tags(const Finding& finding) {
    if (finding.maps.empty()) return {};
    std::string out = "<div><h4>Relevant to</h4><ul class=\"maps\">";
    for (const Mapping& map : finding.maps) {
        const Taxonomy* taxonomy = find_taxonomy(map.scheme);
        const std::string_view version = map.version.empty() && taxonomy != nullptr ? taxonomy->version : map.version;
        out += fmt::format("<li title=\"{}\">{} {} <b>{}</b></li>", text(taxon_title(map.scheme, map.id)),
                           text(map.scheme), text(version), text(map.id));
    }
    return out + "</ul></div>";
}

void put_fact(std::string& out, std::string_view name, std::string_view value, std::string_view css_class = "") {
    if (value.empty()) return;
    out += fmt::format("<dt>{}</dt><dd class=\"{}\">{}</dd>", text(name), css_class, text(value));
}

void put_asset(std::string& out, const Asset& asset) {
    put_fact(out, asset.kind.empty() ? "Asset" : label(asset.kind), asset.path, "mono");
    put_fact(out, "SHA-256", asset.sha256, "mono");
    for (const auto& [name, value] : asset.facts) put_fact(out, label(name), value);
}

std::string_view severity_class(const Report& report) {
    const auto worst = worst_severity(report);
    const bool whole = tally(report).of(ProbeStatus::passed) == report.probes.size() && report.complete;
    if (!worst || (*worst == Severity::info && !whole)) return whole && !report.probes.empty() ? "low" : "medium";
    return *worst == Severity::info ? "low" : to_string(*worst);
}

}  // namespace

std::string severity_tag(Severity severity) {
    return fmt::format("<span class=\"tag {}\">{}</span>", to_string(severity), severity_word(severity));
}

std::string fraction_bar(const Measurement& measurement, std::string_view css_class) {
    if (measurement.unit != "fraction" || !std::isfinite(measurement.value)) return {};
    const auto share = [](double value) { return std::clamp(value, 0.0, 1.0) * 100; };
    std::string range;
    if (measurement.low && measurement.high && std::isfinite(*measurement.low) && std::isfinite(*measurement.high))
        range = fmt::format("<i class=\"range\" style=\"left:{:.2f}%;width:{:.2f}%\"></i>", share(*measurement.low),
                            std::max(0.0, share(*measurement.high) - share(*measurement.low)));
    return fmt::format(
        "<div class=\"bar {}\" role=\"img\" aria-label=\"{}\"><i class=\"fill\" style=\"width:{:.2f}%\"></i>{}"
        "<i class=\"at\" style=\"left:{:.2f}%\"></i></div>",
        css_class, text(measurement_line(measurement)), share(measurement.value), range, share(measurement.value));
}

std::string html_page(std::string_view title, std::string_view kind, std::string_view tool_version,
                      const std::string& body) {
    std::string out =
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; "
        "img-src data:; base-uri 'none'; form-action 'none'\">"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
        "<meta name=\"referrer\" content=\"no-referrer\"><meta name=\"generator\" content=\"Bartizan\">"
        "<link rel=\"icon\" href=\"data:,\">";
    out += "<title>" + text(title) + "</title><style>" + stylesheet() + "</style></head><body>";
    out +=
        "<a class=\"skip\" href=\"#main\">Skip to the verdict</a><div class=\"page\"><header class=\"top\"><div "
        "class=\"brand\">";
    out += std::string(turret_svg()) + "<span>Bartizan <small>" + text(kind) + "</small></span></div>";
    out +=
        "<fieldset class=\"theme\"><legend class=\"hidden\">Colours</legend>"
        "<label><input type=\"radio\" name=\"theme\" checked><span>Auto</span></label>"
        "<label><input type=\"radio\" name=\"theme\" id=\"theme-light\"><span>Light</span></label>"
        "<label><input type=\"radio\" name=\"theme\" id=\"theme-dark\"><span>Dark</span></label></fieldset></header>";
    out += "<main id=\"main\">" + body + "</main>";
    return out + "<footer>Written by Bartizan " + text(tool_version) +
           ". This page is complete in itself: it loads nothing and runs no script.</footer></div></body></html>\n";
}

std::string verdict_card(const Report& report, std::string_view eyebrow, std::string_view heading) {
    const Verdict words = verdict(report);
    return fmt::format(
        "<section class=\"card verdict {0}\"><div><p class=\"eyebrow\">{1}</p><{2}>{3}</{2}><p>{4}</p></div>{5}{6}"
        "</section>",
        severity_class(report), text(eyebrow), heading, text(words.word), text(words.sentence),
        score_ring(score(report)), counts(tally(report)));
}

std::string probe_table(const Report& report) {
    std::string out =
        "<div class=\"card scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Probes\"><table "
        "class=\"probes\"><thead>"
        "<tr><th scope=\"col\">Probe</th><th scope=\"col\">Result</th><th scope=\"col\" class=\"count\">Findings</th>"
        "<th scope=\"col\">Time</th></tr></thead><tbody>";
    for (const ProbeRecord& probe : report.probes) {
        const bool done = probe.status == ProbeStatus::passed;
        const std::string why = probe.reason.empty() ? "" : "<span class=\"why\">" + text(probe.reason) + "</span>";
        out += fmt::format(
            "<tr><td>{}{}</td><td><span class=\"status {}\">{}</span></td><td class=\"count\">{}</td><td>{}</td></tr>",
            text(probe.title.empty() ? probe.name : probe.title), why, done ? "done" : to_string(probe.status),
            done ? "done" : to_string(probe.status),
            done || !probe.findings.empty() ? std::to_string(probe.findings.size()) : "–",
            probe.status == ProbeStatus::skipped ? "–" : human_duration(probe.seconds));
    }
    return out + "</tbody></table></div>";
}

std::string finding_card(const Finding& finding, const ProbeRecord& probe, std::size_t number) {
    std::string out = fmt::format(
        "<article class=\"card finding {}\" id=\"f{}\"><header>{}<span class=\"small mono\">{}</span>"
        "<span class=\"small\">{}</span></header><h3>{}</h3>",
        to_string(finding.severity), number, severity_tag(finding.severity), text(finding.rule),
        text(probe.title.empty() ? probe.name : probe.title), text(finding.title));
    if (!finding.explanation.empty()) out += "<p class=\"meaning\">" + text(finding.explanation) + "</p>";
    out += figures(finding);
    for (const Curve& curve : finding.curves) out += curve_figure(curve);
    out += picture_rows(finding);
    for (const Table& table : finding.tables) out += table_of(table);
    if (!finding.remediation.empty())
        out += "<div class=\"todo\"><h4>What to do</h4><p>" + text(finding.remediation) + "</p></div>";
    return out + evidence_table(finding) + mapping_tags(finding) + "</article>";
}

std::string measured_section(const Report& report, std::string_view heading) {
    std::string out = "<h2>" + text(heading) + "</h2><dl class=\"card facts\">";
    put_asset(out, report.asset);
    if (report.data) put_asset(out, *report.data);
    put_fact(out, "Command", report.command, "mono");
    put_fact(out, "Seed", std::to_string(report.seed));
    put_fact(out, "Started", report.started);
    put_fact(out, "Took", human_duration(report.seconds));
    put_fact(out, "Bartizan", report.tool_version);
    return out + "</dl>";
}

}  // namespace bartizan::report
