#pragma once
/// Who may do what: roles are sets of permissions, grants bind a role to an object. What is not granted is denied.
/// Pure; plain values.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bartizan/result.h"

namespace bartizan::access {

enum class Role : std::uint8_t { viewer, consumer, data_steward, ml_engineer, security, admin };
inline constexpr Role kRoles[] = {Role::viewer,      Role::consumer, Role::data_steward,
                                  Role::ml_engineer, Role::security, Role::admin};
/// "ml-engineer"
std::string_view to_string(Role role);
Result<Role> role_from(std::string_view word);

enum class Permission : std::uint8_t {
    see,              ///< what there is: versions, aliases, checks, metrics
    infer,            ///< ask the version in production
    infer_any,        ///< ask any version
    push,             ///< add versions and evidence
    download,         ///< read contents
    promote,          ///< move aliases, forward and back
    override_gates,   ///< promote what the gates refuse, with a reason
    quarantine,       ///< stop all use of something
    release,          ///< end a quarantine
    pass_quarantine,  ///< read and ask what is quarantined
    collect,          ///< remove contents that nobody needs
    see_access,       ///< who may do what
    manage_access,    ///< principals, keys, grants
    read_ledger,      ///< entries and their proofs
    govern,           ///< evidence of the organisation, waivers, risks, budgets, what people say of assets
    respond,          ///< open and close incidents, run playbooks, agree to their steps
};
inline constexpr std::size_t kPermissions = 16;
std::string_view to_string(Permission permission);

/// Does the role hold the permission? `data`: on a data set rather than a model.
bool holds(Role role, Permission permission, bool data);

/// A role on an object: "model:fashion", "data:clothes", "model:*", "data:*", or "*".
struct Grant {
    Role role = Role::viewer;
    std::string object;
    std::string text() const;  ///< "consumer@model:fashion"
    bool operator==(const Grant&) const = default;
};
/// Fails with `invalid_input`.
Result<Grant> parse_grant(std::string_view text);
Result<void> check_object(std::string_view object);

/// Does one of the grants give the permission on the object? What concerns the whole service has the object "*".
bool allows(std::span<const Grant> grants, Permission permission, std::string_view object);

}  // namespace bartizan::access
