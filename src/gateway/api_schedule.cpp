/// When assets are audited, scanned and reviewed next; everything that has a date, as a calendar.
#include "core/json_fields.h"
#include "gateway/api_registers.h"
#include "registers/registers.h"

namespace bartizan::gateway {
namespace api_schedule {
namespace {

using access::Permission;
using registers::Due;

bool may_see(const Ask& ask, const std::string& asset) {
    const bool named = asset.starts_with("model:") || asset.starts_with("data:");
    return ask.caller.may(Permission::see, named ? asset : "*");
}

Answer list_schedule(Api& api, const Ask& ask) {
    const std::string asset = ask.parameter("asset"), state = ask.parameter("state");
    if (!state.empty() && state != "on time" && state != "due soon" && state != "overdue")
        return invalid_input("'state' is on time, due soon or overdue");
    const std::int64_t now = api.state.registers->now();
    Json list = Json::array();
    for (const Due& one : BARTIZAN_TRY(api.state.registers->schedule().list()))
        if (may_see(ask, one.asset) && (asset.empty() || one.asset == asset) &&
            (state.empty() || one.state(now) == state))
            list.push_back(to_json(one, now));
    return json_reply({{"schedule", list}});
}

Answer put_schedule(Api& api, const Ask& ask) {
    const Json body = BARTIZAN_TRY(body_of(ask));
    const auto fields = BARTIZAN_TRY(JsonFields::of(body, ""));
    BARTIZAN_TRY(fields.only({"days", "owner", "done", "by", "note"}));
    registers::Schedule::Setting setting{.by = BARTIZAN_TRY(fields.text_or("by", "", 200)),
                                         .note = BARTIZAN_TRY(fields.text_or("note", "", 2000))};
    if (body.contains("days")) setting.days = BARTIZAN_TRY(fields.integer("days", 1, 366));
    if (body.contains("owner")) setting.owner = BARTIZAN_TRY(fields.text_or("owner", "", 200));
    if (body.contains("done")) setting.done = BARTIZAN_TRY(fields.integer("done", 1, std::int64_t{1} << 40));
    return json_reply(
        to_json(BARTIZAN_TRY(api.state.registers->schedule().set(ask.caller.name(), ask.part(2), ask.part(3), setting)),
                api.state.registers->now()));
}

Answer show_calendar(Api& api, const Ask&) {
    return http::Reply{.content_type = "text/calendar; charset=utf-8",
                       .body = BARTIZAN_TRY(api.state.registers->calendar())};
}

using enum access::Permission;
constexpr Route kRoutes[] = {
    {.method = "GET", .path = "/v1/schedule", .who = Who::identified, .answer = list_schedule},
    {.method = "PUT",
     .path = "/v1/schedule/{asset}/{activity}",
     .permission = govern,
     .body = BodyKind::json,
     .answer = put_schedule},
    {.method = "GET", .path = "/v1/calendar", .permission = read_ledger, .answer = show_calendar},
};

}  // namespace
}  // namespace api_schedule

std::span<const Route> schedule_routes() { return api_schedule::kRoutes; }

}  // namespace bartizan::gateway
