#include "documents/sections.h"

#include <fmt/format.h>

#include "report/escape.h"

namespace bartizan::documents {
namespace {

/// One line of Markdown in which nothing from outside is markup, and no mark of a part either.
std::string plain(const std::string& text) {
    std::string out;
    for (const char c : report::clean_line(text)) {
        if (std::string_view("\\`*_[]|#").find(c) != std::string_view::npos)
            out += '\\', out += c;
        else if (c == '<')
            out += "&lt;";
        else if (c == '>')
            out += "&gt;";
        else if (c == '&')
            out += "&amp;";
        else
            out += c;
    }
    return out;
}
std::string markup(const std::string& text) { return report::escape_markup(report::clean_line(text)); }

}  // namespace

std::string markdown_of(const Section& section) {
    std::string out;
    const auto gap = [&] {
        if (!out.empty()) out += '\n';
    };
    for (const std::string& one : section.paragraphs) {
        gap();
        out += plain(one) + "\n";
    }
    if (!section.facts.empty()) {
        gap();
        for (const auto& [name, value] : section.facts) out += fmt::format("- {}: {}\n", plain(name), plain(value));
    }
    if (!section.list.empty()) {
        gap();
        for (const std::string& one : section.list) out += "- " + plain(one) + "\n";
    }
    if (!section.table.rows.empty()) {
        gap();
        std::string rule;
        for (const std::string& name : section.table.header) {
            out += "| " + plain(name) + " ";
            rule += "|---";
        }
        out += "|\n" + rule + "|\n";
        for (const auto& row : section.table.rows) {
            for (const std::string& cell : row) out += "| " + plain(cell) + " ";
            out += "|\n";
        }
    }
    return out;
}

std::string html_of(const Section& section) {
    std::string out;
    for (const std::string& one : section.paragraphs) out += "<p style=\"margin-bottom:1rem\">" + markup(one) + "</p>";
    if (!section.facts.empty()) {
        out += "<dl class=\"card facts\">";
        for (const auto& [name, value] : section.facts)
            out += fmt::format("<dt>{}</dt><dd>{}</dd>", markup(name), markup(value));
        out += "</dl>";
    }
    if (!section.list.empty()) {
        out += "<ul>";
        for (const std::string& one : section.list) out += "<li>" + markup(one) + "</li>";
        out += "</ul>";
    }
    if (!section.table.rows.empty()) {
        out += fmt::format(
            "<div class=\"card scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{}\"><table><thead><tr>",
            markup(section.title));
        for (const std::string& name : section.table.header) out += "<th scope=\"col\">" + markup(name) + "</th>";
        out += "</tr></thead><tbody>";
        for (const auto& row : section.table.rows) {
            out += "<tr>";
            for (const std::string& cell : row)  // dates and words stay whole
                out += (cell.find(' ') == std::string::npos && cell.size() <= 12 ? "<td style=\"white-space:nowrap\">"
                                                                                 : "<td>") +
                       markup(cell) + "</td>";
            out += "</tr>";
        }
        out += "</tbody></table></div>";
    }
    return out;
}

Json to_json(const Section& section) {
    Json out = {{"title", section.title}};
    if (!section.paragraphs.empty()) out["paragraphs"] = section.paragraphs;
    if (!section.facts.empty())
        for (const auto& [name, value] : section.facts) out["facts"][name] = value;
    if (!section.list.empty()) out["list"] = section.list;
    if (!section.table.rows.empty()) out["table"] = {{"header", section.table.header}, {"rows", section.table.rows}};
    return out;
}

}  // namespace bartizan::documents
