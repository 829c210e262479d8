/// Retention: which contents nobody needs any more.
#include "registry/registry.h"

#include <algorithm>
#include <mutex>

#include "registry/tables.h"

namespace bartizan::registry {
namespace {

using store::Transaction;

constexpr std::int64_t kDay = 86'400;

/// Does an alias point to it, or would a rollback of production?
bool pointed_to(const AssetState& asset, std::int64_t number) {
    const auto here = [&](const auto& alias) { return alias.second == number; };
    return asset.previous == number || std::ranges::any_of(asset.aliases, here);
}

struct Sorted {
    std::vector<Version> kept;
    std::vector<Version> spare;
};

/// Versions that a hold of an incident keeps.
Result<std::vector<VersionId>> held(Transaction& transaction) {
    std::vector<VersionId> out;
    for (const store::Row& row :
         BARTIZAN_TRY(transaction.run("SELECT DISTINCT kind, name, number FROM evidence_hold_version")))
        out.push_back({{BARTIZAN_TRY(kind_from(row.text(0))), row.text(1)}, row.integer(2)});
    return out;
}

/// Without regard to lineage.
Result<Sorted> sort_versions(Transaction& transaction, const Retention& retention, std::int64_t now) {
    Sorted out;
    const std::vector<VersionId> holds = BARTIZAN_TRY(held(transaction));
    for (const Kind kind : {Kind::model, Kind::data}) {
        for (const AssetState& asset : BARTIZAN_TRY(load_assets(transaction, kind))) {
            for (Version& version : BARTIZAN_TRY(load_versions(transaction, asset.id))) {
                if (version.removed) continue;
                const bool spare = !pointed_to(asset, version.id.number) && !version.quarantine &&
                                   std::ranges::find(holds, version.id) == holds.end() &&
                                   version.id.number <= asset.newest - retention.newest &&
                                   version.created < now - retention.days * kDay;
                (spare ? out.spare : out.kept).push_back(std::move(version));
            }
        }
    }
    return out;
}

/// What a kept version was made from is kept, and what that was made from.
void keep_sources(Sorted& sorted) {
    for (std::size_t at = 0; at < sorted.kept.size(); ++at) {
        const std::vector<Link> links = sorted.kept[at].links;
        for (const Link& link : links) {
            const auto found = std::ranges::find(sorted.spare, link.source, &Version::id);
            if (found == sorted.spare.end()) continue;
            sorted.kept.push_back(std::move(*found));
            sorted.spare.erase(found);
        }
    }
}

}  // namespace

Result<std::vector<VersionId>> Registry::collect(const std::string& actor, const Retention& retention) {
    const std::unique_lock alone(blobs_in_use_);
    std::vector<VersionId> removed;
    const auto done = journal_.act([&](Transaction& transaction) -> Result<ledger::Event> {
        removed.clear();
        Sorted sorted = BARTIZAN_TRY(sort_versions(transaction, retention, clock_()));
        keep_sources(sorted);
        Json names = Json::array();
        for (const Version& version : sorted.spare) {
            BARTIZAN_TRY(transaction.run(
                "UPDATE asset_version SET removed = 1 WHERE kind = :kind AND name = :name AND number = :number",
                {std::string(to_string(version.id.asset.kind)), version.id.asset.name, version.id.number}));
            removed.push_back(version.id);
            if (names.size() < 1000) names.push_back(version.id.text());  // an entry has a limit
        }
        return ledger::Event{"registry.collect", actor, "registry", {{"count", removed.size()}, {"removed", names}}};
    });
    if (!done.ok()) return done.error();
    BARTIZAN_TRY(remove_unused());
    return removed;
}

Result<void> Registry::remove_unused() {
    // Of all versions that were ever removed: a crash may have come between the record and the file.
    const auto digests = BARTIZAN_TRY(journal_.database().run(
        "SELECT digest FROM asset_version WHERE removed = 1 UNION SELECT attachment.digest FROM attachment JOIN "
        "asset_version ON attachment.kind = asset_version.kind AND attachment.name = asset_version.name AND "
        "attachment.number = asset_version.number WHERE asset_version.removed = 1"));
    for (const store::Row& row : digests) {
        const std::string digest = row.text(0);
        if (!blobs_.contains(digest)) continue;
        const auto users = BARTIZAN_TRY(journal_.database().run(
            "SELECT 1 FROM asset_version WHERE digest = :a AND removed = 0 UNION ALL SELECT 1 FROM attachment JOIN "
            "asset_version ON attachment.kind = asset_version.kind AND attachment.name = asset_version.name AND "
            "attachment.number = asset_version.number WHERE attachment.digest = :b AND asset_version.removed = 0",
            {digest, digest}));
        if (users.empty()) BARTIZAN_TRY(blobs_.remove(digest));
    }
    return {};
}

}  // namespace bartizan::registry
