/// Who a request comes from.
#include "access/access.h"

namespace bartizan::access {
namespace {

Refused wrong(std::string reason) { return {Refused::Why::wrong, std::move(reason), {}}; }

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
    if (record->revoked) return wrong("key " + key.id + " is revoked");
    const std::int64_t now = clock_();
    if (record->expires != 0 && record->expires <= now) return wrong("key " + key.id + " has expired");
    if (!record->principal || record->principal->disabled)
        return wrong("the principal of key " + key.id + " is disabled");
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
    const auto key = add_key(name, {.principal = name, .label = "session", .expires = clock_() + kSessionSeconds});
    if (!key.ok()) return Refused{Refused::Why::unavailable, "no session could be made: " + key.error().line(), {}};
    return key->text();
}

}  // namespace bartizan::access
