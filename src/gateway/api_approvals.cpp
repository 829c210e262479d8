/// What waits for a second person, and how every action of /v1 is carried out.
#include "gateway/api.h"
#include "http/head.h"

namespace bartizan::gateway {
namespace api_approvals {
namespace {

std::string action_of(const Route& route) { return std::string(route.method) + " " + std::string(route.path); }

/// The request as it was, by the person who made it.
struct Stored {
    const Route* route = nullptr;
    Ask ask;
};
Result<Stored> stored_of(Api& api, const Approval& approval) {
    Stored out;
    const std::size_t query = std::min(approval.target.find('?'), approval.target.size());
    const auto parts = http::path_parts(approval.target.substr(0, query));
    if (!parts) return internal_error("a stored request has a path that is none");
    out.route = find_route(approval.method, *parts).route;
    const auto principal = api.state.access->people()->principal(approval.requested_by);
    if (out.route == nullptr || out.route->answer == nullptr || !principal || principal->disabled)
        return Error(Errc::conflict, "who asked for it is not there any more, or it cannot be done any more");
    out.ask = {.method = approval.method, .target = approval.target, .parts = *parts};
    if (query < approval.target.size()) out.ask.query = approval.target.substr(query + 1);
    out.ask.body = approval.body;
    out.ask.caller = {principal, {}, {}, "approval"};
    return out;
}

Result<Approval> decided(Api& api, const Ask& ask, bool approved) {
    const Approval approval = BARTIZAN_TRY(api.approvals.find(ask.part(2)));
    const Stored stored = BARTIZAN_TRY(stored_of(api, approval));
    if (!ask.caller.may(stored.route->permission, approval.asset))
        return Error(Errc::denied, "only who may do it alone may agree to it");
    return api.approvals.decide(ask.caller.name(), approval.id, approved);
}

}  // namespace
}  // namespace api_approvals

Answer carry_out(Api& api, const Route& route, const Ask& ask) {
    if (route.two_person == nullptr || !ask.approved_by.empty() || !(api.config()->two_person.*route.two_person))
        return route.answer(api, ask);
    const Approval approval = BARTIZAN_TRY(api.approvals.ask({.id = {},
                                                              .action = api_approvals::action_of(route),
                                                              .asset = object_of(route, ask.parts),
                                                              .method = ask.method,
                                                              .target = ask.target,
                                                              .body = ask.body,
                                                              .requested_by = ask.caller.name(),
                                                              .decided_by = {},
                                                              .outcome = {}}));
    return json_reply({{"approval", to_json(approval)}, {"detail", "a second person must agree"}}, 202);
}

Answer list_approvals(Api& api, const Ask& ask) {
    Json list = Json::array();
    for (const Approval& approval : BARTIZAN_TRY(api.approvals.waiting())) {
        const auto stored = api_approvals::stored_of(api, approval);
        if (stored.ok() && ask.caller.may(stored->route->permission, approval.asset)) list.push_back(to_json(approval));
    }
    return json_reply({{"approvals", list}});
}

Answer approve(Api& api, const Ask& ask) {
    const Approval approval = BARTIZAN_TRY(api_approvals::decided(api, ask, true));
    auto stored = BARTIZAN_TRY(api_approvals::stored_of(api, approval));
    // Rights may have changed since it was asked for.
    if (!stored.ask.caller.may(stored.route->permission, approval.asset))
        return Error(Errc::denied, "who asked for it may not do it any more");
    stored.ask.approved_by = ask.caller.name();
    stored.ask.peer = ask.peer;
    return stored.route->answer(api, stored.ask);
}

Answer reject(Api& api, const Ask& ask) {
    return json_reply({{"approval", to_json(BARTIZAN_TRY(api_approvals::decided(api, ask, false)))}});
}

}  // namespace bartizan::gateway
