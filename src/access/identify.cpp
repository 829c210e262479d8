/// Who a request comes from.
#include "access/access.h"

namespace bartizan::access {
namespace {

Refused wrong(std::string reason) { return {Refused::Why::wrong, std::move(reason), {}}; }
/// Whoever brings a key that was right once guesses nothing: it is not counted against where he calls from.
Refused ended(std::string reason) { return {Refused::Why::ended, std::move(reason), {}}; }

std::variant<Identity, Refused> known(PrincipalPointer principal, const char* method, const std::string& whom) {
    if (!principal) return wrong("nobody is known as " + whom);
    if (principal->disabled) return wrong("'" + principal->name + "' is disabled");
    return Identity{std::move(principal), {}, {}, method};
}

}  // namespace

std::variant<Identity, Refused> Access::identify_key(const ApiKey& key) {
    const auto people = this->people();
    const KeyRecord* record = people->key(key.id);
    // The comparison runs for an unknown id too, so that time does not tell which ids there are.
    const bool same = hasher_.same(key, record == nullptr ? std::string(64, '0') : record->hash);
    if (record == nullptr || !same) return wrong("there is no such key");
    if (record->revoked) return ended("key " + key.id + " is revoked");
    const std::int64_t now = clock_();
    if (record->expires != 0 && record->expires <= now) return ended("key " + key.id + " has expired");
    if (!record->principal || record->principal->disabled)
        return ended("the principal of key " + key.id + " is disabled");
    const std::lock_guard lock(used_mutex_);
    used_[key.id] = now;
    return Identity{record->principal, key.id, record->scopes, "key"};
}

std::variant<Identity, Refused> Access::identify_token(std::string_view token) {
    const auto providers = providers_.load();
    const std::string issuer = named_issuer(token);
    for (const Provider& provider : *providers) {
        if (provider.rules.issuer != issuer) continue;
        const auto claims = verify_token(token, provider.keys, provider.rules, clock_());
        if (!claims.ok()) return wrong("a token of " + issuer + ": " + claims.error().message());
        const std::string whom = "jwt:" + claims->issuer + "#" + claims->subject;
        return known(people()->external(whom), "token", whom);
    }
    return wrong("a token of an issuer that is not configured");
}

std::variant<Identity, Refused> Access::identify(const Credentials& credentials, Backoff::Time now) {
    if (credentials.bearer.empty() && credentials.subject.empty())
        return Refused{Refused::Why::nothing_given, "no credentials", {}};
    std::variant<Identity, Refused> found = wrong("neither a key nor a token");
    if (credentials.bearer.empty()) {
        const std::string whom = "cert:" + std::string(credentials.subject);
        found = known(people()->external(whom), "certificate", whom);
    } else if (const auto key = parse_api_key(credentials.bearer)) {
        found = identify_key(*key);
    } else if (looks_like_token(credentials.bearer)) {
        found = identify_token(credentials.bearer);
    }
    if (std::holds_alternative<Identity>(found)) return found;
    if (std::get<Refused>(found).why == Refused::Why::ended) return found;
    // A right key is taken from an address that waits: others there may have guessed.
    if (const auto wait = by_address_.wait(credentials.address, now); wait.count() > 0)
        return Refused{Refused::Why::wait, "too many wrong credentials from this address", wait};
    by_address_.failed(credentials.address, now);
    return found;
}

std::variant<crypto::Secret, Refused> Access::log_in(const std::string& name, std::string_view password,
                                                     std::string_view address, Backoff::Time now) {
    const auto wait = std::max(by_principal_.wait(name, now), by_address_.wait(address, now));
    if (wait.count() > 0) return Refused{Refused::Why::wait, "too many wrong passwords", wait};
    const auto principal = people()->principal(name);
    const auto rows =
        journal_.database().run("SELECT password FROM principal WHERE name = :name AND disabled = 0", {name});
    // Not the caller's fault: nothing is counted against him.
    if (!rows.ok()) return Refused{Refused::Why::unavailable, rows.error().line(), {}};
    const std::string hash = rows->empty() ? std::string() : rows->at(0).text(0);
    if (!check_password(password, hash) || !principal) {
        by_principal_.failed(name, now);
        by_address_.failed(address, now);
        return wrong("a wrong name or password");
    }
    by_principal_.succeeded(name);
    const auto key = add_key(name, {.principal = name, .label = std::string(kSession), .expires = clock_() + kSessionSeconds});
    if (!key.ok()) return Refused{Refused::Why::unavailable, "no session could be made: " + key.error().line(), {}};
    return key->text();
}

Result<ApiKey> Access::open_session(const Identity& identity) {
    const auto people = this->people();
    const KeyRecord* key = people->key(identity.key);
    if (key == nullptr) return Error(Errc::denied, "a session is opened with a key");
    const std::int64_t end = clock_() + kSessionSeconds;
    // A session that opened this one would end with it; so both are sessions of the key behind them.
    return add_key(identity.name(), {.principal = identity.name(),
                                     .label = is_session(*key) ? key->label : std::string(kSessionOf) + key->id,
                                     .scopes = identity.scopes,
                                     .expires = key->expires == 0 ? end : std::min(end, key->expires)});
}

std::optional<Identity> Access::again(const Identity& identity) const {
    const auto people = this->people();
    Identity now = identity;
    now.principal = people->principal(identity.name());
    if (!now.principal || now.principal->disabled) return {};
    if (identity.key.empty()) return now;
    const KeyRecord* key = people->key(identity.key);
    if (key == nullptr || key->revoked || (key->expires != 0 && key->expires <= clock_())) return {};
    now.scopes = key->scopes;
    return now;
}

}  // namespace bartizan::access
