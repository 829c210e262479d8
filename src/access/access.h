#pragma once
/// Who is there and what they may: changes to principals, keys and grants, each in the ledger before it holds; and who
/// a request comes from. Who may ask for a change is decided before, by the caller, with `Identity::may`.
/// Thread rule: all members may be called from any thread, and by several processes on one database.

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

#include "access/backoff.h"
#include "access/jwt.h"
#include "access/people.h"
#include "access/secrets.h"
#include "journal/journal.h"

namespace bartizan::access {

/// An identity provider whose tokens are taken.
struct Provider {
    TokenRules rules;
    KeySet keys;
};

struct NewPrincipal {
    std::string name;
    PrincipalKind kind = PrincipalKind::service;
    std::string external = {};
    std::string password = {};
};

struct NewKey {
    std::string principal;
    std::string label = {};
    std::vector<Grant> scopes = {};
    std::int64_t expires = 0;  ///< 0: never
};

/// What a caller brings.
struct Credentials {
    std::string_view bearer;   ///< of "Authorization: Bearer"
    std::string_view subject;  ///< of a client certificate that holds
    std::string_view address;  ///< where he calls from
};

/// Why nobody was identified.
struct Refused {
    /// `ended`: a right key that is revoked or has expired; `unavailable`: nobody can say now.
    enum class Why { nothing_given, wrong, ended, wait, unavailable };
    Why why;
    std::string reason;  ///< for the log and the ledger, never for the caller
    std::chrono::milliseconds wait{};
};

class Access final {
public:
    using Clock = std::function<std::int64_t()>;
    static Result<std::unique_ptr<Access>> open(journal::Journal& journal, KeyHasher hasher, Clock clock);

    /// What holds now.
    std::shared_ptr<const People> people() const { return people_.load(); }
    /// Loads again when somebody changed something; cheap when not.
    Result<void> refresh();
    void set_providers(std::vector<Provider> providers);

    /// Knows the caller, or says why not. Checks what was guessed wrong before; never waits.
    std::variant<Identity, Refused> identify(const Credentials& credentials, Backoff::Time now);
    /// Checks a password; takes a tenth of a second. Gives a key for `kSessionSeconds`.
    std::variant<crypto::Secret, Refused> log_in(const std::string& name, std::string_view password,
                                                 std::string_view address, Backoff::Time now);
    static constexpr std::int64_t kSessionSeconds = 8 * 3600;
    /// A session for whom a key of his identified: it may no more than the key, lasts no longer, and ends with it.
    Result<ApiKey> open_session(const Identity& identity);
    /// The same identity by what holds now; nothing: its key or its principal holds no more.
    std::optional<Identity> again(const Identity& identity) const;

    Result<void> add_principal(const std::string& actor, const NewPrincipal& fresh);
    Result<void> set_password(const std::string& actor, const std::string& name, std::string_view password);
    /// Takes all rights away, or gives them back. Fails with `conflict` where no admin would be left.
    Result<void> set_disabled(const std::string& actor, const std::string& name, bool disabled);
    /// The key, whose secret nobody can tell again.
    Result<ApiKey> add_key(const std::string& actor, const NewKey& fresh);
    /// And the sessions that it opened.
    Result<void> revoke_key(const std::string& actor, const std::string& id);
    Result<void> grant(const std::string& actor, const std::string& principal, const Grant& grant);
    Result<void> revoke(const std::string& actor, const std::string& principal, const Grant& grant);

    /// Writes down when keys were last used; not in the ledger.
    Result<void> store_last_used();

private:
    Access(journal::Journal& journal, KeyHasher hasher, Clock clock)
        : journal_(journal), hasher_(std::move(hasher)), clock_(std::move(clock)) {}
    Result<void> act(const journal::Journal::Change& change);
    std::variant<Identity, Refused> identify_key(const ApiKey& key);
    std::variant<Identity, Refused> identify_token(std::string_view token);

    journal::Journal& journal_;
    KeyHasher hasher_;
    Clock clock_;
    std::mutex refreshing_;  ///< an older snapshot never comes after a newer one
    std::atomic<std::shared_ptr<const People>> people_;
    std::atomic<std::shared_ptr<const std::vector<Provider>>> providers_;
    Backoff by_address_{{.free = 20}};
    Backoff by_principal_;
    std::mutex used_mutex_;
    std::unordered_map<std::string, std::int64_t> used_;  ///< keys, since they were last written down
};

}  // namespace bartizan::access
