#pragma once
/// Principals, their grants and keys, as one immutable snapshot: what every decision about access is made from.
/// Thread rule: immutable once loaded; shared between threads.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "access/roles.h"
#include "bartizan/result.h"
#include "core/json.h"
#include "store/database.h"

namespace bartizan::access {

enum class PrincipalKind : std::uint8_t { person, service };
std::string_view to_string(PrincipalKind kind);
Result<PrincipalKind> principal_kind_from(std::string_view word);

struct Principal {
    std::string name;
    PrincipalKind kind = PrincipalKind::service;
    std::string external;  ///< "jwt:ISSUER#SUBJECT", "cert:SUBJECT"; empty: none
    bool disabled = false;
    bool has_password = false;
    std::int64_t created = 0;
    std::string created_by;
    std::vector<Grant> grants;
};
using PrincipalPointer = std::shared_ptr<const Principal>;

struct KeyRecord {
    std::string id;
    std::string hash;
    std::string label;
    std::vector<Grant> scopes;  ///< empty: all that the principal may
    std::int64_t created = 0;
    std::int64_t expires = 0;  ///< 0: never
    std::int64_t last_used = 0;
    bool revoked = false;
    PrincipalPointer principal;
};

class People {
public:
    static Result<std::shared_ptr<const People>> load(store::Transaction& transaction, std::int64_t epoch);

    /// Grows with every change.
    std::int64_t epoch() const { return epoch_; }
    PrincipalPointer principal(const std::string& name) const;
    PrincipalPointer external(const std::string& external) const;
    const KeyRecord* key(const std::string& id) const;
    const std::vector<PrincipalPointer>& principals() const { return principals_; }
    std::vector<const KeyRecord*> keys_of(const std::string& principal) const;

private:
    std::int64_t epoch_ = 0;
    std::vector<PrincipalPointer> principals_;  ///< by name
    std::unordered_map<std::string, PrincipalPointer> by_name_;
    std::unordered_map<std::string, PrincipalPointer> by_external_;
    std::unordered_map<std::string, KeyRecord> keys_;
};

/// Labels of the keys that signing in makes: by a password, and by another key, whose id follows.
inline constexpr std::string_view kSession = "session", kSessionOf = "session of ";
inline bool is_session(const KeyRecord& key) { return key.label == kSession || key.label.starts_with(kSessionOf); }

/// Without hashes.
Json to_json(const Principal& principal);
Json to_json(const KeyRecord& key);

/// Who a request comes from, and what of his rights its key lets through.
struct Identity {
    PrincipalPointer principal;
    std::string key;            ///< id of the API key; empty: identified otherwise
    std::vector<Grant> scopes;  ///< of the key
    std::string method;         ///< "key", "session", "token", "certificate"

    const std::string& name() const { return principal->name; }
    bool may(Permission permission, std::string_view object) const;
};

}  // namespace bartizan::access
