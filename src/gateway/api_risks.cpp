/// The risk register.
#include <algorithm>

#include "core/json_fields.h"
#include "gateway/api_registers.h"
#include "registers/registers.h"

namespace bartizan::gateway {
namespace api_risks {
namespace {

using namespace registers;
using access::Permission;

Risks& risks_of(Api& api) { return api.state.registers->risks(); }

bool may_see(const Ask& ask, const std::string& asset) {
    const bool named = asset.starts_with("model:") || asset.starts_with("data:");
    return ask.caller.may(Permission::see, named ? asset : "*");
}

Json shown(Api& api, const RiskView& view) {
    return to_json(view, risks_of(api).threats(), api.state.registers->now());
}

Answer listed(Api& api, const Ask& ask, const std::vector<RiskView>& risks, int status = 200) {
    const std::string band = ask.parameter("band");
    if (!band.empty()) BARTIZAN_TRY(band_from(band));
    Json list = Json::array();
    for (const RiskView& one : risks)
        if (may_see(ask, one.risk.asset) && (band.empty() || to_string(one.scored.band()) == band))
            list.push_back(shown(api, one));
    return json_reply({{"risks", list}}, status);
}

Answer list_risks(Api& api, const Ask& ask) {
    BARTIZAN_TRY(risks_of(api).settle("service"));  // what is shown was told
    return listed(api, ask, BARTIZAN_TRY(risks_of(api).list(ask.parameter("asset"))));
}

Answer show_risk(Api& api, const Ask& ask) {
    const auto found = risks_of(api).find(ask.part(2));
    if (!found.ok() && found.error().code() == Errc::not_found && !ask.caller.may(Permission::see, "*"))
        return Error(Errc::denied, "you may not see that risk");
    if (!found.ok()) return found.error();
    if (!may_see(ask, found->risk.asset)) return Error(Errc::denied, "you may not see that risk");
    return json_reply(shown(api, *found));
}

Answer derive_risks(Api& api, const Ask& ask) {
    const Json body = BARTIZAN_TRY(body_of(ask));
    const auto fields = BARTIZAN_TRY(JsonFields::of(body, ""));
    BARTIZAN_TRY(fields.only({"asset"}));
    return listed(api, ask,
                  BARTIZAN_TRY(risks_of(api).derive(ask.caller.name(), BARTIZAN_TRY(fields.text("asset", 300)))), 201);
}

Answer put_risk(Api& api, const Ask& ask) {
    const RiskWords words = BARTIZAN_TRY(read_risk_words(BARTIZAN_TRY(body_of(ask))));
    return json_reply(shown(api, BARTIZAN_TRY(risks_of(api).set(ask.caller.name(), ask.part(2), words))));
}

Answer accept_risk(Api& api, const Ask& ask) {
    const Json body = BARTIZAN_TRY(body_of(ask));
    const auto fields = BARTIZAN_TRY(JsonFields::of(body, ""));
    BARTIZAN_TRY(fields.only({"reason", "expires"}));
    const std::string reason = BARTIZAN_TRY(fields.text("reason", 2000));
    const std::int64_t expires = BARTIZAN_TRY(fields.integer("expires", 1, std::int64_t{1} << 40));
    return json_reply(shown(api, BARTIZAN_TRY(risks_of(api).accept(ask.caller.name(), ask.part(2), reason, expires))),
                      201);
}

using enum access::Permission;
constexpr Route kRoutes[] = {
    {.method = "GET", .path = "/v1/risks", .who = Who::identified, .answer = list_risks},
    {.method = "POST",
     .path = "/v1/risks/derive",
     .permission = govern,
     .body = BodyKind::json,
     .answer = derive_risks},
    {.method = "GET", .path = "/v1/risks/{risk}", .who = Who::identified, .answer = show_risk},
    {.method = "PUT", .path = "/v1/risks/{risk}", .permission = govern, .body = BodyKind::json, .answer = put_risk},
    {.method = "POST",
     .path = "/v1/risks/{risk}/accept",
     .permission = govern,
     .body = BodyKind::json,
     .answer = accept_risk},
};

}  // namespace
}  // namespace api_risks

std::span<const Route> risk_routes() { return api_risks::kRoutes; }

}  // namespace bartizan::gateway
