/// `bartizan risk`: the risk register of a server.
#include <fmt/format.h>

#include "apps/cli/answer_text.h"
#include "apps/cli/light_commands.h"
#include "apps/cli/register_pages.h"
#include "apps/cli/service_client.h"
#include "core/file.h"

namespace bartizan::program {
namespace risk_commands {
namespace {

std::string score(const Json& risk, const char* which) {
    const Json one = risk.value(which, Json::object());
    return fmt::format("{} {}", decimal(one, "score"), shown(one, "band"));
}

std::string risk_line(const Json& risk) {
    return fmt::format("{:<6} {:<14} {:<14} {:<14} {:<19} {}\n{:<6} {} {}\n", shown(risk, "id"),
                       score(risk, "inherent"), score(risk, "residual"), score(risk, "if_fresh"), shown(risk, "state"),
                       shown(risk, "asset"), "", shown(risk, "threat"), shown(risk, "title"));
}

std::string risk_text(const Json& risk) {
    const Json from = risk.value("likelihood_from", Json::object());
    const Json inherent = risk.value("inherent", Json::object()), residual = risk.value("residual", Json::object());
    std::string text = fmt::format(
        "{} {}\n  on {}, {}\n  owner {}, treatment {}, {}\n", shown(risk, "id"), shown(risk, "title"),
        shown(risk, "asset"), shown(risk, "threat"), shown(risk, "owner").empty() ? "nobody" : shown(risk, "owner"),
        shown(risk, "treatment").empty() ? "not decided" : shown(risk, "treatment"), shown(risk, "state"));
    if (const std::string words = shown(risk, "statement"); !words.empty()) text += "  " + words + "\n";
    text += fmt::format("  inherent   {} = likelihood {} x impact {}\n", score(risk, "inherent"),
                        decimal(inherent, "likelihood"), shown(risk, "impact"));
    text += fmt::format("             exposure {}, knowledge {}, value {}, maturity {}\n", shown(from, "exposure"),
                        shown(from, "knowledge"), shown(from, "value"), shown(from, "maturity"));
    for (const Json& one : risk.value("harms", Json::array()))
        text += fmt::format("             {:<16} {:<10} {}\n", shown(one, "axis"), shown(one, "harm"),
                            shown(one, "reason"));
    text += fmt::format("  residual   {} = likelihood {} x impact {}, controls {}\n", score(risk, "residual"),
                        decimal(residual, "likelihood"), shown(risk, "impact"), shown(risk, "effect"));
    for (const Json& one : risk.value("controls", Json::array()))
        text += fmt::format("             {:<20} {:<9} counts {:<5} of {:<5} {}\n", shown(one, "check"),
                            shown(one, "state"), shown(one, "effect"), shown(one, "at_most"), shown(one, "evidence"));
    if (risk.contains("independent") && !risk["independent"].is_null())
        text += fmt::format("             independent: {}\n", shown(risk, "independent"));
    text += fmt::format("  if all evidence were fresh: {}\n", score(risk, "if_fresh"));
    if (const Json taken = risk.value("acceptance", Json()); taken.is_object())
        text += fmt::format("  accepted as {} by {} until {}: {}\n", shown(risk, "accepted_band"), shown(taken, "by"),
                            day_shown(taken, "expires"), shown(taken, "reason"));
    for (const Json& one : risk.value("changes", Json::array()))
        text += fmt::format("  {} {} -> {}: {} ({})\n", day_shown(one, "at"), shown(one, "from"), shown(one, "to"),
                            shown(one, "because"), shown(one, "evidence"));
    return text;
}

std::string risks_text(const Json& answer) {
    std::string text;
    for (const Json& one : answer.value("risks", Json::array())) text += risk_line(one);
    if (text.empty()) return "there is no risk yet: bartizan risk derive model:NAME\n";
    return fmt::format("{:<6} {:<14} {:<14} {:<14} {:<19} {}\n", "", "inherent", "residual", "if fresh", "state",
                       "asset") +
           text;
}

/// "money=severe: it is the product"
Result<Json> harm_of(const std::string& text) {
    const auto equals = text.find('='), colon = text.find(':');
    if (equals == std::string::npos || colon == std::string::npos || colon < equals)
        return invalid_input("--harm is AXIS=HARM: REASON", "as 'money=major: a day without it costs 20000'");
    std::string reason = text.substr(colon + 1);
    reason.erase(0, std::min(reason.size(), reason.find_first_not_of(' ')));
    return Json{
        {"axis", text.substr(0, equals)}, {"harm", text.substr(equals + 1, colon - equals - 1)}, {"reason", reason}};
}

std::string address(const cli::Invocation& invocation) { return "/v1/risks/" + encoded(invocation.positional(0)); }

}  // namespace
}  // namespace risk_commands

using namespace risk_commands;

Result<int> risk_list(const cli::Invocation& invocation) {
    auto client = BARTIZAN_TRY(ServiceClient::make(invocation));
    const Json answer = BARTIZAN_TRY(client.ask("GET", "/v1/risks" + query_of(invocation, {"asset", "band"})));
    if (invocation.text("as") == "html") return show_page(invocation, risks_page(answer));
    return show_answer(invocation, answer, risks_text(answer));
}

Result<int> risk_show(const cli::Invocation& invocation) {
    auto client = BARTIZAN_TRY(ServiceClient::make(invocation));
    const Json answer = BARTIZAN_TRY(client.ask("GET", address(invocation)));
    return show_answer(invocation, answer, risk_text(answer));
}

Result<int> risk_derive(const cli::Invocation& invocation) {
    auto client = BARTIZAN_TRY(ServiceClient::make(invocation));
    const Json answer = BARTIZAN_TRY(client.ask("POST", "/v1/risks/derive", {{"asset", invocation.positional(0)}}));
    return show_answer(invocation, answer, risks_text(answer));
}

Result<int> risk_set(const cli::Invocation& invocation) {
    auto client = BARTIZAN_TRY(ServiceClient::make(invocation));
    Json body = Json::object();
    for (const char* name : {"title", "statement", "owner", "treatment", "independent"})
        if (invocation.has(name)) body[name] = invocation.text(name);
    for (const std::string& one : invocation.list("harm")) body["harms"].push_back(BARTIZAN_TRY(harm_of(one)));
    const Json answer = BARTIZAN_TRY(client.ask("PUT", address(invocation), body));
    return show_answer(invocation, answer, risk_text(answer));
}

Result<int> risk_accept(const cli::Invocation& invocation) {
    auto client = BARTIZAN_TRY(ServiceClient::make(invocation));
    const Json answer =
        BARTIZAN_TRY(client.ask("POST", address(invocation) + "/accept",
                                {{"reason", invocation.text("reason")},
                                 {"expires", seconds_now() + invocation.integer("days", 0) * kSecondsOfDay}}));
    return show_answer(invocation, answer, risk_text(answer));
}

}  // namespace bartizan::program
