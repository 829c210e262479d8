/// Templates: fields, parts that may be missing, and Markdown as HTML.
#include <algorithm>
#include <ctime>

#include <fmt/format.h>

#include "core/time_text.h"
#include "incident/messages.h"

namespace bartizan::incident {
namespace templates {
namespace {

constexpr std::size_t kLongestTemplate = 100'000;

/// A value as one line that cannot move a cursor or begin a block of Markdown.
std::string one_line(const std::string& value) {
    std::string out;
    for (const char c : value) out += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? ' ' : c;
    return out;
}

std::string time_or_nothing(const Incident& incident, const char* name) {
    const auto found = incident.anchors.find(name);
    return found == incident.anchors.end() ? "" : utc_text(static_cast<std::time_t>(found->second));
}

std::string joined(const std::vector<std::string>& list) {
    std::string out;
    for (const std::string& one : list) out += (out.empty() ? "" : ", ") + one_line(one);
    return out;
}

class Filler {
public:
    Filler(std::string_view name, std::string_view source, const MessageFields& fields)
        : name_(name), source_(source), fields_(fields) {}

    Result<std::string> fill() {
        if (source_.size() > kLongestTemplate) return exhausted("the template '" + name_ + "' is too long");
        std::string out;
        BARTIZAN_TRY(fill_until("", true, out));
        return out;
    }

private:
    Error fault(const std::string& what) const {
        const auto line = std::count(source_.begin(), source_.begin() + static_cast<std::ptrdiff_t>(at_), '\n') + 1;
        return invalid_input(fmt::format("template '{}', line {}: {}", name_, line, what));
    }

    /// Up to {{/part}}, or the end of the source.
    Result<void> fill_until(const std::string& part, bool shown, std::string& out) {
        for (;;) {
            const auto open = source_.find("{{", at_);
            if (shown) out += source_.substr(at_, open - at_);
            if (open == std::string_view::npos) {
                if (!part.empty()) return fault("{{#" + part + "}} has no end");
                at_ = source_.size();
                return {};
            }
            at_ = open;
            const auto close = source_.find("}}", open);
            if (close == std::string_view::npos) return fault("{{ has no }}");
            const std::string word(source_.substr(open + 2, close - open - 2));
            const bool begins = word.starts_with('#'), ends = word.starts_with('/');
            const std::string field = begins || ends ? word.substr(1) : word;
            const auto found = fields_.find(field);
            if (found == fields_.end()) return fault("there is no field '" + field.substr(0, 60) + "'");
            if (ends && field != part) return fault("{{/" + field + "}} ends nothing");
            if (!begins && !ends && shown && found->second.empty())
                return fault("'" + field + "' is not known yet; put what depends on it between {{#" + field +
                             "}} and {{/" + field + "}}");
            at_ = close + 2;
            if (ends) return {};
            if (begins)
                BARTIZAN_TRY(fill_until(field, shown && !found->second.empty(), out));
            else if (shown)
                out += found->second;
        }
    }

    std::string name_;
    std::string_view source_;
    const MessageFields& fields_;
    std::size_t at_ = 0;
};

std::string escaped(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '&')
            out += "&amp;";
        else if (c == '<')
            out += "&lt;";
        else if (c == '>')
            out += "&gt;";
        else if (c == '"')
            out += "&quot;";
        else
            out += c;
    }
    return out;
}

std::string with_bold(std::string_view line) {
    std::string out, text = escaped(line);
    bool bold = false;
    for (std::size_t at = 0; at < text.size();) {
        const bool mark = text.compare(at, 2, "**") == 0 && (bold || text.find("**", at + 2) != std::string::npos);
        if (!mark) {
            out += text[at++];
            continue;
        }
        out += bold ? "</strong>" : "<strong>";
        bold = !bold;
        at += 2;
    }
    return out;
}

}  // namespace
}  // namespace templates

