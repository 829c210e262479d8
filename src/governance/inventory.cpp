#include "governance/inventory.h"

#include <algorithm>
#include <unordered_map>

#include <fmt/format.h>

#include "core/json_fields.h"
#include "registry/model.h"

namespace bartizan::governance {
namespace {

constexpr std::string_view kColumns = "SELECT body, changed, changed_by FROM asset_profile ";

Result<void> one_of(const JsonFields& fields, const char* name, const std::string& value,
                    std::initializer_list<std::string_view> words) {
    if (value.empty() || std::ranges::find(words, value) != words.end()) return {};
    std::string known;
    for (const std::string_view word : words) known += (known.empty() ? "" : ", ") + std::string(word);
    return fields.fault(name, "expected one of " + known);
}

/// Services and vendors have no bytes in the registry: they are what people say of them.
bool is_described_alone(const std::string& kind, const std::string& name) {
    if (kind != "service" && kind != "vendor") return false;
    const auto fits = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               std::string_view("._@+-").find(c) != std::string_view::npos;
    };
    return !name.empty() && name.size() <= 80 && std::ranges::all_of(name, fits);
}

Result<Profile> profile_of(const store::Row& row) {
    const Json body = BARTIZAN_TRY_WITHIN(parse_json(row.text(0)), "a stored profile");
    Profile out = BARTIZAN_TRY(read_profile(body, body.value("asset", "")));
    out.changed = row.integer(1);
    out.changed_by = row.text(2);
    return out;
}

}  // namespace

Json to_json(const Profile& profile) {
    return {{"asset", profile.asset},
            {"owner", profile.owner},
            {"purpose", profile.purpose},
            {"criticality", profile.criticality},
            {"exposure", profile.exposure},
            {"modality", profile.modality},
            {"sector", profile.sector},
            {"vendor", profile.vendor},
            {"data_classes", profile.data_classes},
            {"risk_class", profile.risk_class},
            {"changed", profile.changed},
            {"changed_by", profile.changed_by}};
}

Result<Profile> read_profile(const Json& json, std::string asset) {
    const auto fields = BARTIZAN_TRY(JsonFields::of(json, ""));
    BARTIZAN_TRY(fields.only({"asset", "owner", "purpose", "criticality", "exposure", "modality", "sector", "vendor",
                              "data_classes", "risk_class", "changed", "changed_by"}));
    Profile out{.asset = std::move(asset)};
    out.owner = BARTIZAN_TRY(fields.text_or("owner", "", 200));
    out.purpose = BARTIZAN_TRY(fields.text_or("purpose", "", 4000));
    out.criticality = BARTIZAN_TRY(fields.integer_or("criticality", 0, 0, 5));
    out.exposure = BARTIZAN_TRY(fields.text_or("exposure", ""));
    out.modality = BARTIZAN_TRY(fields.text_or("modality", ""));
    out.sector = BARTIZAN_TRY(fields.text_or("sector", ""));
    out.vendor = BARTIZAN_TRY(fields.text_or("vendor", "", 200));
    out.data_classes = BARTIZAN_TRY(fields.texts_or_none("data_classes", 32));
    out.risk_class = BARTIZAN_TRY(fields.text_or("risk_class", ""));
    BARTIZAN_TRY(one_of(fields, "exposure", out.exposure, {"public", "partner", "internal", "offline"}));
    BARTIZAN_TRY(one_of(fields, "modality", out.modality, {"image", "text", "tabular", "audio", "other"}));
    BARTIZAN_TRY(one_of(fields, "sector", out.sector, {"health", "finance", "automotive", "general"}));
    BARTIZAN_TRY(one_of(fields, "risk_class", out.risk_class, {"prohibited", "high", "limited", "minimal"}));
    return out;
}

Result<Profile> Inventory::put(const std::string& actor, Profile profile) {
    profile.changed = clock_();
    profile.changed_by = actor;
    const auto colon = profile.asset.find(':');
    const std::string kind = profile.asset.substr(0, colon);
    const std::string name = colon == std::string::npos ? "" : profile.asset.substr(colon + 1);
    const std::string body = to_json(profile).dump(-1, ' ', false, Json::error_handler_t::replace);
    BARTIZAN_TRY(journal_.act([&](store::Transaction& transaction) -> Result<ledger::Event> {
        if (!is_described_alone(kind, name) &&
            BARTIZAN_TRY(transaction.run("SELECT 1 FROM asset WHERE kind = :kind AND name = :name", {kind, name}))
                .empty())
            return Error(Errc::not_found, "there is no asset '" + profile.asset.substr(0, 80) + "'",
                         "push it first; service:NAME and vendor:NAME need no push");
        BARTIZAN_TRY(transaction.run("DELETE FROM asset_profile WHERE asset = :asset", {profile.asset}));
        BARTIZAN_TRY(transaction.run(
            "INSERT INTO asset_profile VALUES (:asset, :owner, :purpose, :criticality, :exposure, :modality, :sector, "
            ":vendor, :body, :changed, :by)",
            {profile.asset, profile.owner, profile.purpose, profile.criticality, profile.exposure, profile.modality,
             profile.sector, profile.vendor, body, profile.changed, actor}));
        return ledger::Event{"inventory.put", actor, profile.asset, to_json(profile)};
    }));
    return profile;
}

