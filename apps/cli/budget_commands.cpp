/// `bartizan budget`: money for AI on a server, and what of it is for security.
#include <fmt/format.h>

#include "apps/cli/answer_text.h"
#include "apps/cli/light_commands.h"
#include "apps/cli/service_client.h"

namespace bartizan::program {
namespace budget_commands {
namespace {

/// Hundredths of a percent as "12.50 %".
std::string percent(const Json& share) {
    const auto found = share.find("share_basis_points");
    if (found == share.end() || !found->is_number_integer()) return "-";
    const auto points = found->get<std::int64_t>();
    return fmt::format("{}.{:02} %", points / 100, points % 100);
}

std::string share_line(const char* name, const Json& share) {
    return fmt::format("  {:<9} {:>18}, security {:>18}, {} ({})\n", name, shown(share, "text"),
                       shown(share, "security_text"), percent(share), shown(share, "band"));
}

std::string budget_text(const Json& one) {
    std::string text = fmt::format("{} {}: {}\n", shown(one, "project"), shown(one, "period"), shown(one, "state")) +
                       share_line("planned", one.value("planned", Json::object())) +
                       share_line("spent", one.value("spent", Json::object()));
    for (const Json& line : one.value("lines", Json::array()))
        text +=
            fmt::format("    {:<18} {:<14} planned {:>18}, spent {:>18}, {:>3} % security  {}\n", shown(line, "name"),
                        shown(line, "category"), shown(line.value("planned", Json::object()), "text"),
                        shown(line.value("spent", Json::object()), "text"), shown(line, "security"),
                        joined(line.value("capabilities", Json::array())));
    if (const Json waiver = one.value("waiver", Json()); waiver.is_object())
        text += fmt::format("  waived by {} until {} ({}): {}\n", shown(waiver, "by"), day_shown(waiver, "expires"),
                            shown(waiver, "state"), shown(waiver, "reason"));
    return text;
}

std::string address(const cli::Invocation& invocation) {
    return "/v1/budget/" + encoded(invocation.positional(0)) + "/" + encoded(invocation.positional(1));
}

}  // namespace
}  // namespace budget_commands

using namespace budget_commands;

Result<int> budget_show(const cli::Invocation& invocation) {
    auto client = BARTIZAN_TRY(ServiceClient::make(invocation));
    const Json answer = BARTIZAN_TRY(client.ask("GET", "/v1/budget" + query_of(invocation, {"project", "period"})));
    std::string text;
    for (const Json& one : answer.value("budgets", Json::array())) text += budget_text(one);
    if (text.empty()) text = "there is no budget yet: bartizan budget line\n";
    const std::string idle = joined(answer.value("money_without_evidence", Json::array()));
    const std::string free = joined(answer.value("evidence_without_money", Json::array()));
    if (!idle.empty()) text += "money without evidence: " + idle + "\n";
    if (!free.empty()) text += "evidence without money: " + free + "\n";
    return show_answer(invocation, answer, text);
}

Result<int> budget_line(const cli::Invocation& invocation) {
    auto client = BARTIZAN_TRY(ServiceClient::make(invocation));
    const std::string target = address(invocation) + "/" + encoded(invocation.positional(2));
    if (invocation.flag("remove")) {
        const Json answer = BARTIZAN_TRY(client.ask("DELETE", target));
        return show_answer(invocation, answer, "removed\n");
    }
    if (!invocation.has("security")) return invalid_input("--security PERCENT is needed");
    const Json answer = BARTIZAN_TRY(client.ask("PUT", target,
                                                {{"currency", invocation.text("currency")},
                                                 {"planned", invocation.text("planned")},
                                                 {"spent", invocation.text("spent")},
                                                 {"security", invocation.integer("security", 0)},
                                                 {"category", invocation.text("category")},
                                                 {"capabilities", invocation.list("capability")},
                                                 {"note", invocation.text("note")}}));
    return show_answer(invocation, answer, budget_text(answer));
}

Result<int> budget_waive(const cli::Invocation& invocation) {
    auto client = BARTIZAN_TRY(ServiceClient::make(invocation));
    const Json answer =
        BARTIZAN_TRY(client.ask("POST", address(invocation) + "/waiver",
                                {{"owner", invocation.text("owner")},
                                 {"reason", invocation.text("reason")},
                                 {"expires", seconds_now() + invocation.integer("days", 0) * kSecondsOfDay}}));
    return show_answer(invocation, answer, budget_text(answer));
}

Result<int> budget_whatif(const cli::Invocation& invocation) {
    auto client = BARTIZAN_TRY(ServiceClient::make(invocation));
    if (invocation.has("capability") && !(invocation.has("cost") && invocation.has("currency")))
        return invalid_input("--capability goes with --cost and --currency");
    const Json answer = BARTIZAN_TRY(client.ask(
        "GET", "/v1/budget/whatif" + query_of(invocation, {"project", "period", "capability", "cost", "currency"})));
    std::string text;
    for (const Json& one : answer.value("worth", Json::array()))
        text += fmt::format("{:<16} {:>6} off {} risks for {:>18}, {} for each thousand  {}\n",
                            shown(one, "capability"), decimal(one, "risk_taken_off"), shown(one, "risks"),
                            shown(one.value("cost", Json::object()), "text"), decimal(one, "per_thousand"),
                            shown(one, "title"));
    return show_answer(invocation, answer,
                       text.empty() ? "no line points at a capability: budget line --capability\n" : text);
}

}  // namespace bartizan::program
