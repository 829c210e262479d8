/// Sessions of the console: a name and a password, or a key, become a cookie that scripts cannot read.
#include <chrono>

#include "gateway/api.h"
#include "gateway/problem.h"
#include "gateway/same_origin.h"

namespace bartizan::gateway {
namespace api_session {
namespace {

using access::Access;
using access::Refused;

Answer refused(Api& api, const Ask& ask, const std::string& name, const Refused& why) {
    // What was guessed wrong is recorded; what came while it had to wait is not even looked at.
    if (why.why == Refused::Why::unavailable) return Error(Errc::unavailable, why.reason);
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(why.wait).count();
    if (why.why == Refused::Why::wait)
        return reply_of({429, "too-many-failures", "there were too many wrong passwords or keys; wait", seconds},
                        ask.request_id);
    BARTIZAN_TRY(api.state.journal->record(
        {"access.login.failed", name.substr(0, 64), "principal:" + name.substr(0, 64), {{"address", ask.peer}}}));
    return reply_of({401, "not-identified", "that is no name and password, or no key, that holds"}, ask.request_id);
}

Answer opened(Api& api, const Ask& ask, const std::string& name, const crypto::Secret& key) {
    BARTIZAN_TRY(api.state.journal->record({"access.login", name, "principal:" + name, {{"address", ask.peer}}}));
    http::Reply reply = json_reply({{"name", name}, {"expires_in", Access::kSessionSeconds}}, 201);
    reply.headers.emplace_back("Set-Cookie", session_cookie_of(ask.secure, key.text(), Access::kSessionSeconds));
    return reply;
}

}  // namespace
}  // namespace api_session

Answer open_session(Api& api, const Ask& ask) {
    const Json body = BARTIZAN_TRY(body_of(ask));
    const crypto::Secret key(BARTIZAN_TRY(text_in(body, "key", "")));
    const crypto::Secret password(BARTIZAN_TRY(text_in(body, "password", "")));
    const auto now = std::chrono::steady_clock::now();
    if (key.text().empty()) {
        const std::string name = BARTIZAN_TRY(text_in(body, "name", ""));
        const auto in = api.state.access->log_in(name, password.text(), ask.peer, now);
        if (const auto* session = std::get_if<crypto::Secret>(&in)) return api_session::opened(api, ask, name, *session);
        return api_session::refused(api, ask, name, std::get<access::Refused>(in));
    }
    const auto found = api.state.access->identify({key.text(), {}, ask.peer}, now);
    if (const auto* refused = std::get_if<access::Refused>(&found)) return api_session::refused(api, ask, "?", *refused);
    const auto& identity = std::get<access::Identity>(found);
    if (identity.key.empty()) return invalid_input("a session is opened with an API key, or a name and a password");
    const auto session = BARTIZAN_TRY(api.state.access->open_session(identity));
    return api_session::opened(api, ask, identity.name(), session.text());
}

Answer show_session(Api& api, const Ask& ask) {
    Json json = to_json(*ask.caller.principal);
    json["method"] = ask.caller.method;
    json["scopes"] = Json::array();
    for (const access::Grant& scope : ask.caller.scopes) json["scopes"].push_back(scope.text());
    json["expires"] = nullptr;
    const auto people = api.state.access->people();
    if (const auto* key = people->key(ask.caller.key); key != nullptr && key->expires != 0)
        json["expires"] = key->expires;
    json["may"] = Json::array();
    for (std::size_t i = 0; i < access::kPermissions; ++i) {
        const auto permission = static_cast<access::Permission>(i);
        if (ask.caller.may(permission, "*")) json["may"].push_back(to_string(permission));
    }
    return json_reply(json);
}

/// A key that was made to last is not ended by leaving the console.
Answer close_session(Api& api, const Ask& ask) {
    const auto people = api.state.access->people();
    const auto* key = people->key(ask.caller.key);
    if (key == nullptr || !access::is_session(*key))
        return Error(Errc::conflict, "this is no session", "key revoke ends a key");
    BARTIZAN_TRY(api.state.access->revoke_key(ask.caller.name(), key->id));
    http::Reply reply = json_reply({{"done", true}});
    reply.headers.emplace_back("Set-Cookie", session_cookie_of(ask.secure, "", 0));
    return reply;
}

}  // namespace bartizan::gateway
