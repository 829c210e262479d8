/// Roles and back-off alone; principals, keys and grants on SQLite and PostgreSQL.
#include "access/access.h"

#include "access/jwt_testing.h"
#include "journal/journal_testing.h"

namespace bartizan::access {
namespace {

using namespace std::chrono_literals;

TEST(Roles, WhatIsNotGrantedIsDenied) {
    const std::vector<Grant> grants = {{Role::consumer, "model:fashion"}, {Role::viewer, "data:*"}};
    EXPECT_TRUE(allows(grants, Permission::infer, "model:fashion"));
    EXPECT_FALSE(allows(grants, Permission::infer, "model:fashion2"));
    EXPECT_FALSE(allows(grants, Permission::infer, "*"));
    EXPECT_FALSE(allows(grants, Permission::promote, "model:fashion"));
    EXPECT_TRUE(allows(grants, Permission::see, "data:x"));
    EXPECT_FALSE(allows(grants, Permission::see, "model:x"));
    for (unsigned i = 0; i < kPermissions; ++i) EXPECT_FALSE(allows({}, static_cast<Permission>(i), "*"));
}

TEST(Roles, OnlySecurityPassesQuarantine) {
    for (const Role role : kRoles)
        for (const bool data : {false, true}) {
            EXPECT_EQ(holds(role, Permission::pass_quarantine, data), role == Role::security);
            EXPECT_EQ(holds(role, Permission::release, data), role == Role::security);
        }
    EXPECT_FALSE(holds(Role::data_steward, Permission::promote, false));  // a steward of data, not of models
    EXPECT_FALSE(holds(Role::ml_engineer, Permission::push, true));
}

TEST(Roles, GrantsHaveOneSpelling) {
    EXPECT_EQ(parse_grant("consumer@model:fashion")->text(), "consumer@model:fashion");
    for (const char* text : {"", "consumer", "boss@*", "consumer@", "consumer@model:", "consumer@model:A",
                             "consumer@file:x", "consumer@model:a/b", "consumer@model", "consumer@*x"})
        EXPECT_FALSE(parse_grant(text).ok()) << text;
}

TEST(Backoff, WaitsTwiceAsLongAfterEachFailure) {
    Backoff backoff({.free = 2, .first = 1s, .longest = 5s});
    const Backoff::Time now{1h};
    for (const auto wait : {0s, 0s, 1s, 2s, 4s, 5s, 5s}) {
        backoff.failed("a", now);
        EXPECT_EQ(backoff.wait("a", now), wait);
    }
    EXPECT_EQ(backoff.wait("b", now), 0s);
    EXPECT_EQ(backoff.wait("a", now + 5s), 0s);
    backoff.succeeded("a");
    backoff.failed("a", now + 6s);
    EXPECT_EQ(backoff.wait("a", now + 6s), 0s);
}

TEST(Backoff, AFloodOfNamesTakesNoMemoryAndFreesNobody) {
    Backoff backoff({.free = 0, .first = 1h, .longest = 1h, .most = 100});
    const Backoff::Time now{1h};
    backoff.failed("guilty", now + 1ms);
    for (int i = 0; i < 99; ++i) backoff.failed("n" + std::to_string(i), now);
    for (int i = 0; i < 50; ++i) backoff.failed("m" + std::to_string(i), now + 1ms);
    EXPECT_LE(backoff.size(), 100U);
    EXPECT_GT(backoff.wait("guilty", now + 2ms), 0s);
}

class AccessTest : public journal::StateTest {
protected:
    void SetUp() override {
        StateTest::SetUp();
        if (IsSkipped()) return;
        access_ =
            must(Access::open(*journal_, KeyHasher(crypto::Secret(std::string(32, 'p'))), [this] { return now_; }));
        add("anna");
        ASSERT_TRUE(access_->grant("setup", "anna", {Role::admin, "*"}).ok());
    }
    void TearDown() override {
        access_.reset();
        StateTest::TearDown();
    }
    void add(const std::string& name, const std::string& external = {}, const std::string& password = {}) {
        const auto done = access_->add_principal("anna", {name, PrincipalKind::person, external, password});
        ASSERT_TRUE(done.ok()) << done.error().line();
    }
    std::string key_of(const std::string& name, std::int64_t expires = 0, std::vector<Grant> scopes = {}) {
        const auto key = access_->add_key("anna", {name, "test", std::move(scopes), expires});
        EXPECT_TRUE(key.ok()) << key.error().line();
        return std::string(key->text().text());
    }
    std::variant<Identity, Refused> identify(std::string_view bearer, std::string_view subject = {}) {
        return access_->identify({bearer, subject, "10.0.0.1"}, clock_);
    }
    bool known(std::string_view bearer) { return std::holds_alternative<Identity>(identify(bearer)); }

