#include "quality/secrets.h"

#include <string>

#include <gtest/gtest.h>

namespace bartizan::quality {
namespace {

std::string letters(std::size_t count) {
    std::string out;
    while (out.size() < count) out += "aB3dE6gH9k";
    return out.substr(0, count);
}

std::string_view name_of(const std::string& text) {
    const SecretFound found = secret_at(text, 0);
    return found.length == text.size() ? found.name : "";
}

// Built from parts, so that no line here looks like a key to others who search for them.
TEST(Secrets, AreKnownByPrefixAndLength) {
    EXPECT_EQ(name_of("AKIA" + std::string("IOSFODNN7EXAMPLE")), "AWS access key");
    EXPECT_EQ(name_of("ghp_" + letters(36)), "GitHub token");
    EXPECT_EQ(name_of("github_pat_" + letters(60)), "GitHub token");
    EXPECT_EQ(name_of("glpat-" + letters(20)), "GitLab token");
    EXPECT_EQ(name_of("xoxb-" + std::string("123456789012-") + letters(24)), "Slack token");
    EXPECT_EQ(name_of("AIza" + letters(35)), "Google API key");
    EXPECT_EQ(name_of("sk_live_" + letters(24)), "Stripe key");
    EXPECT_EQ(name_of("sk-proj-" + letters(48)), "OpenAI key");
    EXPECT_EQ(name_of("sk-ant-" + letters(60)), "Anthropic key");
    EXPECT_EQ(name_of("hf_" + letters(34)), "Hugging Face token");
    EXPECT_EQ(name_of("npm_" + letters(36)), "npm token");
    EXPECT_EQ(name_of("-----BEGIN " + std::string("PRIVATE KEY-----")), "private key");
    EXPECT_EQ(name_of("-----BEGIN " + std::string("OPENSSH PRIVATE KEY-----")), "private key");
    EXPECT_EQ(name_of("-----BEGIN " + std::string("PGP PRIVATE KEY BLOCK-----")), "private key");
    // RFC 7519, section 3.1.
    EXPECT_EQ(name_of("eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9."
                      "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ."
                      "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
              "JSON web token");
}

TEST(Secrets, AreNotOtherWordsOfTheirPrefix) {
    for (const std::string& text :
         {std::string("AKIA"), std::string("AKIAlowercase1234567"), "AKIA" + letters(40), std::string("sk-learn"),
          std::string("hf_dataset"), "hf_" + letters(33), "hf_" + letters(35), std::string("ghp_short1"),
          "eyJ" + letters(80), std::string("-----BEGIN PUBLIC KEY-----"), std::string("-----BEGIN CERTIFICATE-----"),
          std::string("SG."), std::string("npm_config_registry_and_some_more_words_")})
        EXPECT_EQ(secret_at(text, 0).length, 0U) << text;
    EXPECT_EQ(secret_at("x" + ("ghp_" + letters(36)), 1).length, 0U) << "in the middle of a word";
}

}  // namespace
}  // namespace bartizan::quality
