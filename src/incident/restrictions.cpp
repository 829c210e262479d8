#include "incident/restrictions.h"

#include <algorithm>

#include <fmt/format.h>

#include "crypto/random_stream.h"

namespace bartizan::incident {

Json to_json(const Restriction& one) {
    return {{"restriction", one.id},
            {"kind", one.kind},
            {"principal", one.principal.empty() ? Json() : Json(one.principal)},
            {"model", one.model.empty() ? Json() : Json(one.model)},
            {"value", one.value},
            {"until", one.until},
            {"incident", one.incident == 0 ? Json() : Json(one.incident)},
            {"reason", one.reason},
            {"made", one.made},
            {"made_by", one.made_by}};
}

Result<Restriction> Restrictions::put(const std::string& actor, Restriction one) {
    const std::int64_t now = clock_();
    if (one.principal.empty() && one.model.empty()) return invalid_input("a restriction is of a principal or a model");
    if (one.until <= now || one.until > now + kLongest)
        return invalid_input("a restriction lasts at most 90 days", "give 'seconds'");
    auto random = BARTIZAN_TRY(crypto::RandomStream::from_system());
    one.id = fmt::format("rs-{:016x}", random.bits64());
    one.made = now;
    one.made_by = actor;
    BARTIZAN_TRY(journal_.act([&](store::Transaction& transaction) -> Result<ledger::Event> {
        // The same again takes the place of what was there.
        BARTIZAN_TRY(
            transaction.run("UPDATE restriction SET ended = :now, ended_by = :by WHERE kind = "
                            ":kind AND "
                            "principal = :principal AND model = :model AND ended = 0",
                            {now, actor, one.kind, one.principal, one.model}));
        BARTIZAN_TRY(
            transaction.run("INSERT INTO restriction VALUES (:id, :kind, :principal, :model, "
                            ":value, :until, "
                            ":incident, :reason, :made, "
                            ":by, 0, :nobody)",
                            {one.id, one.kind, one.principal, one.model, one.value, one.until, one.incident, one.reason,
                             now, actor, std::string()}));
        const std::string on = one.principal.empty() ? "model:" + one.model : "principal:" + one.principal;
        return ledger::Event{"restriction.put", actor, on, to_json(one)};
    }));
    return one;
}

Result<void> Restrictions::lift(const std::string& actor, const std::string& id) {
    BARTIZAN_TRY(journal_.act([&](store::Transaction& transaction) -> Result<ledger::Event> {
        const auto rows =
            BARTIZAN_TRY(transaction.run("UPDATE restriction SET ended = :now, ended_by = "
                                         ":by WHERE id = :id AND ended = 0 RETURNING "
                                         "kind, principal, model",
                                         {clock_(), actor, id}));
        if (rows.empty()) return Error(Errc::not_found, "no restriction '" + id.substr(0, 40) + "' holds");
        const std::string on = rows[0].text(1).empty() ? "model:" + rows[0].text(2) : "principal:" + rows[0].text(1);
        return ledger::Event{"restriction.lift", actor, on, {{"restriction", id}, {"kind", rows[0].text(0)}}};
    }));
    return {};
}

Result<std::shared_ptr<const std::vector<Restriction>>> Restrictions::load() {
    auto out = std::make_shared<std::vector<Restriction>>();
    for (const store::Row& row :
         BARTIZAN_TRY(journal_.database().run("SELECT id, kind, principal, model, value, until, incident, reason, "
                                              "made, made_by FROM restriction WHERE "
                                              "ended = 0 AND until > :now ORDER BY made DESC, id",
                                              {clock_()})))
        out->push_back({row.text(0), row.text(1), row.text(2), row.text(3), row.text(4), row.integer(5), row.integer(6),
                        row.text(7), row.integer(8), row.text(9), 0});
    return std::shared_ptr<const std::vector<Restriction>>(std::move(out));
}

const Restriction* restriction_for(const std::vector<Restriction>& all, std::string_view kind,
                                   std::string_view principal, std::string_view model, std::int64_t now) {
    const auto found = std::ranges::find_if(all, [&](const Restriction& one) {
        return one.kind == kind && now < one.until && (one.principal.empty() || one.principal == principal) &&
               (one.model.empty() || one.model == model);
    });
    return found == all.end() ? nullptr : &*found;
}

}  // namespace bartizan::incident
