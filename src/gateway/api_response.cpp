/// Playbooks and their runs; what they do to principals and models.
#include <algorithm>

#include "core/json_fields.h"
#include "gateway/api_governance.h"
#include "gateway/api_incidents.h"
#include "gateway/in_the_clear.h"
#include "http/head.h"
#include "incident/response.h"
#include "policy/output_policy.h"

namespace bartizan::gateway {
namespace api_response {
namespace {

using namespace incident;

constexpr std::int64_t kHour = 3600;
constexpr double kSlowest = 0.001, kFastest = 1000;  // requests a second

Response& response_of(Api& api) { return *api.response; }

Answer list_playbooks(Api& api, const Ask&) {
    Json list = Json::array();
    for (const InstalledPlaybook& one : BARTIZAN_TRY(response_of(api).runs().playbooks())) {
        const auto parsed = BARTIZAN_TRY_WITHIN(parse_playbook(one.document), "playbook '" + one.name + "'");
        list.push_back({{"playbook", one.name},
                        {"title", parsed.name},
                        {"description", parsed.description},
                        {"types", parsed.types},
                        {"labels", parsed.labels},
                        {"sha256", one.digest},
                        {"shipped", one.shipped},
                        {"needs", parsed.external},
                        {"drilled", BARTIZAN_TRY(response_of(api).runs().drilled(
                                        one.digest, response_of(api).options().drill_days * 24 * kHour))}});
    }
    return json_reply({{"playbooks", list}});
}

Answer show_playbook(Api& api, const Ask& ask) {
    return http::Reply{.body = BARTIZAN_TRY(response_of(api).runs().playbook(ask.part(2))).document};
}

Answer put_playbook(Api& api, const Ask& ask) {
    const auto installed = BARTIZAN_TRY(response_of(api).runs().install(ask.caller.name(), ask.part(2), ask.body));
    return json_reply({{"playbook", installed.name}, {"sha256", installed.digest}}, 201);
}

Answer shown(Run run, Api& api, int status = 200) {
    const auto playbook = response_of(api).runs().playbook(run.playbook);
    if (!playbook.ok() || playbook->digest != run.digest) return json_reply(to_json(run, nullptr), status);
    const auto parsed = BARTIZAN_TRY(parse_playbook(playbook->document));
    return json_reply(to_json(run, &parsed), status);
}

Answer run_playbook(Api& api, const Ask& ask) {
    const Json body = BARTIZAN_TRY(body_of(ask));
    const auto fields = BARTIZAN_TRY(JsonFields::of(body, ""));
    BARTIZAN_TRY(fields.only({"incident", "mode", "variables"}));
    const RunMode mode = BARTIZAN_TRY(run_mode_from(BARTIZAN_TRY(fields.text_or("mode", "dry"))));
    // A run acts with all that its principal may: a key that may less must not begin one.
    if (mode != RunMode::dry && !ask.caller.scopes.empty())
        return Error(Errc::denied, "a key with scopes runs no playbook", "use one that has none");
    Variables variables;
    if (const auto given = body.find("variables"); given != body.end() && !given->is_null()) {
        BARTIZAN_TRY(JsonFields::of(*given, "variables"));
        for (const auto& [name, value] : given->items()) {
            if (!value.is_string()) return invalid_input("variables." + name.substr(0, 60) + ": expected a text");
            variables[name] = value.get<std::string>();
        }
    }
    return shown(
        BARTIZAN_TRY(response_of(api).runs().start(
            ask.caller.name(), ask.part(2), BARTIZAN_TRY(integer_in(body, "incident", 0)), mode, std::move(variables))),
        api, 201);
}

Answer show_run(Api& api, const Ask& ask) {
    return shown(BARTIZAN_TRY(response_of(api).runs().find(ask.part(2))), api);
}

Answer decide_step(Api& api, const Ask& ask) {
    const Json body = BARTIZAN_TRY(body_of(ask));
    const auto fields = BARTIZAN_TRY(JsonFields::of(body, ""));
    const bool agreed = BARTIZAN_TRY(fields.flag_or("agreed", false));
    return shown(BARTIZAN_TRY(response_of(api).runs().decide(ask.caller.name(), ask.part(2),
                                                             BARTIZAN_TRY(fields.text_or("step", "")), agreed,
                                                             BARTIZAN_TRY(fields.text_or("note", "", 2000)))),
                 api);
}
Answer resume_run(Api& api, const Ask& ask) {
    return shown(BARTIZAN_TRY(response_of(api).runs().resume(ask.caller.name(), ask.part(2))), api);
}
Answer abort_run(Api& api, const Ask& ask) {
    const Json body = BARTIZAN_TRY(body_of(ask));
    return shown(BARTIZAN_TRY(response_of(api).runs().abort(ask.caller.name(), ask.part(2),
                                                            BARTIZAN_TRY(text_in(body, "reason", "")))),
                 api);
}

Result<Restriction> throttle(Api& api, const Ask& ask, const std::string& principal, std::int64_t number,
                             const Json& body) {
    const auto fields = BARTIZAN_TRY(JsonFields::of(body, ""));
    const double rate = BARTIZAN_TRY(fields.number("requests_per_second")).value_or(0.1);
    if (!(rate >= kSlowest && rate <= kFastest)) return invalid_input("requests_per_second is from 0.001 to 1000");
    Restriction one{.kind = "throttle", .principal = principal, .value = Json(rate).dump(), .incident = number};
    one.until = response_of(api).now() + BARTIZAN_TRY(integer_in(body, "seconds", 24 * kHour));
    one.reason = "incident " + std::to_string(number);
    return response_of(api).restrictions().put(ask.caller.name(), one);
}

/// Every key of a principal.
Result<std::int64_t> end_keys(Api& api, const Ask& ask, const std::string& principal) {
    std::int64_t ended = 0;
    const auto people = api.state.access->people();
    for (const access::KeyRecord* key : people->keys_of(principal)) {
        if (key->revoked) continue;
        BARTIZAN_TRY(api.state.access->revoke_key(ask.caller.name(), key->id));
        ++ended;
    }
    return ended;
}

/// On all principals of an incident. What is there already is no failure: a step may be done again.
Answer restrain_principals(Api& api, const Ask& ask) {
    const Json body = BARTIZAN_TRY(body_of(ask));
    const std::string action = BARTIZAN_TRY(text_in(body, "action", ""));
    const Incident incident =
        BARTIZAN_TRY(response_of(api).cases().find(BARTIZAN_TRY(number_of(ask.part(2), "incident"))));
    const bool manages = ask.caller.may(access::Permission::manage_access, "*");
    if ((action == "disable" || action == "revoke-keys") && !manages &&
        !ask.caller.may(access::Permission::respond, "*"))
        return Error(Errc::denied, "you may not take rights away");
    Json done = Json::array();
    for (const std::string& principal : incident.principals) {
        const auto known = api.state.access->people()->principal(principal);
        if (!known) continue;
        if (principal == ask.caller.name()) return Error(Errc::conflict, "you are one of the principals yourself");
        if (action == "throttle") {
            const auto one = BARTIZAN_TRY(throttle(api, ask, principal, incident.number, body));
            done.push_back({{"principal", principal}, {"restriction", one.id}});
        } else if (action == "disable") {
            if (!known->disabled) BARTIZAN_TRY(api.state.access->set_disabled(ask.caller.name(), principal, true));
            done.push_back({{"principal", principal}, {"disabled", true}});
        } else if (action == "revoke-keys") {
            done.push_back({{"principal", principal}, {"keys_ended", BARTIZAN_TRY(end_keys(api, ask, principal))}});
        } else {
            return invalid_input("'action' is throttle, disable or revoke-keys");
        }
    }
    BARTIZAN_TRY(api.refresh());
    return json_reply({{"done", done}});
}

Answer put_output(Api& api, const Ask& ask) {
    const Json body = BARTIZAN_TRY(body_of(ask));
    const auto id = registry::AssetId{registry::Kind::model, ask.part(2)};
    BARTIZAN_TRY(api.state.registry->asset(id));
    Restriction one{.kind = "output", .model = ask.part(2), .value = BARTIZAN_TRY(text_in(body, "policy", ""))};
    BARTIZAN_TRY_WITHIN(policy::OutputPolicy::parse(one.value), "policy");
    one.principal = BARTIZAN_TRY(text_in(body, "principal", ""));
    one.until = response_of(api).now() + BARTIZAN_TRY(integer_in(body, "seconds", 24 * kHour));
    one.incident = BARTIZAN_TRY(integer_in(body, "incident", 0));
    one.reason = BARTIZAN_TRY(text_in(body, "reason", ""));
    const Json made = to_json(BARTIZAN_TRY(response_of(api).restrictions().put(ask.caller.name(), one)));
    BARTIZAN_TRY(api.refresh());
    return json_reply(made, 201);
}

/// Behind the answer: the model and its reference data in the clear, audited, the report attached as evidence.
Result<void> audit_now(Api& api, const std::string& actor, const registry::Version& version) {
    const auto look = BARTIZAN_TRY(InTheClear::make(api.state, version));
    const auto data = look->beside("reference.npz");
    BARTIZAN_TRY(write_file_atomically(
        data, BARTIZAN_TRY(api.state.registry->content(version.id, "reference", registry::Reader::security))));
    if (version.attachment("sidecar") != nullptr)
        BARTIZAN_TRY(write_file_atomically(
            look->file.string() + ".bartizan.yaml",
            BARTIZAN_TRY(api.state.registry->content(version.id, "sidecar", registry::Reader::security))));
    const std::string report = BARTIZAN_TRY(api.examiner.audit(look->file, data));
    BARTIZAN_TRY(api.state.registry->attach(actor, version.id, "audit", report));
    return record_document(api, actor, version, report);
}

Answer start_audit(Api& api, const Ask& ask) {
    const Json body = BARTIZAN_TRY(body_of(ask));
    const std::int64_t incident = BARTIZAN_TRY(integer_in(body, "incident", 0));
    const registry::AssetId id{registry::Kind::model, ask.part(2)};
    const auto asset = BARTIZAN_TRY(api.state.registry->asset(id));
    const std::int64_t production = asset.alias(registry::kProduction);
    const auto version = BARTIZAN_TRY(api.state.registry->version({id, production != 0 ? production : asset.newest}));
    if (version.attachment("reference") == nullptr)
        return Error(Errc::conflict, version.id.text() + " has no reference data to be audited on",
                     "registry push --data FILE");
    const std::string actor = ask.caller.name();
    const bool taken = api.later([&api, actor, version, incident] {
        const auto done = audit_now(api, actor, version);
        if (incident != 0)
            (void)api.response->cases().note(
                actor, incident, "audit",
                done.ok() ? version.id.text() + " was audited" : "the audit failed: " + done.error().line());
    });
    if (!taken) return Error(Errc::unavailable, "as many audits wait as may wait; ask again");
    return json_reply({{"audit", version.id.text()}, {"state", "begun"}}, 201);
}

Answer list_restrictions(Api& api, const Ask&) {
    Json list = Json::array();
    const auto all = BARTIZAN_TRY(response_of(api).restrictions().load());
    for (const Restriction& one : *all) list.push_back(to_json(one));
    return json_reply({{"restrictions", list}});
}
Answer lift_restriction(Api& api, const Ask& ask) {
    BARTIZAN_TRY(response_of(api).restrictions().lift(ask.caller.name(), ask.part(2)));
    BARTIZAN_TRY(api.refresh());
    return json_reply({{"done", true}});
}

using enum access::Permission;
constexpr Route kRoutes[] = {
    {.method = "GET", .path = "/v1/playbooks", .permission = read_ledger, .answer = list_playbooks},
    {.method = "GET", .path = "/v1/playbooks/{playbook}", .permission = read_ledger, .answer = show_playbook},
    {.method = "PUT",
     .path = "/v1/playbooks/{playbook}",
     .permission = respond,
     .body = BodyKind::json,
     .answer = put_playbook},
    {.method = "POST",
     .path = "/v1/playbooks/{playbook}/run",
     .permission = respond,
     .body = BodyKind::json,
     .answer = run_playbook},
    {.method = "GET", .path = "/v1/runs/{run}", .permission = read_ledger, .answer = show_run},
    {.method = "POST",
     .path = "/v1/runs/{run}/decide",
     .permission = respond,
     .body = BodyKind::json,
     .answer = decide_step},
    {.method = "POST",
     .path = "/v1/runs/{run}/resume",
     .permission = respond,
     .body = BodyKind::json,
     .answer = resume_run},
    {.method = "POST",
     .path = "/v1/runs/{run}/abort",
     .permission = respond,
     .body = BodyKind::json,
     .answer = abort_run},
    {.method = "POST",
     .path = "/v1/incidents/{incident}/principals",
     .permission = respond,
     .body = BodyKind::json,
     .answer = restrain_principals},
    {.method = "PUT",
     .path = "/v1/models/{model}/output",
     .permission = respond,
     .body = BodyKind::json,
     .answer = put_output},
    {.method = "POST",
     .path = "/v1/models/{model}/audit",
     .permission = respond,
     .body = BodyKind::json,
     .answer = start_audit},
    {.method = "GET", .path = "/v1/restrictions", .permission = read_ledger, .answer = list_restrictions},
    {.method = "DELETE", .path = "/v1/restrictions/{restriction}", .permission = respond, .answer = lift_restriction},
};

/// Calls of playbooks, on behalf of a principal.
class ServiceActions final : public Actions {
public:
    explicit ServiceActions(Api& api) : api_(api) {}

