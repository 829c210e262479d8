#include "access/roles.h"

#include <algorithm>

namespace bartizan::access {
namespace {

using enum Permission;

constexpr std::string_view kRoleNames[] = {"viewer", "consumer", "data-steward", "ml-engineer", "security", "admin"};
constexpr std::string_view kPermissionNames[] = {
    "see",        "infer",   "infer-any",       "push",    "download",   "promote",       "override-gates",
    "quarantine", "release", "pass-quarantine", "collect", "see-access", "manage-access", "read-ledger",
    "govern",     "respond"};
static_assert(std::size(kPermissionNames) == kPermissions);

constexpr std::uint32_t set_of(std::initializer_list<Permission> permissions) {
    std::uint32_t set = 0;
    for (const Permission one : permissions) set |= 1U << static_cast<unsigned>(one);
    return set;
}

struct Powers {
    std::uint32_t models;  ///< and on the service
    std::uint32_t data;
};

/// By role. `admin` holds all but the two that only `security` has: so nobody alone can use what was quarantined.
constexpr Powers kPowers[] = {
    {set_of({see}), set_of({see})},
    {set_of({see, infer}), set_of({see})},
    {set_of({see}), set_of({see, push, download, promote, quarantine})},
    {set_of({see, infer, infer_any, push, download, promote, quarantine}), set_of({see, download})},
    {set_of({see, infer, infer_any, download, promote, override_gates, quarantine, release, pass_quarantine, see_access,
             read_ledger, govern, respond}),
     set_of({see, download, promote, override_gates, quarantine, release, pass_quarantine})},
    {set_of({see, infer, infer_any, push, download, promote, override_gates, quarantine, collect, see_access,
             manage_access, read_ledger, govern, respond}),
     set_of({see, push, download, promote, override_gates, quarantine})},
};

bool covers(std::string_view granted, std::string_view object) {
    if (granted == "*" || granted == object) return true;
    return granted.ends_with(":*") && object.starts_with(granted.substr(0, granted.size() - 1));
}

}  // namespace

std::string_view to_string(Role role) { return kRoleNames[static_cast<std::size_t>(role)]; }
std::string_view to_string(Permission permission) { return kPermissionNames[static_cast<std::size_t>(permission)]; }

Result<Role> role_from(std::string_view word) {
    const auto found = std::ranges::find(kRoleNames, word);
    if (found != std::end(kRoleNames)) return kRoles[found - std::begin(kRoleNames)];
    return invalid_input("'" + std::string(word.substr(0, 40)) + "' is no role",
                         "viewer, consumer, data-steward, ml-engineer, security or admin");
}

bool holds(Role role, Permission permission, bool data) {
    const Powers& powers = kPowers[static_cast<std::size_t>(role)];
    return ((data ? powers.data : powers.models) >> static_cast<unsigned>(permission) & 1U) != 0;
}

std::string Grant::text() const { return std::string(to_string(role)) + "@" + object; }

Result<void> check_object(std::string_view object) {
    const auto colon = object.find(':');
    const std::string_view kind = object.substr(0, colon);
    const std::string_view name = colon == std::string_view::npos ? "" : object.substr(colon + 1);
    const bool plain =
        name == "*" || (!name.empty() && name.size() <= 64 &&
                        name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789._-") == std::string_view::npos);
    if (object == "*" || ((kind == "model" || kind == "data") && plain)) return {};
    return invalid_input("'" + std::string(object.substr(0, 80)) + "' is nothing that a role can be granted on",
                         "*, model:NAME, data:NAME, model:* or data:*");
}

Result<Grant> parse_grant(std::string_view text) {
    const auto at = text.find('@');
    if (at == std::string_view::npos) return invalid_input("a grant is ROLE@OBJECT", "as consumer@model:fashion");
    Grant grant{BARTIZAN_TRY(role_from(text.substr(0, at))), std::string(text.substr(at + 1))};
    BARTIZAN_TRY(check_object(grant.object));
    return grant;
}

bool allows(std::span<const Grant> grants, Permission permission, std::string_view object) {
    const bool data = object.starts_with("data:");
    return std::ranges::any_of(grants, [&](const Grant& grant) {
        return covers(grant.object, object) && holds(grant.role, permission, data);
    });
}

}  // namespace bartizan::access
