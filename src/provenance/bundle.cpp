#include "provenance/bundle.h"

#include <algorithm>

#include "core/json.h"
#include "crypto/base64.h"
#include "crypto/hash.h"
#include "provenance/fields.h"

namespace bartizan::provenance {
namespace {

constexpr std::size_t kLongestSignature = 1024;
constexpr std::size_t kLongestHint = 1024;

Result<void> only(const Json& object, std::initializer_list<std::string_view> known, const char* where) {
    for (const auto& [name, value] : object.items())
        if (std::ranges::find(known, name) == known.end())
            return invalid_input(std::string(where) + ": unknown field '" + shortened(name) + "'",
                                 "was it made by another tool, or a newer one?");
    return {};
}

Result<std::string> bytes_field(const Json& parent, const char* name) {
    const std::string text = BARTIZAN_TRY(text_field(parent, name));
    return crypto::from_base64(text).within(name);
}

/// The key is named by its hint. The first releases put the PEM text itself there, which gives the hint.
Result<void> read_key(const Json& material, Bundle& into) {
    into.method = Method::key;
    const Json& key = material["publicKey"];
    if (!key.is_object()) return unexpected("publicKey", "an object", key.type_name());
    if (key.contains("rawBytes")) {
        const std::string pem = BARTIZAN_TRY(bytes_field(key, "rawBytes"));
        into.hint = key_hint(BARTIZAN_TRY(crypto::PublicKey::from_pem(pem)));
    } else if (const auto hint = key.find("hint"); hint != key.end() && !hint->is_null()) {
        if (!hint->is_string() || hint->get_ref<const std::string&>().size() > kLongestHint)
            return unexpected("hint", "a short text", hint->type_name());
        into.hint = hint->get<std::string>();
    }
    return {};
}

Result<void> read_chain(const Json& material, Bundle& into) {
    into.method = Method::certificate;
    const Json* chain = BARTIZAN_TRY(object_field(material, "x509CertificateChain"));
    const Json* list = BARTIZAN_TRY(list_field(*chain, "certificates"));
    if (list->empty()) return invalid_input("the list of certificates is empty");
    if (list->size() > crypto::kMostCertificates)
        return invalid_input("more than " + std::to_string(crypto::kMostCertificates) + " certificates");
    for (const Json& entry : *list)
        into.chain.push_back(BARTIZAN_TRY(crypto::Certificate::from_der(BARTIZAN_TRY(bytes_field(entry, "rawBytes")))));
    return {};
}

Result<void> read_keyless(const Json& material, Bundle& into) {
    into.method = Method::keyless;
    const Json* certificate = BARTIZAN_TRY(object_field(material, "certificate"));
    const std::string der = BARTIZAN_TRY(bytes_field(*certificate, "rawBytes"));
    into.chain.push_back(BARTIZAN_TRY(crypto::Certificate::from_der(der)));
    const Json* log = BARTIZAN_TRY(list_field(material, "tlogEntries"));
    if (log->empty()) return invalid_input("a keyless signature needs an entry of the transparency log");
    return {};
}

Result<void> read_material(const Json& document, Bundle& into) {
    const Json* material = BARTIZAN_TRY(object_field(document, "verificationMaterial"));
    BARTIZAN_TRY(only(*material,
                      {"publicKey", "x509CertificateChain", "certificate", "tlogEntries", "timestampVerificationData"},
                      "verificationMaterial"));
    if (material->contains("tlogEntries")) BARTIZAN_TRY(list_field(*material, "tlogEntries"));
    const std::size_t kinds =
        material->count("publicKey") + material->count("x509CertificateChain") + material->count("certificate");
    if (kinds != 1)
        return unexpected("verificationMaterial", "one of publicKey, x509CertificateChain, certificate",
                          std::to_string(kinds) + " of them");
    if (material->contains("publicKey")) return read_key(*material, into).within("verificationMaterial");
    if (material->contains("certificate")) return read_keyless(*material, into).within("verificationMaterial");
    return read_chain(*material, into).within("verificationMaterial");
}

Result<void> read_envelope(const Json& envelope, Bundle& into) {
    BARTIZAN_TRY(expect_text(envelope, "payloadType", kPayloadType));
    into.payload = BARTIZAN_TRY(bytes_field(envelope, "payload"));
    const Json* list = BARTIZAN_TRY(list_field(envelope, "signatures"));
    if (list->empty() || list->size() > kMostSignatures)
        return unexpected("signatures", "1 to " + std::to_string(kMostSignatures), std::to_string(list->size()));
    for (const Json& entry : *list) {
        into.signatures.push_back(BARTIZAN_TRY(bytes_field(entry, "sig")));
        if (into.signatures.back().size() > kLongestSignature)
            return invalid_input("a signature of " + std::to_string(into.signatures.back().size()) + " bytes");
    }
    return {};
}

Json material_of(const Bundle& bundle) {
    Json material = Json::object();
    if (bundle.method == Method::key) {
        material["publicKey"] = {{"hint", bundle.hint.value_or("")}};
    } else {
        Json list = Json::array();
        for (const crypto::Certificate& certificate : bundle.chain)
            list.push_back({{"rawBytes", crypto::to_base64(certificate.der())}});
        material["x509CertificateChain"] = {{"certificates", std::move(list)}};
    }
    material["tlogEntries"] = Json::array();
    return material;
}

std::string encode(std::string_view version, std::string_view payload, std::size_t length) {
    std::string text(version);
    text += " " + std::to_string(kPayloadType.size()) + " ";
    text += kPayloadType;
    text += " " + std::to_string(length) + " ";
    return text += payload;
}

void append_python_character(std::string& out, char c, char quote) {
    constexpr char kDigits[] = "0123456789abcdef";
    const auto byte = static_cast<unsigned char>(c);
    if (c == quote || c == '\\')
        out += {'\\', c};
    else if (c == '\n')
        out += "\\n";
    else if (c == '\r')
        out += "\\r";
    else if (c == '\t')
        out += "\\t";
    else if (byte >= 0x20 && byte < 0x7f)
        out += c;
    else
        out += {'\\', 'x', kDigits[byte >> 4], kDigits[byte & 15]};
}

}  // namespace

std::string_view to_string(Method method) {
    switch (method) {
        case Method::key:
            return "key";
        case Method::certificate:
            return "certificate";
        case Method::keyless:
            return "keyless";
    }
    return "?";
}

std::string key_hint(const crypto::PublicKey& key) {
    const std::string pem = key.pem();
    return crypto::to_hex(crypto::sha256(std::as_bytes(std::span(pem))));
}

std::string pae(std::string_view payload) { return encode("DSSEv1", payload, payload.size()); }

std::string pae_of_release_0_2(std::string_view payload) {
    const bool apostrophe = payload.find('\'') != std::string_view::npos;
    const char quote = apostrophe && payload.find('"') == std::string_view::npos ? '"' : '\'';
    std::string spelling{'b', quote};
    for (const char c : payload) append_python_character(spelling, c, quote);
    return encode("DSSEV1", spelling + quote, payload.size());
}

std::string write_bundle(const Bundle& bundle) {
    Json signatures = Json::array();
    for (const std::string& signature : bundle.signatures)
        signatures.push_back({{"sig", crypto::to_base64(signature)}, {"keyid", ""}});
    const Json document = {{"mediaType", kBundleMediaType},
                           {"verificationMaterial", material_of(bundle)},
                           {"dsseEnvelope",
                            {{"payload", crypto::to_base64(bundle.payload)},
                             {"payloadType", kPayloadType},
                             {"signatures", std::move(signatures)}}}};
    return to_text(document);
}

Result<Bundle> parse_bundle(std::string_view text) {
    if (text.find_first_not_of(" \t\r\n") == std::string_view::npos)
        return unexpected("signature file", "a Sigstore bundle v0.3 (JSON)", "an empty file");
    const Json document = BARTIZAN_TRY(parse_json(text, {.bytes = kLargestBundle, .depth = 32}));
    if (!document.is_object()) return unexpected("signature file", "a JSON object", document.type_name());
    BARTIZAN_TRY(expect_text(document, "mediaType", kBundleMediaType));
    BARTIZAN_TRY(only(document, {"mediaType", "verificationMaterial", "dsseEnvelope"}, "bundle"));
    Bundle bundle;
    BARTIZAN_TRY(read_material(document, bundle));
    const Json* envelope = BARTIZAN_TRY(object_field(document, "dsseEnvelope"));
    BARTIZAN_TRY_WITHIN(read_envelope(*envelope, bundle), "dsseEnvelope");
    return bundle;
}

}  // namespace bartizan::provenance
