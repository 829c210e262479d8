#include "registry/tables.h"

#include <algorithm>

namespace bartizan::registry {
namespace {

using store::Row;
using store::Transaction;
using store::Value;

std::optional<std::string> text_or_none(const Row& row, std::size_t column) {
    return row.is_null(column) ? std::nullopt : std::optional(row.text(column));
}

Value kind_of(const AssetId& id) { return std::string(to_string(id.kind)); }

Result<void> load_attachments(Transaction& transaction, Version& version) {
    const auto rows = BARTIZAN_TRY(
        transaction.run("SELECT role, digest, bytes, created, created_by FROM attachment WHERE kind = :kind AND name = "
                        ":name AND number = :number ORDER BY role, position DESC",
                        {kind_of(version.id.asset), version.id.asset.name, version.id.number}));
    for (const Row& row : rows)
        if (version.attachment(row.text(0)) == nullptr)
            version.attachments.push_back(
                {row.text(0), row.text(1), static_cast<std::uint64_t>(row.integer(2)), row.integer(3), row.text(4)});
    return {};
}

Result<void> load_checks(Transaction& transaction, Version& version) {
    const auto rows = BARTIZAN_TRY(transaction.run(
        "SELECT check_name, verdict, score, detail, created, created_by FROM asset_check WHERE kind = :kind AND name = "
        ":name AND number = :number ORDER BY check_name, position DESC",
        {kind_of(version.id.asset), version.id.asset.name, version.id.number}));
    for (const Row& row : rows)
        if (version.check(row.text(0)) == nullptr)
            version.checks.push_back({row.text(0), row.text(1),
                                      row.is_null(2) ? std::nullopt : std::optional(row.number(2)), row.text(3),
                                      row.integer(4), row.text(5)});
    return {};
}

Result<void> load_links(Transaction& transaction, Version& version) {
    const auto rows =
        BARTIZAN_TRY(transaction.run("SELECT relation, source_kind, source_name, source_number FROM lineage_link WHERE "
                                     "kind = :kind AND name = :name "
                                     "AND number = :number ORDER BY relation, source_kind, source_name, source_number",
                                     {kind_of(version.id.asset), version.id.asset.name, version.id.number}));
    for (const Row& row : rows)
        version.links.push_back({row.text(0), {{BARTIZAN_TRY(kind_from(row.text(1))), row.text(2)}, row.integer(3)}});
    return {};
}

/// Not stored, so that it cannot disagree with the aliases.
std::string stage_of(const Version& version, const AssetState& asset, const std::vector<Move>& moves) {
    if (version.quarantine) return "quarantined";
    if (asset.alias(kProduction) == version.id.number) return "production";
    const bool served = std::ranges::any_of(
        moves, [&](const Move& move) { return move.alias == kProduction && move.to == version.id.number; });
    if (served) return "retired";
    return asset.alias(kCandidate) == version.id.number ? "candidate" : "registered";
}

Result<Version> read_version(Transaction& transaction, const AssetState& asset, const std::vector<Move>& moves,
                             const Row& row) {
    Version version{.id = {asset.id, row.integer(0)}, .file_name = row.text(1), .digest = row.text(2)};
    version.bytes = static_cast<std::uint64_t>(row.integer(3));
    version.note = row.text(4);
    if (!row.is_null(5) && !row.is_null(6)) version.input_range = InputRange{row.number(5), row.number(6)};
    version.created = row.integer(7);
    version.created_by = row.text(8);
    version.quarantine = asset.quarantine ? asset.quarantine : text_or_none(row, 9);
    version.removed = row.integer(10) != 0;
    version.stage = stage_of(version, asset, moves);
    BARTIZAN_TRY(load_attachments(transaction, version));
    BARTIZAN_TRY(load_checks(transaction, version));
    BARTIZAN_TRY(load_links(transaction, version));
    return version;
}

constexpr std::string_view kVersionColumns =
    "SELECT number, file_name, digest, bytes, note, input_low, input_high, created, created_by, quarantine, removed "
    "FROM asset_version WHERE kind = :kind AND name = :name ";

}  // namespace

std::vector<std::int64_t> way_back(const std::vector<Move>& moves, std::string_view alias) {
    std::vector<std::int64_t> path;  // a promotion leads one step on, a rollback back to a place on the path
    for (const Move& move : moves) {
        if (move.alias != alias) continue;
        if (move.kind == "rollback")
            while (!path.empty() && path.back() != move.to) path.pop_back();
        if (path.empty() || path.back() != move.to) path.push_back(move.to);
    }
    if (!path.empty()) path.pop_back();
    std::ranges::reverse(path);
    return path;
}

Result<std::vector<Move>> load_moves(Transaction& transaction, const AssetId& id) {
    const auto rows = BARTIZAN_TRY(transaction.run(
        "SELECT alias, from_number, to_number, move, moved, moved_by, reason FROM alias_move WHERE kind "
        "= :kind AND name = :name ORDER BY position",
        {kind_of(id), id.name}));
    std::vector<Move> moves;
    for (const Row& row : rows)
        moves.push_back(
            {row.text(0), row.integer(1), row.integer(2), row.text(3), row.integer(4), row.text(5), row.text(6)});
    return moves;
}

Result<AssetState> load_asset(Transaction& transaction, const AssetId& id) {
    const auto rows = BARTIZAN_TRY(
        transaction.run("SELECT created, created_by, quarantine FROM asset WHERE kind = :kind AND name = :name",
                        {kind_of(id), id.name}));
    if (rows.empty())
        return Error(Errc::not_found, "there is no " + std::string(to_string(id.kind)) + " '" + id.name + "'");
    AssetState asset{
        .id = id, .created = rows[0].integer(0), .created_by = rows[0].text(1), .quarantine = text_or_none(rows[0], 2)};
    for (const Row& row : BARTIZAN_TRY(
             transaction.run("SELECT alias, number FROM alias WHERE kind = :kind AND name = :name ORDER BY alias",
                             {kind_of(id), id.name})))
        asset.aliases.emplace_back(row.text(0), row.integer(1));
    const auto numbers = BARTIZAN_TRY(
        transaction.run("SELECT number, quarantine, removed FROM asset_version WHERE kind = :kind AND name = :name "
                        "ORDER BY number",
                        {kind_of(id), id.name}));
    if (!numbers.empty()) asset.newest = numbers.back().integer(0);
    const auto usable = [&](std::int64_t number) {
        return std::ranges::any_of(
            numbers, [&](const Row& row) { return row.integer(0) == number && row.is_null(1) && row.integer(2) == 0; });
    };
    const auto back = way_back(BARTIZAN_TRY(load_moves(transaction, id)), kProduction);
    const auto found = std::ranges::find_if(back, usable);
    if (found != back.end()) asset.previous = *found;
    return asset;
}

Result<std::vector<AssetState>> load_assets(Transaction& transaction, Kind kind) {
    std::vector<AssetState> out;
    for (const Row& row : BARTIZAN_TRY(transaction.run("SELECT name FROM asset WHERE kind = :kind ORDER BY name",
                                                       {std::string(to_string(kind))})))
        out.push_back(BARTIZAN_TRY(load_asset(transaction, {kind, row.text(0)})));
    return out;
}

Result<Version> load_version(Transaction& transaction, const VersionId& id) {
    const AssetState asset = BARTIZAN_TRY(load_asset(transaction, id.asset));
    const auto moves = BARTIZAN_TRY(load_moves(transaction, id.asset));
    const auto rows = BARTIZAN_TRY(transaction.run(std::string(kVersionColumns) + "AND number = :number",
                                                   {kind_of(id.asset), id.asset.name, id.number}));
    if (rows.empty()) return Error(Errc::not_found, "there is no version " + id.text());
    return read_version(transaction, asset, moves, rows[0]);
}

Result<std::vector<Version>> load_versions(Transaction& transaction, const AssetId& id) {
    const AssetState asset = BARTIZAN_TRY(load_asset(transaction, id));
    const auto moves = BARTIZAN_TRY(load_moves(transaction, id));
    std::vector<Version> out;
    for (const Row& row :
         BARTIZAN_TRY(transaction.run(std::string(kVersionColumns) + "ORDER BY number DESC", {kind_of(id), id.name})))
        out.push_back(BARTIZAN_TRY(read_version(transaction, asset, moves, row)));
    return out;
}

Result<void> move_alias(Transaction& transaction, const AssetId& id, const Move& move) {
    BARTIZAN_TRY(transaction.run(
        "INSERT INTO alias VALUES (:kind, :name, :alias, :number) ON CONFLICT (kind, name, alias) DO UPDATE SET number "
        "= excluded.number",
        {kind_of(id), id.name, move.alias, move.to}));
    const auto last = BARTIZAN_TRY(
        transaction.run("SELECT COALESCE(MAX(position), 0) FROM alias_move WHERE kind = :kind AND name = :name",
                        {kind_of(id), id.name}));
    BARTIZAN_TRY(transaction.run(
        "INSERT INTO alias_move VALUES (:kind, :name, :alias, :position, :from, :to, :move, :moved, :by, :reason)",
        {kind_of(id), id.name, move.alias, last.at(0).integer(0) + 1, move.from, move.to, move.kind, move.moved,
         move.moved_by, move.reason}));
    return {};
}

}  // namespace bartizan::registry