    Result<void> check(const ServiceCall& call) override {
        const auto prepared = prepare(call);
        return prepared.ok() ? Result<void>() : Result<void>(prepared.error());
    }

    Result<Json> call(const ServiceCall& call) override {
        const auto [route, ask] = BARTIZAN_TRY(prepare(call));
        const http::Reply reply = BARTIZAN_TRY(carry_out(api_, *route, ask));
        Json answer = parse_json(reply.body).value_or(Json::object());
        if (reply.status == 202)
            return Error(Errc::conflict, "a second person must agree first",
                         "bartizan approval agree ID, then resume the run");
        if (reply.status >= 400)
            return Error(Errc::conflict,
                         call.method + " " + call.target + " was answered " + std::to_string(reply.status));
        return answer;
    }

    Result<Json> snapshot(const Incident& incident) override {
        Json versions = Json::array(), assets = Json::object(), principals = Json::array();
        for (const std::string& text : incident.versions) {
            const auto id = version_of(text);
            if (!id.ok()) continue;
            if (const auto version = api_.state.registry->version(*id); version.ok())
                versions.push_back(to_json(*version));
            if (const auto asset = api_.state.registry->asset(id->asset); asset.ok())
                assets[id->asset.text()] = to_json(*asset);
        }
        const auto people = api_.state.access->people();
        for (const std::string& name : incident.principals)
            if (const auto known = people->principal(name)) principals.push_back(to_json(*known));
        Json restrictions = Json::array();
        const auto all = BARTIZAN_TRY(api_.response->restrictions().load());
        for (const Restriction& one : *all) restrictions.push_back(to_json(one));
        return Json{{"incident", to_json(incident)},
                    {"versions", versions},
                    {"assets", assets},
                    {"principals", principals},
                    {"policies", policies(incident)},
                    {"restrictions", restrictions},
                    {"alerts", api_.alerts.list(0, 100)},
                    {"detectors", api_.watch.seen()},
                    {"ledger", {{"entries", api_.state.ledger->size()}, {"head", api_.state.ledger->head()}}}};
    }

private:
    struct Prepared {
        const Route* route;
        Ask ask;
    };

