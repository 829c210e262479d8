#include "access/jwt_testing.h"

#include <gtest/gtest.h>

namespace bartizan::access {
namespace {

constexpr std::int64_t kNow = 1'800'000'000;
const TokenRules kRules{"https://id.example", "bartizan"};

class JwtTest : public testing::Test {
protected:
    static Json claims() {
        return {{"iss", "https://id.example"}, {"aud", "bartizan"}, {"sub", "u1"}, {"exp", kNow + 300}};
    }
    static Json with(const char* name, const Json& value) {
        Json out = claims();
        out[name] = value;
        return out;
    }
    bool holds(const std::string& token) const { return verify_token(token, keys_, kRules, kNow).ok(); }
    bool holds(const Json& claims) const { return holds(provider_.token(claims)); }

    TestProvider provider_;
    KeySet keys_ = *KeySet::parse(provider_.key_set());
};

TEST_F(JwtTest, TakesWhatTheProviderSigned) {
    const auto held = verify_token(provider_.token(claims()), keys_, kRules, kNow);
    ASSERT_TRUE(held.ok()) << held.error().line();
    EXPECT_EQ(held->subject, "u1");
    EXPECT_TRUE(holds(with("aud", {"other", "bartizan"})));
    EXPECT_TRUE(holds(provider_.token(claims(), {{"alg", "EdDSA"}})));  // without an id
    EXPECT_EQ(named_issuer(provider_.token(claims())), "https://id.example");
    EXPECT_TRUE(looks_like_token(provider_.token(claims())));
}

TEST_F(JwtTest, RefusesClaimsThatAreNotForUs) {
    EXPECT_FALSE(holds(with("iss", "https://evil.example")));
    EXPECT_FALSE(holds(with("aud", "other")));
    EXPECT_FALSE(holds(with("aud", Json::array())));
    EXPECT_FALSE(holds(with("aud", nullptr)));
    EXPECT_FALSE(holds(with("exp", kNow - 61)));
    EXPECT_FALSE(holds(with("exp", "never")));
    EXPECT_FALSE(holds(with("exp", 1e300)));
    EXPECT_FALSE(holds(with("nbf", kNow + 61)));
    EXPECT_FALSE(holds(with("nbf", "x")));
    EXPECT_FALSE(holds(with("iat", kNow + 61)));
    EXPECT_FALSE(holds(with("sub", "")));
    EXPECT_TRUE(holds(with("exp", kNow - 59)));
    Json never = claims();
    never.erase("exp");
    EXPECT_FALSE(holds(never));
}

TEST_F(JwtTest, RefusesOtherAlgorithmsWhateverTheTokenSays) {
    const std::string body = "." + crypto::to_base64url(claims().dump()) + ".";
    EXPECT_FALSE(holds(crypto::to_base64url(R"({"alg":"none"})") + body));
    for (const char* algorithm : {"none", "None", "HS256", "RS256", "ES256", "", "eddsa"}) {
        EXPECT_FALSE(holds(provider_.token(claims(), {{"alg", algorithm}, {"kid", "k1"}}))) << algorithm;
        EXPECT_FALSE(holds(provider_.token(claims(), {{"alg", algorithm}}))) << algorithm;
    }
    EXPECT_FALSE(holds(provider_.token(claims(), {{"alg", "EdDSA"}, {"kid", "k2"}})));
    EXPECT_FALSE(holds(provider_.token(claims(), {{"alg", "EdDSA"}, {"crit", {"b64"}}})));
    EXPECT_FALSE(holds(provider_.token(claims(), {{"alg", 7}})));
}

TEST_F(JwtTest, RefusesEveryChangeOfAByte) {
    const std::string token = provider_.token(claims());
    for (std::size_t i = 0; i < token.size(); ++i) {
        std::string changed = token;
        changed[i] = changed[i] == 'A' ? 'B' : 'A';
        EXPECT_FALSE(holds(changed)) << i;
        EXPECT_FALSE(holds(token.substr(0, i))) << i;
    }
    EXPECT_FALSE(holds(token + "="));
    EXPECT_FALSE(holds(token + ".x"));
}

TEST_F(JwtTest, KeysRotateByTheirId) {
    const TestProvider next;
    EXPECT_FALSE(holds(next.token(claims())));
    Json both = *parse_json(provider_.key_set());
    both["keys"].push_back((*parse_json(next.key_set("k2")))["keys"][0]);
    keys_ = *KeySet::parse(both.dump());
    EXPECT_TRUE(holds(next.token(claims(), {{"alg", "EdDSA"}, {"kid", "k2"}})));
    EXPECT_TRUE(holds(provider_.token(claims())));
    EXPECT_FALSE(holds(next.token(claims(), {{"alg", "EdDSA"}, {"kid", "k1"}})));
    EXPECT_TRUE(holds(next.token(claims(), {{"alg", "EdDSA"}})));
}

TEST(KeySet, RefusesWhatIsNone) {
    for (const char* text :
         {"", "[]", "{}", R"({"keys":{}})", R"({"keys":[]})", R"({"keys":[{"kty":"oct","k":"AA"}]})"})
        EXPECT_FALSE(KeySet::parse(text).ok()) << text;
}

}  // namespace
}  // namespace bartizan::access
