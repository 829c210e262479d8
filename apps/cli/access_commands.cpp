/// `bartizan key`, `user`, `role`, `approval`: who may do what on a server.
#include <ctime>

#include <fmt/format.h>

#include "apps/cli/light_commands.h"
#include "apps/cli/service_client.h"
#include "cli/output.h"
#include "core/time_text.h"
#include "crypto/secret.h"

namespace bartizan::program {
namespace {

std::string shown(const Json& object, const char* name) {
    const auto found = object.find(name);
    if (found == object.end() || found->is_null()) return "-";
    return cli::printable(found->is_string() ? found->get<std::string>() : found->dump());
}

std::string time_shown(const Json& object, const char* name, const char* none) {
    const auto found = object.find(name);
    return found == object.end() || !found->is_number_integer() ? none : utc_text(found->get<std::time_t>());
}

std::string list_shown(const Json& object, const char* name) {
    std::string out;
    for (const Json& one : object.value(name, Json::array()))
        out += (out.empty() ? "" : " ") + cli::printable(one.get<std::string>());
    return out.empty() ? "-" : out;
}

/// Asks, and says what was done in one line.
Result<int> simply(const cli::Invocation& invocation, const std::string& method, const std::string& target,
                   const std::string& line, const Json& body = Json::object()) {
    auto client = BARTIZAN_TRY(ServiceClient::make(invocation));
    const Json answer = BARTIZAN_TRY(client.ask(method, target, method == "DELETE" ? Json() : body));
    return show_answer(invocation, answer, line + "\n");
}

std::string principal_address(const cli::Invocation& invocation) {
    return "/v1/principals/" + encoded(invocation.positional(0));
}

Result<int> set_grant(const cli::Invocation& invocation, const char* method, const char* word) {
    const std::string grant = invocation.positional(1) + "@" + invocation.positional(2);
    return simply(invocation, method, principal_address(invocation) + "/grants/" + encoded(grant),
                  fmt::format("{:<11}{} {}", word, cli::printable(invocation.positional(0)), cli::printable(grant)));
}

}  // namespace

Result<int> key_create(const cli::Invocation& invocation) {
    auto client = BARTIZAN_TRY(ServiceClient::make(invocation));
    Json body = {{"label", invocation.text("label")},
                 {"days", invocation.integer("days", 0)},
                 {"scopes", invocation.list("scope")}};
    if (invocation.has("for")) body["principal"] = invocation.text("for");
    const Json answer = BARTIZAN_TRY(client.ask("POST", "/v1/keys", body));
    return show_answer(invocation, answer,
                       fmt::format("{:<11}{}\n{:<11}{} (the key is not shown again)\n", "key", shown(answer, "key"),
                                   "for", shown(answer, "principal")));
}

Result<int> key_list(const cli::Invocation& invocation) {
    auto client = BARTIZAN_TRY(ServiceClient::make(invocation));
    const Json answer = BARTIZAN_TRY(client.ask(
        "GET", "/v1/keys" + (invocation.has("for") ? "?principal=" + encoded(invocation.text("for")) : std::string())));
    std::string text;
    for (const Json& key : answer.value("keys", Json::array()))
        text += fmt::format("{}  {:<20} {:<12} expires {}  last used {}  scopes {}{}\n", shown(key, "id"),
                            shown(key, "principal"), shown(key, "label"), time_shown(key, "expires", "never"),
                            time_shown(key, "last_used", "never"), list_shown(key, "scopes"),
                            key.value("revoked", false) ? "  REVOKED" : "");
    return show_answer(invocation, answer, text);
}

Result<int> key_revoke(const cli::Invocation& invocation) {
    return simply(invocation, "DELETE", "/v1/keys/" + encoded(invocation.positional(0)),
                  fmt::format("{:<11}{}", "revoked", cli::printable(invocation.positional(0))));
}

Result<int> user_add(const cli::Invocation& invocation) {
    Json body = {{"name", invocation.positional(0)},
                 {"kind", invocation.text("kind", "service")},
                 {"external", invocation.text("external")}};
    if (invocation.has("password-file")) {
        const auto password =
            BARTIZAN_TRY_WITHIN(crypto::Secret::from_file(invocation.text("password-file")), "--password-file");
        body["password"] = std::string(password.text());
    }
    return simply(invocation, "POST", "/v1/principals",
                  fmt::format("{:<11}{}", "added", cli::printable(invocation.positional(0))), body);
}

Result<int> user_list(const cli::Invocation& invocation) {
    auto client = BARTIZAN_TRY(ServiceClient::make(invocation));
    const Json answer = BARTIZAN_TRY(client.ask("GET", "/v1/principals"));
    std::string text;
    for (const Json& one : answer.value("principals", Json::array()))
        text += fmt::format("{:<24}{:<9}{}{}\n", shown(one, "name"), shown(one, "kind"), list_shown(one, "grants"),
                            one.value("disabled", false) ? "  DISABLED" : "");
    return show_answer(invocation, answer, text);
}

Result<int> user_disable(const cli::Invocation& invocation) {
    return simply(invocation, "POST", principal_address(invocation) + "/disable",
                  fmt::format("{:<11}{}", "disabled", cli::printable(invocation.positional(0))));
}

Result<int> user_enable(const cli::Invocation& invocation) {
    return simply(invocation, "POST", principal_address(invocation) + "/enable",
                  fmt::format("{:<11}{}", "enabled", cli::printable(invocation.positional(0))));
}

Result<int> user_password(const cli::Invocation& invocation) {
    const auto password =
        BARTIZAN_TRY_WITHIN(crypto::Secret::from_file(invocation.text("password-file")), "--password-file");
    return simply(invocation, "PUT", principal_address(invocation) + "/password",
                  fmt::format("{:<11}{}", "changed", cli::printable(invocation.positional(0))),
                  {{"password", std::string(password.text())}});
}

Result<int> role_grant(const cli::Invocation& invocation) { return set_grant(invocation, "PUT", "granted"); }
Result<int> role_revoke(const cli::Invocation& invocation) { return set_grant(invocation, "DELETE", "revoked"); }

Result<int> role_list(const cli::Invocation& invocation) {
    auto client = BARTIZAN_TRY(ServiceClient::make(invocation));
    const Json answer = BARTIZAN_TRY(client.ask("GET", "/v1/roles"));
    std::string text;
    const Json roles = answer.value("roles", Json::object());
    for (const auto& [name, role] : roles.items())
        text += fmt::format("{:<14}models: {}\n{:<14}data:   {}\n", cli::printable(name), list_shown(role, "models"),
                            "", list_shown(role, "data"));
    return show_answer(invocation, answer, text);
}

Result<int> approval_list(const cli::Invocation& invocation) {
    auto client = BARTIZAN_TRY(ServiceClient::make(invocation));
    const Json answer = BARTIZAN_TRY(client.ask("GET", "/v1/approvals"));
    std::string text;
    for (const Json& one : answer.value("approvals", Json::array()))
        text += fmt::format("{}  {} on {}, asked by {}: {}\n", shown(one, "id"), shown(one, "action"),
                            shown(one, "asset"), shown(one, "requested_by"), shown(one["request"], "body"));
    return show_answer(invocation, answer, text.empty() ? "nothing waits\n" : text);
}

Result<int> approval_agree(const cli::Invocation& invocation) {
    return simply(invocation, "POST", "/v1/approvals/" + encoded(invocation.positional(0)) + "/approve",
                  fmt::format("{:<11}{}", "agreed", cli::printable(invocation.positional(0))));
}

Result<int> approval_reject(const cli::Invocation& invocation) {
    return simply(invocation, "POST", "/v1/approvals/" + encoded(invocation.positional(0)) + "/reject",
                  fmt::format("{:<11}{}", "rejected", cli::printable(invocation.positional(0))));
}

}  // namespace bartizan::program
