#include "gateway/approvals.h"

#include "access/secrets.h"

namespace bartizan::gateway {
namespace {

constexpr std::string_view kColumns =
    "SELECT id, action, asset, request, requested_by, requested, expires, decided_by, outcome FROM approval ";

Result<Approval> approval_of(const store::Row& row) {
    const Json request = BARTIZAN_TRY_WITHIN(parse_json(row.text(3)), "a stored request");
    return Approval{row.text(0),
                    row.text(1),
                    row.text(2),
                    request.value("method", ""),
                    request.value("target", ""),
                    request.value("body", ""),
                    row.text(4),
                    row.integer(5),
                    row.integer(6),
                    row.text(7),
                    row.text(8)};
}

}  // namespace

Json to_json(const Approval& approval) {
    return {{"id", approval.id},
            {"action", approval.action},
            {"asset", approval.asset},
            {"request", {{"method", approval.method}, {"target", approval.target}, {"body", approval.body}}},
            {"requested_by", approval.requested_by},
            {"requested", approval.requested},
            {"expires", approval.expires},
            {"decided_by", approval.decided_by.empty() ? Json() : Json(approval.decided_by)},
            {"outcome", approval.outcome.empty() ? Json("waiting") : Json(approval.outcome)}};
}

Result<Approval> Approvals::ask(Approval approval) {
    approval.id = access::random_hex(8);
    approval.requested = clock_();
    approval.expires = approval.requested + kLifetime;
    const Json request = {{"method", approval.method}, {"target", approval.target}, {"body", approval.body}};
    BARTIZAN_TRY(journal_.act([&](store::Transaction& transaction) -> Result<ledger::Event> {
        BARTIZAN_TRY(transaction.run(
            "INSERT INTO approval VALUES (:id, :action, :asset, :request, :by, :at, :expires, NULL, NULL, NULL)",
            {approval.id, approval.action, approval.asset, request.dump(-1, ' ', false, Json::error_handler_t::replace),
             approval.requested_by, approval.requested, approval.expires}));
        return ledger::Event{
            "approval.ask", approval.requested_by, approval.asset, {{"approval", approval.id}, {"request", request}}};
    }));
    return approval;
}

Result<std::vector<Approval>> Approvals::waiting() {
    std::vector<Approval> out;
    for (const store::Row& row : BARTIZAN_TRY(journal_.database().run(
             std::string(kColumns) + "WHERE outcome IS NULL AND expires > :now ORDER BY requested, id", {clock_()})))
        out.push_back(BARTIZAN_TRY(approval_of(row)));
    return out;
}

Result<Approval> Approvals::find(const std::string& id) {
    const auto rows = BARTIZAN_TRY(journal_.database().run(std::string(kColumns) + "WHERE id = :id", {id}));
    if (rows.empty()) return Error(Errc::not_found, "nothing waits for approval under '" + id + "'");
    return approval_of(rows[0]);
}

Result<Approval> Approvals::decide(const std::string& actor, const std::string& id, bool approved) {
    Approval approval = BARTIZAN_TRY(find(id));
    if (approval.requested_by == actor)
        return Error(Errc::denied, "a second person must decide, not the one who asked");
    approval.decided_by = actor;
    approval.outcome = approved ? "approved" : "rejected";
    BARTIZAN_TRY(journal_.act([&](store::Transaction& transaction) -> Result<ledger::Event> {
        const auto rows =
            BARTIZAN_TRY(transaction.run("UPDATE approval SET decided_by = :by, decided = :at, outcome = :outcome "
                                         "WHERE id = :id AND outcome IS NULL "
                                         "AND expires > :now RETURNING id",
                                         {actor, clock_(), approval.outcome, id, clock_()}));
        if (rows.empty()) return Error(Errc::conflict, "it was decided before, or has expired");
        return ledger::Event{"approval." + approval.outcome,
                             actor,
                             approval.asset,
                             {{"approval", id}, {"requested_by", approval.requested_by}}};
    }));
    return approval;
}

}  // namespace bartizan::gateway
