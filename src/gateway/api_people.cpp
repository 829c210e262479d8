/// Who answers for what, who was trained, who signed.
#include "core/json_fields.h"
#include "gateway/api_registers.h"
#include "registers/registers.h"

namespace bartizan::gateway {
namespace api_people {
namespace {

using namespace registers;

People& people_of(Api& api) { return api.state.registers->people(); }

Answer list_people(Api& api, const Ask&) { return json_reply(BARTIZAN_TRY(people_of(api).shown())); }

Answer put_role(Api& api, const Ask& ask) {
    const Json body = BARTIZAN_TRY(body_of(ask));
    const auto fields = BARTIZAN_TRY(JsonFields::of(body, ""));
    BARTIZAN_TRY(fields.only({"role"}));
    const std::string role = BARTIZAN_TRY(fields.text("role", 10));
    BARTIZAN_TRY(people_of(api).assign(ask.caller.name(), ask.part(2), ask.part(4), role));
    return list_people(api, ask);
}

Answer add_training(Api& api, const Ask& ask) {
    const Json body = BARTIZAN_TRY(body_of(ask));
    const auto fields = BARTIZAN_TRY(JsonFields::of(body, ""));
    BARTIZAN_TRY(fields.only({"module", "score", "at", "days"}));
    const std::string module = BARTIZAN_TRY(fields.text("module", 80));
    const std::int64_t score = BARTIZAN_TRY(fields.integer("score", 0, 100));
    const std::int64_t at = BARTIZAN_TRY(fields.integer_or("at", api.state.registers->now(), 1, std::int64_t{1} << 40));
    const std::int64_t days = BARTIZAN_TRY(fields.integer_or("days", 0, 0, 3660));
    BARTIZAN_TRY(people_of(api).train(ask.caller.name(), ask.part(2), module, score, at, days));
    auto reply = BARTIZAN_TRY(list_people(api, ask));
    reply.status = 201;
    return reply;
}

Answer sign_document(Api& api, const Ask& ask) {
    const Json body = BARTIZAN_TRY(body_of(ask));
    const auto fields = BARTIZAN_TRY(JsonFields::of(body, ""));
    BARTIZAN_TRY(fields.only({"document", "version", "sha256", "days"}));
    const std::string document = BARTIZAN_TRY(fields.text("document", 80));
    const std::string version = BARTIZAN_TRY(fields.text_or("version", "", 80));
    const std::string digest = BARTIZAN_TRY(fields.text_or("sha256", "", 64));
    const std::int64_t days = BARTIZAN_TRY(fields.integer_or("days", 365, 1, 366));
    return json_reply(BARTIZAN_TRY(people_of(api).sign(ask.caller.name(), document, version, digest, days)), 201);
}

using enum access::Permission;
constexpr Route kRoutes[] = {
    {.method = "GET", .path = "/v1/people", .permission = read_ledger, .answer = list_people},
    {.method = "PUT",
     .path = "/v1/people/{person}/roles/{activity}",
     .permission = govern,
     .body = BodyKind::json,
     .answer = put_role},
    {.method = "POST",
     .path = "/v1/people/{person}/training",
     .permission = govern,
     .body = BodyKind::json,
     .answer = add_training},
    {.method = "POST", .path = "/v1/signatures", .permission = govern, .body = BodyKind::json, .answer = sign_document},
};

}  // namespace
}  // namespace api_people

std::span<const Route> people_routes() { return api_people::kRoutes; }

}  // namespace bartizan::gateway
