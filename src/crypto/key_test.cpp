#include "crypto/key.h"

#include <sys/stat.h>

#include "crypto/base64.h"
#include "crypto/shell_testing.h"

namespace bartizan::crypto {
namespace {

constexpr KeyType kAll[] = {KeyType::ec_p256, KeyType::ec_p384, KeyType::ec_p521, KeyType::ed25519};

struct Case {
    KeyType type;
    const char* dgst;  ///< of the openssl program
};
constexpr Case kEc[] = {{KeyType::ec_p256, "sha256"}, {KeyType::ec_p384, "sha384"}, {KeyType::ec_p521, "sha512"}};

class Keys : public WithFolder {};

TEST_F(Keys, SignWhatTheyVerifyAndNothingElse) {
    for (const KeyType type : kAll) {
        const auto key = PrivateKey::generate(type);
        const auto other = PrivateKey::generate(type);
        ASSERT_TRUE(key.ok() && other.ok());
        const std::string signature = key->sign("message").value_or("");
        EXPECT_TRUE(key->public_key().verify("message", signature)) << to_string(type);
        EXPECT_FALSE(key->public_key().verify("massage", signature));
        EXPECT_FALSE(other->public_key().verify("message", signature));
        EXPECT_FALSE(key->public_key().verify("message", ""));
        EXPECT_FALSE(key->public_key().verify("message", signature + "x"));
        EXPECT_FALSE(key->public_key().verify("message", std::string(signature.size(), '\xff')));
    }
}

TEST_F(Keys, SurviveTheWayThroughPem) {
    for (const KeyType type : kAll) {
        const PrivateKey key = *PrivateKey::generate(type);
        const auto again = PrivateKey::from_pem(key.pem({})->text(), {});
        ASSERT_TRUE(again.ok());
        EXPECT_TRUE(again->public_key().same_as(key.public_key()));
        EXPECT_EQ(again->type(), type);
        EXPECT_TRUE(PublicKey::from_pem("noise before\n" + key.public_key().pem())->same_as(key.public_key()));
    }
}

TEST_F(Keys, OpenOnlyWithTheirPassPhrase) {
    const PrivateKey key = *PrivateKey::generate(KeyType::ec_p256);
    const Secret pem = *key.pem(Secret("correct horse"));
    EXPECT_NE(pem.text().find("BEGIN ENCRYPTED PRIVATE KEY"), std::string::npos);
    EXPECT_TRUE(PrivateKey::from_pem(pem.text(), Secret("correct horse")).ok());
    EXPECT_NE(PrivateKey::from_pem(pem.text(), Secret("battery")).error().line().find("does not open"),
              std::string::npos);
    EXPECT_NE(PrivateKey::from_pem(pem.text(), {}).error().line().find("--passphrase-file"), std::string::npos);
}

TEST_F(Keys, AreReadByOpensslAndItsSignaturesByUs) {
    if (!has_openssl()) GTEST_SKIP() << "no openssl program";
    write("message", "to be signed");
    for (const Case& one : kEc) {
        const PrivateKey key = *PrivateKey::generate(one.type);
        write("key", std::string(key.pem(Secret("p1"))->text()));
        write("key.pub", key.public_key().pem());
        write("ours", *key.sign("to be signed"));
        const std::string dgst = std::string("dgst -") + one.dgst;
        EXPECT_TRUE(openssl(dgst + " -verify key.pub -signature ours message")) << one.dgst;
        ASSERT_TRUE(openssl(dgst + " -sign key -passin pass:p1 -out theirs message"));
        EXPECT_TRUE(key.public_key().verify("to be signed", read("theirs")));
    }
}

TEST_F(Keys, OfEd25519AgreeWithTheStandard) {
    // RFC 8032, section 7.1, test 2: PKCS #8 around its secret key.
    const std::string der = std::string("\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20", 16) +
                            *from_base64("TM0Imyj/ltqdtsNG7BFOD1uKMZ81q6Yk2oz27U+4pvs=");
    const auto key =
        PrivateKey::from_pem("-----BEGIN PRIVATE KEY-----\n" + to_base64(der) + "\n-----END PRIVATE KEY-----\n", {});
    ASSERT_TRUE(key.ok()) << key.error().line();
    EXPECT_EQ(to_base64(*key->sign("r")),
              "kqAJqfDUyrhyDoILX2QlQKKye1QWUD+Ps3YiI+vbadoIWsHkPhWZbkWPNhPQ8R2MOHsurrQwKu6wDSkWErsMAA==");
    EXPECT_TRUE(key->public_key().verify("r", *key->sign("r")));
}

TEST_F(Keys, OfOtherKindsAreNamed) {
    if (!has_openssl()) GTEST_SKIP() << "no openssl program";
    ASSERT_TRUE(openssl("genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out rsa"));
    ASSERT_TRUE(openssl("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:secp256k1 -out k1"));
    EXPECT_NE(PrivateKey::open((folder_ / "rsa").string(), {}).error().line().find("found RSA"), std::string::npos);
    EXPECT_NE(PrivateKey::open((folder_ / "k1").string(), {}).error().line().find("found EC secp256k1"),
              std::string::npos);
}

TEST_F(Keys, AreNotTakenForTheirOtherHalf) {
    const PrivateKey key = *PrivateKey::generate(KeyType::ec_p256);
    EXPECT_NE(PublicKey::from_pem(key.pem({})->text()).error().line().find("found a private one"), std::string::npos);
    EXPECT_NE(PrivateKey::from_pem(key.public_key().pem(), {}).error().line().find("found a public one"),
              std::string::npos);
    EXPECT_FALSE(PrivateKey::from_pem("", {}).ok());
    EXPECT_FALSE(PublicKey::from_pem("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n").ok());
}

TEST_F(Keys, AreWrittenForTheirOwnerAloneAndNeverOverAnother) {
    const PrivateKey key = *PrivateKey::generate(KeyType::ed25519);
    const auto path = folder_ / "k";
    ASSERT_EQ(write_key_pair(key, path, {})->filename(), "k.pub");
    struct stat status {};
    ASSERT_EQ(::stat(path.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600U);
    EXPECT_TRUE(PrivateKey::open(path.string(), {})->public_key().same_as(key.public_key()));
    EXPECT_EQ(write_key_pair(key, path, {}).error().code(), Errc::conflict);
    std::filesystem::remove(folder_ / "k.pub");
    EXPECT_EQ(write_key_pair(key, path, {}).error().code(), Errc::conflict);
}

TEST_F(Keys, OnATokenNeedTheProvider) {
    const auto key = PrivateKey::open("pkcs11:token=none;object=none?pin-value=1234", {});
    ASSERT_FALSE(key.ok());
    if (key.error().code() == Errc::unsupported)
        EXPECT_NE(key.error().line().find("provider is not installed"), std::string::npos);
    else
        EXPECT_EQ(key.error().code(), Errc::not_found);
    EXPECT_EQ(key.error().line().find("1234"), std::string::npos);
}

TEST_F(Keys, TakeTheFirstLineOfAFileForAPassPhrase) {
    EXPECT_EQ(Secret::from_file(write("pass", "first\nsecond\n"))->text(), "first");
    EXPECT_FALSE(Secret::from_file(write("empty", "\nsecond\n")).ok());
    EXPECT_EQ(Secret::from_file("no-such-file").error().code(), Errc::not_found);
}

TEST(Secrets, LeaveNothingWhereTheyWere) {
    Secret a("word");
    const Secret b(std::move(a));
    EXPECT_EQ(b.text(), "word");
    EXPECT_EQ(a.text(), "");
}

}  // namespace
}  // namespace bartizan::crypto
