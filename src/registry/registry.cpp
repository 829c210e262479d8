#include "registry/registry.h"

#include <algorithm>
#include <mutex>

#include "registry/tables.h"

namespace bartizan::registry {
namespace {

using ledger::Event;
using store::Transaction;
using store::Value;

constexpr std::string_view kRoles[] = {"signature", "bom",     "scan",       "audit",
                                       "reference", "members", "statistics", "evidence"};
constexpr std::string_view kRelations[] = {"trained_on", "derived_from", "evaluated_on"};
constexpr std::size_t kLongestReason = 1000;
constexpr std::size_t kLongestFileName = 128;

Value kind_of(const AssetId& id) { return std::string(to_string(id.kind)); }

Result<void> check_file_name(const std::string& name) {
    const bool fine = !name.empty() && name.size() <= kLongestFileName && name[0] != '.' &&
                      std::ranges::all_of(name, [](char c) { return c > ' ' && c < 0x7f && c != '/' && c != '\\'; });
    return fine ? Result<void>() : invalid_input("the name of the file is empty, too long, or holds what names do not");
}

Result<void> check_reason(const std::string& reason) {
    if (reason.size() <= kLongestReason) return {};
    return invalid_input("a reason has at most 1000 characters");
}

Result<void> check_usable(const Version& version) {
    if (version.removed) return Error(Errc::conflict, "the content of " + version.id.text() + " was removed");
    if (version.quarantine)
        return Error(Errc::conflict, version.id.text() + " is quarantined: " + *version.quarantine,
                     "somebody with the role security can release it");
    return {};
}

Result<void> insert_asset(Transaction& transaction, const AssetId& id, std::int64_t now, const std::string& actor) {
    BARTIZAN_TRY(transaction.run(
        "INSERT INTO asset VALUES (:kind, :name, :created, :by, NULL) ON CONFLICT (kind, name) DO NOTHING",
        {kind_of(id), id.name, now, actor}));
    return {};
}

Result<void> insert_attachment(Transaction& transaction, const VersionId& id, const Attachment& one) {
    const auto last =
        BARTIZAN_TRY(transaction.run("SELECT COALESCE(MAX(position), 0) FROM attachment WHERE kind = :kind AND name = "
                                     ":name AND number = :number AND "
                                     "role = :role",
                                     {kind_of(id.asset), id.asset.name, id.number, one.role}));
    BARTIZAN_TRY(transaction.run(
        "INSERT INTO attachment VALUES (:kind, :name, :number, :role, :position, :digest, :bytes, :created, :by)",
        {kind_of(id.asset), id.asset.name, id.number, one.role, last.at(0).integer(0) + 1, one.digest,
         static_cast<std::int64_t>(one.bytes), one.created, one.created_by}));
    return {};
}

Result<void> insert_links(Transaction& transaction, const VersionId& id, const std::vector<Link>& links) {
    for (const Link& link : links) {
        if (std::ranges::find(kRelations, link.relation) == std::end(kRelations))
            return invalid_input("'" + link.relation + "' is no relation", "trained_on, derived_from or evaluated_on");
        BARTIZAN_TRY(load_version(transaction, link.source));
        BARTIZAN_TRY(transaction.run(
            "INSERT INTO lineage_link VALUES (:kind, :name, :number, :relation, :skind, :sname, :snumber)",
            {kind_of(id.asset), id.asset.name, id.number, link.relation, kind_of(link.source.asset),
             link.source.asset.name, link.source.number}));
    }
    return {};
}

Result<void> insert_version(Transaction& transaction, const Version& version) {
    const auto& range = version.input_range;
    BARTIZAN_TRY(transaction.run(
        "INSERT INTO asset_version VALUES (:kind, :name, :number, :file, :digest, :bytes, :note, :low, :high, "
        ":created, "
        ":by, NULL, 0)",
        {kind_of(version.id.asset), version.id.asset.name, version.id.number, version.file_name, version.digest,
         static_cast<std::int64_t>(version.bytes), version.note, range ? Value(range->low) : Value(),
         range ? Value(range->high) : Value(), version.created, version.created_by}));
    return {};
}

/// The content on its way into the blobs, counted.
store::Blobs::Source counted(const store::Blobs::Source& source, std::uint64_t& bytes) {
    return [&source, &bytes]() -> Result<std::string> {
        std::string piece = BARTIZAN_TRY(source());
        bytes += piece.size();
        return piece;
    };
}

}  // namespace

Registry::Registry(journal::Journal& journal, store::Blobs& blobs, Clock clock)
    : journal_(journal), blobs_(blobs), clock_(std::move(clock)) {}

Result<Version> Registry::push(const std::string& actor, const AssetId& id, const NewVersion& fresh,
                               const store::Blobs::Source& content) {
    BARTIZAN_TRY(check_name(id.name));
    BARTIZAN_TRY(check_file_name(fresh.file_name));
    BARTIZAN_TRY(check_reason(fresh.note));
    if (fresh.input_range && !(fresh.input_range->low < fresh.input_range->high))
        return invalid_input("the range of inputs is empty");
    const std::shared_lock in_use(blobs_in_use_);
    Version version{.id = {id, 0}, .file_name = fresh.file_name, .note = fresh.note, .input_range = fresh.input_range};
    version.digest = BARTIZAN_TRY(blobs_.put(counted(content, version.bytes)));
    if (version.bytes == 0) return invalid_input("the content is empty");
    version.created = clock_();
    version.created_by = actor;
    Attachment sidecar{"sidecar", {}, fresh.sidecar.size(), version.created, actor};
    if (!fresh.sidecar.empty()) sidecar.digest = BARTIZAN_TRY(blobs_.put(fresh.sidecar));
    BARTIZAN_TRY(journal_.act([&](Transaction& transaction) -> Result<Event> {
        BARTIZAN_TRY(insert_asset(transaction, id, version.created, actor));
        const AssetState asset = BARTIZAN_TRY(load_asset(transaction, id));
        version.id.number = asset.newest + 1;
        BARTIZAN_TRY(insert_version(transaction, version));
        BARTIZAN_TRY(insert_links(transaction, version.id, fresh.links));
        if (!fresh.sidecar.empty()) BARTIZAN_TRY(insert_attachment(transaction, version.id, sidecar));
        BARTIZAN_TRY(move_alias(transaction, id,
                                {std::string(kCandidate), asset.alias(kCandidate), version.id.number, "promote",
                                 version.created, actor, "pushed"}));
        return Event{std::string(to_string(id.kind)) + ".push",
                     actor,
                     version.id.text(),
                     {{"sha256", version.digest}, {"bytes", version.bytes}, {"file", version.file_name}}};
    }));
    return this->version(version.id);
}

Result<void> Registry::attach(const std::string& actor, const VersionId& id, const std::string& role,
                              const std::string& content) {
    if (std::ranges::find(kRoles, role) == std::end(kRoles))
        return invalid_input("'" + role + "' is nothing that can be attached",
                             "signature, bom, scan, audit, reference, members or evidence");
    if (content.empty() || content.size() > kLargestAttachment)
        return invalid_input("what is attached has 1 byte to 64 MiB");
    const std::shared_lock in_use(blobs_in_use_);
    const Attachment one{role, BARTIZAN_TRY(blobs_.put(content)), content.size(), clock_(), actor};
    BARTIZAN_TRY(journal_.act([&](Transaction& transaction) -> Result<Event> {
        BARTIZAN_TRY(load_version(transaction, id));
        BARTIZAN_TRY(insert_attachment(transaction, id, one));
        return Event{std::string(to_string(id.asset.kind)) + ".attach",
                     actor,
                     id.text(),
                     {{"role", role}, {"sha256", one.digest}, {"bytes", one.bytes}}};
    }));
    return {};
}

Result<void> Registry::add_check(const VersionId& id, const Check& check) {
    BARTIZAN_TRY(journal_.act([&](Transaction& transaction) -> Result<Event> {
        BARTIZAN_TRY(load_version(transaction, id));
        const auto last = BARTIZAN_TRY(transaction.run(
            "SELECT COALESCE(MAX(position), 0) FROM asset_check WHERE kind = :kind AND name = :name AND number = "
            ":number AND check_name = :check",
            {kind_of(id.asset), id.asset.name, id.number, check.name}));
        BARTIZAN_TRY(transaction.run(
            "INSERT INTO asset_check VALUES (:kind, :name, :number, :check, :position, :verdict, :score, :detail, "
            ":created, :by)",
            {kind_of(id.asset), id.asset.name, id.number, check.name, last.at(0).integer(0) + 1, check.verdict,
             check.score ? Value(*check.score) : Value(), check.detail, clock_(), check.created_by}));
        return Event{std::string(to_string(id.asset.kind)) + ".check",
                     check.created_by,
                     id.text(),
                     {{"check", check.name},
                      {"verdict", check.verdict},
                      {"score", check.score ? Json(*check.score) : Json()},
                      {"detail", check.detail}}};
    }));
    return {};
}

Result<void> Registry::promote(const std::string& actor, const VersionId& id, const std::string& alias,
                               const Gates& gates, const std::string& reason, const std::string& override_reason) {
    BARTIZAN_TRY(check_name(alias));
    BARTIZAN_TRY(check_reason(reason));
    BARTIZAN_TRY(check_reason(override_reason));
    BARTIZAN_TRY(journal_.act([&](Transaction& transaction) -> Result<Event> {
        const Version version = BARTIZAN_TRY(load_version(transaction, id));
        BARTIZAN_TRY(check_usable(version));
        const AssetState asset = BARTIZAN_TRY(load_asset(transaction, id.asset));
        const std::int64_t before = asset.alias(alias);
        if (before == id.number) return Error(Errc::conflict, alias + " points to " + id.text() + " already");
        const auto missing = alias == kProduction ? unmet(gates, version) : std::vector<std::string>();
        if (!missing.empty() && override_reason.empty()) {
            std::string text = id.text() + " cannot become production";
            for (const std::string& one : missing) text += (&one == &missing[0] ? ": " : "; ") + one;
            return Error(Errc::denied, text, "mend that, or have it overridden with a reason");
        }
        BARTIZAN_TRY(move_alias(transaction, id.asset, {alias, before, id.number, "promote", clock_(), actor, reason}));
        Event event{std::string(to_string(id.asset.kind)) + ".promote",
                    actor,
                    id.text(),
                    {{"alias", alias}, {"from", before}, {"to", id.number}, {"reason", reason}}};
        if (!missing.empty()) event.details["override"] = {{"reason", override_reason}, {"missing", missing}};
        return event;
    }));
    return {};
}

Result<std::int64_t> Registry::rollback(const std::string& actor, const AssetId& id, const std::string& alias,
                                        const std::string& reason) {
    BARTIZAN_TRY(check_reason(reason));
    std::int64_t to = 0;
    BARTIZAN_TRY(journal_.act([&](Transaction& transaction) -> Result<Event> {
        const AssetState asset = BARTIZAN_TRY(load_asset(transaction, id));
        to = 0;
        for (const std::int64_t number : way_back(BARTIZAN_TRY(load_moves(transaction, id)), alias)) {
            if (check_usable(BARTIZAN_TRY(load_version(transaction, {id, number}))).ok()) {
                to = number;
                break;
            }
        }
        if (to == 0)
            return Error(Errc::conflict,
                         "there is no version that '" + alias + "' of " + id.text() + " could go back to");
        const std::int64_t before = asset.alias(alias);
        BARTIZAN_TRY(move_alias(transaction, id, {alias, before, to, "rollback", clock_(), actor, reason}));
        return Event{std::string(to_string(id.kind)) + ".rollback",
                     actor,
                     VersionId{id, to}.text(),
                     {{"alias", alias}, {"from", before}, {"to", to}, {"reason", reason}}};
    }));
    return to;
}

Result<void> Registry::quarantine(const std::string& actor, const AssetId& id, std::int64_t number,
                                  const std::string& reason) {
    if (reason.empty()) return invalid_input("a quarantine needs a reason");
    return set_quarantine(actor, id, number, reason, reason);
}

Result<void> Registry::release(const std::string& actor, const AssetId& id, std::int64_t number,
                               const std::string& reason) {
    if (reason.empty()) return invalid_input("a release needs a reason");
    return set_quarantine(actor, id, number, std::nullopt, reason);
}

Result<void> Registry::set_quarantine(const std::string& actor, const AssetId& id, std::int64_t number,
                                      const std::optional<std::string>& quarantine, const std::string& reason) {
    BARTIZAN_TRY(check_reason(reason));
    const Value value = quarantine ? Value(*quarantine) : Value();
    BARTIZAN_TRY(journal_.act([&](Transaction& transaction) -> Result<Event> {
        const AssetState asset = BARTIZAN_TRY(load_asset(transaction, id));
        const auto rows = number == 0
                              ? BARTIZAN_TRY(transaction.run("UPDATE asset SET quarantine = :quarantine WHERE kind = "
                                                             ":kind AND name = :name RETURNING name",
                                                             {value, kind_of(id), id.name}))
                              : BARTIZAN_TRY(transaction.run(
                                    "UPDATE asset_version SET quarantine = :quarantine WHERE kind = :kind AND name = "
                                    ":name AND number = :number RETURNING name",
                                    {value, kind_of(id), id.name, number}));
        const std::string on = number == 0 ? id.text() : VersionId{id, number}.text();
        if (rows.empty()) return Error(Errc::not_found, "there is no version " + on);
        return Event{std::string(to_string(id.kind)) + (quarantine ? ".quarantine" : ".release"),
                     actor,
                     on,
                     {{"reason", reason}}};
    }));
    return {};
}

}  // namespace bartizan::registry
