/// `bartizan schedule|people`: when assets are audited, and who answers for what.
#include <algorithm>

#include <fmt/format.h>

#include "apps/cli/answer_text.h"
#include "apps/cli/light_commands.h"
#include "apps/cli/register_pages.h"
#include "apps/cli/service_client.h"
#include "crypto/hash.h"

namespace bartizan::program {
namespace schedule_commands {
namespace {

std::string due_line(const Json& one) {
    const std::string owner = shown(one, "owner");
    return fmt::format("{}  {:<9} {:<7} {:<26} last {}, every {} days ({}), {}\n", day_shown(one, "due"),
                       shown(one, "state"), shown(one, "activity"), shown(one, "asset"),
                       one.value("last", Json()).is_null() ? "never" : day_shown(one, "last"), shown(one, "days"),
                       shown(one, "because"),
                       one.value("automatic", false) ? "the service runs it"
                       : owner.empty()               ? "nobody answers for it"
                                                     : owner);
}

std::string people_text(const Json& answer) {
    std::string text = fmt::format("{:<12} {:<18} {:<18} {:<18} {:<18} {}\n", "activity", "answers (A)", "does (R)",
                                   "is asked (C)", "is told (I)", "gaps");
    for (const Json& one : answer.value("raci", Json::array()))
        text += fmt::format("{:<12} {:<18} {:<18} {:<18} {:<18} {}\n", shown(one, "activity"),
                            joined(one.value("A", Json::array())), joined(one.value("R", Json::array())),
                            joined(one.value("C", Json::array())), joined(one.value("I", Json::array())),
                            joined(one.value("gaps", Json::array())));
    text += "\ntraining\n";
    for (const Json& one : answer.value("training", Json::array()))
        text += fmt::format("  {:<18} {:<22} {:<8} {}\n", shown(one, "person"), shown(one, "module"),
                            shown(one, "state"), day_shown(one, "expires"));
    text += "\nsigned\n";
    for (const Json& one : answer.value("signatures", Json::array()))
        text += fmt::format("  {:<18} by {}, {} until {}, {}\n", shown(one, "document"), shown(one, "by"),
                            day_shown(one, "at"), day_shown(one, "expires"), shown(one, "evidence"));
    text += "\nmodules\n";
    for (const Json& one : answer.value("modules", Json::array()))
        text += fmt::format("  {:<22} {}\n", shown(one, "module"), shown(one, "title"));
    text += "\ndocuments\n";
    for (const Json& one : answer.value("documents", Json::array()))
        text += fmt::format("  {:<22} {} ({})\n", shown(one, "document"), shown(one, "title"), shown(one, "bears_on"));
    return text;
}

}  // namespace
}  // namespace schedule_commands

using namespace schedule_commands;

Result<int> schedule_list(const cli::Invocation& invocation) {
    auto client = BARTIZAN_TRY(ServiceClient::make(invocation));
    std::string query = query_of(invocation, {"asset"}), state = invocation.text("state");
    std::ranges::replace(state, '-', ' ');
    if (!state.empty()) query += (query.empty() ? "?state=" : "&state=") + encoded(state);
    const Json answer = BARTIZAN_TRY(client.ask("GET", "/v1/schedule" + query));
    std::string text;
    for (const Json& one : answer.value("schedule", Json::array())) text += due_line(one);
    return show_answer(invocation, answer, text.empty() ? "nothing is scheduled so\n" : text);
}

Result<int> schedule_set(const cli::Invocation& invocation) {
    auto client = BARTIZAN_TRY(ServiceClient::make(invocation));
    Json body = Json::object();
    if (invocation.has("days")) body["days"] = invocation.integer("days", 0);
    if (invocation.has("owner")) body["owner"] = invocation.text("owner");
    if (invocation.has("note")) body["note"] = invocation.text("note");
    if (invocation.has("done-by")) {
        body["done"] = seconds_now();
        body["by"] = invocation.text("done-by");
    }
    const Json answer = BARTIZAN_TRY(client.ask(
        "PUT", "/v1/schedule/" + encoded(invocation.positional(0)) + "/" + encoded(invocation.positional(1)), body));
    return show_answer(invocation, answer, due_line(answer));
}

Result<int> schedule_calendar(const cli::Invocation& invocation) {
    auto client = BARTIZAN_TRY(ServiceClient::make(invocation));
    return show_page(invocation, BARTIZAN_TRY(client.text("GET", "/v1/calendar")));
}

Result<int> people_list(const cli::Invocation& invocation) {
    auto client = BARTIZAN_TRY(ServiceClient::make(invocation));
    const Json answer = BARTIZAN_TRY(client.ask("GET", "/v1/people"));
    return show_answer(invocation, answer, people_text(answer));
}

Result<int> people_assign(const cli::Invocation& invocation) {
    auto client = BARTIZAN_TRY(ServiceClient::make(invocation));
    const std::string role = invocation.positional(2);
    const Json answer = BARTIZAN_TRY(client.ask(
        "PUT", "/v1/people/" + encoded(invocation.positional(0)) + "/roles/" + encoded(invocation.positional(1)),
        {{"role", role == "none" ? "-" : role}}));
    return show_answer(invocation, answer, people_text(answer));
}

Result<int> people_train(const cli::Invocation& invocation) {
    auto client = BARTIZAN_TRY(ServiceClient::make(invocation));
    Json body = {{"module", invocation.positional(1)}, {"score", invocation.integer("score", 0)}};
    if (invocation.has("days")) body["days"] = invocation.integer("days", 0);
    const Json answer =
        BARTIZAN_TRY(client.ask("POST", "/v1/people/" + encoded(invocation.positional(0)) + "/training", body));
    return show_answer(invocation, answer, people_text(answer));
}

Result<int> people_sign(const cli::Invocation& invocation) {
    auto client = BARTIZAN_TRY(ServiceClient::make(invocation));
    Json body = {{"document", invocation.positional(0)}, {"days", invocation.integer("days", 365)}};
    if (invocation.has("document-version")) body["version"] = invocation.text("document-version");
    if (invocation.has("file"))
        body["sha256"] = crypto::to_hex(BARTIZAN_TRY_WITHIN(crypto::sha256_file(invocation.text("file")), "--file"));
    const Json answer = BARTIZAN_TRY(client.ask("POST", "/v1/signatures", body));
    return show_answer(invocation, answer,
                       fmt::format("signed    {} by {} until {}, {}\n", shown(answer, "document"), shown(answer, "by"),
                                   day_shown(answer, "expires"), shown(answer, "evidence")));
}

}  // namespace bartizan::program
