#include "crypto/certificate.h"

#include "crypto/shell_testing.h"

namespace bartizan::crypto {
namespace {

/// A root, one below it, and signers, made by the openssl program.
class Chains : public WithFolder {
protected:
    void SetUp() override {
        if (!has_openssl()) GTEST_SKIP() << "no openssl program";
        write("ca.ext", "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\n");
        ASSERT_TRUE(
            openssl("req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout root.key -out root.pem "
                    "-subj /CN=root -days 3650 -addext keyUsage=critical,keyCertSign"));
        issue("between", "root", "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\n");
    }
    void issue(const std::string& name, const std::string& issuer, const std::string& extensions,
               const std::string& more = "-sha256") const {
        write(name + ".ext", extensions);
        ASSERT_TRUE(openssl("req -new -newkey ec -pkeyopt ec_paramgen_curve:P-384 -nodes -keyout " + name +
                            ".key -out " + name + ".csr -subj /CN=" + name));
        ASSERT_TRUE(openssl("x509 -req -in " + name + ".csr -CA " + issuer + ".pem -CAkey " + issuer +
                            ".key -CAcreateserial -days 365 -extfile " + name + ".ext -out " + name + ".pem " + more));
    }
    Certificate one(const std::string& name) const {
        return Certificate::list_from_file(folder_ / (name + ".pem"))->front();
    }
    std::string why(std::vector<Certificate> chain, std::vector<Certificate> anchors, std::time_t at) const {
        const auto result = check_chain(chain, anchors, at);
        return result.ok() ? "" : result.error().line();
    }
    const std::time_t now_ = std::time(nullptr) + 60;  // after the certificates that are yet to be made
};

TEST_F(Chains, LeadToATrustedRoot) {
    issue("signer", "between", "keyUsage=critical,digitalSignature\n");
    EXPECT_EQ(why({one("signer"), one("between")}, {one("root")}, now_), "");
    EXPECT_EQ(why({one("signer")}, {one("between")}, now_), "");
    EXPECT_NE(why({one("signer")}, {one("root")}, now_), "");
    EXPECT_NE(why({one("signer"), one("between")}, {}, now_), "");
    EXPECT_NE(why({}, {one("root")}, now_), "");
    EXPECT_EQ(one("signer").subject(), "CN=signer");
    EXPECT_EQ(one("signer").public_key()->type(), KeyType::ec_p384);
}

TEST_F(Chains, AreCheckedAgainstTheTime) {
    issue("signer", "root", "keyUsage=critical,digitalSignature\n");
    constexpr std::time_t kYear = 366L * 24 * 3600;
    EXPECT_NE(why({one("signer")}, {one("root")}, now_ + kYear).find("which is not now"), std::string::npos);
    EXPECT_NE(why({one("signer")}, {one("root")}, now_ - kYear).find("which is not now"), std::string::npos);
}

TEST_F(Chains, NeedASignerThatMaySign) {
    issue("code", "root", "extendedKeyUsage=codeSigning\n");
    issue("silent", "root", "basicConstraints=CA:FALSE\n");
    issue("server", "root", "keyUsage=critical,keyAgreement\nextendedKeyUsage=serverAuth\n");
    EXPECT_EQ(why({one("code")}, {one("root")}, now_), "");
    for (const char* name : {"silent", "server"})
        EXPECT_NE(why({one(name)}, {one("root")}, now_).find("not for signing"), std::string::npos) << name;
}

TEST_F(Chains, MayNotPassThroughWhatIsNoIssuer) {
    issue("signer", "root", "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n");
    issue("below", "signer", "keyUsage=critical,digitalSignature\n");
    EXPECT_NE(why({one("below"), one("signer")}, {one("root")}, now_), "");
}

TEST_F(Chains, RefuseWeakDigests) {
    issue("weak", "root", "keyUsage=critical,digitalSignature\n", "-sha1");
    EXPECT_NE(why({one("weak")}, {one("root")}, now_), "");
}

TEST_F(Chains, AreReadFromDerAndPemStrictly) {
    const Certificate root = one("root");
    EXPECT_EQ(Certificate::from_der(root.der())->subject(), "CN=root");
    EXPECT_FALSE(Certificate::from_der(root.der() + "x").ok());
    for (std::size_t size = 0; size < root.der().size(); size += 7)
        EXPECT_FALSE(Certificate::from_der(root.der().substr(0, size)).ok());
    EXPECT_EQ(Certificate::list_from_pem(read("root.pem") + "text\n" + read("between.pem"))->size(), 2U);
    EXPECT_FALSE(Certificate::list_from_pem("").ok());
    EXPECT_FALSE(Certificate::list_from_pem(read("root.pem").substr(0, 200)).ok());
    std::string many;
    for (std::size_t i = 0; i <= kMostCertificates; ++i) many += read("root.pem");
    EXPECT_FALSE(Certificate::list_from_pem(many).ok());
}

}  // namespace
}  // namespace bartizan::crypto