    Result<Prepared> prepare(const ServiceCall& call) {
        const std::size_t query = std::min(call.target.find('?'), call.target.size());
        const auto parts = http::path_parts(call.target.substr(0, query));
        if (!parts) return invalid_input("'" + call.target.substr(0, 100) + "' could be read in two ways");
        const Route* route = find_route(call.method, *parts).route;
        if (route == nullptr || route->answer == nullptr || route->who == Who::anybody)
            return Error(Errc::not_found, "there is nothing at " + call.method + " " + call.target.substr(0, 200));
        const auto principal = api_.state.access->people()->principal(call.actor);
        if (!principal || principal->disabled)
            return Error(Errc::denied, "'" + call.actor + "', on whose behalf the playbook runs, has no rights");
        Ask ask{.method = call.method, .target = call.target, .parts = *parts};
        if (query < call.target.size()) ask.query = call.target.substr(query + 1);
        ask.body = call.body;
        ask.caller = {principal, {}, {}, "playbook"};
        const std::string object = object_of(*route, *parts);
        if (route->who == Who::permitted && !ask.caller.may(route->permission, object))
            return Error(Errc::denied, fmt_denied(call.actor, route->permission, object));
        return Prepared{route, std::move(ask)};
    }

    static std::string fmt_denied(const std::string& actor, access::Permission permission, const std::string& object) {
        return actor + " may not " + std::string(to_string(permission)) + (object == "*" ? "" : " " + object);
    }

