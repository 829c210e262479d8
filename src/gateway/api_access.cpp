/// Principals, grants and keys.
#include <algorithm>
#include <chrono>

#include "gateway/api.h"
#include "gateway/problem.h"

namespace bartizan::gateway {
namespace api_access {
namespace {

constexpr std::int64_t kDay = 86'400;
constexpr std::int64_t kMostDays = 3650;

std::int64_t now() {
    const auto time = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::seconds>(time).count();
}

Answer done() { return json_reply({{"done", true}}); }

Result<std::vector<access::Grant>> scopes_of(const Json& body) {
    std::vector<access::Grant> out;
    const auto found = body.find("scopes");
    if (found == body.end() || found->is_null()) return out;
    if (!found->is_array()) return invalid_input("'scopes' is no list");
    for (const Json& one : *found) {
        if (!one.is_string()) return invalid_input("a scope is a text, as consumer@model:fashion");
        out.push_back(BARTIZAN_TRY(access::parse_grant(one.get<std::string>())));
    }
    return out;
}

}  // namespace
}  // namespace api_access

Answer who_am_i(Api&, const Ask& ask) {
    Json json = to_json(*ask.caller.principal);
    json["method"] = ask.caller.method;
    json["key"] = ask.caller.key.empty() ? Json() : Json(ask.caller.key);
    return json_reply(json);
}

Answer log_in(Api& api, const Ask& ask) {
    const Json body = BARTIZAN_TRY(body_of(ask));
    const std::string name = BARTIZAN_TRY(text_in(body, "name", ""));
    const crypto::Secret password(BARTIZAN_TRY(text_in(body, "password", "")));
    const auto in = api.state.access->log_in(name, password.text(), ask.peer, std::chrono::steady_clock::now());
    if (const auto* key = std::get_if<crypto::Secret>(&in)) {
        BARTIZAN_TRY(api.state.journal->record({"access.login", name, "principal:" + name, {{"address", ask.peer}}}));
        http::Reply reply = json_reply({{"key", key->text()}, {"expires_in", access::Access::kSessionSeconds}}, 201);
        reply.headers.emplace_back("Cache-Control", "no-store");
        return reply;
    }
    const auto& refused = std::get<access::Refused>(in);
    // What was guessed wrong is recorded; what came while it had to wait is not even looked at.
    if (refused.why == access::Refused::Why::wrong)
        BARTIZAN_TRY(api.state.journal->record(
            {"access.login.failed", name.substr(0, 64), "principal:" + name.substr(0, 64), {{"address", ask.peer}}}));
    if (refused.why == access::Refused::Why::unavailable) return Error(Errc::unavailable, refused.reason);
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(refused.wait).count();
    if (refused.why == access::Refused::Why::wait)
        return reply_of({429, "too-many-failures", "there were too many wrong passwords; wait", seconds},
                        ask.request_id);
    return reply_of({401, "not-identified", "the name or the password is wrong"}, ask.request_id);
}

Answer list_roles(Api&, const Ask&) {
    Json roles = Json::object();
    for (const access::Role role : access::kRoles) {
        Json& one = roles[std::string(to_string(role))] = {{"models", Json::array()}, {"data", Json::array()}};
        for (std::size_t i = 0; i < access::kPermissions; ++i) {
            const auto permission = static_cast<access::Permission>(i);
            if (holds(role, permission, false)) one["models"].push_back(to_string(permission));
            if (holds(role, permission, true)) one["data"].push_back(to_string(permission));
        }
    }
    return json_reply({{"roles", roles}});
}

Answer list_principals(Api& api, const Ask&) {
    Json list = Json::array();
    for (const auto& principal : api.state.access->people()->principals()) list.push_back(to_json(*principal));
    return json_reply({{"principals", list}});
}

Answer add_principal(Api& api, const Ask& ask) {
    const Json body = BARTIZAN_TRY(body_of(ask));
    access::NewPrincipal fresh{.name = BARTIZAN_TRY(text_in(body, "name", ""))};
    fresh.kind = BARTIZAN_TRY(access::principal_kind_from(BARTIZAN_TRY(text_in(body, "kind", "service"))));
    fresh.external = BARTIZAN_TRY(text_in(body, "external", ""));
    fresh.password = BARTIZAN_TRY(text_in(body, "password", ""));
    const auto added = api.state.access->add_principal(ask.caller.name(), fresh);
    crypto::wipe(fresh.password);
    if (!added.ok()) return added.error();
    return json_reply(to_json(*api.state.access->people()->principal(fresh.name)), 201);
}

Answer disable_principal(Api& api, const Ask& ask) {
    BARTIZAN_TRY(api.state.access->set_disabled(ask.caller.name(), ask.part(2), true));
    return api_access::done();
}
Answer enable_principal(Api& api, const Ask& ask) {
    BARTIZAN_TRY(api.state.access->set_disabled(ask.caller.name(), ask.part(2), false));
    return api_access::done();
}

Answer put_password(Api& api, const Ask& ask) {
    const Json body = BARTIZAN_TRY(body_of(ask));
    const crypto::Secret password(BARTIZAN_TRY(text_in(body, "password", "")));
    BARTIZAN_TRY(api.state.access->set_password(ask.caller.name(), ask.part(2), password.text()));
    return api_access::done();
}

Answer put_grant(Api& api, const Ask& ask) {
    const auto grant = BARTIZAN_TRY(access::parse_grant(ask.part(4)));
    BARTIZAN_TRY(api.state.access->grant(ask.caller.name(), ask.part(2), grant));
    return api_access::done();
}
Answer delete_grant(Api& api, const Ask& ask) {
    const auto grant = BARTIZAN_TRY(access::parse_grant(ask.part(4)));
    BARTIZAN_TRY(api.state.access->revoke(ask.caller.name(), ask.part(2), grant));
    return api_access::done();
}

Answer list_keys(Api& api, const Ask& ask) {
    Json list = Json::array();
    const auto people = api.state.access->people();
    for (const access::KeyRecord* key : people->keys_of(ask.parameter("principal"))) list.push_back(to_json(*key));
    return json_reply({{"keys", list}});
}

Answer add_key(Api& api, const Ask& ask) {
    const Json body = BARTIZAN_TRY(body_of(ask));
    access::NewKey fresh{.principal = BARTIZAN_TRY(text_in(body, "principal", ask.caller.name()))};
    fresh.label = BARTIZAN_TRY(text_in(body, "label", ""));
    fresh.scopes = BARTIZAN_TRY(api_access::scopes_of(body));
    const std::int64_t days = BARTIZAN_TRY(integer_in(body, "days", 0));
    if (days < 0 || days > api_access::kMostDays) return invalid_input("'days' is 0 (never expires) to 3650");
    if (days > 0) fresh.expires = api_access::now() + days * api_access::kDay;
    const auto key = BARTIZAN_TRY(api.state.access->add_key(ask.caller.name(), fresh));
    http::Reply reply = json_reply({{"key", key.text().text()}, {"id", key.id}, {"principal", fresh.principal}}, 201);
    reply.headers.emplace_back("Cache-Control", "no-store");
    return reply;
}

Answer revoke_key(Api& api, const Ask& ask) {
    BARTIZAN_TRY(api.state.access->revoke_key(ask.caller.name(), ask.part(2)));
    return api_access::done();
}

}  // namespace bartizan::gateway
