#include "provenance/verifier.h"

#include "core/json.h"
#include "crypto/base64.h"
#include "crypto/shell_testing.h"
#include "provenance/signer.h"

namespace bartizan::provenance {
namespace {

/// A small model, signed, and what the verifier says of it after something was done.
class SignedModel : public crypto::WithFolder {
protected:
    void SetUp() override {
        write("m/a/c", "one");
        write("m/a-b", "two");
        write("m/empty", "");
        sign();
    }
    void sign(SignOptions options = {.ignored = default_ignored()}) {
        auto made = sign_model(model_, key_, options, context_);
        ASSERT_TRUE(made.ok()) << made.error().line();
        bundle_ = *parse_bundle(made->bundle);
    }
    /// Puts another payload under a good signature.
    void resign(const std::string& payload) {
        bundle_.payload = payload;
        bundle_.signatures = {*key_.sign(pae(payload))};
    }
    Verdict verdict(const VerifyOptions& options = {}) const {
        return *verify_model(model_, bundle_, {key_.public_key()}, options, context_);
    }

    RunContext context_;
    crypto::PrivateKey key_ = *crypto::PrivateKey::generate(crypto::KeyType::ec_p256);
    Bundle bundle_;
    std::filesystem::path model_ = folder_ / "m";
};

TEST_F(SignedModel, Verifies) {
    const Verdict good = verdict();
    EXPECT_TRUE(good.verified) << good.reason;
    EXPECT_EQ(good.signer->name, key_hint(key_.public_key()));
    EXPECT_EQ(good.statement->resources.size(), 3U);
    EXPECT_EQ(good.statement->resources[0].name, "a/c");
    EXPECT_EQ(good.statement->resources[1].name, "a-b");
}

TEST_F(SignedModel, VerifiesWithEveryCurve) {
    for (const auto type : {crypto::KeyType::ec_p384, crypto::KeyType::ec_p521}) {
        key_ = *crypto::PrivateKey::generate(type);
        sign();
        EXPECT_TRUE(verdict().verified);
    }
}

TEST_F(SignedModel, NamesWhatChangedIsMissingAndWasAdded) {
    write("m/a-b", "tw0");
    std::filesystem::remove(model_ / "a/c");
    write("m/new", "x");
    const Verdict bad = verdict();
    EXPECT_FALSE(bad.verified);
    ASSERT_EQ(bad.differences.changed.size(), 1U);
    EXPECT_EQ(bad.differences.changed[0].name, "a-b");
    EXPECT_EQ(bad.differences.missing, std::vector<std::string>{"a/c"});
    EXPECT_EQ(bad.differences.added, std::vector<std::string>{"new"});
    EXPECT_EQ(bad.reason,
              "the files are not those that were signed: 1 changed ('a-b'), 1 missing ('a/c'), 1 added ('new')");
}

TEST_F(SignedModel, SeesALinkPutInPlaceOfAFile) {
    std::filesystem::rename(model_ / "a-b", folder_ / "elsewhere");
    std::filesystem::create_symlink(folder_ / "elsewhere", model_ / "a-b");
    ASSERT_EQ(verdict().differences.unreadable.size(), 1U);
    EXPECT_EQ(verdict({.allow_unsigned_files = true}).differences.unreadable[0].name, "a-b");
}

TEST_F(SignedModel, MayHaveUnsignedFilesOnlyWhereAllowed) {
    write("m/logs/1", "x");
    write("m/.git/config", "x");
    EXPECT_EQ(verdict().differences.added, std::vector<std::string>{"logs/1"});
    EXPECT_TRUE(verdict({.ignored = {"logs"}}).verified);
    EXPECT_TRUE(verdict({.allow_unsigned_files = true}).verified);
    EXPECT_FALSE(verdict({.ignored = {"log"}}).verified);
}

TEST_F(SignedModel, IgnoresNothingThatWasSigned) {
    write("m/a-b", "changed");
    EXPECT_FALSE(verdict({.ignored = {"a-b"}, .allow_unsigned_files = true}).verified);
}

TEST_F(SignedModel, KeepsWhatTheSignerLeftOut) {
    write("m/cache/x", "x");
    sign({.ignored = {"cache"}});
    write("m/cache/y", "y");
    EXPECT_TRUE(verdict().verified);
}

TEST_F(SignedModel, DoesNotVerifyWithAnotherKey) {
    const auto other = crypto::PrivateKey::generate(crypto::KeyType::ec_p256)->public_key();
    EXPECT_NE(verify_model(model_, bundle_, {other}, {}, context_)->reason.find("signed with another key"),
              std::string::npos);
    bundle_.hint = key_hint(other);
    EXPECT_NE(verify_model(model_, bundle_, {other}, {}, context_)->reason.find("does not fit"), std::string::npos);
    EXPECT_NE(verify_model(model_, bundle_, {}, {}, context_)->reason.find("nothing to trust"), std::string::npos);
}

TEST_F(SignedModel, WithoutAHintVerifiesWithAWarning) {
    bundle_.hint.reset();
    EXPECT_TRUE(verdict().verified);
    EXPECT_EQ(verdict().signer->warnings.size(), 1U);
}

TEST_F(SignedModel, IsVerifiedByAnyOfItsSignatures) {
    bundle_.signatures.insert(bundle_.signatures.begin(), "not a signature");
    EXPECT_TRUE(verdict().verified);
    bundle_.signatures.pop_back();
    EXPECT_FALSE(verdict().verified);
}

TEST_F(SignedModel, NoticesEveryAlteredByteOfItsPayload) {
    for (std::size_t i = 0; i < bundle_.payload.size(); i += 11) {
        Bundle altered = bundle_;
        altered.payload[i] = static_cast<char>(altered.payload[i] ^ 1);
        EXPECT_FALSE(check_signature(altered, {key_.public_key()}).ok()) << i;
    }
}

TEST_F(SignedModel, MayBeListedInCodePointOrder) {
    Statement statement = *parse_statement(bundle_.payload);
    std::swap(statement.resources[0], statement.resources[1]);
    resign(write_statement(statement));
    EXPECT_TRUE(verdict().verified);
}

TEST_F(SignedModel, IsNotReadOutsideItsFolder) {
    write("secret", "one");
    Json document = *parse_json(bundle_.payload);
    document["predicate"]["resources"][0]["name"] = "../secret";
    resign(document.dump());
    EXPECT_NE(verdict({.allow_unsigned_files = true}).reason.find("could leave the folder"), std::string::npos);
}

TEST_F(SignedModel, OfAnotherToolIsNamed) {
    resign(R"({"_type": "https://in-toto.io/Statement/v1", "predicateType": "https://slsa.dev/provenance/v1"})");
    EXPECT_NE(verdict().reason.find("expected https://model_signing/signature/v1.0, found https://slsa.dev"),
              std::string::npos);
    bundle_.signatures = {"x"};
    EXPECT_NE(verdict().reason.find("found https://slsa.dev"), std::string::npos);
}

TEST_F(SignedModel, OfOneFileIsADotOrItsName) {
    model_ = folder_ / "m/a-b";
    sign();
    EXPECT_EQ(parse_statement(bundle_.payload)->resources[0].name, ".");
    EXPECT_TRUE(verdict().verified);
    Statement statement = *parse_statement(bundle_.payload);
    statement.resources[0].name = "a-b";
    resign(write_statement(statement));
    EXPECT_TRUE(verdict().verified) << verdict().reason;
    statement.resources[0].name = "other";
    resign(write_statement(statement));
    EXPECT_FALSE(verdict().verified);
}

TEST_F(SignedModel, CannotBeMadeOfWhatIsNoFile) {
    std::filesystem::create_symlink("a-b", model_ / "link");
    EXPECT_NE(sign_model(model_, key_, {}, context_).error().line().find("'link' cannot be signed: a symbolic link"),
              std::string::npos);
    sign({.links = Links::follow_to_files});
    EXPECT_TRUE(verdict().verified);
    std::filesystem::create_directory(folder_ / "none");
    EXPECT_NE(sign_model(folder_ / "none", key_, {}, context_).error().line().find("holds no file"), std::string::npos);
}

TEST_F(SignedModel, IsMadeOfLinksThatLeadOutWithAWarning) {
    std::filesystem::create_symlink("a-b", model_ / "inside");
    std::filesystem::create_symlink(write("elsewhere", "x"), model_ / "outside");
    const auto made = sign_model(model_, key_, {.links = Links::follow_to_files}, context_);
    ASSERT_TRUE(made.ok());
    EXPECT_EQ(made->warnings, std::vector<std::string>{"the link 'outside' leads out of the model"});
}

TEST_F(SignedModel, NeedsAnEcKey) {
    const auto seal = *crypto::PrivateKey::generate(crypto::KeyType::ed25519);
    EXPECT_NE(sign_model(model_, seal, {}, context_).error().line().find("found Ed25519"), std::string::npos);
    EXPECT_NE(verify_model(model_, bundle_, {seal.public_key()}, {}, context_)->reason.find("found Ed25519"),
              std::string::npos);
}

TEST_F(SignedModel, VerifiesThroughItsCertificates) {
    if (!has_openssl()) GTEST_SKIP() << "no openssl program";
    write("k", std::string(key_.pem({})->text()));
    ASSERT_TRUE(
        openssl("req -x509 -key k -out k.pem -subj /CN=signer -days 10 -addext keyUsage=critical,digitalSignature"));
    const auto certificate = *crypto::Certificate::list_from_file(folder_ / "k.pem");
    const std::time_t now = std::time(nullptr) + 5;
    sign({.chain = certificate, .now = now});
    const auto ask = [&](const Trust& trust) { return *verify_model(model_, bundle_, trust, {}, context_); };
    EXPECT_TRUE(ask({.key = {}, .anchors = certificate, .now = now}).verified);
    EXPECT_TRUE(ask({.key = key_.public_key()}).verified);
    EXPECT_NE(ask({.key = {}, .anchors = certificate, .now = now + 11 * 86400}).reason.find("which is not now"),
              std::string::npos);
    EXPECT_FALSE(ask({.key = crypto::PrivateKey::generate(crypto::KeyType::ec_p256)->public_key()}).verified);
    const auto stranger = crypto::PrivateKey::generate(crypto::KeyType::ec_p256)->public_key();
    EXPECT_TRUE(ask({.key = key_.public_key(), .anchors = certificate, .now = now}).verified);
    EXPECT_FALSE(ask({.key = stranger, .anchors = certificate, .now = now}).verified);
    EXPECT_FALSE(ask({.key = key_.public_key(), .anchors = certificate, .now = now + 11 * 86400}).verified);
    EXPECT_FALSE(sign_model(model_, key_, {.chain = certificate, .now = now + 11 * 86400}, context_).ok());
    const auto other = *crypto::PrivateKey::generate(crypto::KeyType::ec_p256);
    EXPECT_NE(
        sign_model(model_, other, {.chain = certificate, .now = now}, context_).error().line().find("for another key"),
        std::string::npos);
}

}  // namespace
}  // namespace bartizan::provenance
