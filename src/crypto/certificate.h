#pragma once
/// X.509 certificates (RFC 5280): reading them, and whether a chain leads to an anchor that the caller trusts.
/// Thread rule: immutable values that may be shared; copies are cheap.

#include <ctime>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bartizan/result.h"
#include "crypto/key.h"

struct x509_st;

namespace bartizan::crypto {

inline constexpr std::size_t kMostCertificates = 32;
inline constexpr std::size_t kLongestCertificate = 64 * 1024;

class Certificate {
public:
    /// Exactly one certificate and nothing behind it.
    static Result<Certificate> from_der(std::string_view der);
    /// All certificates of a PEM text, in order; at least one, at most `kMostCertificates`.
    static Result<std::vector<Certificate>> list_from_pem(std::string_view pem);
    static Result<std::vector<Certificate>> list_from_file(const std::filesystem::path& path);

    std::string der() const;
    /// "CN=signer, O=Example" (RFC 2253).
    std::string subject() const;
    /// "2035-04-30T23:36:28Z"
    std::string not_before() const;
    std::string not_after() const;
    Result<PublicKey> public_key() const;
    /// KeyUsage digitalSignature or extended key usage codeSigning; a certificate that says neither may not sign.
    bool may_sign() const;
    bool valid_at(std::time_t time) const;

    x509_st* handle() const { return handle_.get(); }

private:
    explicit Certificate(std::shared_ptr<x509_st> handle) : handle_(std::move(handle)) {}
    std::shared_ptr<x509_st> handle_;
};

/// Succeeds when `chain` (the signer's certificate first, then those that may lead up) reaches one of `anchors`, every
/// certificate on the way is valid at `time`, and the first one may sign. Fails with `denied` and the reason.
Result<void> check_chain(std::span<const Certificate> chain, std::span<const Certificate> anchors, std::time_t time);

}  // namespace bartizan::crypto
