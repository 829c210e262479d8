#include "access/access.h"

#include <algorithm>

namespace bartizan::access {
namespace {

using ledger::Event;
using store::Transaction;
using store::Value;

constexpr std::size_t kLongestLabel = 128;
constexpr std::size_t kLongestExternal = 1024;
constexpr std::size_t kMostScopes = 64;

Result<void> check_name(std::string_view name) {
    const bool fine = !name.empty() && name.size() <= 64 && std::ranges::all_of(name, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-' || c == '@';
    });
    if (fine) return {};
    return invalid_input("'" + std::string(name.substr(0, 80)) + "' is no name of a principal",
                         "1 to 64 of a-z, 0-9, '.', '_', '-', '@'");
}

Result<void> check_printable(std::string_view text, std::size_t longest, const char* what) {
    const bool fine = text.size() <= longest && std::ranges::none_of(text, [](char c) {
                          return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
                      });
    return fine ? Result<void>() : invalid_input(std::string(what) + " is too long or has control characters");
}

Result<void> check_there(Transaction& transaction, const std::string& principal) {
    if (!BARTIZAN_TRY(transaction.run("SELECT 1 FROM principal WHERE name = :name", {principal})).empty()) return {};
    return Error(Errc::not_found, "there is no principal '" + principal + "'");
}

/// Somebody must be left who can manage access.
Result<void> check_admin_left(Transaction& transaction) {
    const auto rows = BARTIZAN_TRY(transaction.run(
        "SELECT 1 FROM role_grant JOIN principal ON principal.name = role_grant.principal WHERE role = 'admin' AND "
        "object = '*' AND disabled = 0"));
    if (!rows.empty()) return {};
    return Error(Errc::conflict, "nobody would be left who has the role admin", "make another admin first");
}

Value text_or_null(const std::string& text) { return text.empty() ? Value() : Value(text); }

std::string joined(const std::vector<Grant>& grants) {
    std::string out;
    for (const Grant& grant : grants) out += (out.empty() ? "" : " ") + grant.text();
    return out;
}

}  // namespace

Result<std::unique_ptr<Access>> Access::open(journal::Journal& journal, KeyHasher hasher, Clock clock) {
    std::unique_ptr<Access> access(new Access(journal, std::move(hasher), std::move(clock)));
    access->set_providers({});
    BARTIZAN_TRY(access->refresh());
    return access;
}

void Access::set_providers(std::vector<Provider> providers) {
    providers_.store(std::make_shared<const std::vector<Provider>>(std::move(providers)));
}

Result<void> Access::refresh() {
    const std::lock_guard lock(refreshing_);
    const std::int64_t epoch = BARTIZAN_TRY(journal_.epoch());
    const auto now = people();
    if (now && now->epoch() == epoch) return {};
    return journal_.database().transact([&](Transaction& transaction) -> Result<void> {
        // The epoch is read first: a change that comes between is loaded once more, never missed.
        people_.store(BARTIZAN_TRY(People::load(transaction, epoch)));
        return {};
    });
}

Result<void> Access::act(const journal::Journal::Change& change) {
    BARTIZAN_TRY(journal_.act(change));
    return refresh();
}

Result<void> Access::add_principal(const std::string& actor, const NewPrincipal& fresh) {
    BARTIZAN_TRY(check_name(fresh.name));
    BARTIZAN_TRY(check_printable(fresh.external, kLongestExternal, "what the principal is known as elsewhere"));
    if (!fresh.external.empty() && !fresh.external.starts_with("jwt:") && !fresh.external.starts_with("cert:"))
        return invalid_input("a principal is known elsewhere as 'jwt:ISSUER#SUBJECT' or 'cert:SUBJECT'");
    std::string hash;
    if (!fresh.password.empty()) hash = BARTIZAN_TRY(hash_password(fresh.password));
    return act([&](Transaction& transaction) -> Result<Event> {
        const auto there = BARTIZAN_TRY(transaction.run("SELECT 1 FROM principal WHERE name = :name", {fresh.name}));
        if (!there.empty()) return Error(Errc::conflict, "there is a principal '" + fresh.name + "' already");
        BARTIZAN_TRY(
            transaction.run("INSERT INTO principal VALUES (:name, :kind, :external, :password, 0, :created, :by)",
                            {fresh.name, std::string(to_string(fresh.kind)), text_or_null(fresh.external),
                             text_or_null(hash), clock_(), actor}));
        return Event{"access.principal.add",
                     actor,
                     "principal:" + fresh.name,
                     {{"kind", to_string(fresh.kind)}, {"external", fresh.external}, {"password", !hash.empty()}}};
    });
}