    static Result<registry::VersionId> version_of(const std::string& text) {
        const auto colon = text.find(':'), at = text.rfind('@');
        if (colon == std::string::npos || at == std::string::npos || at < colon) return invalid_input("no version");
        const auto kind = BARTIZAN_TRY(registry::kind_from(text.substr(0, colon)));
        return registry::VersionId{{kind, text.substr(colon + 1, at - colon - 1)},
                                   BARTIZAN_TRY(number_of(text.substr(at + 1), "version"))};
    }

    Json policies(const Incident& incident) const {
        Json out = Json::array();
        const auto config = api_.config();
        for (const std::string& version : incident.versions) {
            if (!version.starts_with("model:")) continue;
            const std::string model = asset_of(version).substr(6);
            const std::string who = incident.principals.empty() ? "" : incident.principals[0];
            const QuotaLimits limits = config->limits_of(who, model);
            out.push_back({{"model", model},
                           {"principal", who},
                           {"output", config->policy_of(who, model).text()},
                           {"requests_per_second", limits.requests_per_second},
                           {"queries_per_day", limits.queries_per_day}});
        }
        return out;
    }

    Api& api_;
};

}  // namespace
}  // namespace api_response

Result<void> audit_version(Api& api, const std::string& actor, const registry::Version& version) {
    return api_response::audit_now(api, actor, version);
}

std::span<const Route> response_routes() { return api_response::kRoutes; }

std::unique_ptr<incident::Actions> service_actions(Api& api) {
    return std::make_unique<api_response::ServiceActions>(api);
}

}  // namespace bartizan::gateway
