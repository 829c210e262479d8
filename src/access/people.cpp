#include "access/people.h"

#include <algorithm>
#include <map>

namespace bartizan::access {
namespace {

using store::Row;

Result<std::vector<Grant>> scopes_of(std::string_view text) {
    std::vector<Grant> out;
    while (!text.empty()) {
        const auto blank = std::min(text.find(' '), text.size());
        out.push_back(BARTIZAN_TRY(parse_grant(text.substr(0, blank))));
        text.remove_prefix(std::min(blank + 1, text.size()));
    }
    return out;
}

Json listed(const std::vector<Grant>& grants) {
    Json out = Json::array();
    for (const Grant& grant : grants) out.push_back(grant.text());
    return out;
}

Json time_or_null(std::int64_t time) { return time == 0 ? Json() : Json(time); }

}  // namespace

std::string_view to_string(PrincipalKind kind) { return kind == PrincipalKind::person ? "person" : "service"; }

Result<PrincipalKind> principal_kind_from(std::string_view word) {
    if (word == "person") return PrincipalKind::person;
    if (word == "service") return PrincipalKind::service;
    return invalid_input("'" + std::string(word.substr(0, 40)) + "' is no kind of principal", "person or service");
}

Result<std::shared_ptr<const People>> People::load(store::Transaction& transaction, std::int64_t epoch) {
    std::map<std::string, Principal> found;
    for (const Row& row : BARTIZAN_TRY(transaction.run(
             "SELECT name, kind, external, disabled, password, created, created_by FROM principal ORDER BY name")))
        found[row.text(0)] = {row.text(0),     BARTIZAN_TRY(principal_kind_from(row.text(1))),
                              row.text(2),     row.integer(3) != 0,
                              !row.is_null(4), row.integer(5),
                              row.text(6),     {}};
    for (const Row& row : BARTIZAN_TRY(
             transaction.run("SELECT principal, role, object FROM role_grant ORDER BY principal, role, object")))
        found[row.text(0)].grants.push_back({BARTIZAN_TRY(role_from(row.text(1))), row.text(2)});
    auto out = std::make_shared<People>();
    out->epoch_ = epoch;
    for (auto& [name, principal] : found) {
        const auto pointer = std::make_shared<const Principal>(std::move(principal));
        out->principals_.push_back(pointer);
        out->by_name_[name] = pointer;
        if (!pointer->external.empty()) out->by_external_[pointer->external] = pointer;
    }
    for (const Row& row : BARTIZAN_TRY(transaction.run(
             "SELECT id, hash, label, scopes, created, expires, last_used, revoked, principal FROM api_key")))
        out->keys_[row.text(0)] = {
            row.text(0),    row.text(1),    row.text(2),         BARTIZAN_TRY(scopes_of(row.text(3))), row.integer(4),
            row.integer(5), row.integer(6), row.integer(7) != 0, out->principal(row.text(8))};
    return std::shared_ptr<const People>(std::move(out));
}

PrincipalPointer People::principal(const std::string& name) const {
    const auto found = by_name_.find(name);
    return found == by_name_.end() ? nullptr : found->second;
}

PrincipalPointer People::external(const std::string& external) const {
    const auto found = by_external_.find(external);
    return found == by_external_.end() ? nullptr : found->second;
}

const KeyRecord* People::key(const std::string& id) const {
    const auto found = keys_.find(id);
    return found == keys_.end() ? nullptr : &found->second;
}

std::vector<const KeyRecord*> People::keys_of(const std::string& principal) const {
    std::vector<const KeyRecord*> out;
    for (const auto& [id, key] : keys_)
        if (key.principal && (principal.empty() || key.principal->name == principal)) out.push_back(&key);
    std::ranges::sort(out, {}, [](const KeyRecord* key) { return std::pair(key->created, key->id); });
    return out;
}

Json to_json(const Principal& principal) {
    return {{"name", principal.name},
            {"kind", to_string(principal.kind)},
            {"external", principal.external.empty() ? Json() : Json(principal.external)},
            {"disabled", principal.disabled},
            {"has_password", principal.has_password},
            {"created", principal.created},
            {"created_by", principal.created_by},
            {"grants", listed(principal.grants)}};
}

Json to_json(const KeyRecord& key) {
    return {{"id", key.id},
            {"principal", key.principal->name},
            {"label", key.label},
            {"scopes", listed(key.scopes)},
            {"created", key.created},
            {"expires", time_or_null(key.expires)},
            {"last_used", time_or_null(key.last_used)},
            {"revoked", key.revoked}};
}

bool Identity::may(Permission permission, std::string_view object) const {
    return allows(principal->grants, permission, object) && (scopes.empty() || allows(scopes, permission, object));
}

}  // namespace bartizan::access