Result<Profile> Inventory::profile(const std::string& asset) {
    const auto rows = BARTIZAN_TRY(journal_.database().run(std::string(kColumns) + "WHERE asset = :asset", {asset}));
    return rows.empty() ? Result<Profile>(Profile{.asset = asset}) : profile_of(rows[0]);
}

Result<std::vector<Profile>> Inventory::profiles() {
    std::vector<Profile> out;
    for (const store::Row& row : BARTIZAN_TRY(journal_.database().run(std::string(kColumns) + "ORDER BY asset")))
        out.push_back(BARTIZAN_TRY(profile_of(row)));
    return out;
}

Result<std::shared_ptr<const std::vector<Subject>>> Inventory::subjects() {
    // Versions come, aliases move, contents are removed, profiles change: each changes one of these numbers.
    const auto marks = BARTIZAN_TRY(journal_.database().run(
        "SELECT (SELECT COUNT(*) FROM asset_version), (SELECT COUNT(*) FROM alias_move), (SELECT COUNT(*) FROM "
        "asset_version WHERE removed = 1), (SELECT COUNT(*) FROM asset_profile), (SELECT COALESCE(MAX(changed), 0) "
        "FROM asset_profile)"));
    std::string stamp;
    for (std::size_t i = 0; i < marks[0].size(); ++i) stamp += fmt::format("{} ", marks[0].integer(i));
    const std::lock_guard lock(mutex_);
    if (stamp == stamp_ && subjects_) return subjects_;
    const auto rows = BARTIZAN_TRY(journal_.database().run(
        "SELECT asset_version.kind, asset_version.name, asset_version.number, asset_version.digest, alias.number FROM "
        "asset_version LEFT JOIN alias ON alias.kind = asset_version.kind AND alias.name = asset_version.name AND "
        "alias.alias = :alias WHERE asset_version.removed = 0 ORDER BY asset_version.kind, asset_version.name, "
        "asset_version.number",
        {std::string(registry::kProduction)}));
    std::unordered_map<std::string, std::string> modality;
    for (const store::Row& row : BARTIZAN_TRY(journal_.database().run("SELECT asset, modality FROM asset_profile")))
        modality.emplace(row.text(0), row.text(1));
    auto fresh = std::make_shared<std::vector<Subject>>();
    for (const store::Row& row : rows) {
        Subject one{.asset = row.text(0) + ":" + row.text(1), .name = "", .digest = row.text(3)};
        one.name = fmt::format("{}@{}", one.asset, row.integer(2));
        one.kind = row.text(0) == "data" ? SubjectKind::data : SubjectKind::model;
        if (const auto told = modality.find(one.asset); told != modality.end()) one.modality = told->second;
        const bool first = fresh->empty() || fresh->back().asset != one.asset;
        if (first)
            fresh->push_back(std::move(one));
        else if (row.is_null(4) || row.integer(2) <= row.integer(4))
            fresh->back() = std::move(one);
    }
    fresh->push_back({std::string(kOrganisation), std::string(kOrganisation), std::string(kOrganisation),
                      SubjectKind::organisation});
    subjects_ = std::move(fresh);
    const bool settled = marks[0].integer(4) < clock_() - 1;  // a second change in the same second would not show
    stamp_ = settled ? std::move(stamp) : std::string();
    return subjects_;
}

Result<Json> Inventory::lineage() {
    Json edges = Json::array();
    for (const store::Row& row : BARTIZAN_TRY(journal_.database().run(
             "SELECT kind, name, number, relation, source_kind, source_name, source_number FROM lineage_link ORDER BY "
             "kind, name, number, relation, source_kind, source_name, source_number")))
        edges.push_back({{"from", fmt::format("{}:{}@{}", row.text(4), row.text(5), row.integer(6))},
                         {"relation", row.text(3)},
                         {"to", fmt::format("{}:{}@{}", row.text(0), row.text(1), row.integer(2))}});
    return edges;
}

}  // namespace bartizan::governance
