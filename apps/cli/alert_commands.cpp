/// `bartizan alert`: what the detectors of a server raised, and what they watch.
#include <fmt/format.h>

#include "apps/cli/light_commands.h"
#include "apps/cli/service_client.h"
#include "cli/output.h"
#include "core/time_text.h"

namespace bartizan::program {
namespace alert_commands {
namespace {

/// "a, b", of texts that came from a server.
std::string joined(const Json& list) {
    std::string out;
    for (const Json& one : list)
        if (one.is_string()) out += (out.empty() ? "" : ", ") + cli::printable(one.get<std::string>());
    return out;
}

std::string line_of(const Json& alert) {
    const std::string who = joined(alert.value("principals", Json::array()));
    std::string text =
        fmt::format("{:>5}  {:<8} {:<12} {}  {}\n", alert.value("number", std::uint64_t{0}),
                    cli::printable(alert.value("severity", "")), cli::printable(alert.value("detector", "")),
                    cli::printable(alert.value("version", "")), utc_text(alert.value("last", std::int64_t{0})));
    text += fmt::format("       {}\n", cli::printable(alert.value("title", "")));
    if (!who.empty()) text += fmt::format("       by {}\n", who);
    if (const auto times = alert.value("times", std::uint64_t{1}); times > 1)
        text += fmt::format("       {} times\n", times);
    return text + fmt::format("       {}\n", cli::printable(alert.value("evidence", Json::object()).dump()));
}

}  // namespace
}  // namespace alert_commands

Result<int> alert_list(const cli::Invocation& invocation) {
    using namespace alert_commands;
    auto client = BARTIZAN_TRY(ServiceClient::make(invocation));
    const Json answer =
        BARTIZAN_TRY(client.ask("GET", fmt::format("/v1/alerts?after={}&limit={}", invocation.integer("after", 0),
                                                   invocation.integer("limit", 100))));
    std::string text;
    for (const Json& one : answer.value("alerts", Json::array())) text += line_of(one);
    return show_answer(invocation, answer, text.empty() ? "nothing was raised\n" : text);
}

Result<int> alert_detectors(const cli::Invocation& invocation) {
    auto client = BARTIZAN_TRY(ServiceClient::make(invocation));
    const Json answer = BARTIZAN_TRY(client.ask("GET", "/v1/detectors"));
    std::string text;
    for (const Json& one : answer.value("versions", Json::array())) {
        text += fmt::format("{}  {} queries: {}\n", cli::printable(one.value("version", "")),
                            one.value("queries", std::uint64_t{0}),
                            alert_commands::joined(one.value("detectors", Json::array())));
        if (one.contains("not_watched_because"))
            text += fmt::format("       no more than that: {}\n", cli::printable(one.value("not_watched_because", "")));
    }
    return show_answer(invocation, answer, text.empty() ? "nobody has asked a model yet\n" : text);
}

}  // namespace bartizan::program
