#pragma once
/// What the handlers of `/v1` work with. The functions are in api_*.cpp, one for each row of the table in routes.cpp.

#include <functional>
#include <memory>
#include <string>

#include "gateway/approvals.h"
#include "gateway/examiner.h"
#include "gateway/routes.h"
#include "gateway/state.h"
#include "gateway/traffic.h"
#include "gateway/watch.h"
#include "gateway/workers.h"

namespace bartizan::incident {
class Response;
}

namespace bartizan::gateway {

/// Thread rule: handlers run on several threads at once.
struct Api {
    State& state;
    Approvals& approvals;
    Examiner& examiner;
    Workers& workers;
    Metrics& metrics;
    Alerts& alerts;
    Watch& watch;
    const Traffic& traffic;
    std::function<std::shared_ptr<const Config>()> config;
    /// Makes what was changed hold for every request from now on.
    std::function<Result<void>()> refresh;
    /// Does long work behind an answer; false: too much of it waits.
    std::function<bool(std::function<void()>)> later = {};
    incident::Response* response = nullptr;  ///< set before anybody asks
};

http::Reply json_reply(const Json& json, int status = 200);
/// The body as an object. Fails with `invalid_input`.
Result<Json> body_of(const Ask& ask);
/// Members of a body; `preset` where they are absent. Fails with `invalid_input` when they are of another type.
Result<std::string> text_in(const Json& body, const char* name, const std::string& preset);
Result<std::int64_t> integer_in(const Json& body, const char* name, std::int64_t preset);
/// A number in a path or query.
Result<std::int64_t> number_of(const std::string& text, const char* what);

using Answer = Result<http::Reply>;

// api_assets.cpp: models and data sets, /v1/{kind}...
Answer list_assets(Api& api, const Ask& ask);
Answer show_asset(Api& api, const Ask& ask);
Answer show_version(Api& api, const Ask& ask);
Answer show_moves(Api& api, const Ask& ask);
Answer show_difference(Api& api, const Ask& ask);
Answer download(Api& api, const Ask& ask);
Answer download_attachment(Api& api, const Ask& ask);
// api_alerts.cpp
Answer list_alerts(Api& api, const Ask& ask);
Answer list_detectors(Api& api, const Ask& ask);
// api_changes.cpp
Answer push_version(Api& api, const Ask& ask);
Answer put_attachment(Api& api, const Ask& ask);
Answer put_alias(Api& api, const Ask& ask);
Answer roll_back(Api& api, const Ask& ask);
Answer quarantine(Api& api, const Ask& ask);
Answer release(Api& api, const Ask& ask);
Answer collect(Api& api, const Ask& ask);
// api_overview.cpp
Answer show_overview(Api& api, const Ask& ask);
// api_session.cpp
Answer open_session(Api& api, const Ask& ask);
Answer show_session(Api& api, const Ask& ask);
Answer close_session(Api& api, const Ask& ask);
// api_access.cpp
Answer who_am_i(Api& api, const Ask& ask);
Answer log_in(Api& api, const Ask& ask);
Answer list_roles(Api& api, const Ask& ask);
Answer list_principals(Api& api, const Ask& ask);
Answer add_principal(Api& api, const Ask& ask);
Answer disable_principal(Api& api, const Ask& ask);
Answer enable_principal(Api& api, const Ask& ask);
Answer put_password(Api& api, const Ask& ask);
Answer put_grant(Api& api, const Ask& ask);
Answer delete_grant(Api& api, const Ask& ask);
Answer list_keys(Api& api, const Ask& ask);
Answer add_key(Api& api, const Ask& ask);
Answer revoke_key(Api& api, const Ask& ask);
// api_ledger.cpp
Answer show_head(Api& api, const Ask& ask);
Answer list_entries(Api& api, const Ask& ask);
Answer show_proof(Api& api, const Ask& ask);
Answer show_growth(Api& api, const Ask& ask);
Answer show_metrics(Api& api, const Ask& ask);
Answer list_workers(Api& api, const Ask& ask);
// api_approvals.cpp
Answer list_approvals(Api& api, const Ask& ask);
Answer approve(Api& api, const Ask& ask);
Answer reject(Api& api, const Ask& ask);

/// Runs a route for a caller who may: asks for a second person first where the rule says so.
Answer carry_out(Api& api, const Route& route, const Ask& ask);

}  // namespace bartizan::gateway