Result<void> Access::set_password(const std::string& actor, const std::string& name, std::string_view password) {
    const std::string hash = BARTIZAN_TRY(hash_password(password));
    return act([&](Transaction& transaction) -> Result<Event> {
        BARTIZAN_TRY(check_there(transaction, name));
        BARTIZAN_TRY(transaction.run("UPDATE principal SET password = :password WHERE name = :name", {hash, name}));
        // Whoever knew the old password may have a session.
        BARTIZAN_TRY(
            transaction.run("UPDATE api_key SET revoked = 1 WHERE principal = :name AND label = 'session'", {name}));
        return Event{"access.principal.password", actor, "principal:" + name, Json::object()};
    });
}

Result<void> Access::set_disabled(const std::string& actor, const std::string& name, bool disabled) {
    return act([&](Transaction& transaction) -> Result<Event> {
        BARTIZAN_TRY(check_there(transaction, name));
        BARTIZAN_TRY(transaction.run("UPDATE principal SET disabled = :disabled WHERE name = :name",
                                     {std::int64_t{disabled ? 1 : 0}, name}));
        BARTIZAN_TRY(check_admin_left(transaction));
        return Event{disabled ? "access.principal.disable" : "access.principal.enable", actor, "principal:" + name,
                     Json::object()};
    });
}

Result<ApiKey> Access::add_key(const std::string& actor, const NewKey& fresh) {
    BARTIZAN_TRY(check_printable(fresh.label, kLongestLabel, "the label"));
    if (fresh.scopes.size() > kMostScopes) return invalid_input("a key has at most 64 scopes");
    if (fresh.expires != 0 && fresh.expires <= clock_()) return invalid_input("the key would have expired already");
    ApiKey key = new_api_key();
    BARTIZAN_TRY(act([&](Transaction& transaction) -> Result<Event> {
        BARTIZAN_TRY(check_there(transaction, fresh.principal));
        BARTIZAN_TRY(transaction.run(
            "INSERT INTO api_key VALUES (:id, :principal, :hash, :label, :scopes, :created, :by, :expires, 0, 0)",
            {key.id, fresh.principal, hasher_.hash(key), fresh.label, joined(fresh.scopes), clock_(), actor,
             fresh.expires}));
        return Event{"access.key.add",
                     actor,
                     "principal:" + fresh.principal,
                     {{"key", key.id}, {"scopes", joined(fresh.scopes)}, {"expires", fresh.expires}}};
    }));
    return key;
}

Result<void> Access::revoke_key(const std::string& actor, const std::string& id) {
    return act([&](Transaction& transaction) -> Result<Event> {
        const auto rows =
            BARTIZAN_TRY(transaction.run("UPDATE api_key SET revoked = 1 WHERE id = :id RETURNING principal", {id}));
        if (rows.empty()) return Error(Errc::not_found, "there is no key '" + id + "'");
        BARTIZAN_TRY(
            transaction.run("UPDATE api_key SET revoked = 1 WHERE label = :label", {std::string(kSessionOf) + id}));
        return Event{"access.key.revoke", actor, "principal:" + rows[0].text(0), {{"key", id}}};
    });
}

Result<void> Access::grant(const std::string& actor, const std::string& principal, const Grant& grant) {
    BARTIZAN_TRY(check_object(grant.object));
    return act([&](Transaction& transaction) -> Result<Event> {
        BARTIZAN_TRY(check_there(transaction, principal));
        BARTIZAN_TRY(transaction.run(
            "INSERT INTO role_grant VALUES (:principal, :role, :object, :created, :by) ON CONFLICT (principal, role, "
            "object) DO NOTHING",
            {principal, std::string(to_string(grant.role)), grant.object, clock_(), actor}));
        return Event{"access.grant", actor, "principal:" + principal, {{"grant", grant.text()}}};
    });
}

Result<void> Access::revoke(const std::string& actor, const std::string& principal, const Grant& grant) {
    return act([&](Transaction& transaction) -> Result<Event> {
        const auto rows = BARTIZAN_TRY(transaction.run(
            "DELETE FROM role_grant WHERE principal = :principal AND role = :role AND object = :object RETURNING role",
            {principal, std::string(to_string(grant.role)), grant.object}));
        if (rows.empty()) return Error(Errc::not_found, "'" + principal + "' has no grant " + grant.text());
        BARTIZAN_TRY(check_admin_left(transaction));
        return Event{"access.revoke", actor, "principal:" + principal, {{"grant", grant.text()}}};
    });
}

Result<void> Access::store_last_used() {
    std::unordered_map<std::string, std::int64_t> used;
    {
        const std::lock_guard lock(used_mutex_);
        used.swap(used_);
    }
    for (const auto& [id, time] : used)
        BARTIZAN_TRY(journal_.database().run("UPDATE api_key SET last_used = :time WHERE id = :id", {time, id}));
    return {};
}

}  // namespace bartizan::access
