/// Evidence holds: what was as it was, before anything is changed.
#include <cstdlib>
#include <span>

#include <fmt/format.h>

#include "crypto/hash.h"
#include "crypto/random_stream.h"
#include "incident/cases.h"
#include "ledger/canonical.h"

namespace bartizan::incident {
namespace hold {
namespace {

constexpr std::size_t kLargestManifest = 4 << 20;

Result<Hold> hold_of(const store::Row& row) {
    Hold out{.id = row.text(0),
             .incident = row.integer(1),
             .taken = row.integer(2),
             .taken_by = row.text(3),
             .digest = row.text(4)};
    out.manifest = BARTIZAN_TRY_WITHIN(parse_json(row.text(5)), "a stored hold");
    out.released = row.integer(6);
    return out;
}

}  // namespace
}  // namespace hold

Json to_json(const Hold& hold, bool whole) {
    Json json = {{"hold", hold.id},       {"incident", hold.incident},
                 {"taken", hold.taken},   {"taken_by", hold.taken_by},
                 {"sha256", hold.digest}, {"released", hold.released == 0 ? Json() : Json(hold.released)}};
    if (whole) json["manifest"] = hold.manifest;
    return json;
}

Result<Hold> Cases::hold(const std::string& actor, std::int64_t number, const Json& manifest,
                         const std::vector<std::string>& versions) {
    const std::string text = BARTIZAN_TRY(ledger::canonical(manifest));
    if (text.size() > hold::kLargestManifest) return exhausted("the manifest of a hold is too large");
    auto random = BARTIZAN_TRY(crypto::RandomStream::from_system());
    Hold out{.id = fmt::format("hold-{:016x}", random.bits64()), .incident = number, .taken_by = actor};
    out.digest = crypto::to_hex(crypto::sha256(std::as_bytes(std::span(text))));
    out.manifest = manifest;
    const auto done = change(actor, number, [&](store::Transaction& transaction, Incident&) -> Result<TimelineEntry> {
        out.taken = clock_();
        BARTIZAN_TRY(
            transaction.run("INSERT INTO evidence_hold VALUES (:id, :incident, :taken, "
                            ":by, :digest, :manifest, 0, :nobody, :reason)",
                            {out.id, number, out.taken, actor, out.digest, text, std::string(), std::string()}));
        for (const std::string& version : versions) {
            const auto colon = version.find(':'), at = version.rfind('@');
            if (colon == std::string::npos || at == std::string::npos) continue;
            BARTIZAN_TRY(
                transaction.run("INSERT INTO evidence_hold_version VALUES (:hold, :kind, "
                                ":name, :number) ON "
                                "CONFLICT DO NOTHING",
                                {out.id, version.substr(0, colon), version.substr(colon + 1, at - colon - 1),
                                 static_cast<std::int64_t>(std::strtoll(version.c_str() + at + 1, nullptr, 10))}));
        }
        return TimelineEntry{.kind = "hold",
                             .text = "evidence is held: " + out.id,
                             .details = {{"hold", out.id}, {"sha256", out.digest}, {"versions", versions}}};
    });
    if (!done.ok()) return done.error();
    return out;
}

Result<std::vector<Hold>> Cases::holds(std::int64_t number) {
    std::vector<Hold> out;
    for (const store::Row& row :
         BARTIZAN_TRY(journal_.database().run("SELECT id, incident, taken, taken_by, digest, manifest, released "
                                              "FROM evidence_hold WHERE incident = "
                                              ":incident ORDER BY taken DESC, id",
                                              {number})))
        out.push_back(BARTIZAN_TRY(hold::hold_of(row)));
    return out;
}

Result<void> Cases::release_hold(const std::string& actor, const std::string& id, const std::string& reason) {
    if (reason.empty()) return invalid_input("to release a hold needs a reason");
    const auto rows = BARTIZAN_TRY(
        journal_.database().run("SELECT incident FROM evidence_hold WHERE id = :id AND released = 0", {id}));
    if (rows.empty()) return Error(Errc::not_found, "no hold '" + id.substr(0, 40) + "' lasts");
    const auto done =
        change(actor, rows[0].integer(0), [&](store::Transaction& transaction, Incident&) -> Result<TimelineEntry> {
            const auto released = BARTIZAN_TRY(transaction.run(
                "UPDATE evidence_hold SET released = :now, released_by = :by, reason = :reason WHERE id = :id AND "
                "released = 0 RETURNING id",
                {clock_(), actor, reason, id}));
            if (released.empty()) return Error(Errc::conflict, "the hold was released before");
            BARTIZAN_TRY(transaction.run("DELETE FROM evidence_hold_version WHERE hold = :hold", {id}));
            return TimelineEntry{.kind = "hold-released", .text = id + ": " + reason, .details = {{"hold", id}}};
        });
    return done.ok() ? Result<void>() : Result<void>(done.error());
}

}  // namespace bartizan::incident
