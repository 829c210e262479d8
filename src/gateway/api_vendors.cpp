/// Vendors and their answers.
#include "core/json_fields.h"
#include "gateway/api_registers.h"
#include "registers/registers.h"

namespace bartizan::gateway {
namespace api_vendors {
namespace {

using namespace registers;

constexpr std::size_t kMostCompared = 8;

Vendors& vendors_of(Api& api) { return api.state.registers->vendors(); }

Answer list_vendors(Api& api, const Ask&) {
    Json list = Json::array();
    for (const VendorView& one : BARTIZAN_TRY(vendors_of(api).list())) {
        Json row = to_json(one);
        row.erase("questions");
        list.push_back(std::move(row));
    }
    return json_reply({{"vendors", list}});
}

Answer list_questions(Api& api, const Ask&) { return json_reply(blank_questionnaire(vendors_of(api).questions())); }

Answer show_vendor(Api& api, const Ask& ask) {
    return json_reply(to_json(BARTIZAN_TRY(vendors_of(api).find(ask.part(2)))));
}

/// ?names=a,b
Answer compare_vendors(Api& api, const Ask& ask) {
    std::string rest = ask.parameter("names");
    Json list = Json::array();
    while (!rest.empty()) {
        const std::string name = rest.substr(0, rest.find(','));
        rest.erase(0, std::min(rest.size(), name.size() + 1));
        if (list.size() >= kMostCompared) return invalid_input("names: at most 8 vendors are compared");
        list.push_back(to_json(BARTIZAN_TRY(vendors_of(api).find(name))));
    }
    if (list.empty()) return invalid_input("names: expected a,b");
    return json_reply({{"vendors", list}});
}

Answer put_vendor(Api& api, const Ask& ask) {
    return json_reply(
        to_json(BARTIZAN_TRY(vendors_of(api).put(ask.caller.name(), ask.part(2), BARTIZAN_TRY(body_of(ask))))));
}

Answer put_answers(Api& api, const Ask& ask) {
    return json_reply(
        to_json(BARTIZAN_TRY(vendors_of(api).answer(ask.caller.name(), ask.part(2), BARTIZAN_TRY(body_of(ask))))));
}

Answer add_exception(Api& api, const Ask& ask) {
    const Json body = BARTIZAN_TRY(body_of(ask));
    const auto fields = BARTIZAN_TRY(JsonFields::of(body, ""));
    BARTIZAN_TRY(fields.only({"question", "reason", "expires"}));
    const std::int64_t question = BARTIZAN_TRY(fields.integer("question", 1, 1000));
    const std::string reason = BARTIZAN_TRY(fields.text("reason", 2000));
    const std::int64_t expires = BARTIZAN_TRY(fields.integer("expires", 1, std::int64_t{1} << 40));
    return json_reply(
        to_json(BARTIZAN_TRY(vendors_of(api).except(ask.caller.name(), ask.part(2), question, reason, expires))), 201);
}

using enum access::Permission;
constexpr Route kRoutes[] = {
    {.method = "GET", .path = "/v1/vendors", .permission = read_ledger, .answer = list_vendors},
    {.method = "GET", .path = "/v1/vendor-questions", .who = Who::identified, .answer = list_questions},
    {.method = "GET", .path = "/v1/vendor-comparison", .permission = read_ledger, .answer = compare_vendors},
    {.method = "GET", .path = "/v1/vendors/{vendor}", .permission = read_ledger, .answer = show_vendor},
    {.method = "PUT",
     .path = "/v1/vendors/{vendor}",
     .permission = govern,
     .body = BodyKind::json,
     .answer = put_vendor},
    {.method = "PUT",
     .path = "/v1/vendors/{vendor}/answers",
     .permission = govern,
     .body = BodyKind::json,
     .answer = put_answers},
    {.method = "POST",
     .path = "/v1/vendors/{vendor}/exceptions",
     .permission = govern,
     .body = BodyKind::json,
     .answer = add_exception},
};

}  // namespace
}  // namespace api_vendors

std::span<const Route> vendor_routes() { return api_vendors::kRoutes; }

}  // namespace bartizan::gateway
