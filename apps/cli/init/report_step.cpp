/// The last step: one page over the folder, with what is shown, what is not, and what comes next.
#include <algorithm>
#include <ctime>

#include <fmt/format.h>

#include "apps/cli/init/steps.h"
#include "bartizan/version.h"
#include "core/file.h"
#include "core/time_text.h"
#include "report/escape.h"
#include "report/html_parts.h"

namespace bartizan::program::init {
namespace {

constexpr const char* kStates[] = {"failing", "unknown", "stale", "attested", "met"};
constexpr std::size_t kMostOpen = 12;

std::string text(std::string_view from_outside) { return report::escape_markup(from_outside); }

std::string state_word(const std::string& state) {
    return state == "done"       ? "done"
           : state == "findings" ? "look at it"
           : state == "skipped"  ? "skipped"
                                 : "not possible";
}

std::string steps_table(const Workspace& workspace) {
    std::string out =
        "<div class=\"card scroll\"><table><thead><tr><th>step</th><th>state</th><th>what came of "
        "it</th></tr></thead><tbody>";
    for (const Step& step : steps()) {
        const Outcome* outcome = workspace.outcome(step.name);
        if (step.name == "report") continue;
        std::string files;
        for (const std::string& file : outcome == nullptr ? std::vector<std::string>() : outcome->files)
            files += fmt::format(" <a href=\"{0}\">{0}</a>", text(file));
        const std::string state = outcome == nullptr ? "skipped" : outcome->state;
        out += fmt::format(
            "<tr><td><b>{}</b><br><small>{}</small></td><td><span class=\"status {}\">{}</span></td><td>{}{}</td></tr>",
            text(step.title), text(step.why),
            state == "done"       ? "done"
            : state == "findings" ? "failed"
                                  : "skipped",
            state_word(state), outcome == nullptr ? "not run" : text(outcome->summary),
            files.empty() ? "" : "<br><small>" + files + "</small>");
    }
    return out + "</tbody></table></div>";
}

/// Requirements by framework: counts, never one percentage.
std::string frameworks_table(const Json& matrix) {
    std::string out = "<div class=\"card scroll\"><table><thead><tr><th>framework</th>";
    for (const char* state : kStates) out += fmt::format("<th>{}</th>", state);
    out += "</tr></thead><tbody>";
    for (const Json& scheme : matrix.value("schemes", Json::array())) {
        out += fmt::format("<tr><td>{}</td>", text(scheme.value("title", std::string())));
        const Json counts = scheme.value("requirements", Json::object());
        for (const char* state : kStates) out += fmt::format("<td>{}</td>", counts.value(state, std::int64_t{0}));
        out += "</tr>";
    }
    return out + "</tbody></table></div>";
}

std::string failing_list(const Json& matrix) {
    std::string out;
    std::size_t shown = 0, all = 0;
    for (const Json& row : matrix.value("controls", Json::array())) {
        if (row.value("state", std::string()) != "failing") continue;
        if (++all > kMostOpen) continue;
        ++shown;
        out += fmt::format("<tr><td class=\"mono\">{}</td><td>{}</td></tr>",
                           text(row.value("requirement", std::string())), text(row.value("title", std::string())));
    }
    if (all == 0) return "<p>Nothing that was tested failed. What was not tested is not shown: see unknown, above.</p>";
    return fmt::format(
        "<div class=\"card scroll\"><table><thead><tr><th>requirement</th><th>what it asks</th></tr></thead>"
        "<tbody>{}</tbody></table></div>{}",
        out, all > shown ? fmt::format("<p class=\"small\">and {} more</p>", all - shown) : "");
}

std::string facts(const Workspace& workspace, Answers answers) {
    std::string out = "<div class=\"card scroll\"><table><tbody>";
    const auto row = [&](std::string_view name, const std::string& value) {
        out += fmt::format("<tr><th>{}</th><td>{}</td></tr>", name, text(value));
    };
    row("model", workspace.answer("model"));
    row("owner", workspace.answer("owner"));
    row("what it decides", workspace.answer("decides"));
    row("about", workspace.answer("about"));
    row("sector", workspace.answer("sector"));
    row("who can call it", workspace.answer("callers"));
    row("data it sees", workspace.answer("sees"));
    row("made by", workspace.answer("maker"));
    row("criticality", fmt::format("{} of 5, from the answers", criticality_of(answers)));
    row("EU AI Act",
        fmt::format("perhaps {} risk: a hint from the answers, to be checked by a lawyer", risk_class_of(answers)));
    return out + "</tbody></table></div>";
}

std::string next_steps(const Workspace& workspace) {
    return fmt::format(
        "<ol><li>Keep a copy of <code>secrets/</code> elsewhere: without it the state cannot be read.</li>"
        "<li>Start the service whenever the model is in use:<br><code>bartizan serve --config {0} --state "
        "{1}</code></li>"
        "<li>Let callers use the address that it prints, with the key in <code>secrets/app.key</code>.</li>"
        "<li>Run <code>bartizan init {2} --again audit</code> when the model or its data change; evidence of attacks "
        "holds "
        "90 days.</li></ol>",
        text(workspace.path("serve.yaml").string()), text(workspace.path("state").string()),
        text(workspace.folder().string()));
}

}  // namespace

Result<Outcome> report_step(Workspace& workspace) {
    std::string body = fmt::format(
        "<main><h1>{}</h1><p>Made on {}. What stands here was measured or answered by a person; each says which. It "
        "shows "
        "what was found, and is no certificate of anything.</p><h2>What was done</h2>{}<h2>What was answered</h2>{}",
        text(workspace.answer("name")), utc_text(std::time(nullptr)), steps_table(workspace),
        facts(workspace, workspace.answers()));
    const Outcome* guard = workspace.outcome("guard");
    if (guard != nullptr && guard->state == "done") {
        ServiceClient client = BARTIZAN_TRY(workspace.service());
        const std::string sector = workspace.answer("sector");
        const Json matrix = BARTIZAN_TRY(
            client.ask("GET", "/v1/controls" + (sector == "general" ? std::string() : "?sector=" + sector)));
        body +=
            "<h2>What frameworks ask, and what is shown of it</h2><p class=\"small\">unknown: nobody has tested or "
            "answered it yet, which is no sign of safety.</p>" +
            frameworks_table(matrix) + "<h2>What failed</h2>" + failing_list(matrix);
    }
    body += "<h2>What to do next</h2>" + next_steps(workspace) + "</main>";
    BARTIZAN_TRY(write_file_atomically(
        workspace.path("index.html"),
        report::html_page(workspace.answer("name") + ": first afternoon", "Security report", kVersion, body)));
    return Outcome{"done", "index.html: open it in a browser", {"index.html"}};
}

}  // namespace bartizan::program::init
