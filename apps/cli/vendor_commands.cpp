/// `bartizan vendor`: who supplies what, what he says of it, and what evidence says.
#include <fmt/format.h>

#include "apps/cli/answer_text.h"
#include "apps/cli/light_commands.h"
#include "apps/cli/register_pages.h"
#include "apps/cli/service_client.h"
#include "cli/output.h"
#include "core/file.h"

namespace bartizan::program {
namespace vendor_commands {
namespace {

constexpr std::uint64_t kLargestQuestionnaire = 1 << 20;

std::string head_line(const Json& one) {
    std::string text = fmt::format("{:<18} {:<12} score {:<6} {}, answered {}, expires {}\n", shown(one, "vendor"),
                                   shown(one, "verdict"), shown(one, "score"),
                                   one.value("supplied", Json::array()).empty()
                                       ? "nothing in the inventory"
                                       : "supplied " + joined(one.value("supplied", Json::array())),
                                   day_shown(one, "answered"), day_shown(one, "expires"));
    for (const Json& bad : one.value("contradictions", Json::array()))
        text +=
            fmt::format("    question {} is contradicted: {}\n", shown(bad, "question"), shown(bad, "contradiction"));
    if (const Json failed = one.value("knock_outs_failed", Json::array()); !failed.empty())
        text += fmt::format("    knock-outs failed: {}\n", failed.dump());
    return text;
}

std::string vendor_text(const Json& one) {
    std::string text = head_line(one);
    for (const Json& row : one.value("questions", Json::array())) {
        text += fmt::format("  {:>2}{} {:<10} {:<10} {:<4} {}\n", shown(row, "question"),
                            row.value("knock_out", false) ? "K" : " ",
                            row.value("answer", Json()).is_null() ? "blank" : shown(row, "answer"), shown(row, "level"),
                            shown(row, "points"), shown(row, "text"));
        if (const std::string why = shown(row, "why"); !why.empty()) text += fmt::format("      {}\n", why);
        if (const Json leave = row.value("exception", Json()); leave.is_object())
            text += fmt::format("      exception by {} until {} ({}): {}\n", shown(leave, "by"),
                                day_shown(leave, "expires"), shown(leave, "state"), shown(leave, "reason"));
    }
    return text;
}

std::string address(const cli::Invocation& invocation) { return "/v1/vendors/" + encoded(invocation.positional(0)); }

/// A table: one row for each question, one column for each vendor.
std::string compare_text(const Json& answer) {
    const Json vendors = answer.value("vendors", Json::array());
    std::string text = fmt::format("{:<4}", "");
    for (const Json& one : vendors) text += fmt::format(" {:<24}", shown(one, "vendor"));
    text += fmt::format("\n{:<4}", "");
    for (const Json& one : vendors) text += fmt::format(" {:<24}", shown(one, "verdict") + " " + shown(one, "score"));
    text += '\n';
    const std::size_t rows = vendors.empty() ? 0 : vendors[0].value("questions", Json::array()).size();
    for (std::size_t i = 0; i < rows; ++i) {
        std::string asked;
        for (const Json& one : vendors) {
            const Json row = one.value("questions", Json::array()).at(i);
            if (asked.empty()) {
                asked = shown(row, "text");
                text += fmt::format("{:>2}{} ", shown(row, "question"), row.value("knock_out", false) ? "K" : " ");
            }
            const bool bad = !row.value("contradiction", Json()).is_null();
            const std::string cell =
                row.value("answer", Json()).is_null() ? "blank"
                : bad                                 ? shown(row, "answer") + " CONTRADICTED"
                      : shown(row, "answer") + " " + shown(row, "level") + " " + shown(row, "points");
            text += fmt::format(" {:<24}", cell);
        }
        text += " " + asked + "\n";
    }
    return text;
}

}  // namespace
}  // namespace vendor_commands

using namespace vendor_commands;

Result<int> vendor_list(const cli::Invocation& invocation) {
    auto client = BARTIZAN_TRY(ServiceClient::make(invocation));
    const Json answer = BARTIZAN_TRY(client.ask("GET", "/v1/vendors"));
    std::string text;
    for (const Json& one : answer.value("vendors", Json::array())) text += head_line(one);
    return show_answer(invocation, answer, text.empty() ? "there is no vendor yet: bartizan vendor add\n" : text);
}

Result<int> vendor_add(const cli::Invocation& invocation) {
    auto client = BARTIZAN_TRY(ServiceClient::make(invocation));
    Json body = Json::object();
    constexpr std::pair<const char*, const char*> kTexts[] = {
        {"owner", "owner"}, {"contact", "contact"}, {"exit-plan", "exit_plan"}};
    constexpr std::pair<const char*, const char*> kLists[] = {{"service", "services"},
                                                              {"data", "data_shared"},
                                                              {"country", "countries"},
                                                              {"sub-processor", "sub_processors"}};
    for (const auto& [option, member] : kTexts)
        if (invocation.has(option)) body[member] = invocation.text(option);
    for (const auto& [option, member] : kLists)
        if (!invocation.list(option).empty()) body[member] = invocation.list(option);
    if (invocation.has("criticality")) body["criticality"] = invocation.integer("criticality", 0);
    const Json answer = BARTIZAN_TRY(client.ask("PUT", address(invocation), body));
    return show_answer(invocation, answer, head_line(answer));
}

Result<int> vendor_questions(const cli::Invocation& invocation) {
    auto client = BARTIZAN_TRY(ServiceClient::make(invocation));
    const Json answer = BARTIZAN_TRY(client.ask("GET", "/v1/vendor-questions"));
    BARTIZAN_TRY(cli::print(to_text(answer)));  // its own schema: what `vendor answer` reads
    return 0;
}

Result<int> vendor_answer(const cli::Invocation& invocation) {
    auto client = BARTIZAN_TRY(ServiceClient::make(invocation));
    const std::string file = invocation.positional(1), place = "'" + file + "'";
    const std::string text = BARTIZAN_TRY(read_file(file, kLargestQuestionnaire));
    const Json questionnaire =
        BARTIZAN_TRY_WITHIN(parse_json(text, {.bytes = kLargestQuestionnaire, .depth = 8}), place);
    const Json answer = BARTIZAN_TRY_WITHIN(client.ask("PUT", address(invocation) + "/answers", questionnaire), place);
    return show_answer(invocation, answer, vendor_text(answer));
}

Result<int> vendor_show(const cli::Invocation& invocation) {
    auto client = BARTIZAN_TRY(ServiceClient::make(invocation));
    const Json answer = BARTIZAN_TRY(client.ask("GET", address(invocation)));
    return show_answer(invocation, answer, vendor_text(answer));
}

Result<int> vendor_compare(const cli::Invocation& invocation) {
    auto client = BARTIZAN_TRY(ServiceClient::make(invocation));
    std::string names;
    for (const std::string& one : invocation.positionals) names += (names.empty() ? "" : ",") + one;
    const Json answer = BARTIZAN_TRY(client.ask("GET", "/v1/vendor-comparison?names=" + encoded(names)));
    if (invocation.text("as") == "html") return show_page(invocation, vendors_page(answer));
    return show_answer(invocation, answer, compare_text(answer));
}

Result<int> vendor_except(const cli::Invocation& invocation) {
    auto client = BARTIZAN_TRY(ServiceClient::make(invocation));
    std::int64_t number = 0;
    for (const char c : invocation.positional(1)) {
        if (c < '0' || c > '9' || number > 1000) return invalid_input("QUESTION: expected the number of a question");
        number = number * 10 + (c - '0');
    }
    const Json answer =
        BARTIZAN_TRY(client.ask("POST", address(invocation) + "/exceptions",
                                {{"question", number},
                                 {"reason", invocation.text("reason")},
                                 {"expires", seconds_now() + invocation.integer("days", 0) * kSecondsOfDay}}));
    return show_answer(invocation, answer, head_line(answer));
}

}  // namespace bartizan::program
