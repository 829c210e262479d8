/// The signatures of the reference signer and of the specification, when BARTIZAN_TRIAL_DATA names where they are.
#include "core/file.h"
#include "crypto/shell_testing.h"
#include "provenance/verifier.h"

namespace bartizan::provenance {
namespace {

class Vectors : public crypto::WithFolder {
protected:
    void SetUp() override {
        const char* data = std::getenv("BARTIZAN_TRIAL_DATA");
        if (data != nullptr) data_ = std::filesystem::path(data) / "signing";
        if (data_.empty() || !std::filesystem::exists(data_)) GTEST_SKIP() << "no trial data";
        const auto model = data_ / "model-transparency-v1.1.0-elliptic-key";
        std::filesystem::create_directory(folder_ / "m");
        for (const char* name : {"signme-1", "signme-2"})
            std::filesystem::copy_file(model / name, folder_ / "m" / name);
        key_.key = *crypto::PublicKey::from_pem(*read_file(data_ / "keys/certificate/signing-key-pub.pem", 1 << 16));
        root_.anchors = *crypto::Certificate::list_from_file(data_ / "keys/certificate/ca-cert.pem");
        root_.now = 1'767'225'600;  // 2026-01-01, when the certificates are valid
    }
    Result<Bundle> bundle(const std::string& name) const { return parse_bundle(*read_file(data_ / name, 1 << 20)); }
    Verdict verdict(const std::string& name, const Trust& trust) const {
        return *verify_model(folder_ / "m", *bundle(name), trust, {}, RunContext());
    }

    std::filesystem::path data_;
    Trust key_, root_;
};

TEST_F(Vectors, ThatAreValidVerify) {
    EXPECT_TRUE(verdict("oms-v1.0-vectors/valid/key.bundle.json", key_).verified);
    EXPECT_TRUE(verdict("oms-v1.0-vectors/valid/certificate.bundle.json", root_).verified);
    EXPECT_TRUE(verdict("model-transparency-v1.1.0-elliptic-key/model.sig", key_).verified);
    EXPECT_FALSE(verdict("oms-v1.0-vectors/valid/key.bundle.json", root_).verified);
}

TEST_F(Vectors, ThatExpiredDoNot) {
    Trust late = root_;
    late.now += 20LL * 366 * 86400;
    EXPECT_FALSE(verdict("oms-v1.0-vectors/valid/certificate.bundle.json", late).verified);
}

TEST_F(Vectors, WithoutAKeyAreReadAndNamed) {
    EXPECT_NE(verdict("oms-v1.0-vectors/valid/sigstore.bundle.json", key_).reason.find("signed without a key"),
              std::string::npos);
}

TEST_F(Vectors, ThatAreInvalidAreRefused) {
    for (const char* name : {"empty", "missing-envelope", "missing-tlog-entries", "missing-verification-material"})
        EXPECT_FALSE(bundle(std::string("oms-v1.0-vectors/invalid/") + name + ".bundle.json").ok()) << name;
    const Verdict wrong = verdict("oms-v1.0-vectors/invalid-payload/wrong-predicate.bundle.json", key_);
    EXPECT_FALSE(wrong.verified);
    EXPECT_NE(wrong.reason.find("found https://example.com/wrong-predicate/v1.0"), std::string::npos);
}

}  // namespace
}  // namespace bartizan::provenance
