/// Incidents: what was seen, how far it has come, what is to do, who is told.
#include "gateway/api_incidents.h"

#include <algorithm>

#include "core/json_fields.h"
#include "documents/stix.h"
#include "incident/response.h"

namespace bartizan::gateway {
namespace api_incidents {
namespace {

using namespace incident;

constexpr std::int64_t kMostListed = 1000;

Response& response_of(Api& api) { return *api.response; }

Result<std::int64_t> number_in_path(const Ask& ask) { return number_of(ask.part(2), "incident"); }

Answer shown(const Incident& incident, int status = 200) { return json_reply(to_json(incident), status); }

Answer list_incidents(Api& api, const Ask& ask) {
    const std::string most = ask.parameter("limit");
    const std::int64_t limit = most.empty() ? 100 : BARTIZAN_TRY(number_of(most, "limit"));
    Json list = Json::array();
    for (const Incident& one : BARTIZAN_TRY(response_of(api).cases().list(
             ask.parameter("state"), static_cast<std::size_t>(std::clamp<std::int64_t>(limit, 1, kMostListed)))))
        list.push_back(to_json(one));
    return json_reply({{"incidents", list}, {"signals_waiting", response_of(api).waiting()}});
}

Answer open_incident(Api& api, const Ask& ask) {
    const Json body = BARTIZAN_TRY(body_of(ask));
    const auto fields = BARTIZAN_TRY(JsonFields::of(body, ""));
    BARTIZAN_TRY(fields.only({"title", "threat", "severity", "version", "principals", "atlas", "began", "evidence"}));
    Signal signal{.detector = "person", .version = BARTIZAN_TRY(fields.text_or("version", "", 200))};
    signal.title = BARTIZAN_TRY(fields.text("title", 500));
    signal.severity = BARTIZAN_TRY(fields.text_or("severity", "medium"));
    signal.principals = BARTIZAN_TRY(fields.texts_or_none("principals", Cases::kMostListed));
    signal.atlas = BARTIZAN_TRY(fields.text_or("atlas", "", 40));
    signal.first = BARTIZAN_TRY(fields.integer_or("began", 0, 0, std::int64_t{1} << 40));
    if (body.contains("evidence")) signal.evidence = body["evidence"];
    const std::string threat = BARTIZAN_TRY(fields.text_or("threat", "other"));
    return shown(BARTIZAN_TRY(response_of(api).cases().open(ask.caller.name(), signal, threat)), 201);
}

Answer show_incident(Api& api, const Ask& ask) {
    const std::int64_t number = BARTIZAN_TRY(number_in_path(ask));
    Json report = BARTIZAN_TRY(report_of(response_of(api), number));
    return json_reply(report);
}

/// The bundle to share: digests of the versions that the registry knows go with it.
Answer show_bundle(Api& api, const Ask& ask, const Json& report) {
    const std::string tlp = ask.parameter("tlp");
    documents::StixOptions options{.tlp = tlp.empty() ? "amber" : tlp,
                                   .names = ask.parameter("names") == "true",
                                   .text = ask.parameter("text") == "true",
                                   .organisation = response_of(api).options().messages.organisation,
                                   .log = api.state.ledger->verifier().name(),
                                   .now = response_of(api).now()};
    for (const Json& name : report["incident"]["versions"]) {
        const std::string text = name.get<std::string>();
        const auto colon = text.find(':'), at = text.rfind('@');
        if (colon == std::string::npos || at == std::string::npos || at < colon) continue;
        const auto kind = registry::kind_from(text.substr(0, colon));
        const auto number = number_of(text.substr(at + 1), "version");
        if (!kind.ok() || !number.ok()) continue;
        const auto version = api.state.registry->version({{*kind, text.substr(colon + 1, at - colon - 1)}, *number});
        if (version.ok()) options.digests.emplace_back(text, version->digest);
    }
    const Json bundle = BARTIZAN_TRY(documents::stix_bundle(report, options));
    return http::Reply{.content_type = "application/stix+json;version=2.1", .body = to_text(bundle)};
}

Answer show_report(Api& api, const Ask& ask) {
    const Json report = BARTIZAN_TRY(report_of(response_of(api), BARTIZAN_TRY(number_in_path(ask))));
    const std::string format = ask.parameter("format");
    if (format == "stix") return show_bundle(api, ask, report);
    if (format.empty() || format == "json") return json_reply(report);
    const std::string markdown = report_markdown(report);
    if (format == "markdown") return http::Reply{.content_type = "text/markdown; charset=utf-8", .body = markdown};
    if (format != "html") return invalid_input("'format' is json, markdown, html or stix");
    return http::Reply{
        .content_type = "text/html; charset=utf-8",
        .body = "<!DOCTYPE html>\n<html><head><meta charset=\"utf-8\"><title>Incident</title></head>\n<body>\n" +
                html_of(markdown) + "</body></html>\n"};
}

Answer put_state(Api& api, const Ask& ask) {
    const Json body = BARTIZAN_TRY(body_of(ask));
    const auto to = BARTIZAN_TRY(progress_from(BARTIZAN_TRY(text_in(body, "state", ""))));
    return shown(BARTIZAN_TRY(response_of(api).cases().move(ask.caller.name(), BARTIZAN_TRY(number_in_path(ask)), to,
                                                            BARTIZAN_TRY(text_in(body, "reason", "")))));
}

Answer put_owner(Api& api, const Ask& ask) {
    const Json body = BARTIZAN_TRY(body_of(ask));
    return shown(BARTIZAN_TRY(response_of(api).cases().assign(ask.caller.name(), BARTIZAN_TRY(number_in_path(ask)),
                                                              BARTIZAN_TRY(text_in(body, "owner", "")))));
}

Answer add_note(Api& api, const Ask& ask) {
    const Json body = BARTIZAN_TRY(body_of(ask));
    const std::int64_t number = BARTIZAN_TRY(number_in_path(ask));
    BARTIZAN_TRY(
        response_of(api).cases().note(ask.caller.name(), number, "note", BARTIZAN_TRY(text_in(body, "text", ""))));
    return shown(BARTIZAN_TRY(response_of(api).cases().find(number)), 201);
}

Answer add_task(Api& api, const Ask& ask) {
    const Json body = BARTIZAN_TRY(body_of(ask));
    return json_reply(
        to_json(BARTIZAN_TRY(response_of(api).cases().add_task(
            ask.caller.name(), BARTIZAN_TRY(number_in_path(ask)), BARTIZAN_TRY(text_in(body, "title", "")),
            BARTIZAN_TRY(text_in(body, "owner", "")), BARTIZAN_TRY(integer_in(body, "due", 0))))),
        201);
}

Answer finish_task(Api& api, const Ask& ask) {
    return json_reply(to_json(BARTIZAN_TRY(response_of(api).cases().finish_task(
        ask.caller.name(), BARTIZAN_TRY(number_in_path(ask)), BARTIZAN_TRY(number_of(ask.part(4), "task"))))));
}

Answer take_hold(Api& api, const Ask& ask) {
    const std::int64_t number = BARTIZAN_TRY(number_in_path(ask));
    const Incident incident = BARTIZAN_TRY(response_of(api).cases().find(number));
    const Json manifest = BARTIZAN_TRY(service_actions(api)->snapshot(incident));
    const auto hold =
        BARTIZAN_TRY(response_of(api).cases().hold(ask.caller.name(), number, manifest, incident.versions));
    return json_reply(to_json(hold, false), 201);
}

Answer list_holds(Api& api, const Ask& ask) {
    Json list = Json::array();
    for (const Hold& one : BARTIZAN_TRY(response_of(api).cases().holds(BARTIZAN_TRY(number_in_path(ask)))))
        list.push_back(to_json(one, true));
    return json_reply({{"holds", list}});
}

Answer release_hold(Api& api, const Ask& ask) {
    const Json body = BARTIZAN_TRY(body_of(ask));
    BARTIZAN_TRY(response_of(api).cases().release_hold(ask.caller.name(), ask.part(2),
                                                       BARTIZAN_TRY(text_in(body, "reason", ""))));
    return json_reply({{"done", true}});
}

Answer put_anchor(Api& api, const Ask& ask) {
    const Json body = BARTIZAN_TRY(body_of(ask));
    return shown(BARTIZAN_TRY(response_of(api).cases().set_anchor(ask.caller.name(), BARTIZAN_TRY(number_in_path(ask)),
                                                                  BARTIZAN_TRY(text_in(body, "anchor", "")),
                                                                  BARTIZAN_TRY(integer_in(body, "at", 0)))));
}

Answer put_review(Api& api, const Ask& ask) {
    const Json body = BARTIZAN_TRY(body_of(ask));
    return shown(BARTIZAN_TRY(response_of(api).cases().review(ask.caller.name(), BARTIZAN_TRY(number_in_path(ask)),
                                                              BARTIZAN_TRY(text_in(body, "cause", "")),
                                                              BARTIZAN_TRY(text_in(body, "lessons", "")))));
}

Answer list_clock_rules(Api&, const Ask&) {
    Json list = Json::array();
    for (const ClockRule& one : shipped_clock_rules())
        list.push_back({{"rule", one.id},
                        {"regime", one.regime},
                        {"title", one.title},
                        {"condition", one.condition},
                        {"anchor", one.span.anchor},
                        {"seconds", one.span.seconds},
                        {"months", one.span.months},
                        {"valid_from", one.valid_from.empty() ? Json() : Json(one.valid_from)},
                        {"citation", one.citation},
                        {"sure", one.sure}});
    return json_reply({{"clocks", list}});
}

Answer start_clock(Api& api, const Ask& ask) {
    const Json body = BARTIZAN_TRY(body_of(ask));
    const std::int64_t number = BARTIZAN_TRY(number_in_path(ask));
    BARTIZAN_TRY(response_of(api).clocks().start(ask.caller.name(), number, BARTIZAN_TRY(text_in(body, "rule", ""))));
    return json_reply({{"clocks", BARTIZAN_TRY(response_of(api).clocks().shown(number))}}, 201);
}

Answer meet_clock(Api& api, const Ask& ask) {
    const Json body = BARTIZAN_TRY(body_of(ask));
    const std::int64_t number = BARTIZAN_TRY(number_in_path(ask));
    BARTIZAN_TRY(response_of(api).clocks().meet(ask.caller.name(), number, ask.part(4),
                                                BARTIZAN_TRY(text_in(body, "receipt", ""))));
    return json_reply({{"clocks", BARTIZAN_TRY(response_of(api).clocks().shown(number))}});
}

Answer add_message(Api& api, const Ask& ask) {
    const Json body = BARTIZAN_TRY(body_of(ask));
    const auto fields = BARTIZAN_TRY(JsonFields::of(body, ""));
    auto& parts = response_of(api);
    const Message made =
        BARTIZAN_TRY(parts.messages().draft(ask.caller.name(), BARTIZAN_TRY(number_in_path(ask)),
                                            BARTIZAN_TRY(fields.text("audience", 60)), parts.options().messages));
    if (!BARTIZAN_TRY(fields.flag_or("send", false))) return json_reply(to_json(made), 201);
    const auto& free = parts.options().messages.unapproved;
    if (std::ranges::find(free, made.audience) == free.end()) return json_reply(to_json(made), 201);  // it waits
    const std::string actor = ask.caller.name();
    // A run does not wait for mail servers: the next incident's containment would wait with it.
    const bool handed_over = ask.caller.method == "playbook" && api.later([&parts, actor, made] {
        const auto sent = parts.messages().send(actor, made.id, parts.options().messages);
        if (!sent.ok())
            (void)parts.cases().note(actor, made.incident, "message",
                                     "to " + made.audience + ": " + sent.error().line());
    });
    if (handed_over) return json_reply(to_json(made), 201);
    return json_reply(
        to_json(BARTIZAN_TRY(parts.messages().send(ask.caller.name(), made.id, parts.options().messages))), 201);
}

Answer show_message(Api& api, const Ask& ask) {
    return json_reply(to_json(BARTIZAN_TRY(response_of(api).messages().find(ask.part(2)))));
}
Answer approve_message(Api& api, const Ask& ask) {
    return json_reply(to_json(BARTIZAN_TRY(response_of(api).messages().approve(ask.caller.name(), ask.part(2)))));
}
Answer send_message(Api& api, const Ask& ask) {
    auto& parts = response_of(api);
    return json_reply(
        to_json(BARTIZAN_TRY(parts.messages().send(ask.caller.name(), ask.part(2), parts.options().messages))));
}

Answer open_ticket(Api& api, const Ask& ask) {
    auto& parts = response_of(api);
    return json_reply(BARTIZAN_TRY(parts.messages().ticket(ask.caller.name(), BARTIZAN_TRY(number_in_path(ask)),
                                                           parts.options().messages)),
                      201);
}

using enum access::Permission;
constexpr Route kRoutes[] = {
    {.method = "GET", .path = "/v1/incidents", .permission = read_ledger, .answer = list_incidents},
    {.method = "POST", .path = "/v1/incidents", .permission = respond, .body = BodyKind::json, .answer = open_incident},
    {.method = "GET", .path = "/v1/incidents/{incident}", .permission = read_ledger, .answer = show_incident},
    {.method = "GET", .path = "/v1/incidents/{incident}/report", .permission = read_ledger, .answer = show_report},
    {.method = "POST",
     .path = "/v1/incidents/{incident}/state",
     .permission = respond,
     .body = BodyKind::json,
     .answer = put_state},
    {.method = "POST",
     .path = "/v1/incidents/{incident}/owner",
     .permission = respond,
     .body = BodyKind::json,
     .answer = put_owner},
    {.method = "POST",
     .path = "/v1/incidents/{incident}/notes",
     .permission = respond,
     .body = BodyKind::json,
     .answer = add_note},
    {.method = "POST",
     .path = "/v1/incidents/{incident}/tasks",
     .permission = respond,
     .body = BodyKind::json,
     .answer = add_task},
    {.method = "POST",
     .path = "/v1/incidents/{incident}/tasks/{task}/done",
     .permission = respond,
     .body = BodyKind::json,
     .answer = finish_task},
    {.method = "POST",
     .path = "/v1/incidents/{incident}/hold",
     .permission = respond,
     .body = BodyKind::json,
     .answer = take_hold},
    {.method = "GET", .path = "/v1/incidents/{incident}/holds", .permission = read_ledger, .answer = list_holds},
    {.method = "POST",
     .path = "/v1/holds/{hold}/release",
     .permission = respond,
     .body = BodyKind::json,
     .answer = release_hold},
    {.method = "POST",
     .path = "/v1/incidents/{incident}/anchors",
     .permission = respond,
     .body = BodyKind::json,
     .answer = put_anchor},
    {.method = "POST",
     .path = "/v1/incidents/{incident}/review",
     .permission = respond,
     .body = BodyKind::json,
     .answer = put_review},
    {.method = "GET", .path = "/v1/clocks", .who = Who::identified, .answer = list_clock_rules},
    {.method = "POST",
     .path = "/v1/incidents/{incident}/clocks",
     .permission = respond,
     .body = BodyKind::json,
     .answer = start_clock},
    {.method = "POST",
     .path = "/v1/incidents/{incident}/clocks/{rule}/met",
     .permission = respond,
     .body = BodyKind::json,
     .answer = meet_clock},
    {.method = "POST",
     .path = "/v1/incidents/{incident}/messages",
     .permission = respond,
     .body = BodyKind::json,
     .answer = add_message},
    {.method = "GET", .path = "/v1/messages/{message}", .permission = read_ledger, .answer = show_message},
    {.method = "POST",
     .path = "/v1/messages/{message}/approve",
     .permission = respond,
     .body = BodyKind::json,
     .answer = approve_message},
    {.method = "POST",
     .path = "/v1/messages/{message}/send",
     .permission = respond,
     .body = BodyKind::json,
     .answer = send_message},
    {.method = "POST",
     .path = "/v1/incidents/{incident}/ticket",
     .permission = respond,
     .body = BodyKind::json,
     .answer = open_ticket},
};

}  // namespace
}  // namespace api_incidents

std::span<const Route> incident_routes() { return api_incidents::kRoutes; }

incident::Signal signal_of(const Alert& alert) {
    return {.detector = alert.detector,
            .version = alert.version,
            .principals = alert.principals,
            .severity = alert.severity,
            .title = alert.title,
            .atlas = alert.atlas,
            .evidence = alert.evidence,
            .first = alert.first};
}

}  // namespace bartizan::gateway
