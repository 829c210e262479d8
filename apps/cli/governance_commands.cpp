/// `bartizan control|evidence|waiver|inventory`: what a server shows of controls, and what is told to it.
#include <fmt/format.h>

#include "apps/cli/answer_text.h"
#include "apps/cli/light_commands.h"
#include "apps/cli/service_client.h"
#include "core/file.h"
#include "crypto/hash.h"

namespace bartizan::program {
namespace governance_commands {
namespace {

constexpr std::uint64_t kLargestReport = std::uint64_t{64} << 20;
constexpr const char* kStates[] = {"failing", "unknown", "stale", "attested", "met"};

Result<Json> matrix_of(const cli::Invocation& invocation) {
    auto client = BARTIZAN_TRY(ServiceClient::make(invocation));
    return client.ask("GET", "/v1/controls" + query_of(invocation, {"scheme", "sector", "asset", "state"}));
}

/// "2 failing, 1 met"
std::string counts_text(const Json& counts) {
    std::string out;
    for (const char* state : kStates)
        if (const auto number = counts.value(state, std::int64_t{0}); number > 0)
            out += fmt::format("{}{} {}", out.empty() ? "" : ", ", number, state);
    return out.empty() ? "none" : out;
}

std::string evidence_line(const Json& one) {
    return fmt::format("{:<20} {:<13} {:<20} {}\n{:<20} collected {}, expires {}, by {} ({})\n{:<20} {}\n",
                       shown(one, "id"), shown(one, "verdict"), shown(one, "check"), shown(one, "subject"), "",
                       day_shown(one, "collected"), day_shown(one, "expires"), shown(one, "recorded_by"),
                       shown(one, "origin"), "", shown(one, "summary")) +
           (one.value("disputed", Json()).is_null() ? ""
                                                    : fmt::format("{:<20} disputed: {}\n", "", shown(one, "disputed")));
}

Result<std::string> digest_of(const cli::Invocation& invocation) {
    if (!invocation.has("file")) return std::string();
    return crypto::to_hex(BARTIZAN_TRY_WITHIN(crypto::sha256_file(invocation.text("file")), "--file"));
}

Result<Json> piece_of(const cli::Invocation& invocation, const std::string& digest) {
    if (invocation.has("check") == invocation.has("attests"))
        return invalid_input("give a report, or one of --check and --attests");
    if (!invocation.has("verdict")) return invalid_input("--verdict is needed without a report");
    Json body = {
        {"check", invocation.has("check") ? invocation.text("check") : "requirement:" + invocation.text("attests")},
        {"subject", invocation.text("subject", invocation.has("attests") ? "organisation" : "file:")},
        {"method", invocation.text("method")},
        {"verdict", invocation.text("verdict")},
        {"summary", invocation.text("summary")}};
    if (invocation.has("value")) body["value"] = invocation.number("value", 0);
    if (invocation.has("samples")) body["samples"] = invocation.integer("samples", 0);
    if (!digest.empty()) body["digest"] = digest;
    return body;
}

std::string evidence_text(const Json& answer) {
    std::string text;
    for (const Json& one : answer.value("evidence", Json::array())) text += evidence_line(one);
    return text;
}

std::string waiver_line(const Json& one) {
    return fmt::format("{}  {:<9} {}\n    for {}, owned by {}, granted by {}, until {}: {}\n", shown(one, "id"),
                       shown(one, "state"), shown(one, "requirement"), shown(one, "subject"), shown(one, "owner"),
                       shown(one, "granted_by"), day_shown(one, "expires"), shown(one, "reason"));
}

}  // namespace
}  // namespace governance_commands

using namespace governance_commands;

Result<int> control_list(const cli::Invocation& invocation) {
    const Json answer = BARTIZAN_TRY(matrix_of(invocation));
    std::string text;
    for (const Json& row : answer.value("controls", Json::array()))
        text += fmt::format("{:<9} {:<36} {}\n{:<9} {}{}\n", shown(row, "state"), shown(row, "requirement"),
                            shown(row, "title"), "", counts_text(row.value("subjects", Json::object())),
                            row.contains("waived") ? ", " + shown(row, "waived") + " waived" : "");
    return show_answer(invocation, answer, text.empty() ? "no requirement fits\n" : text);
}

Result<int> control_matrix(const cli::Invocation& invocation) {
    const Json answer = BARTIZAN_TRY(matrix_of(invocation));
    std::string text = fmt::format("{:<32}", "");
    for (const char* state : kStates) text += fmt::format("{:>9}", state);
    text += '\n';
    for (const Json& row : answer.value("schemes", Json::array())) {
        text += fmt::format("{:<32}", shown(row, "scheme"));
        const Json counts = row.value("requirements", Json::object());
        for (const char* state : kStates) text += fmt::format("{:>9}", counts.value(state, std::int64_t{0}));
        text += '\n';
    }
    text += fmt::format("\nrequirements by their worst state, over {} subjects; unknown is what no evidence shows\n",
                        shown(answer, "subjects"));
    return show_answer(invocation, answer, text);
}

Result<int> control_show(const cli::Invocation& invocation) {
    auto client = BARTIZAN_TRY(ServiceClient::make(invocation));
    std::string target = "/v1/controls/requirement?id=" + encoded(invocation.positional(0));
    for (const char* name : {"asset", "limit"})
        if (invocation.has(name)) target += fmt::format("&{}={}", name, encoded(invocation.text(name)));
    const Json answer = BARTIZAN_TRY(client.ask("GET", target));
    std::string text = fmt::format("{}  {}\n{}, mapping: {}\n", shown(answer, "requirement"), shown(answer, "title"),
                                   shown(answer, "scheme"), shown(answer, "mapping"));
    if (answer.contains("note")) text += shown(answer, "note") + "\n";
    for (const Json& subject : answer.value("subjects", Json::array())) {
        text += fmt::format("\n{}  {}{}\n", shown(subject, "subject"), shown(subject, "state"),
                            subject.contains("waived") ? " (" + shown(subject, "waived") + ")" : "");
        for (const Json& check : subject.value("checks", Json::array())) {
            const Json evidence = check.value("evidence", Json());
            text += fmt::format(
                "  {:<4} {:<9} {:<22} {}\n", shown(check, "role"), shown(check, "state"), shown(check, "check"),
                evidence.is_object() ? shown(evidence, "id") + " of " + day_shown(evidence, "collected") + ": " +
                                           shown(evidence, "summary")
                                     : "no evidence");
        }
    }
    return show_answer(invocation, answer, text);
}

Result<int> control_checks(const cli::Invocation& invocation) {
    auto client = BARTIZAN_TRY(ServiceClient::make(invocation));
    const Json answer = BARTIZAN_TRY(client.ask("GET", "/v1/controls/catalogues"));
    std::string text;
    for (const Json& one : answer.value("catalogues", Json::array()))
        text +=
            fmt::format("{:<34} {:>4} requirements  {}\n    {}\n", shown(one, "scheme") + "@" + shown(one, "version"),
                        shown(one, "requirements"), shown(one, "title"), shown(one, "licence"));
    for (const Json& one : answer.value("capabilities", Json::array())) {
        text += fmt::format("\n{:<16} {}, valid {} days\n", shown(one, "capability"), shown(one, "title"),
                            shown(one, "valid_days"));
        for (const Json& check : one.value("checks", Json::array()))
            text += fmt::format("    {:<22} {}\n", shown(check, "check"), shown(check, "title"));
    }
    return show_answer(invocation, answer, text);
}

Result<int> evidence_add(const cli::Invocation& invocation) {
    auto client = BARTIZAN_TRY(ServiceClient::make(invocation));
    const std::string digest = BARTIZAN_TRY(digest_of(invocation));
    Json answer;
    if (const std::string report = invocation.positional(0); !report.empty()) {
        std::string target = "/v1/evidence/reports?digest=" + digest;
        if (invocation.has("subject")) target += "&subject=" + encoded(invocation.text("subject"));
        answer = BARTIZAN_TRY(client.send("POST", target, BARTIZAN_TRY(read_file(report, kLargestReport)),
                                          {{"Content-Type", "application/json"}}));
    } else {
        answer = BARTIZAN_TRY(client.ask("POST", "/v1/evidence", BARTIZAN_TRY(piece_of(invocation, digest))));
    }
    return show_answer(invocation, answer, evidence_text(answer));
}

Result<int> evidence_list(const cli::Invocation& invocation) {
    auto client = BARTIZAN_TRY(ServiceClient::make(invocation));
    const Json answer =
        BARTIZAN_TRY(client.ask("GET", "/v1/evidence" + query_of(invocation, {"subject", "check", "digest", "limit"})));
    const std::string text = evidence_text(answer);
    return show_answer(invocation, answer, text.empty() ? "there is no evidence\n" : text);
}

Result<int> evidence_dispute(const cli::Invocation& invocation) {
    auto client = BARTIZAN_TRY(ServiceClient::make(invocation));
    const Json answer =
        BARTIZAN_TRY(client.ask("POST", "/v1/evidence/" + encoded(invocation.positional(0)) + "/dispute",
                                {{"reason", invocation.text("reason")}}));
    return show_answer(invocation, answer, evidence_line(answer));
}

Result<int> waiver_list(const cli::Invocation& invocation) {
    auto client = BARTIZAN_TRY(ServiceClient::make(invocation));
    const Json answer =
        BARTIZAN_TRY(client.ask("GET", std::string("/v1/waivers") + (invocation.flag("all") ? "?all=true" : "")));
    std::string text;
    for (const Json& one : answer.value("waivers", Json::array())) text += waiver_line(one);
    return show_answer(invocation, answer, text.empty() ? "nothing is waived\n" : text);
}

Result<int> waiver_grant(const cli::Invocation& invocation) {
    auto client = BARTIZAN_TRY(ServiceClient::make(invocation));
    const std::int64_t expires = seconds_now() + invocation.integer("days", 0) * kSecondsOfDay;
    const Json answer =
        BARTIZAN_TRY(client.ask("POST", "/v1/waivers",
                                {{"kind", invocation.flag("not-applicable") ? "not_applicable" : "waiver"},
                                 {"requirement", invocation.positional(0)},
                                 {"subject", invocation.text("asset")},
                                 {"owner", invocation.text("owner")},
                                 {"reason", invocation.text("reason")},
                                 {"expires", expires}}));
    return show_answer(invocation, answer, waiver_line(answer));
}

Result<int> waiver_end(const cli::Invocation& invocation) {
    auto client = BARTIZAN_TRY(ServiceClient::make(invocation));
    const Json answer = BARTIZAN_TRY(client.ask("DELETE", "/v1/waivers/" + encoded(invocation.positional(0))));
    return show_answer(invocation, answer, waiver_line(answer));
}

Result<int> inventory_list(const cli::Invocation& invocation) {
    auto client = BARTIZAN_TRY(ServiceClient::make(invocation));
    const Json answer = BARTIZAN_TRY(client.ask("GET", "/v1/inventory"));
    std::string text;
    for (const Json& one : answer.value("assets", Json::array()))
        text += fmt::format("{:<28} owner {}, criticality {}, {}, {}\n    {}\n",
                            shown(one, one.contains("version") ? "version" : "asset"),
                            shown(one, "owner").empty() ? "nobody" : shown(one, "owner"),
                            one.value("criticality", 0) == 0 ? "not told" : shown(one, "criticality"),
                            shown(one, "modality").empty() ? "modality not told" : shown(one, "modality"),
                            shown(one, "exposure").empty() ? "exposure not told" : shown(one, "exposure"),
                            shown(one, "purpose").empty() ? "what it is for was not told" : shown(one, "purpose"));
    for (const Json& edge : answer.value("lineage", Json::array()))
        text += fmt::format("{} --{}--> {}\n", shown(edge, "from"), shown(edge, "relation"), shown(edge, "to"));
    return show_answer(invocation, answer, text.empty() ? "there is nothing yet: bartizan registry push\n" : text);
}

Result<int> inventory_set(const cli::Invocation& invocation) {
    auto client = BARTIZAN_TRY(ServiceClient::make(invocation));
    const Json all = BARTIZAN_TRY(client.ask("GET", "/v1/inventory"));
    Json body = Json::object();
    for (const Json& one : all.value("assets", Json::array()))  // what is not told again stays
        if (one.value("asset", "") == invocation.positional(0))
            for (const char* name : {"owner", "purpose", "criticality", "exposure", "modality", "sector", "vendor",
                                     "data_classes", "risk_class"})
                body[name] = one.value(name, Json());
    for (const char* name : {"owner", "purpose", "exposure", "modality", "sector", "vendor"})
        if (invocation.has(name)) body[name] = invocation.text(name);
    if (invocation.has("criticality")) body["criticality"] = invocation.integer("criticality", 0);
    if (invocation.has("risk-class")) body["risk_class"] = invocation.text("risk-class");
    if (!invocation.list("data-class").empty()) body["data_classes"] = invocation.list("data-class");
    const Json answer = BARTIZAN_TRY(client.ask("PUT", "/v1/inventory/" + encoded(invocation.positional(0)), body));
    return show_answer(invocation, answer, fmt::format("told      {}\n", shown(answer, "asset")));
}

}  // namespace bartizan::program
