/// A drill as text and as a page.
#include <fmt/format.h>

#include "bartizan/version.h"
#include "core/progress.h"
#include "drill/outcome.h"
#include "report/escape.h"
#include "report/html_parts.h"

namespace bartizan::drill {
namespace {

std::string time_of(const Part& part) { return part.seconds ? fmt::format("{:.2f} s", *part.seconds) : std::string(); }

std::string seen_text(const Outcome& one) {
    if (!one.carried_out) return "-";
    if (!one.seen.held) return one.scenario->seen_by.empty() && !one.scenario->playbook.empty() ? "reported" : "-";
    if (!*one.seen.held) return "NOT seen";
    std::string text = "seen";
    if (one.queries) text += fmt::format(" after {} queries", *one.queries);
    if (one.seen.seconds) text += fmt::format("{} {}", one.queries ? "," : " in", time_of(one.seen));
    return text;
}

std::string part_text(const Part& part, const char* held, const char* not_held) {
    if (!part.held) return "-";
    if (!*part.held) return not_held;
    return part.seconds ? fmt::format("{} {}", held, time_of(part)) : std::string(held);
}

std::string answered_text(const Outcome& one) {
    if (one.exercise.run.empty()) return one.answered.held ? "NO" : "-";
    return fmt::format("{}{}", one.exercise.state,
                       one.exercise.mode == "drill" ? "" : fmt::format(" ({})", one.exercise.mode));
}

std::vector<std::pair<std::string, std::string>> notes_of(const Outcome& one) {
    std::vector<std::pair<std::string, std::string>> out;
    const auto add = [&](const char* name, const std::string& text) {
        if (!text.empty()) out.emplace_back(name, text);
    };
    add("not to its end", one.reason);
    std::string detectors;
    for (const std::string& name : one.detectors) detectors += (detectors.empty() ? "" : ", ") + name;
    add("detectors", detectors);
    add("seen", one.seen.note);
    add("blocked", one.blocked.note);
    if (!one.exercise.run.empty())
        add("playbook", fmt::format("{}, {} for incident {}{}", one.exercise.playbook, one.exercise.run,
                                    one.exercise.incident, one.answered.note.empty() ? "" : ": " + one.answered.note));
    else
        add("playbook", one.answered.note);
    add("recovered", one.recovered.note);
    if (one.others_asked > 0)
        add("others", fmt::format("an honest caller was answered {} of {} times", one.others_asked - one.others_refused,
                                  one.others_asked));
    if (one.gained.is_object() && !one.gained.empty()) {
        std::string gained;
        for (const auto& [name, value] : one.gained.items())
            gained += fmt::format("{}{} {}", gained.empty() ? "" : ", ", name,
                                  value.is_string()         ? value.get<std::string>()
                                  : value.is_number_float() ? fmt::format("{:.3g}", value.get<double>())
                                                            : value.dump());
        add("adversary", gained);
    }
    return out;
}

std::string_view css_of(Verdict verdict) {
    return verdict == Verdict::pass ? "low" : verdict == Verdict::fail ? "high" : "medium";
}

std::string html(std::string_view text) { return report::escape_markup(report::clean_line(text)); }

std::string sentence_of(const Drill& drill) {
    int passed = 0, failed = 0, open = 0;
    for (const Outcome& one : drill.outcomes) {
        const Verdict verdict = verdict_of(one);
        passed += verdict == Verdict::pass ? 1 : 0;
        failed += verdict == Verdict::fail ? 1 : 0;
        open += verdict == Verdict::inconclusive || verdict == Verdict::skipped ? 1 : 0;
    }
    return fmt::format("{} of {} scenarios held, {} did not, {} could not be told.{}", passed, drill.outcomes.size(),
                       failed, open, drill.complete ? "" : " The drill was stopped before its end.");
}

std::string html_table(const Drill& drill) {
    std::string rows;
    for (std::size_t i = 0; i < drill.outcomes.size(); ++i) {
        const Outcome& one = drill.outcomes[i];
        const Verdict verdict = verdict_of(one);
        rows += fmt::format(
            "<tr><td><a href=\"#s{}\">{}</a></td><td><span class=\"tag {}\">{}</span></td><td>{}</td><td>{}</td><td>{}"
            "</td><td>{}</td></tr>",
            i, html(one.scenario->title), css_of(verdict), to_string(verdict), html(seen_text(one)),
            html(part_text(one.blocked, "in", "NOT blocked")), html(answered_text(one)),
            html(part_text(one.recovered, "in", "NOT recovered")));
    }
    return "<div class=\"card scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Scenarios\"><table><thead><tr>"
           "<th scope=\"col\">Scenario</th><th scope=\"col\">Verdict</th><th scope=\"col\">Seen</th>"
           "<th scope=\"col\">Blocked</th><th scope=\"col\">Playbook</th><th scope=\"col\">Recovered</th></tr></thead>"
           "<tbody>" +
           rows + "</tbody></table></div>";
}

std::string html_scenario(const Outcome& one, std::size_t number) {
    const Verdict verdict = verdict_of(one);
    std::string out = fmt::format(
        "<article class=\"card finding {}\" id=\"s{}\"><header><span class=\"tag {}\">{}</span><span class=\"small "
        "mono\">{}</span><span class=\"small\">{}</span></header><h3>{}</h3><p class=\"meaning\">{}</p>",
        css_of(verdict), number, css_of(verdict), to_string(verdict), html(one.scenario->name),
        html(one.scenario->atlas), html(one.scenario->title), html(one.scenario->adversary));
    out += "<dl class=\"facts\">";
    for (const auto& [name, text] : notes_of(one)) out += fmt::format("<dt>{}</dt><dd>{}</dd>", html(name), html(text));
    return out + "</dl></article>";
}

std::string html_checks(const Drill& drill) {
    std::string rows;
    for (const Check& one : checks_of(drill.outcomes)) {
        std::string limits;
        for (const std::string& limit : one.limitations) limits += (limits.empty() ? "" : "; ") + limit;
        rows += fmt::format(
            "<tr><td class=\"mono\">{}</td><td><span class=\"tag {}\">{}</span></td><td>{}</td><td>{}"
            "</td><td>{}</td></tr>",
            html(one.check), css_of(one.verdict), to_string(one.verdict),
            one.value ? fmt::format("{:.3g} {}", *one.value, html(one.unit)) : std::string("–"), one.samples,
            html(one.summary + ". " + limits));
    }
    if (rows.empty()) return {};
    return "<h2>Evidence</h2><div class=\"card scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Evidence\"><table>"
           "<thead><tr><th scope=\"col\">Check</th><th scope=\"col\">Verdict</th><th scope=\"col\">Value</th>"
           "<th scope=\"col\">n</th><th scope=\"col\">What it shows, and what not</th></tr></thead><tbody>" +
           rows + "</tbody></table></div>";
}

}  // namespace

std::string drill_text(const Drill& drill) {
    std::string text = fmt::format("{} of {} on {}: {}\n{}\n\n{:<16} {:<13} {:<30} {:<16} {:<10} {}\n", drill.id,
                                   drill.asset, drill.server, to_string(verdict_of(drill)), sentence_of(drill),
                                   "scenario", "verdict", "seen", "blocked", "playbook", "recovered");
    for (const Outcome& one : drill.outcomes)
        text += fmt::format("{:<16} {:<13} {:<30} {:<16} {:<10} {}\n", one.scenario->name, to_string(verdict_of(one)),
                            seen_text(one), part_text(one.blocked, "in", "NOT blocked"), answered_text(one),
                            part_text(one.recovered, "in", "NOT recovered"));
    for (const Outcome& one : drill.outcomes) {
        text += fmt::format("\n{}\n", one.scenario->name);
        for (const auto& [name, note] : notes_of(one))
            text += fmt::format("  {:<15} {}\n", name, report::clean_line(note));
    }
    text += "\nleft behind\n";
    for (const std::string& one : drill.left) text += "  " + report::clean_line(one) + "\n";
    return text;
}

std::string drill_html(const Drill& drill) {
    const Verdict verdict = verdict_of(drill);
    const char* word = verdict == Verdict::pass   ? "The service held"
                       : verdict == Verdict::fail ? "The service did not hold"
                                                  : "Not all could be told";
    std::string body = fmt::format(
        "<section class=\"card verdict {}\"><div><p class=\"eyebrow\">{} of {}</p><h1>{}</h1><p>{}</p></div></section>",
        css_of(verdict), html(drill.id), html(drill.asset), word, html(sentence_of(drill)));
    body += "<h2>What happened</h2>" + html_table(drill);
    body +=
        "<p class=\"note\">Seen: seconds from the first query the service counted. Blocked: from when it was seen or "
        "reported. Recovered: from the report until the good version alone, or whole answers, came back.</p>";
    body += "<h2>One by one</h2>";
    for (std::size_t i = 0; i < drill.outcomes.size(); ++i) body += html_scenario(drill.outcomes[i], i);
    body += html_checks(drill);
    body += "<h2>What is left on the server</h2><dl class=\"card facts\">";
    for (const std::string& one : drill.left) body += fmt::format("<dt>there</dt><dd>{}</dd>", html(one));
    body += "</dl><h2>How it was measured</h2><dl class=\"card facts\">";
    for (const auto& [name, value] :
         {std::pair("Server", drill.server), std::pair("Model", drill.asset), std::pair("SHA-256", drill.digest),
          std::pair("Began", drill.started), std::pair("Ended", drill.ended)})
        body += fmt::format("<dt>{}</dt><dd class=\"mono\">{}</dd>", name, html(value));
    return report::html_page("Drill " + drill.id, "drill", kVersion, body + "</dl>");
}

}  // namespace bartizan::drill
