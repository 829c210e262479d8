#include "oip/metadata.h"

#include "core/json.h"

namespace bartizan::oip {
namespace {

constexpr std::size_t kMostTensors = 256;
constexpr std::size_t kMostRank = 16;
constexpr JsonLimits kLimits{.bytes = 1 << 20, .depth = 16, .keys = 1000};

Json listed(const std::vector<Signature>& signatures) {
    Json out = Json::array();
    for (const Signature& one : signatures)
        out.push_back({{"name", one.name}, {"datatype", to_string(one.type)}, {"shape", one.shape}});
    return out;
}

std::string text_of(const Json& object, const char* key) {
    const auto found = object.find(key);
    return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

Result<std::vector<Signature>> signatures_of(const Json& document, const char* key) {
    std::vector<Signature> out;
    const auto found = document.find(key);
    if (found == document.end() || !found->is_array() || found->size() > kMostTensors)
        return invalid_input(std::string("the metadata has no list '") + key + "'");
    for (const Json& one : *found) {
        const auto type = datatype_of(one.is_object() ? text_of(one, "datatype") : "");
        if (!type || !one.contains("shape") || !one["shape"].is_array() || one["shape"].size() > kMostRank) continue;
        Signature signature{text_of(one, "name"), *type, {}};
        for (const Json& dimension : one["shape"])
            signature.shape.push_back(dimension.is_number_integer() ? dimension.get<std::int64_t>() : -1);
        out.push_back(std::move(signature));
    }
    return out;
}

}  // namespace

std::string to_json(const Metadata& metadata) {
    const Json document = {{"name", metadata.name},
                           {"versions", metadata.versions},
                           {"platform", metadata.platform},
                           {"inputs", listed(metadata.inputs)},
                           {"outputs", listed(metadata.outputs)}};
    return document.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<Metadata> parse_metadata(std::string_view text) {
    const Json document = BARTIZAN_TRY_WITHIN(parse_json(text, kLimits), "model metadata");
    if (!document.is_object()) return invalid_input("the metadata of a model is an object");
    Metadata out{text_of(document, "name"), {}, text_of(document, "platform"), {}, {}};
    if (const auto versions = document.find("versions"); versions != document.end() && versions->is_array())
        for (const Json& one : *versions)
            if (one.is_string() && out.versions.size() < kMostTensors) out.versions.push_back(one.get<std::string>());
    out.inputs = BARTIZAN_TRY(signatures_of(document, "inputs"));
    out.outputs = BARTIZAN_TRY(signatures_of(document, "outputs"));
    return out;
}

bool fits(const Shape& declared, const Shape& shape) {
    if (declared.empty()) return true;
    if (declared.size() != shape.size()) return false;
    for (std::size_t i = 0; i < shape.size(); ++i)
        if (declared[i] >= 0 && declared[i] != shape[i]) return false;
    return true;
}

}  // namespace bartizan::oip
