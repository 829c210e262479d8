/// Sessions of browsers: how they begin and end, and that nobody else's page can use one.
#include "gateway/same_origin.h"
#include "gateway/service_testing.h"

namespace bartizan::gateway {
namespace {

constexpr const char* kOwn = "Sec-Fetch-Site: same-origin\r\nBartizan-Console: 1\r\n";
constexpr const char* kPassword = "correct horse battery staple";

class SessionTest : public ServiceTest {
protected:
    void SetUp() override {
        ServiceTest::SetUp();
        const Json person = {{"name", "dora"}, {"kind", "person"}, {"password", kPassword}};
        ASSERT_EQ(ask("admin", "POST", "/v1/principals", person.dump()).status, 201);
        ASSERT_EQ(ask("admin", "PUT", "/v1/principals/dora/grants/admin@*", "{}").status, 200);
    }
    static std::string cookie_in(const Answered& answer) {
        const std::size_t at = answer.head.find("Set-Cookie: ");
        if (at == std::string::npos) return {};
        return answer.head.substr(at + 12, answer.head.find("\r\n", at) - at - 12);
    }
    /// "bartizan=btz_...", as a browser sends it back.
    std::string sign_in(const Json& body) {
        const Answered answer = ask("", "POST", "/v1/session", body.dump(), kOwn);
        EXPECT_EQ(answer.status, 201) << answer.body;
        const std::string cookie = cookie_in(answer);
        return cookie.substr(0, cookie.find(';'));
    }
    std::string sign_in() { return sign_in({{"name", "dora"}, {"password", kPassword}}); }
    Answered with(const std::string& cookie, const std::string& method, const std::string& target,
                  const std::string& body = {}, const std::string& headers = kOwn) {
        return ask("", method, target, body, "Cookie: other=1; " + cookie + "\r\n" + headers);
    }
};

TEST_F(SessionTest, APasswordBecomesACookieThatScriptsCannotRead) {
    const Answered answer =
        ask("", "POST", "/v1/session", Json{{"name", "dora"}, {"password", kPassword}}.dump(), kOwn);
    ASSERT_EQ(answer.status, 201);
    const std::string cookie = cookie_in(answer);
    for (const char* word : {"bartizan=btz_", "; HttpOnly", "; SameSite=Strict", "; Path=/", "; Max-Age=28800"})
        EXPECT_NE(cookie.find(word), std::string::npos) << cookie;
    EXPECT_EQ(answer.body.dump().find("btz_"), std::string::npos) << "the key is in the cookie alone";
    EXPECT_NE(answer.head.find("Cache-Control: no-store"), std::string::npos);
    const std::string session = cookie.substr(0, cookie.find(';'));
    const Answered who = with(session, "GET", "/v1/session");
    EXPECT_EQ(who.body["name"], "dora");
    EXPECT_EQ(who.body["method"], "session");
    EXPECT_GT(who.body["expires"].get<std::int64_t>(), 0);
    EXPECT_NE(who.body["may"].dump().find("manage-access"), std::string::npos);
    EXPECT_NE(who.head.find("Cache-Control: no-store"), std::string::npos);
    EXPECT_EQ(count("access.login", "dora"), 1U);
}

TEST_F(SessionTest, OverTlsTheCookieIsForTlsAloneAndForThisHost) {
    const std::string cookie = session_cookie_of(true, "btz_x", 60);
    EXPECT_TRUE(cookie.starts_with("__Host-bartizan=btz_x; Path=/; HttpOnly; SameSite=Strict; Max-Age=60")) << cookie;
    EXPECT_TRUE(cookie.ends_with("; Secure"));
    EXPECT_NE(session_cookie_of(true, "", 60).find("=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0"), std::string::npos);
}

TEST_F(SessionTest, WrongPasswordsAndKeysOpenNothing) {
    for (const Json& body : {Json{{"name", "dora"}, {"password", "wrong horse battery staple"}}, Json{{"name", "dora"}},
                             Json{{"key", "btz_0123456789ab_" + std::string(64, '7')}}, Json{{"key", "guess"}},
                             Json::object()}) {
        const Answered answer = ask("", "POST", "/v1/session", body.dump(), kOwn);
        EXPECT_EQ(answer.status, 401) << body;
        EXPECT_EQ(cookie_in(answer), "");
    }
    EXPECT_GE(count("access.login.failed", "dora"), 2U);
}

TEST_F(SessionTest, SigningOutEndsItForEverybodyWhoHasIt) {
    const std::string session = sign_in();
    ASSERT_EQ(with(session, "GET", "/v1/models").status, 200);
    const Answered out = with(session, "DELETE", "/v1/session");
    EXPECT_EQ(out.status, 200);
    EXPECT_NE(cookie_in(out).find("bartizan=; "), std::string::npos);
    EXPECT_NE(cookie_in(out).find("Max-Age=0"), std::string::npos);
    EXPECT_EQ(with(session, "GET", "/v1/models").status, 401);
    // A key is no session, and is not ended by leaving.
    EXPECT_EQ(ask("admin", "DELETE", "/v1/session").code(), "conflict");
    EXPECT_EQ(ask("admin", "GET", "/v1/models").status, 200);
}

TEST_F(SessionTest, AKeyOpensASessionThatMayNoMoreAndEndsWithIt) {
    const Json narrow = {{"principal", "dora"}, {"scopes", {"viewer@model:m"}}, {"days", 1}};
    const Json made = ask("admin", "POST", "/v1/keys", narrow.dump()).body;
    const std::string session = sign_in({{"key", made["key"]}});
    const Json who = with(session, "GET", "/v1/session").body;
    EXPECT_EQ(who["scopes"], Json::array({"viewer@model:m"}));
    EXPECT_TRUE(who["may"].empty());
    EXPECT_EQ(with(session, "GET", "/v1/principals").status, 403);
    ASSERT_EQ(ask("admin", "DELETE", "/v1/keys/" + made["id"].get<std::string>()).status, 200);
    EXPECT_EQ(with(session, "GET", "/v1/session").status, 401);
}

TEST_F(SessionTest, ADisabledPrincipalsSessionIsWorthNothing) {
    const std::string session = sign_in();
    ASSERT_EQ(ask("admin", "POST", "/v1/principals/dora/disable", "{}").status, 200);
    EXPECT_EQ(with(session, "GET", "/v1/session").status, 401);
}

TEST_F(SessionTest, AnEndedSessionIsNoGuess) {
    const std::string session = sign_in();
    ASSERT_EQ(with(session, "DELETE", "/v1/session").status, 200);
    for (int i = 0; i < 40; ++i) EXPECT_EQ(with(session, "GET", "/v1/session").status, 401);
    sign_in();  // the address need not wait
}

/// What a page of another site can make a browser send, and what it cannot.
TEST_F(SessionTest, OtherSitesCannotUseIt) {
    const std::string session = sign_in();
    const std::string body = R"({"name":"mallory"})";
    const std::string origin = "Origin: http://x\r\n", custom = "Bartizan-Console: 1\r\n";
    for (const std::string& headers : {
             std::string(),                                              // a form
             origin,                                                     // even of our own page
             std::string("Sec-Fetch-Site: same-origin\r\n"),             // without the header that forms cannot send
             custom,                                                     // without the browser's word
             custom + "Origin: http://evil.example\r\n",                 // another site
             custom + "Origin: https://x\r\n",                           // another scheme
             custom + "Origin: http://x:81\r\n",                         // another port
             custom + "Origin: http://x.evil.example\r\n",               // a name that begins alike
             custom + "Origin: null\r\n",                                // a sandbox
             custom + "Sec-Fetch-Site: cross-site\r\n",
             custom + "Sec-Fetch-Site: same-site\r\n",
             custom + "Sec-Fetch-Site: none\r\n",
             custom + "Sec-Fetch-Site: same-origin\r\nOrigin: http://evil.example\r\n",
             custom + origin + "Sec-Fetch-Site: cross-site\r\n",
         }) {
        const Answered answer = with(session, "POST", "/v1/principals", body, headers);
        EXPECT_EQ(answer.status, 403) << headers;
        EXPECT_EQ(answer.code(), "cross-site") << headers;
        EXPECT_EQ(with(session, "DELETE", "/v1/keys/000000000000", {}, headers).code(), "cross-site") << headers;
    }
    EXPECT_EQ(ask("admin", "GET", "/v1/principals").body.dump().find("mallory"), std::string::npos);
    // Reading, too, is for our pages: answers could be measured where they cannot be read.
    EXPECT_EQ(with(session, "GET", "/v1/principals", {}, "Sec-Fetch-Site: cross-site\r\n").code(), "cross-site");
    EXPECT_EQ(with(session, "GET", "/v1/stream", {}, "Sec-Fetch-Site: cross-site\r\n").code(), "cross-site");
    EXPECT_EQ(with(session, "GET", "/v1/principals", {}, "").status, 200);
    EXPECT_GE(count("access.denied", "dora"), 1U);
    for (const std::string& headers : {custom + origin, custom + "Sec-Fetch-Site: same-origin\r\n",
                                       custom + "Sec-Fetch-Site: same-origin\r\nOrigin: https://x\r\n"})
        EXPECT_EQ(with(session, "DELETE", "/v1/keys/000000000000", {}, headers).status, 404) << headers;
}

TEST_F(SessionTest, OtherSitesCannotSignAnybodyIn) {
    const std::string body = Json{{"name", "dora"}, {"password", kPassword}}.dump();
    for (const std::string headers :
         {"", "Origin: http://evil.example\r\n", "Bartizan-Console: 1\r\n",
          "Bartizan-Console: 1\r\nOrigin: http://evil.example\r\n", "Bartizan-Console: 1\r\nSec-Fetch-Site: cross-site\r\n"}) {
        const Answered answer = ask("", "POST", "/v1/session", body, headers);
        EXPECT_EQ(answer.code(), "cross-site") << headers;
        EXPECT_EQ(cookie_in(answer), "");
    }
}

TEST_F(SessionTest, KeysAreAskedForNoOrigin) {
    EXPECT_EQ(ask("admin", "DELETE", "/v1/keys/000000000000", {}, "Sec-Fetch-Site: cross-site\r\n").status, 404);
}

TEST_F(SessionTest, ASessionIsForTheControlApiAlone) {
    const std::string session = sign_in();
    EXPECT_EQ(with(session, "GET", "/metrics").status, 401);
    EXPECT_EQ(with(session, "POST", "/v2/models/m/infer", "{}").status, 401);
    // A key in the header goes before the cookie.
    EXPECT_EQ(ask("admin", "GET", "/v1/whoami", {}, "Cookie: " + session + "\r\n").body["name"], "admin");
}

}  // namespace
}  // namespace bartizan::gateway
