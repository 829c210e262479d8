/// Money for AI, and what of it is for security.
#include "core/json_fields.h"
#include "gateway/api_registers.h"
#include "registers/registers.h"

namespace bartizan::gateway {
namespace api_budget {
namespace {

using namespace registers;

Budget& budget_of(Api& api) { return api.state.registers->budget(); }
Answer shown(Api& api, const BudgetView& view, int status = 200) {
    return json_reply(to_json(view, api.state.registers->now()), status);
}

Answer list_budget(Api& api, const Ask& ask) {
    Json list = Json::array();
    for (const BudgetView& one : BARTIZAN_TRY(budget_of(api).list(ask.parameter("project"), ask.parameter("period"))))
        list.push_back(to_json(one, api.state.registers->now()));
    const auto mismatch = BARTIZAN_TRY(budget_of(api).mismatch());
    return json_reply({{"budgets", list},
                       {"money_without_evidence", mismatch.money_without_evidence},
                       {"evidence_without_money", mismatch.evidence_without_money},
                       {"band_percent", {kLowShare, kHighShare}}});
}

Answer put_line(Api& api, const Ask& ask) {
    Json body = BARTIZAN_TRY(body_of(ask));
    body["project"] = ask.part(2);
    body["period"] = ask.part(3);
    body["name"] = ask.part(4);
    const BudgetLine line = BARTIZAN_TRY(read_budget_line(body, budget_of(api).framework()));
    return shown(api, BARTIZAN_TRY(budget_of(api).put(ask.caller.name(), line)));
}

Answer delete_line(Api& api, const Ask& ask) {
    BARTIZAN_TRY(budget_of(api).remove(ask.caller.name(), ask.part(2), ask.part(3), ask.part(4)));
    return json_reply({{"done", true}});
}

Answer waive_budget(Api& api, const Ask& ask) {
    const Json body = BARTIZAN_TRY(body_of(ask));
    const auto fields = BARTIZAN_TRY(JsonFields::of(body, ""));
    BARTIZAN_TRY(fields.only({"owner", "reason", "expires"}));
    const std::string owner = BARTIZAN_TRY(fields.text("owner", 200)),
                      reason = BARTIZAN_TRY(fields.text("reason", 2000));
    const std::int64_t expires = BARTIZAN_TRY(fields.integer("expires", 1, std::int64_t{1} << 40));
    return shown(
        api, BARTIZAN_TRY(budget_of(api).waive(ask.caller.name(), ask.part(2), ask.part(3), owner, reason, expires)),
        201);
}

Answer what_if(Api& api, const Ask& ask) {
    const std::string capability = ask.parameter("capability"), cost = ask.parameter("cost");
    const std::string currency = ask.parameter("currency");
    std::int64_t minor = 0;
    if (!capability.empty()) minor = BARTIZAN_TRY_WITHIN(parse_money(cost, currency), "cost");
    Json list = Json::array();
    for (const Worth& one : BARTIZAN_TRY(
             budget_of(api).worth(ask.parameter("project"), ask.parameter("period"), capability, minor, currency))) {
        const int digits = BARTIZAN_TRY(digits_of(one.currency));
        double thousand = 1000;
        for (int i = 0; i < digits; ++i) thousand *= 10;
        list.push_back({{"capability", one.capability},
                        {"title", one.title},
                        {"risk_taken_off", one.reduction},
                        {"risks", one.risks},
                        {"cost", {{"minor", one.cost}, {"text", money_text(one.cost, one.currency)}}},
                        {"per_thousand",
                         one.cost == 0 ? Json() : Json(one.reduction / static_cast<double>(one.cost) * thousand)}});
    }
    return json_reply({{"worth", list}, {"supposing", "its checks passed, at the most that they count for"}});
}

using enum access::Permission;
constexpr Route kRoutes[] = {
    {.method = "GET", .path = "/v1/budget", .permission = read_ledger, .answer = list_budget},
    {.method = "GET", .path = "/v1/budget/whatif", .permission = read_ledger, .answer = what_if},
    {.method = "PUT",
     .path = "/v1/budget/{project}/{period}/{line}",
     .permission = govern,
     .body = BodyKind::json,
     .answer = put_line},
    {.method = "DELETE", .path = "/v1/budget/{project}/{period}/{line}", .permission = govern, .answer = delete_line},
    {.method = "POST",
     .path = "/v1/budget/{project}/{period}/waiver",
     .permission = govern,
     .body = BodyKind::json,
     .answer = waive_budget},
};

}  // namespace
}  // namespace api_budget

std::span<const Route> budget_routes() { return api_budget::kRoutes; }

}  // namespace bartizan::gateway
