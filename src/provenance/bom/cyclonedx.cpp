#include "provenance/bom/cyclonedx.h"

#include <algorithm>
#include <array>

#include "core/time_text.h"
#include "crypto/hash.h"
#include "provenance/bom/model_card_json.h"

namespace bartizan::provenance {
namespace {

struct MimeType {
    std::string_view ending, type;
};
constexpr MimeType kMimeTypes[] = {
    {".json", "application/json"},
    {".md", "text/markdown"},
    {".txt", "text/plain"},
    {".yaml", "application/yaml"},
    {".yml", "application/yaml"},
    {".py", "text/x-python"},
    {".zip", "application/zip"},
    {".npz", "application/zip"},
    {".gz", "application/gzip"},
    {".h5", "application/x-hdf5"},
    {".csv", "text/csv"},
    {".png", "image/png"},
    {".jpg", "image/jpeg"},
    {".onnx", "application/octet-stream"},
    {".safetensors", "application/octet-stream"},
};

std::string_view mime_type(std::string_view name) {
    const auto fits = [&](const MimeType& one) { return name.ends_with(one.ending); };
    const auto found = std::ranges::find_if(kMimeTypes, fits);
    return found == std::end(kMimeTypes) ? std::string_view() : found->type;
}

/// A name from outside as a relative IRI reference (RFC 3986): what is not unreserved is percent-encoded.
std::string as_reference(std::string_view name) {
    constexpr char kDigits[] = "0123456789ABCDEF";
    std::string out;
    for (const char c : name) {
        const auto byte = static_cast<unsigned char>(c);
        if (std::isalnum(byte) != 0 || std::string_view("-._~/").find(c) != std::string_view::npos)
            out += c;
        else
            out += {'%', kDigits[byte >> 4], kDigits[byte & 15]};
    }
    return out;
}

Json sha256_hashes(const std::string& digest) { return Json::array({{{"alg", "SHA-256"}, {"content", digest}}}); }

Json licences(const std::vector<Licence>& found) {
    Json list = Json::array();
    for (const Licence& licence : found) {
        Json entry = licence.id.empty() ? Json{{"name", licence.name}} : Json{{"id", licence.id}};
        entry["acknowledgement"] = "declared";
        list.push_back({{"license", std::move(entry)}});
    }
    return list;
}

Json file_component(const ListedFile& file) {
    Json component = {{"type", "file"}, {"bom-ref", "file:" + file.name}};
    if (const std::string_view mime = mime_type(file.name); !mime.empty()) component["mime-type"] = mime;
    component["name"] = file.name;
    component["hashes"] = sha256_hashes(file.sha256);
    component["properties"] = as_properties({{"bartizan:size", std::to_string(file.size)}});
    return component;
}

Json data_component(const std::string& name) {
    Json data = {{"type", "dataset"}, {"name", name}};
    if (const std::string url = hub_address("datasets/", name); !url.empty()) data["contents"] = {{"url", url}};
    return {{"type", "data"}, {"bom-ref", "data:" + name}, {"name", name}, {"data", Json::array({std::move(data)})}};
}

Json signature_references(const Inventory& inventory) {
    Json list = Json::array();
    for (const FoundSignature& signature : inventory.signatures)
        list.push_back({{"type", "digital-signature"},
                        {"url", as_reference(signature.file)},
                        {"comment", "OpenSSF Model Signing by " + signature.signer + "; not verified here"},
                        {"hashes", sha256_hashes(signature.sha256)}});
    return list;
}

std::vector<Property> model_properties(const Inventory& inventory) {
    std::vector<Property> all = {{"bartizan:model-signing-root-sha256", inventory.root}};
    for (const RefusedFile& file : inventory.not_read)
        all.emplace_back("bartizan:not-read", file.name + ": " + file.why);
    for (const std::string& warning : inventory.card.warnings) all.emplace_back("bartizan:warning", warning);
    all.insert(all.end(), inventory.card.properties.begin(), inventory.card.properties.end());
    return all;
}

Json ancestors(const std::vector<std::string>& names) {
    Json list = Json::array();
    for (const std::string& name : names) list.push_back({{"type", "machine-learning-model"}, {"name", name}});
    return list;
}

Json model_component(const Inventory& inventory) {
    Json model = {{"type", "machine-learning-model"}, {"bom-ref", "model"}, {"name", inventory.name}};
    if (inventory.single && !inventory.files.empty()) model["hashes"] = sha256_hashes(inventory.files.front().sha256);
    if (!inventory.licences.empty()) model["licenses"] = licences(inventory.licences);
    if (!inventory.card.base_models.empty()) model["pedigree"] = {{"ancestors", ancestors(inventory.card.base_models)}};
    if (!inventory.signatures.empty()) model["externalReferences"] = signature_references(inventory);
    if (Json card = model_card_json(inventory.card); !card.empty()) model["modelCard"] = std::move(card);
    if (!inventory.card.tags.empty()) model["tags"] = inventory.card.tags;
    model["properties"] = as_properties(model_properties(inventory));
    return model;
}

Json components(const Inventory& inventory) {
    Json list = Json::array();
    for (const ListedFile& file : inventory.files) list.push_back(file_component(file));
    for (const std::string& name : inventory.card.datasets) list.push_back(data_component(name));
    return list;
}

Json dependencies(const Json& listed) {
    Json below = Json::array();
    for (const Json& component : listed) below.push_back(component["bom-ref"]);
    return Json::array({{{"ref", "model"}, {"dependsOn", std::move(below)}}});
}

/// The scan as an attestation: an assessor claims something of the model, on evidence.
Json declarations(const ScanStatement& scan, const std::string& time) {
    const bool clean = scan.verdict == "clean" && scan.complete;
    const std::string words =
        "scan verdict: " + scan.verdict + (scan.complete ? "" : " (not everything could be read)");
    const Json verdict = {{"name", "verdict"}, {"contents", {{"attachment", {{"content", scan.verdict}}}}}};
    const Json findings = {{"name", "findings"},
                           {"contents", {{"attachment", {{"content", std::to_string(scan.findings)}}}}}};
    const Json claim = {
        {"bom-ref", "claim:scan"},
        {"target", "model"},
        {"predicate", words},
        {"reasoning", std::to_string(scan.files) + " files read by " + scan.tool + " without loading them"},
        {"evidence", Json::array({"evidence:scan"})}};
    return {
        {"assessors", Json::array({{{"bom-ref", "assessor:bartizan"}, {"thirdParty", false}}})},
        {"attestations",
         Json::array({{{"summary", words},
                       {"assessor", "assessor:bartizan"},
                       {"map", Json::array({{{"claims", Json::array({"claim:scan"})},
                                             {"conformance", {{"score", clean ? 1 : 0}, {"rationale", words}}}}})}}})},
        {"claims", Json::array({claim})},
        {"evidence", Json::array({{{"bom-ref", "evidence:scan"},
                                   {"propertyName", "bartizan:scan"},
                                   {"data", Json::array({verdict, findings})},
                                   {"created", time}}})}};
}

/// A UUID made of the document's digest (RFC 9562, version 8): the same model gives the same serial number.
std::string serial_of(const Json& document) {
    const std::string text = to_text(document);
    std::string hex = crypto::to_hex(crypto::sha256(std::as_bytes(std::span(text)))).substr(0, 32);
    hex[12] = '8';
    hex[16] = "89ab"[static_cast<unsigned char>(hex[16]) % 4];
    for (const int at : {20, 16, 12, 8}) hex.insert(static_cast<std::size_t>(at), 1, '-');
    std::string serial = "urn:uuid:";
    serial += hex;
    return serial;
}

}  // namespace

Json cyclonedx(const Inventory& inventory, const CycloneDxOptions& options) {
    const std::string version(options.spec_version);
    const Json tool = {{"type", "application"}, {"name", "bartizan"}, {"version", options.tool_version}};
    Json listed = components(inventory);
    Json document = {{"$schema", "http://cyclonedx.org/schema/bom-" + version + ".schema.json"},
                     {"bomFormat", "CycloneDX"},
                     {"specVersion", version},
                     {"serialNumber", ""},
                     {"version", 1},
                     {"metadata",
                      {{"timestamp", utc_text(options.now)},
                       {"tools", {{"components", Json::array({tool})}}},
                       {"component", model_component(inventory)}}},
                     {"components", listed},
                     {"dependencies", dependencies(listed)}};
    if (inventory.scan) document["declarations"] = declarations(*inventory.scan, utc_text(options.now));
    document["serialNumber"] = serial_of(document);
    return document;
}

}  // namespace bartizan::provenance
