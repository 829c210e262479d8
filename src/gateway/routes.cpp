#include "gateway/routes.h"

#include <algorithm>

#include "gateway/api_documents.h"
#include "gateway/api_governance.h"
#include "gateway/api_incidents.h"
#include "gateway/api_registers.h"
#include "http/head.h"

namespace bartizan::gateway {
namespace {

using enum access::Permission;

constexpr Route kRoutes[] = {
    {.method = "GET", .path = "/healthz", .who = Who::anybody},
    {.method = "GET", .path = "/readyz", .who = Who::anybody},
    {.method = "GET", .path = "/metrics", .permission = see, .answer = show_metrics},

    {.method = "GET", .path = "/v2", .who = Who::anybody},
    {.method = "GET", .path = "/v2/health/live", .who = Who::anybody},
    {.method = "GET", .path = "/v2/health/ready", .who = Who::anybody},
    {.method = "GET", .path = "/v2/models/{name}", .permission = see},
    {.method = "GET", .path = "/v2/models/{name}/ready", .permission = see},
    {.method = "POST", .path = "/v2/models/{name}/infer", .permission = infer, .body = BodyKind::inference},
    {.method = "GET", .path = "/v2/models/{name}/versions/{version}", .permission = see},
    {.method = "GET", .path = "/v2/models/{name}/versions/{version}/ready", .permission = see},
    {.method = "POST",
     .path = "/v2/models/{name}/versions/{version}/infer",
     .permission = infer,
     .body = BodyKind::inference},

    {.method = "GET", .path = "/v1/{kind}", .who = Who::identified, .answer = list_assets},
    {.method = "GET", .path = "/v1/{kind}/{name}", .permission = see, .answer = show_asset},
    {.method = "GET", .path = "/v1/{kind}/{name}/moves", .permission = see, .answer = show_moves},
    {.method = "GET", .path = "/v1/{kind}/{name}/diff", .permission = see, .answer = show_difference},
    {.method = "POST",
     .path = "/v1/{kind}/{name}/versions",
     .permission = push,
     .body = BodyKind::upload,
     .answer = push_version},
    {.method = "GET", .path = "/v1/{kind}/{name}/versions/{version}", .permission = see, .answer = show_version},
    {.method = "GET",
     .path = "/v1/{kind}/{name}/versions/{version}/content",
     .permission = access::Permission::download,
     .answer = gateway::download},
    {.method = "GET",
     .path = "/v1/{kind}/{name}/versions/{version}/attachments/{role}",
     .permission = access::Permission::download,
     .answer = download_attachment},
    {.method = "PUT",
     .path = "/v1/{kind}/{name}/versions/{version}/attachments/{role}",
     .permission = push,
     .body = BodyKind::upload,
     .answer = put_attachment},
    {.method = "PUT",
     .path = "/v1/{kind}/{name}/aliases/{alias}",
     .permission = promote,
     .body = BodyKind::json,
     .answer = put_alias,
     .two_person = &TwoPersonRule::promote},
    {.method = "POST",
     .path = "/v1/{kind}/{name}/rollback",
     .permission = promote,
     .body = BodyKind::json,
     .answer = roll_back},
    {.method = "POST",
     .path = "/v1/{kind}/{name}/quarantine",
     .permission = access::Permission::quarantine,
     .body = BodyKind::json,
     .answer = gateway::quarantine},
    {.method = "POST",
     .path = "/v1/{kind}/{name}/release",
     .permission = access::Permission::release,
     .body = BodyKind::json,
     .answer = gateway::release,
     .two_person = &TwoPersonRule::release},
    {.method = "POST",
     .path = "/v1/collect",
     .permission = access::Permission::collect,
     .body = BodyKind::json,
     .answer = gateway::collect},
    {.method = "GET", .path = "/v1/workers", .permission = see, .answer = list_workers},

    {.method = "POST", .path = "/v1/login", .who = Who::anybody, .body = BodyKind::json, .answer = log_in},
    {.method = "POST", .path = "/v1/session", .who = Who::anybody, .body = BodyKind::json, .answer = open_session},
    {.method = "GET", .path = "/v1/session", .who = Who::identified, .answer = show_session},
    {.method = "DELETE", .path = "/v1/session", .who = Who::identified, .answer = close_session},
    {.method = "GET", .path = "/v1/overview", .who = Who::identified, .answer = show_overview},
    {.method = "GET", .path = "/v1/stream", .who = Who::identified},
    {.method = "GET", .path = "/v1/whoami", .who = Who::identified, .answer = who_am_i},
    {.method = "GET", .path = "/v1/roles", .who = Who::identified, .answer = list_roles},
    {.method = "GET", .path = "/v1/principals", .permission = see_access, .answer = list_principals},
    {.method = "POST",
     .path = "/v1/principals",
     .permission = manage_access,
     .body = BodyKind::json,
     .answer = add_principal},
    {.method = "POST",
     .path = "/v1/principals/{principal}/disable",
     .permission = manage_access,
     .body = BodyKind::json,
     .answer = disable_principal},
    {.method = "POST",
     .path = "/v1/principals/{principal}/enable",
     .permission = manage_access,
     .body = BodyKind::json,
     .answer = enable_principal},
    {.method = "PUT",
     .path = "/v1/principals/{principal}/password",
     .permission = manage_access,
     .body = BodyKind::json,
     .answer = put_password},
    {.method = "PUT",
     .path = "/v1/principals/{principal}/grants/{grant}",
     .permission = manage_access,
     .body = BodyKind::json,
     .answer = put_grant},
    {.method = "DELETE",
     .path = "/v1/principals/{principal}/grants/{grant}",
     .permission = manage_access,
     .answer = delete_grant},
    {.method = "GET", .path = "/v1/keys", .permission = see_access, .answer = list_keys},
    {.method = "POST",
     .path = "/v1/keys",
     .permission = manage_access,
     .body = BodyKind::json,
     .answer = add_key,
     .two_person = &TwoPersonRule::keys},
    {.method = "DELETE", .path = "/v1/keys/{key}", .permission = manage_access, .answer = revoke_key},

    {.method = "GET", .path = "/v1/ledger/head", .who = Who::identified, .answer = show_head},
    {.method = "GET", .path = "/v1/ledger/entries", .permission = read_ledger, .answer = list_entries},
    {.method = "GET", .path = "/v1/ledger/entries/{index}/proof", .permission = read_ledger, .answer = show_proof},
    {.method = "GET", .path = "/v1/ledger/growth", .who = Who::identified, .answer = show_growth},

    {.method = "GET", .path = "/v1/alerts", .permission = read_ledger, .answer = list_alerts},
    {.method = "GET", .path = "/v1/detectors", .who = Who::identified, .answer = list_detectors},

    {.method = "GET", .path = "/v1/approvals", .who = Who::identified, .answer = list_approvals},
    {.method = "POST",
     .path = "/v1/approvals/{approval}/approve",
     .who = Who::identified,
     .body = BodyKind::json,
     .answer = approve},
    {.method = "POST",
     .path = "/v1/approvals/{approval}/reject",
     .who = Who::identified,
     .body = BodyKind::json,
     .answer = reject},
};

bool is_kind(std::string_view part) { return part == "models" || part == "datasets"; }

bool fits(std::string_view pattern, std::span<const std::string> parts) {
    for (const std::string& part : parts) {
        if (!pattern.starts_with('/')) return false;
        pattern.remove_prefix(1);
        const std::string_view expected = pattern.substr(0, pattern.find('/'));
        pattern.remove_prefix(expected.size());
        if (expected == "{kind}" ? !is_kind(part) : !expected.starts_with('{') && expected != part) return false;
    }
    return pattern.empty();
}

}  // namespace

std::span<const Route> routes() {
    static const std::vector<Route> all = [] {
        std::vector<Route> joined(std::begin(kRoutes), std::end(kRoutes));
        for (const auto more :
             {governance_routes(), incident_routes(), response_routes(), risk_routes(), schedule_routes(),
              budget_routes(), vendor_routes(), people_routes(), document_routes()})
            joined.insert(joined.end(), more.begin(), more.end());
        return joined;
    }();
    return all;
}

Found find_route(std::string_view method, std::span<const std::string> parts) {
    Found found;
    for (const Route& route : routes()) {
        if (!fits(route.path, parts)) continue;
        if (route.method == method) return {&route, {}};
        found.allow += (found.allow.empty() ? "" : ", ") + std::string(route.method);
    }
    return found;
}

std::string object_of(const Route& route, std::span<const std::string> parts) {
    if (route.path.starts_with("/v2/models/{name}")) return "model:" + parts[2];
    if (!route.path.starts_with("/v1/{kind}/{name}")) return "*";
    return (parts[1] == "models" ? "model:" : "data:") + parts[2];
}

std::string Ask::parameter(std::string_view name) const { return http::query_value(query, name).value_or(""); }

}  // namespace bartizan::gateway
