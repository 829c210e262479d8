#include "registry/registry.h"

#include <algorithm>

#include "registry/tables.h"

namespace bartizan::registry {
namespace {

/// Runs a reading function in a transaction of its own: what it gives fits together.
template <class T, class Load>
Result<T> loaded(journal::Journal& journal, const Load& load) {
    std::optional<T> out;
    BARTIZAN_TRY(journal.database().transact([&](store::Transaction& transaction) -> Result<void> {
        out = BARTIZAN_TRY(load(transaction));
        return {};
    }));
    return std::move(*out);
}

}  // namespace

Result<std::vector<AssetState>> Registry::assets(Kind kind) {
    return loaded<std::vector<AssetState>>(journal_, [&](auto& run) { return load_assets(run, kind); });
}

Result<AssetState> Registry::asset(const AssetId& id) {
    return loaded<AssetState>(journal_, [&](auto& run) { return load_asset(run, id); });
}

Result<Version> Registry::version(const VersionId& id) {
    return loaded<Version>(journal_, [&](auto& run) { return load_version(run, id); });
}

Result<std::vector<Version>> Registry::versions(const AssetId& id) {
    return loaded<std::vector<Version>>(journal_, [&](auto& run) { return load_versions(run, id); });
}

Result<std::vector<Move>> Registry::moves(const AssetId& id) {
    return loaded<std::vector<Move>>(journal_, [&](auto& run) -> Result<std::vector<Move>> {
        BARTIZAN_TRY(load_asset(run, id));
        auto moves = BARTIZAN_TRY(load_moves(run, id));
        std::ranges::reverse(moves);
        return moves;
    });
}

Result<std::vector<VersionId>> Registry::made_from(const VersionId& id) {
    std::vector<VersionId> out;
    for (const store::Row& row : BARTIZAN_TRY(journal_.database().run(
             "SELECT DISTINCT kind, name, number FROM lineage_link WHERE source_kind = :kind AND source_name = :name "
             "AND source_number = :number ORDER BY kind, name, number",
             {std::string(to_string(id.asset.kind)), id.asset.name, id.number})))
        out.push_back({{BARTIZAN_TRY(kind_from(row.text(0))), row.text(1)}, row.integer(2)});
    return out;
}

Result<void> Registry::read(const VersionId& id, const std::string& role, Reader reader,
                            const store::Blobs::Sink& sink) {
    const Version version = BARTIZAN_TRY(this->version(id));
    if (version.quarantine && reader != Reader::security)
        return Error(Errc::denied, id.text() + " is quarantined: " + *version.quarantine);
    if (version.removed) return Error(Errc::not_found, "the content of " + id.text() + " was removed");
    const Attachment* attached = role.empty() ? nullptr : version.attachment(role);
    if (!role.empty() && attached == nullptr) return Error(Errc::not_found, id.text() + " has no " + role);
    return blobs_.read(attached == nullptr ? version.digest : attached->digest, sink);
}

Result<std::string> Registry::content(const VersionId& id, const std::string& role, Reader reader) {
    std::string out;
    BARTIZAN_TRY(read(id, role, reader, [&](std::string_view piece) -> Result<void> {
        if (out.size() + piece.size() > kLargestAttachment) return exhausted(id.text() + " is too large for that");
        out += piece;
        return {};
    }));
    return out;
}

Json difference(const Version& before, const Version& after) {
    const Json a = to_json(before);
    const Json b = to_json(after);
    Json out = {{"before", before.id.text()},
                {"after", after.id.text()},
                {"same_content", before.digest == after.digest},
                {"changed", Json::object()}};
    for (const char* member : {"file", "bytes", "sha256", "note", "input_range", "lineage"})
        if (a[member] != b[member]) out["changed"][member] = {{"before", a[member]}, {"after", b[member]}};
    const auto by_name = [&](const char* list, const char* key, std::initializer_list<const char*> members) {
        const auto shown = [&](const Json& from) {
            Json all = Json::object();
            for (const Json& one : from[list])
                for (const char* member : members) all[one[key].get<std::string>()][member] = one[member];
            return all;
        };
        const Json x = shown(a);
        const Json y = shown(b);
        if (x != y) out["changed"][list] = {{"before", x}, {"after", y}};
    };
    by_name("checks", "name", {"verdict", "score"});
    by_name("attachments", "role", {"sha256"});
    return out;
}

}  // namespace bartizan::registry
