#include "crypto/certificate.h"

#include <openssl/asn1.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "core/file.h"
#include "crypto/openssl_text.h"

namespace bartizan::crypto {
namespace {

constexpr std::uint64_t kLongestFile = kMostCertificates * kLongestCertificate;

std::string iso_time(const ASN1_TIME* time) {
    std::tm parts{};
    if (ASN1_TIME_to_tm(time, &parts) != 1) return "an unreadable time";
    char text[32];
    const std::size_t size = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
    return {text, size};
}

}  // namespace

Result<Certificate> Certificate::from_der(std::string_view der) {
    if (der.size() > kLongestCertificate)
        return invalid_input("a certificate of " + std::to_string(der.size()) + " bytes, at most " +
                             std::to_string(kLongestCertificate) + " are read");
    const auto* begin = reinterpret_cast<const unsigned char*>(der.data());
    const unsigned char* at = begin;
    std::shared_ptr<X509> handle(d2i_X509(nullptr, &at, static_cast<long>(der.size())), X509_free);
    ERR_clear_error();
    if (!handle) return invalid_input("not an X.509 certificate in DER form");
    if (at != begin + der.size()) return invalid_input("bytes behind the certificate");
    return Certificate(std::move(handle));
}

Result<std::vector<Certificate>> Certificate::list_from_pem(std::string_view pem) {
    const Bio bio = reading(pem);
    std::vector<Certificate> list;
    while (X509* certificate = PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)) {
        list.push_back(Certificate(std::shared_ptr<X509>(certificate, X509_free)));
        if (list.size() > kMostCertificates)
            return invalid_input("more than " + std::to_string(kMostCertificates) + " certificates");
    }
    // The loop ends with "no more PEM"; anything else is a certificate that cannot be read.
    const unsigned long last = ERR_peek_last_error();
    const bool at_end = ERR_GET_LIB(last) == ERR_LIB_PEM && ERR_GET_REASON(last) == PEM_R_NO_START_LINE;
    ERR_clear_error();
    if (!at_end) return invalid_input("certificate " + std::to_string(list.size() + 1) + " cannot be read");
    if (list.empty()) return invalid_input("no certificate in PEM form (-----BEGIN CERTIFICATE-----)");
    return list;
}

Result<std::vector<Certificate>> Certificate::list_from_file(const std::filesystem::path& path) {
    const std::string pem = BARTIZAN_TRY_WITHIN(read_file(path, kLongestFile), "certificate");
    return std::move(list_from_pem(pem)).within("certificate '" + path.string() + "'");
}

std::string Certificate::der() const {
    unsigned char* bytes = nullptr;
    const int size = i2d_X509(handle_.get(), &bytes);
    if (size <= 0) return {};
    std::string der(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
    OPENSSL_free(bytes);
    return der;
}

std::string Certificate::subject() const {
    const Bio bio = writing();
    X509_NAME_print_ex(bio.get(), X509_get_subject_name(handle_.get()), 0, XN_FLAG_RFC2253);
    return content_of(bio.get());
}

std::string Certificate::not_before() const { return iso_time(X509_get0_notBefore(handle_.get())); }
std::string Certificate::not_after() const { return iso_time(X509_get0_notAfter(handle_.get())); }

Result<PublicKey> Certificate::public_key() const {
    KeyHandle handle(X509_get_pubkey(handle_.get()), EVP_PKEY_free);
    ERR_clear_error();
    if (!handle) return invalid_input("the certificate has no key that can be read");
    return PublicKey::from_handle(std::move(handle));
}

bool Certificate::may_sign() const {
    // UINT32_MAX stands for "the extension is not there".
    const std::uint32_t usage = X509_get_key_usage(handle_.get());
    if (usage != UINT32_MAX && (usage & KU_DIGITAL_SIGNATURE) != 0) return true;
    const std::uint32_t extended = X509_get_extended_key_usage(handle_.get());
    return extended != UINT32_MAX && (extended & XKU_CODE_SIGN) != 0;
}

bool Certificate::valid_at(std::time_t time) const {
    return X509_cmp_time(X509_get0_notBefore(handle_.get()), &time) < 0 &&
           X509_cmp_time(X509_get0_notAfter(handle_.get()), &time) > 0;
}

}  // namespace bartizan::crypto
