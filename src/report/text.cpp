#include "report/text.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "core/progress.h"
#include "report/escape.h"
#include "report/score.h"
#include "report/wording.h"

namespace bartizan::report {
namespace {

constexpr std::string_view kBold = "\x1b[1m", kDim = "\x1b[2m", kReset = "\x1b[0m";
constexpr std::array<std::string_view, kSeverityCount> kSeverityColour = {"\x1b[2m", "\x1b[36m", "\x1b[33m", "\x1b[31m",
                                                                          "\x1b[1;31m"};

/// Columns that a string takes on a terminal, counting a code point as one.
std::size_t columns(std::string_view text) {
    return static_cast<std::size_t>(
        std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

std::string padded(std::string text, std::size_t width) {
    const std::size_t have = columns(text);
    if (have < width) text.append(width - have, ' ');
    return text;
}

class Writer {
public:
    explicit Writer(const TextOptions& options)
        : colour_(options.colour == Colour::always), width_(std::max<std::size_t>(options.width, 40)) {}

    std::string paint(std::string_view code, std::string text) const {
        return colour_ ? std::string(code) + text + std::string(kReset) : text;
    }
    /// Words of `text`, broken at the width, each line after `indent`.
    std::string wrapped(std::string_view text, std::size_t indent) const {
        const std::string pad(indent, ' ');
        std::string out, line;
        const std::string clean = clean_line(text);
        for (std::size_t at = 0; at < clean.size();) {
            const std::size_t end = std::min(clean.find(' ', at), clean.size());
            const std::string word = clean.substr(at, end - at);
            if (!line.empty() && indent + columns(line) + 1 + columns(word) > width_) {
                out += pad + line + "\n";
                line.clear();
            }
            if (!word.empty()) line += (line.empty() ? "" : " ") + word;
            at = end + 1;
        }
        return line.empty() ? out : out + pad + line + "\n";
    }

private:
    bool colour_;
    std::size_t width_;
};

std::string head(const Report& report, const Writer& writer) {
    const Verdict words = verdict(report);
    const auto worst = worst_severity(report);
    const std::string_view colour = worst ? kSeverityColour[static_cast<std::size_t>(*worst)] : kBold;
    std::string out = writer.paint(kBold, "Bartizan audit") + "  " + clean_line(report.asset.path) + "\n";
    out += writer.paint(colour, words.word) + fmt::format("  ·  score {} of 100\n", score(report));
    return out + writer.wrapped(words.sentence, 0);
}

std::string status_line(const ProbeRecord& probe, std::size_t width, const Writer& writer) {
    const std::string_view colour = probe.status == ProbeStatus::passed    ? ""
                                    : probe.status == ProbeStatus::skipped ? kDim
                                                                           : kSeverityColour[3];
    const std::string status =
        padded(probe.status == ProbeStatus::passed ? "done" : std::string(to_string(probe.status)), 10);
    std::string out =
        "  " + padded(clean_line(probe.title), width) + "  " +
        (colour.empty() ? status : writer.paint(colour, status)) +
        fmt::format("  {:>2} {}", probe.findings.size(), probe.findings.size() == 1 ? "finding " : "findings") +
        fmt::format("  {:>10}\n", human_duration(probe.seconds));
    if (!probe.reason.empty()) out += writer.wrapped(probe.reason, 4);
    return out;
}

std::string finding_text(const Finding& finding, const Writer& writer) {
    const std::string tag = padded(std::string(to_string(finding.severity)), 8);
    std::string out = "  " + writer.paint(kSeverityColour[static_cast<std::size_t>(finding.severity)], tag) + "  " +
                      writer.paint(kBold, clean_line(finding.rule)) + "\n" + writer.wrapped(finding.title, 4);
    if (const Measurement* key = key_measurement(finding)) out += writer.wrapped(measurement_line(*key), 4);
    return out;
}

}  // namespace

std::string report_text(const Report& report, const TextOptions& options) {
    const Writer writer(options);
    std::string out = head(report, writer);
    std::size_t widest = 0;
    for (const ProbeRecord& probe : report.probes) widest = std::max(widest, columns(clean_line(probe.title)));
    if (!report.probes.empty()) out += "\n" + writer.paint(kBold, "Probes") + "\n";
    for (const ProbeRecord& probe : report.probes) out += status_line(probe, std::min<std::size_t>(widest, 40), writer);
    const auto findings = findings_by_severity(report);
    if (!findings.empty()) out += "\n" + writer.paint(kBold, "Findings") + "\n";
    for (const FindingRef& ref : findings) out += finding_text(*ref.finding, writer);
    if (!options.files.empty()) out += "\n" + writer.paint(kBold, "Files") + "\n";
    for (const std::string& file : options.files) out += "  " + clean_line(file) + "\n";
    return out;
}

}  // namespace bartizan::report
