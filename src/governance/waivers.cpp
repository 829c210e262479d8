#include "governance/waivers.h"

#include "governance/identifiers.h"

namespace bartizan::governance {
namespace {

Waiver waiver_of(const store::Row& row) {
    return {row.text(0),    row.text(1), row.text(2),    row.text(3),    row.text(4), row.text(5),
            row.integer(6), row.text(7), row.integer(8), row.integer(9), row.text(10)};
}

}  // namespace

Json to_json(const Waiver& waiver, std::int64_t now) {
    return {{"id", waiver.id},
            {"kind", waiver.kind},
            {"requirement", waiver.requirement},
            {"subject", waiver.subject},
            {"owner", waiver.owner},
            {"reason", waiver.reason},
            {"granted", waiver.granted},
            {"granted_by", waiver.granted_by},
            {"expires", waiver.expires},
            {"state", waiver.ended != 0    ? "withdrawn"
                      : waiver.active(now) ? "active"
                                           : "expired"}};
}

Result<Waiver> Waivers::grant(const std::string& actor, Waiver waiver) {
    const std::int64_t now = clock_();
    if (waiver.kind != "waiver" && waiver.kind != "not_applicable")
        return invalid_input("kind: expected waiver or not_applicable");
    if (!framework_.requirement_index(waiver.requirement))
        return invalid_input("there is no requirement '" + waiver.requirement.substr(0, 120) + "'",
                             "bartizan control list");
    if (waiver.subject.empty() || waiver.subject.find('@') != std::string::npos)
        return invalid_input("subject: expected model:NAME, data:NAME, organisation or *");
    if (waiver.owner.empty() || waiver.reason.empty()) return invalid_input("a waiver has an owner and a reason");
    if (waiver.owner == actor)
        return Error(Errc::denied, "somebody else than its owner grants a waiver",
                     "name another owner, or ask another");
    if (waiver.expires <= now || waiver.expires > now + kLongest)
        return invalid_input("a waiver ends within 366 days", "give its end as seconds since 1970, or --days");
    waiver.id = BARTIZAN_TRY(new_identifier("wv-"));
    waiver.granted = now;
    waiver.granted_by = actor;
    BARTIZAN_TRY(journal_.act([&](store::Transaction& transaction) -> Result<ledger::Event> {
        BARTIZAN_TRY(
            transaction.run("INSERT INTO waiver VALUES (:id, :kind, :requirement, :subject, :owner, :reason, "
                            ":granted, :by, :expires, NULL, NULL)",
                            {waiver.id, waiver.kind, waiver.requirement, waiver.subject, waiver.owner, waiver.reason,
                             now, actor, waiver.expires}));
        return ledger::Event{"waiver.grant", actor, waiver.subject, to_json(waiver, now)};
    }));
    return waiver;
}

Result<Waiver> Waivers::end(const std::string& actor, const std::string& id) {
    Waiver out;
    BARTIZAN_TRY(journal_.act([&](store::Transaction& transaction) -> Result<ledger::Event> {
        const auto rows = BARTIZAN_TRY(transaction.run(
            "UPDATE waiver SET ended = :at, ended_by = :by WHERE id = :id AND ended IS NULL RETURNING "
            "id, kind, requirement, subject, owner, reason, granted, granted_by, expires, ended, ended_by",
            {clock_(), actor, id}));
        if (rows.empty()) return Error(Errc::not_found, "no waiver '" + id.substr(0, 40) + "' runs");
        out = waiver_of(rows[0]);
        return ledger::Event{"waiver.end", actor, out.subject, {{"waiver", id}, {"requirement", out.requirement}}};
    }));
    return out;
}

Result<std::vector<Waiver>> Waivers::list(bool active_only) {
    const std::string where = active_only ? " WHERE ended IS NULL AND expires > :now" : " WHERE granted <= :now";
    std::vector<Waiver> out;
    for (const store::Row& row : BARTIZAN_TRY(journal_.database().run(
             "SELECT id, kind, requirement, subject, owner, reason, granted, granted_by, expires, ended, ended_by FROM "
             "waiver" +
                 where + " ORDER BY granted DESC, id",
             {active_only ? clock_() : clock_() + 1})))
        out.push_back(waiver_of(row));
    return out;
}

}  // namespace bartizan::governance
