#include "registry/model.h"

#include <algorithm>

namespace bartizan::registry {
namespace {

constexpr std::size_t kLongestName = 64;

template <class List, class Value>
const Value* found_in(const List& list, std::string_view name, std::string Value::*member) {
    const auto found = std::ranges::find(list, name, member);
    return found == list.end() ? nullptr : &*found;
}

Json optional_text(const std::optional<std::string>& text) { return text ? Json(*text) : Json(); }

}  // namespace

std::string_view to_string(Kind kind) { return kind == Kind::model ? "model" : "data"; }

Result<Kind> kind_from(std::string_view word) {
    if (word == "model") return Kind::model;
    if (word == "data") return Kind::data;
    return invalid_input("'" + std::string(word) + "' is no kind of asset", "model or data");
}

std::string AssetId::text() const { return std::string(to_string(kind)) + ":" + name; }
std::string VersionId::text() const { return asset.text() + "@" + std::to_string(number); }

Result<void> check_name(std::string_view name) {
    const auto plain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
    const bool fine = !name.empty() && name.size() <= kLongestName && plain(name[0]) &&
                      std::ranges::all_of(name, [&](char c) { return plain(c) || c == '.' || c == '_' || c == '-'; });
    if (fine) return {};
    return invalid_input("'" + std::string(name.substr(0, 80)) + "' is no name",
                         "1 to 64 of a-z, 0-9, '.', '_', '-', the first one a letter or digit");
}

const Check* Version::check(std::string_view name) const { return found_in(checks, name, &Check::name); }
const Attachment* Version::attachment(std::string_view role) const {
    return found_in(attachments, role, &Attachment::role);
}

std::int64_t AssetState::alias(std::string_view name) const {
    const auto found = std::ranges::find(aliases, name, &std::pair<std::string, std::int64_t>::first);
    return found == aliases.end() ? 0 : found->second;
}

Json to_json(const Version& version) {
    Json json = {{"asset", version.id.asset.text()},
                 {"version", version.id.number},
                 {"stage", version.stage},
                 {"file", version.file_name},
                 {"sha256", version.digest},
                 {"bytes", version.bytes},
                 {"note", version.note},
                 {"created", version.created},
                 {"created_by", version.created_by},
                 {"quarantine", optional_text(version.quarantine)},
                 {"removed", version.removed},
                 {"input_range", nullptr}};
    if (version.input_range) json["input_range"] = {version.input_range->low, version.input_range->high};
    json["checks"] = Json::array();
    for (const Check& check : version.checks)
        json["checks"].push_back({{"name", check.name},
                                  {"verdict", check.verdict},
                                  {"score", check.score ? Json(*check.score) : Json()},
                                  {"detail", check.detail},
                                  {"created", check.created},
                                  {"created_by", check.created_by}});
    json["attachments"] = Json::array();
    for (const Attachment& one : version.attachments)
        json["attachments"].push_back({{"role", one.role},
                                       {"sha256", one.digest},
                                       {"bytes", one.bytes},
                                       {"created", one.created},
                                       {"created_by", one.created_by}});
    json["lineage"] = Json::array();
    for (const Link& link : version.links)
        json["lineage"].push_back(
            {{"relation", link.relation}, {"source", link.source.asset.text()}, {"version", link.source.number}});
    return json;
}

Json to_json(const AssetState& asset) {
    Json json = {{"asset", asset.id.text()},
                 {"name", asset.id.name},
                 {"created", asset.created},
                 {"created_by", asset.created_by},
                 {"quarantine", optional_text(asset.quarantine)},
                 {"aliases", Json::object()},
                 {"newest", asset.newest},
                 {"rollback_to", asset.previous == 0 ? Json() : Json(asset.previous)}};
    for (const auto& [alias, number] : asset.aliases) json["aliases"][alias] = number;
    return json;
}

Json to_json(const Move& move) {
    return {{"alias", move.alias},  {"from", move.from == 0 ? Json() : Json(move.from)},
            {"to", move.to},        {"move", move.kind},
            {"moved", move.moved},  {"moved_by", move.moved_by},
            {"reason", move.reason}};
}

}  // namespace bartizan::registry
