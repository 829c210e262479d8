/// `bartizan incident|playbook`: what happened on a server, and what is done about it.
#include <fmt/format.h>

#include "apps/cli/answer_text.h"
#include "apps/cli/light_commands.h"
#include "apps/cli/service_client.h"
#include "cli/output.h"
#include "core/file.h"
#include "core/time_text.h"
#include "playbook/playbook.h"

namespace bartizan::program {
namespace incident_commands {
namespace {

std::string time_shown(const Json& object, const char* name) {
    const auto found = object.find(name);
    return found == object.end() || !found->is_number_integer() ? "-" : utc_text(found->get<std::time_t>());
}
std::string incident_line(const Json& one) {
    return fmt::format("{:>5}  {:<8} {:<11} {:<11} {}\n       {}{}{}\n", shown(one, "incident"), shown(one, "severity"),
                       shown(one, "state"), shown(one, "threat"), time_shown(one, "opened"), shown(one, "title"),
                       one.value("versions", Json::array()).empty() ? "" : "  on " + joined(one["versions"]),
                       one.value("principals", Json::array()).empty() ? "" : "  by " + joined(one["principals"]));
}

std::string clock_line(const Json& one) {
    return fmt::format("  {:<18} {:<9} {}, due {} ({} %)\n                     {}; {}\n", shown(one, "rule"),
                       shown(one, "state"), shown(one, "title"), time_shown(one, "due"), shown(one, "percent"),
                       shown(one, "citation"), shown(one, "sure"));
}

std::string report_text(const Json& report) {
    const Json incident = report.value("incident", Json::object()), times = report.value("times", Json::object());
    std::string text = incident_line(incident) +
                       fmt::format("       owner {}, detected in {} s, contained in {} s, recovered in {} s\n",
                                   shown(incident, "owner"), shown(times, "to_detect"), shown(times, "to_contain"),
                                   shown(times, "to_recover"));
    for (const Json& one : incident.value("signals", Json::array()))
        text += fmt::format("  signal  {} x{}: {}\n", shown(one, "detector"), shown(one, "times"), shown(one, "title"));
    for (const Json& one : report.value("holds", Json::array()))
        text += fmt::format("  hold    {} of {}{}\n", shown(one, "hold"), time_shown(one, "taken"),
                            one.value("released", Json()).is_null() ? "" : ", released");
    for (const Json& one : report.value("runs", Json::array()))
        text += fmt::format("  run     {} {} {}: {}\n", shown(one, "run"), shown(one, "playbook"), shown(one, "mode"),
                            shown(one, "state"));
    for (const Json& one : report.value("messages", Json::array()))
        text +=
            fmt::format("  message {} to {}: {}\n", shown(one, "message"), shown(one, "audience"), shown(one, "state"));
    for (const Json& one : report.value("tasks", Json::array()))
        text += fmt::format("  task    {} {}{}\n", shown(one, "task"), shown(one, "title"),
                            one.value("done", Json()).is_null() ? "" : " (done)");
    for (const Json& one : report.value("clocks", Json::array())) text += clock_line(one);
    for (const Json& one : report.value("timeline", Json::array()))
        text += fmt::format("  {} {}: {}\n", time_shown(one, "at"), shown(one, "actor"), shown(one, "text"));
    return text;
}

std::string run_text(const Json& run) {
    std::string text = fmt::format("{}  {} for incident {}, {}: {}\n", shown(run, "run"), shown(run, "playbook"),
                                   shown(run, "incident"), shown(run, "mode"), shown(run, "state"));
    if (!run.value("reason", Json()).is_null()) text += "       " + shown(run, "reason") + "\n";
    for (const Json& step : run.value("steps", Json::array())) {
        const Json outcome = step.value("outcome", Json::object());
        text += fmt::format("  {:<9} {}\n", shown(step, "state"),
                            step.contains("name") ? shown(step, "name") : shown(step, "step"));
        if (step.value("state", "") == "waiting")
            text += fmt::format(
                "            waits: {}\n            bartizan playbook agree {} --step {}\n",
                step.contains("manual") ? shown(step, "manual") : shown(step, "approvals_needed") + " must agree",
                shown(run, "run"), shown(step, "step"));
        if (outcome.contains("reason")) text += "            " + shown(outcome, "reason") + "\n";
        if (const Json answer = outcome.value("answer", Json()); answer.is_object() && answer.contains("would_call"))
            text += "            would call " + shown(answer, "would_call") + "\n";
    }
    return text;
}

std::string incident_address(const cli::Invocation& invocation) {
    return "/v1/incidents/" + encoded(invocation.positional(0));
}

Result<int> decide(const cli::Invocation& invocation, bool agreed) {
    auto client = BARTIZAN_TRY(ServiceClient::make(invocation));
    const Json run = BARTIZAN_TRY(
        client.ask("POST", "/v1/runs/" + encoded(invocation.positional(0)) + "/decide",
                   {{"step", invocation.text("step")}, {"agreed", agreed}, {"note", invocation.text("note")}}));
    return show_answer(invocation, run, run_text(run));
}

}  // namespace
}  // namespace incident_commands

using namespace incident_commands;

Result<int> incident_list(const cli::Invocation& invocation) {
    auto client = BARTIZAN_TRY(ServiceClient::make(invocation));
    const Json answer =
        BARTIZAN_TRY(client.ask("GET", fmt::format("/v1/incidents?state={}&limit={}", invocation.text("state"),
                                                   invocation.integer("limit", 100))));
    std::string text;
    for (const Json& one : answer.value("incidents", Json::array())) text += incident_line(one);
    return show_answer(invocation, answer, text.empty() ? "there is none\n" : text);
}

Result<int> incident_show(const cli::Invocation& invocation) {
    auto client = BARTIZAN_TRY(ServiceClient::make(invocation));
    Json answer = BARTIZAN_TRY(client.ask("GET", incident_address(invocation)));
    std::string text = report_text(answer);
    if (invocation.flag("holds")) {
        answer["holds"] = BARTIZAN_TRY(client.ask("GET", incident_address(invocation) + "/holds"))["holds"];
        text += to_text(answer["holds"]);
    }
    answer.erase("schema");
    return show_answer(invocation, answer, text);
}

Result<int> incident_open(const cli::Invocation& invocation) {
    auto client = BARTIZAN_TRY(ServiceClient::make(invocation));
    const Json answer = BARTIZAN_TRY(client.ask("POST", "/v1/incidents",
                                                {{"title", invocation.positional(0)},
                                                 {"threat", invocation.text("threat")},
                                                 {"severity", invocation.text("severity")},
                                                 {"version", invocation.text("version")},
                                                 {"principals", invocation.list("principal")}}));
    return show_answer(invocation, answer, incident_line(answer));
}

Result<int> incident_move(const cli::Invocation& invocation) {
    auto client = BARTIZAN_TRY(ServiceClient::make(invocation));
    const Json answer =
        BARTIZAN_TRY(client.ask("POST", incident_address(invocation) + "/state",
                                {{"state", invocation.positional(1)}, {"reason", invocation.text("reason")}}));
    return show_answer(invocation, answer, incident_line(answer));
}

Result<int> incident_act(const cli::Invocation& invocation) {
    auto client = BARTIZAN_TRY(ServiceClient::make(invocation));
    const std::string address = incident_address(invocation);
    std::size_t done = 0;
    const auto post = [&](const std::string& target, const Json& body) -> Result<void> {
        ++done;
        const auto answer = client.ask("POST", target, body);
        return answer.ok() ? Result<void>() : Result<void>(answer.error());
    };
    if (invocation.flag("hold")) BARTIZAN_TRY(post(address + "/hold", Json::object()));
    if (invocation.has("owner")) BARTIZAN_TRY(post(address + "/owner", {{"owner", invocation.text("owner")}}));
    if (invocation.has("note")) BARTIZAN_TRY(post(address + "/notes", {{"text", invocation.text("note")}}));
    if (invocation.has("task")) BARTIZAN_TRY(post(address + "/tasks", {{"title", invocation.text("task")}}));
    if (invocation.has("done"))
        BARTIZAN_TRY(post(fmt::format("{}/tasks/{}/done", address, invocation.integer("done", 0)), Json::object()));
    if (invocation.has("release-hold"))
        BARTIZAN_TRY(post("/v1/holds/" + encoded(invocation.text("release-hold")) + "/release",
                          {{"reason", invocation.text("reason")}}));
    if (invocation.has("cause") || invocation.has("lessons"))
        BARTIZAN_TRY(
            post(address + "/review", {{"cause", invocation.text("cause")}, {"lessons", invocation.text("lessons")}}));
    if (invocation.flag("ticket")) BARTIZAN_TRY(post(address + "/ticket", Json::object()));
    if (done == 0) return invalid_input("say what to do", "bartizan incident act --help");
    Json answer = BARTIZAN_TRY(client.ask("GET", address));
    answer.erase("schema");
    return show_answer(invocation, answer, report_text(answer));
}

Result<int> incident_clocks(const cli::Invocation& invocation) {
    auto client = BARTIZAN_TRY(ServiceClient::make(invocation));
    if (invocation.positional(0).empty()) {
        const Json answer = BARTIZAN_TRY(client.ask("GET", "/v1/clocks"));
        std::string text;
        for (const Json& one : answer.value("clocks", Json::array()))
            text += fmt::format("{:<18} {}: {}\n    from {}; {}; {}\n", shown(one, "rule"), shown(one, "regime"),
                                shown(one, "title"), shown(one, "anchor"), shown(one, "citation"), shown(one, "sure"));
        return show_answer(invocation, answer, text);
    }
    const std::string address = incident_address(invocation);
    if (invocation.has("start"))
        BARTIZAN_TRY(client.ask("POST", address + "/clocks", {{"rule", invocation.text("start")}}));
    if (invocation.has("anchor")) {
        BARTIZAN_TRY(
            client.ask("POST", address + "/anchors",
                       {{"anchor", invocation.text("anchor")}, {"at", invocation.integer("at", seconds_now())}}));
    }
    if (invocation.has("met"))
        BARTIZAN_TRY(client.ask("POST", address + "/clocks/" + encoded(invocation.text("met")) + "/met",
                                {{"receipt", invocation.text("receipt")}}));
    const Json report = BARTIZAN_TRY(client.ask("GET", address));
    const Json answer = {{"clocks", report.value("clocks", Json::array())}};
    std::string text;
    for (const Json& one : answer["clocks"]) text += clock_line(one);
    return show_answer(invocation, answer, text.empty() ? "no clock runs\n" : text);
}

Result<int> incident_message(const cli::Invocation& invocation) {
    auto client = BARTIZAN_TRY(ServiceClient::make(invocation));
    Json answer;
    if (invocation.has("approve"))
        answer = BARTIZAN_TRY(
            client.ask("POST", "/v1/messages/" + encoded(invocation.text("approve")) + "/approve", Json::object()));
    if (invocation.has("deliver"))
        answer = BARTIZAN_TRY(
            client.ask("POST", "/v1/messages/" + encoded(invocation.text("deliver")) + "/send", Json::object()));
    if (invocation.has("audience"))
        answer =
            BARTIZAN_TRY(client.ask("POST", incident_address(invocation) + "/messages",
                                    {{"audience", invocation.text("audience")}, {"send", invocation.flag("send")}}));
    if (answer.is_null()) return invalid_input("--audience, --approve or --deliver is needed");
    std::string text = fmt::format("{}  to {}: {}\n\n{}", shown(answer, "message"), shown(answer, "audience"),
                                   shown(answer, "state"), answer.value("text", ""));
    for (const Json& one : answer.value("receipts", Json::array()))
        text +=
            fmt::format("\n{} {}, {} tries: {}\n", one.value("delivered", false) ? "delivered to" : "NOT delivered to",
                        shown(one, "to"), shown(one, "tries"), shown(one, "said"));
    return show_answer(invocation, answer, text);
}

Result<int> incident_report(const cli::Invocation& invocation) {
    auto client = BARTIZAN_TRY(ServiceClient::make(invocation));
    const std::string form = invocation.text("as");
    std::string target = incident_address(invocation) + "/report?format=" + form;
    if (form == "stix") target += "&tlp=" + encoded(invocation.text("tlp"));
    if (form == "stix" && invocation.flag("names")) target += "&names=true";
    if (form == "stix" && invocation.flag("text")) target += "&text=true";
    std::string text = BARTIZAN_TRY(client.text("GET", target));
    if (form == "json") text = to_text(BARTIZAN_TRY(parse_json(text)));
    if (invocation.has("out"))
        BARTIZAN_TRY(write_file_atomically(invocation.text("out"), std::string_view(text)));
    else
        BARTIZAN_TRY(cli::print(text));
    return 0;
}

Result<int> playbook_list(const cli::Invocation& invocation) {
    auto client = BARTIZAN_TRY(ServiceClient::make(invocation));
    const Json answer = BARTIZAN_TRY(client.ask("GET", "/v1/playbooks"));
    std::string text;
    for (const Json& one : answer.value("playbooks", Json::array()))
        text += fmt::format("{:<22} {}{}\n    {}\n", shown(one, "playbook"), shown(one, "title"),
                            one.value("drilled", false) ? " (drilled)" : "", shown(one, "description"));
    return show_answer(invocation, answer, text);
}

Result<int> playbook_check(const cli::Invocation& invocation) {
    const std::string path = invocation.positional(0);
    const std::string document = BARTIZAN_TRY(read_file(path, playbook::kLongestPlaybook));
    const auto parsed = BARTIZAN_TRY_WITHIN(playbook::parse_playbook(document), path);
    Json json = cli::document(invocation);
    json["valid"] = true;
    json["id"] = parsed.id;
    json["name"] = parsed.name;
    json["steps"] = parsed.steps.size();
    json["needs"] = parsed.external;
    json["sha256"] = parsed.digest;
    BARTIZAN_TRY(cli::print(invocation, json,
                            fmt::format("valid      {}: {} steps, needs {}\n", cli::printable(parsed.name),
                                        parsed.steps.size(), joined(Json(parsed.external)))));
    return 0;
}

Result<int> playbook_install(const cli::Invocation& invocation) {
    auto client = BARTIZAN_TRY(ServiceClient::make(invocation));
    const std::string path = invocation.positional(1);
    std::string document = BARTIZAN_TRY(read_file(path, playbook::kLongestPlaybook));
    BARTIZAN_TRY_WITHIN(playbook::parse_playbook(document), path);
    const Json answer = BARTIZAN_TRY(client.send("PUT", "/v1/playbooks/" + encoded(invocation.positional(0)),
                                                 std::move(document), {{"Content-Type", "application/json"}}));
    return show_answer(invocation, answer,
                       fmt::format("installed  {} {}\n", shown(answer, "playbook"), shown(answer, "sha256")));
}

Result<int> playbook_run(const cli::Invocation& invocation) {
    auto client = BARTIZAN_TRY(ServiceClient::make(invocation));
    Json variables = Json::object();
    for (const std::string& one : invocation.list("variable")) {
        const auto at = one.find('=');
        if (at == std::string::npos) return invalid_input("--variable is NAME=VALUE", "as __model__=fashion");
        variables[one.substr(0, at)] = one.substr(at + 1);
    }
    const char* mode = invocation.flag("drill") ? "drill" : invocation.flag("execute") ? "execute" : "dry";
    const Json run = BARTIZAN_TRY(
        client.ask("POST", "/v1/playbooks/" + encoded(invocation.positional(0)) + "/run",
                   {{"incident", invocation.integer("incident", 0)}, {"mode", mode}, {"variables", variables}}));
    BARTIZAN_TRY(show_answer(invocation, run, run_text(run)));
    return run.value("state", "") == "failed" ? 1 : 0;
}

Result<int> playbook_show(const cli::Invocation& invocation) {
    auto client = BARTIZAN_TRY(ServiceClient::make(invocation));
    const Json run = BARTIZAN_TRY(client.ask("GET", "/v1/runs/" + encoded(invocation.positional(0))));
    return show_answer(invocation, run, run_text(run));
}
Result<int> playbook_agree(const cli::Invocation& invocation) { return decide(invocation, true); }
Result<int> playbook_reject(const cli::Invocation& invocation) { return decide(invocation, false); }
Result<int> playbook_resume(const cli::Invocation& invocation) {
    auto client = BARTIZAN_TRY(ServiceClient::make(invocation));
    const Json run =
        BARTIZAN_TRY(client.ask("POST", "/v1/runs/" + encoded(invocation.positional(0)) + "/resume", Json::object()));
    BARTIZAN_TRY(show_answer(invocation, run, run_text(run)));
    return run.value("state", "") == "failed" ? 1 : 0;
}
Result<int> playbook_abort(const cli::Invocation& invocation) {
    auto client = BARTIZAN_TRY(ServiceClient::make(invocation));
    const Json run = BARTIZAN_TRY(client.ask("POST", "/v1/runs/" + encoded(invocation.positional(0)) + "/abort",
                                             {{"reason", invocation.text("reason")}}));
    return show_answer(invocation, run, run_text(run));
}

}  // namespace bartizan::program