std::string html_of(std::string_view markdown) {
    std::string out, paragraph;
    bool list = false;
    const auto end_paragraph = [&] {
        if (!paragraph.empty()) out += "<p>" + paragraph + "</p>\n";
        paragraph.clear();
    };
    const auto end_list = [&] {
        if (list) out += "</ul>\n";
        list = false;
    };
    while (!markdown.empty()) {
        const std::string_view line = markdown.substr(0, markdown.find('\n'));
        markdown.remove_prefix(std::min(line.size() + 1, markdown.size()));
        const auto level = std::min(line.find_first_not_of('#'), line.size());
        if (level > 0 && level <= 3 && level < line.size() && line[level] == ' ') {
            end_paragraph();
            end_list();
            out += fmt::format("<h{0}>{1}</h{0}>\n", level, templates::with_bold(line.substr(level + 1)));
        } else if (line.starts_with("- ")) {
            end_paragraph();
            if (!list) out += "<ul>\n";
            list = true;
            out += "<li>" + templates::with_bold(line.substr(2)) + "</li>\n";
        } else if (line.empty()) {
            end_paragraph();
            end_list();
        } else {
            end_list();
            paragraph += (paragraph.empty() ? "" : "<br>\n") + templates::with_bold(line);
        }
    }
    end_paragraph();
    end_list();
    return out;
}

Result<Rendered> render(std::string_view name, std::string_view source, const MessageFields& fields) {
    Rendered out{.text = BARTIZAN_TRY(templates::Filler(name, source, fields).fill())};
    // Parts that were left out leave blank lines.
    for (auto at = out.text.find("\n\n\n"); at != std::string::npos; at = out.text.find("\n\n\n"))
        out.text.erase(at, 1);
    const std::string first = out.text.substr(0, out.text.find('\n'));
    if (!first.starts_with("# ") || first.size() < 3)
        return invalid_input("template '" + std::string(name) + "', line 1: the first line is # and the subject");
    out.subject = first.substr(2);
    out.html = "<!DOCTYPE html>\n<html><head><meta charset=\"utf-8\"><title>" + templates::escaped(out.subject) +
               "</title></head>\n<body>\n" + html_of(out.text) + "</body></html>\n";
    return out;
}

MessageFields fields_of(const Incident& incident, const std::vector<Task>& tasks, const Json& clocks,
                        const std::string& organisation, const std::string& contact) {
    using namespace templates;
    MessageFields out{{"number", std::to_string(incident.number)},
                      {"title", one_line(incident.title)},
                      {"severity", incident.severity},
                      {"state", std::string(to_string(incident.state))},
                      {"threat", incident.threat},
                      {"owner", one_line(incident.owner)},
                      {"opened", utc_text(static_cast<std::time_t>(incident.opened))},
                      {"versions", joined(incident.versions)},
                      {"principals", joined(incident.principals)},
                      {"atlas", joined(incident.atlas)},
                      {"cause", one_line(incident.cause)},
                      {"lessons", one_line(incident.lessons)},
                      {"organisation", one_line(organisation)},
                      {"contact", one_line(contact)}};
    for (const char* name : {"began", "aware", "contained", "eradicated", "recovered", "closed"})
        out[name] = time_or_nothing(incident, name);
    std::vector<std::string> assets;
    for (const std::string& version : incident.versions)
        if (std::ranges::find(assets, asset_of(version)) == assets.end()) assets.push_back(asset_of(version));
    out["assets"] = assets.empty() ? "the service" : joined(assets);
    std::string& signals = out["signals"];
    for (const SeenSignal& one : incident.signals)
        signals += fmt::format("{}- {}: {} ({} times, last {})", signals.empty() ? "" : "\n", one.detector,
                               one_line(one.title), one.times, utc_text(static_cast<std::time_t>(one.last)));
    std::string& open = out["tasks"];
    for (const Task& one : tasks)
        if (one.done == 0) open += (open.empty() ? "- " : "\n- ") + one_line(one.title);
    std::string& due = out["clocks"];
    for (const Json& one : clocks)
        due += fmt::format("{}- {}: {}, {}", due.empty() ? "" : "\n", one.value("regime", ""), one.value("title", ""),
                           one["due"].is_null()
                               ? "waits for " + one.value("anchor", "")
                               : "due " + utc_text(static_cast<std::time_t>(one["due"].get<std::int64_t>())));
    return out;
}

}  // namespace bartizan::incident