    std::int64_t now_ = 1'800'000'000;
    Backoff::Time clock_{1h};
    std::unique_ptr<Access> access_;
};

TEST_P(AccessTest, a_key_is_its_principal_until_it_expires_or_is_revoked) {
    const std::string key = key_of("anna", now_ + 60);
    const auto found = identify(key);
    ASSERT_TRUE(std::holds_alternative<Identity>(found));
    EXPECT_EQ(std::get<Identity>(found).name(), "anna");
    EXPECT_TRUE(std::get<Identity>(found).may(Permission::manage_access, "*"));
    now_ += 60;
    EXPECT_FALSE(known(key));
    const std::string other = key_of("anna");
    EXPECT_TRUE(known(other));
    ASSERT_TRUE(access_->revoke_key("anna", other.substr(4, 12)).ok());
    EXPECT_FALSE(known(other));
    EXPECT_FALSE(access_->revoke_key("anna", "000000000000").ok());
    EXPECT_FALSE(known("btz_nonsense"));
    EXPECT_FALSE(known(""));
}

TEST_P(AccessTest, scopes_narrow_what_a_key_may) {
    const auto found = identify(key_of("anna", 0, {{Role::consumer, "model:fashion"}}));
    const Identity& identity = std::get<Identity>(found);
    EXPECT_TRUE(identity.may(Permission::infer, "model:fashion"));
    EXPECT_FALSE(identity.may(Permission::infer, "model:other"));
    EXPECT_FALSE(identity.may(Permission::manage_access, "*"));
    add("carl");
    const auto poor = identify(key_of("carl", 0, {{Role::admin, "*"}}));  // a scope gives nothing
    EXPECT_FALSE(std::get<Identity>(poor).may(Permission::see, "*"));
}

TEST_P(AccessTest, changes_stand_in_the_ledger_and_hold_at_once) {
    add("carl");
    const std::string key = key_of("carl");
    EXPECT_EQ(last_event().kind, "access.key.add");
    EXPECT_EQ(last_event().details.dump().find(key.substr(17)), std::string::npos);  // never the secret
    ASSERT_TRUE(access_->grant("anna", "carl", {Role::consumer, "model:m"}).ok());
    EXPECT_TRUE(std::get<Identity>(identify(key)).may(Permission::infer, "model:m"));
    ASSERT_TRUE(access_->revoke("anna", "carl", {Role::consumer, "model:m"}).ok());
    EXPECT_FALSE(std::get<Identity>(identify(key)).may(Permission::infer, "model:m"));
    EXPECT_EQ(last_event().kind, "access.revoke");
    ASSERT_TRUE(access_->set_disabled("anna", "carl", true).ok());
    EXPECT_FALSE(known(key));
    ASSERT_TRUE(access_->set_disabled("anna", "carl", false).ok());
    EXPECT_TRUE(known(key));
}

TEST_P(AccessTest, another_process_sees_them_with_the_next_refresh) {
    const auto other =
        must(Access::open(*journal_, KeyHasher(crypto::Secret(std::string(32, 'p'))), [this] { return now_; }));
    const std::string key = key_of("anna");
    EXPECT_TRUE(std::holds_alternative<Refused>(other->identify({key, "", "x"}, clock_)));
    ASSERT_TRUE(other->refresh().ok());
    EXPECT_TRUE(std::holds_alternative<Identity>(other->identify({key, "", "x"}, clock_)));
}

TEST_P(AccessTest, there_is_always_an_admin) {
    EXPECT_EQ(access_->revoke("anna", "anna", {Role::admin, "*"}).error().code(), Errc::conflict);
    EXPECT_EQ(access_->set_disabled("anna", "anna", true).error().code(), Errc::conflict);
    add("carl");
    ASSERT_TRUE(access_->grant("anna", "carl", {Role::admin, "*"}).ok());
    EXPECT_TRUE(access_->revoke("carl", "anna", {Role::admin, "*"}).ok());
}

TEST_P(AccessTest, passwords_give_a_session_and_failures_wait) {
    add("carl", "", "correct horse battery");
    const auto in = access_->log_in("carl", "correct horse battery", "10.0.0.2", clock_);
    ASSERT_TRUE(std::holds_alternative<crypto::Secret>(in));
    const std::string session(std::get<crypto::Secret>(in).text());
    EXPECT_TRUE(known(session));
    for (int i = 0; i < 6; ++i) {
        const auto wrong = access_->log_in("carl", "wrong horse battery", "10.0.0." + std::to_string(i), clock_);
        EXPECT_EQ(std::get<Refused>(wrong).why, Refused::Why::wrong);
    }
    const auto waits = access_->log_in("carl", "correct horse battery", "10.0.1.1", clock_);
    EXPECT_EQ(std::get<Refused>(waits).why, Refused::Why::wait);
    clock_ += 2s;
    EXPECT_TRUE(
        std::holds_alternative<crypto::Secret>(access_->log_in("carl", "correct horse battery", "10.0.1.1", clock_)));
    ASSERT_TRUE(access_->set_password("carl", "carl", "another horse battery").ok());
    EXPECT_FALSE(known(session));
    EXPECT_EQ(access_->set_password("carl", "nobody", "another horse battery").error().code(), Errc::not_found);
}

TEST_P(AccessTest, a_session_may_no_more_than_its_key_and_ends_with_it) {
    const auto key = access_->add_key("anna", {.principal = "anna", .scopes = {{Role::viewer, "*"}}, .expires = now_ + 60});
    ASSERT_TRUE(key.ok());
    const Identity by_key = std::get<Identity>(identify(std::string(key->text().text())));
    const auto opened = access_->open_session(by_key);
    ASSERT_TRUE(opened.ok());
    const Identity session = std::get<Identity>(identify(std::string(opened->text().text())));
    EXPECT_EQ(session.scopes, by_key.scopes);
    EXPECT_EQ(access_->people()->key(session.key)->expires, now_ + 60);
    EXPECT_TRUE(access_->again(session));
    const auto further = access_->open_session(session);
    ASSERT_TRUE(further.ok());
    ASSERT_TRUE(access_->revoke_key("anna", key->id).ok());
    for (const auto* one : {&*opened, &*further})
        EXPECT_EQ(std::get<Refused>(identify(std::string(one->text().text()))).why, Refused::Why::ended);
    EXPECT_FALSE(access_->again(session));
    EXPECT_EQ(access_->open_session({access_->people()->principal("anna"), {}, {}, "token"}).error().code(), Errc::denied);
}

TEST_P(AccessTest, who_guesses_keys_waits_and_others_do_not) {
    const std::string key = key_of("anna");
    for (int i = 0; i < 21; ++i) EXPECT_EQ(std::get<Refused>(identify("btz_guess")).why, Refused::Why::wrong);
    const auto waits = identify("btz_guess");
    EXPECT_EQ(std::get<Refused>(waits).why, Refused::Why::wait);
    EXPECT_GT(std::get<Refused>(waits).wait, 0s);
    EXPECT_TRUE(known(key));
}

TEST_P(AccessTest, tokens_and_certificates_name_principals) {
    const TestProvider provider;
    std::vector<Provider> providers;
    providers.push_back({{"https://id.example", "bartizan"}, *KeySet::parse(provider.key_set())});
    access_->set_providers(std::move(providers));
    add("dora", "jwt:https://id.example#u1");
    add("edge", "cert:CN=edge,O=Example");
    const Json claims = {{"iss", "https://id.example"}, {"aud", "bartizan"}, {"sub", "u1"}, {"exp", now_ + 60}};
    const auto by_token = identify(provider.token(claims));
    ASSERT_TRUE(std::holds_alternative<Identity>(by_token)) << std::get<Refused>(by_token).reason;
    EXPECT_EQ(std::get<Identity>(by_token).name(), "dora");
    Json other = claims;
    other["sub"] = "u2";
    EXPECT_FALSE(known(provider.token(other)));
    EXPECT_FALSE(known(TestProvider().token(claims)));
    EXPECT_EQ(std::get<Identity>(identify("", "CN=edge,O=Example")).name(), "edge");
    EXPECT_FALSE(std::holds_alternative<Identity>(identify("", "CN=other")));
    EXPECT_EQ(access_->add_principal("anna", {.name = "x", .external = "CN=x"}).error().code(), Errc::invalid_input);
    EXPECT_EQ(access_->add_principal("anna", {.name = "dora"}).error().code(), Errc::conflict);
}

TEST_P(AccessTest, last_use_is_written_down) {
    const std::string key = key_of("anna");
    EXPECT_TRUE(known(key));
    ASSERT_TRUE(access_->store_last_used().ok());
    EXPECT_EQ(database_->run("SELECT last_used FROM api_key")->at(0).integer(0), now_);
}

INSTANTIATE_TEST_SUITE_P(Both, AccessTest, testing::Values(store::Engine::sqlite, store::Engine::postgresql),
                         journal::engine_name);

}  // namespace
}  // namespace bartizan::access
