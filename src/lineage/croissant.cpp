#include "lineage/croissant.h"

#include <algorithm>
#include <array>
#include <set>

#include "core/json.h"
#include "core/utf8.h"
#include "provenance/fields.h"
#include "provenance/names.h"

namespace bartizan::lineage {
namespace {

using provenance::unexpected;

constexpr std::string_view kConformsTo = "http://mlcommons.org/croissant/1.0";
constexpr std::size_t kMostCreators = 1000;

/// "sc:Dataset", "cr:FileObject", "https://schema.org/Dataset" -> what follows the prefix.
std::string_view local_name(std::string_view name) {
    const std::size_t at = name.find_last_of(":/#");
    return at == std::string_view::npos ? name : name.substr(at + 1);
}

bool has_type(const Json& object, std::string_view type) {
    const auto found = object.find("@type");
    if (found == object.end()) return false;
    const auto is = [&](const Json& one) {
        return one.is_string() && local_name(one.get_ref<const std::string&>()) == type;
    };
    return found->is_array() ? std::ranges::any_of(*found, is) : is(*found);
}

/// A text, the name or address of an object, or the first of a list; "" for anything else. Names of schema.org allow
/// all of these for a licence or a creator.
std::string text_in(const Json& value) {
    if (value.is_string()) return value.get<std::string>();
    if (value.is_array()) return value.empty() ? "" : text_in(value.front());
    if (!value.is_object()) return {};
    for (const char* key : {"name", "url", "@id", "@value"})
        if (const auto found = value.find(key); found != value.end() && found->is_string())
            return found->get<std::string>();
    return {};
}

Result<std::string> short_text(const Json& object, const char* key) {
    const auto found = object.find(key);
    if (found == object.end()) return std::string();
    std::string text = text_in(*found);
    std::ranges::replace_if(
        text, [](char c) { return c == '\n' || c == '\t' || c == '\r'; }, ' ');
    if (text.size() > kLongestText) {
        text.resize(kLongestText);
        while (!is_utf8(text)) text.pop_back();
    }
    BARTIZAN_TRY(check_text(text, key));
    return text;
}

Result<Card> read_card(const Json& document) {
    Card card;
    card.name = BARTIZAN_TRY(short_text(document, "name"));
    card.description = BARTIZAN_TRY(short_text(document, "description"));
    card.licence = BARTIZAN_TRY(short_text(document, "license"));
    card.url = BARTIZAN_TRY(short_text(document, "url"));
    card.citation = BARTIZAN_TRY(short_text(document, document.contains("citeAs") ? "citeAs" : "citation"));
    card.version = BARTIZAN_TRY(short_text(document, "version"));
    card.published = BARTIZAN_TRY(short_text(document, "datePublished"));
    const auto creators = document.find("creator");
    if (creators == document.end()) return card;
    const Json list = creators->is_array() ? *creators : Json::array({*creators});
    if (list.size() > kMostCreators) return exhausted("creator: more than " + std::to_string(kMostCreators));
    for (const Json& creator : list) {
        std::string name = text_in(creator);
        BARTIZAN_TRY(check_text(name, "creator"));
        if (!name.empty()) card.creators.push_back(std::move(name));
    }
    return card;
}

bool is_address(std::string_view text) { return text.find("://") != std::string_view::npos; }

std::string lower(std::string text) {
    std::ranges::transform(text, text.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    return text;
}

/// The digest of a FileObject; the placeholder of unfinished descriptions counts as none.
Result<std::string> digest_of(const Json& object) {
    const std::string digest = lower(BARTIZAN_TRY(short_text(object, "sha256")));
    if (digest.empty()) return digest;
    const bool fits = digest.size() == 64 && digest.find_first_not_of("0123456789abcdef") == std::string::npos;
    if (!fits) return unexpected("sha256", "64 hexadecimal digits", digest);
    return digest;
}

/// A file of the distribution under the path that it has in the data set. One that is part of an archive is not there.
Result<void> read_file_object(const Json& object, Croissant& into) {
    if (object.contains("containedIn")) return {};
    const std::string address = BARTIZAN_TRY(short_text(object, "contentUrl"));
    std::string path = address;
    if (address.empty() || is_address(address)) path = BARTIZAN_TRY(short_text(object, "name"));
    if (path.empty()) path = BARTIZAN_TRY(short_text(object, "@id"));
    if (path.starts_with("./")) path.erase(0, 2);
    const auto fit = check_id(path, IdRule::path);
    if (!fit.ok()) return Error(fit.error()).within("contentUrl");
    Described described{BARTIZAN_TRY(digest_of(object)), is_address(address) ? address : ""};
    if (!into.files.emplace(path, std::move(described)).second)
        return invalid_input("the file '" + path + "' is described twice");
    return {};
}

/// Pieces of the document, which may be larger than memory should be.
class Writer {
public:
    explicit Writer(const AppendBytes& out) : out_(out) {}

    Result<void> write(std::string_view text) { return out_(std::as_bytes(std::span(text))); }
    /// A member of a list, with its comma.
    Result<void> entry(const Json& json) {
        const std::string text = json.dump(2, ' ', false, Json::error_handler_t::replace);
        std::string indented = first_ ? "\n    " : ",\n    ";
        for (const char c : text) {
            indented += c;
            if (c == '\n') indented += "    ";
        }
        first_ = false;
        return write(indented);
    }

private:
    const AppendBytes& out_;
    bool first_ = true;
};

/// The context that Croissant 1.0 prescribes.
Json context_json() {
    return {{"@language", "en"},
            {"@vocab", "https://schema.org/"},
            {"citeAs", "cr:citeAs"},
            {"column", "cr:column"},
            {"conformsTo", "dct:conformsTo"},
            {"cr", "http://mlcommons.org/croissant/"},
            {"data", {{"@id", "cr:data"}, {"@type", "@json"}}},
            {"dataType", {{"@id", "cr:dataType"}, {"@type", "@vocab"}}},
            {"dct", "http://purl.org/dc/terms/"},
            {"examples", {{"@id", "cr:examples"}, {"@type", "@json"}}},
            {"extract", "cr:extract"},
            {"field", "cr:field"},
            {"fileObject", "cr:fileObject"},
            {"fileProperty", "cr:fileProperty"},
            {"fileSet", "cr:fileSet"},
            {"format", "cr:format"},
            {"includes", "cr:includes"},
            {"isLiveDataset", "cr:isLiveDataset"},
            {"jsonPath", "cr:jsonPath"},
            {"key", "cr:key"},
            {"md5", "cr:md5"},
            {"parentField", "cr:parentField"},
            {"path", "cr:path"},
            {"rai", "http://mlcommons.org/croissant/RAI/"},
            {"recordSet", "cr:recordSet"},
            {"references", "cr:references"},
            {"regex", "cr:regex"},
            {"repeated", "cr:repeated"},
            {"replace", "cr:replace"},
            {"sc", "https://schema.org/"},
            {"separator", "cr:separator"},
            {"source", "cr:source"},
            {"subField", "cr:subField"},
            {"transform", "cr:transform"}};
}

/// The licences that the items name, each once, by name; at most so many as a person would read.
Result<std::set<std::string>> licences_of(const SealStatement& statement, const std::filesystem::path& manifest) {
    constexpr std::size_t kMostLicences = 100;
    std::set<std::string> out;
    auto reader = BARTIZAN_TRY(ManifestReader::open(manifest, id_rule(statement.reading.unit)));
    while (auto item = BARTIZAN_TRY(reader.next()))
        if (!item->origin.licence.empty() && out.size() < kMostLicences) out.insert(std::move(item->origin.licence));
    return out;
}

Json head_of(const SealStatement& statement, const std::set<std::string>& licences) {
    Card card = statement.card;
    if (card.name.empty()) card.name = statement.manifest.substr(0, statement.manifest.find(".manifest."));
    if (card.published.empty()) card.published = statement.sealed_at;
    if (card.version.empty()) card.version = std::to_string(statement.version) + ".0.0";
    Json head = croissant_head(card);
    if (card.licence.empty() && !licences.empty())
        head["license"] = licences.size() == 1 ? Json(*licences.begin()) : Json(licences);
    for (const Parent& parent : statement.derived_from)
        head["isBasedOn"].push_back(
            parent.root.empty()
                ? Json(parent.name)
                : Json{{"@type", "sc:Dataset"}, {"name", parent.name}, {"identifier", "merkle-sha256:" + parent.root}});
    return head;
}

Json manifest_object(const SealStatement& statement) {
    return {{"@type", "cr:FileObject"},
            {"@id", "manifest"},
            {"name", statement.manifest},
            {"description", "One line for each item; Merkle root (RFC 6962) " + statement.root},
            {"contentUrl", statement.manifest},
            {"encodingFormat", "application/jsonlines"},
            {"sha256", statement.manifest_sha256}};
}

Json file_object(const Item& item) {
    Json object = {{"@type", "cr:FileObject"},
                   {"@id", "files/" + item.id},  // so that no file is called as the manifest or the record set
                   {"name", item.id},
                   {"contentUrl", is_address(item.origin.source) ? item.origin.source : item.id},
                   {"contentSize", std::to_string(item.size) + " B"},
                   {"encodingFormat", "application/octet-stream"},
                   {"sha256", item.sha256}};
    if (!item.origin.licence.empty()) object["license"] = item.origin.licence;
    return object;
}

Json record_set() {
    struct Column {
        const char* name;
        const char* type;
    };
    constexpr std::array<Column, 6> kColumns = {{{"id", "sc:Text"},
                                                 {"sha256", "sc:Text"},
                                                 {"size", "sc:Integer"},
                                                 {"label", "sc:Text"},
                                                 {"source", "sc:Text"},
                                                 {"licence", "sc:Text"}}};
    Json fields = Json::array();
    for (const Column& column : kColumns) {
        const std::string name = column.name;
        fields.push_back(
            {{"@type", "cr:Field"},
             {"@id", "items/" + name},
             {"name", "items/" + name},
             {"dataType", column.type},
             {"source", {{"fileObject", {{"@id", "manifest"}}}, {"extract", {{"jsonPath", "$." + name}}}}}});
    }
    return {{"@type", "cr:RecordSet"},
            {"@id", "items"},
            {"name", "items"},
            {"key", {{"@id", "items/id"}}},
            {"field", std::move(fields)}};
}

Result<void> write_files(const SealStatement& statement, const std::filesystem::path& manifest, bool in_order,
                         Writer& writer) {
    if (statement.reading.unit != Unit::files) return {};
    if (statement.items > kMostExported)
        return writer.entry({{"@type", "cr:FileSet"},
                             {"@id", "files"},
                             {"name", "files"},
                             {"encodingFormat", "application/octet-stream"},
                             {"includes", "**/*"}});
    auto entries = BARTIZAN_TRY(SortedManifest::open(manifest, IdRule::path, in_order, default_scratch()));
    while (const auto entry = BARTIZAN_TRY(entries.next())) BARTIZAN_TRY(writer.entry(file_object(entry->item)));
    return {};
}

}  // namespace

Json croissant_head(const Card& card) {
    Json head = {{"@context", context_json()},
                 {"@type", "sc:Dataset"},
                 {"conformsTo", kConformsTo},
                 {"name", card.name}};
    const auto add = [&](const char* key, const std::string& text) {
        if (!text.empty()) head[key] = text;
    };
    add("description", card.description);
    add("license", card.licence);
    add("url", card.url);
    add("citeAs", card.citation);
    add("datePublished", card.published);
    add("version", card.version);
    for (const std::string& creator : card.creators)
        head["creator"].push_back({{"@type", "sc:Organization"}, {"name", creator}});
    return head;
}

Result<Croissant> parse_croissant(std::string_view text) {
    const Json document = BARTIZAN_TRY(parse_json(text, {.bytes = kLargestCroissant, .depth = 64}));
    if (!document.is_object()) return unexpected("description", "a JSON object", document.type_name());
    if (!has_type(document, "Dataset"))
        return invalid_input("'@type' does not say sc:Dataset", "a Croissant description (JSON-LD) is expected");
    Croissant out;
    out.card = BARTIZAN_TRY(read_card(document));
    const auto files = document.find("distribution");
    if (files == document.end()) return out;
    const Json list = files->is_array() ? *files : Json::array({*files});
    if (list.size() > kMostFileObjects)
        return exhausted("distribution: more than " + std::to_string(kMostFileObjects) + " files");
    for (std::size_t i = 0; i < list.size(); ++i)
        if (list[i].is_object() && has_type(list[i], "FileObject"))
            BARTIZAN_TRY_WITHIN(read_file_object(list[i], out), "distribution " + std::to_string(i));
    return out;
}

Result<std::vector<std::string>> write_croissant(const SealStatement& statement, const std::filesystem::path& manifest,
                                                 bool in_order, const AppendBytes& out) {
    Writer writer(out);
    const Json document = head_of(statement, BARTIZAN_TRY(licences_of(statement, manifest)));
    std::vector<std::string> missing;
    for (const char* property : {"description", "license", "url", "creator"})
        if (!document.contains(property)) missing.emplace_back(property);
    std::string head = document.dump(2, ' ', false, Json::error_handler_t::replace);
    head.resize(head.size() - 2);  // the line break and the brace that end it
    BARTIZAN_TRY(writer.write(head + ",\n  \"distribution\": ["));
    BARTIZAN_TRY(writer.entry(manifest_object(statement)));
    BARTIZAN_TRY(write_files(statement, manifest, in_order, writer));
    BARTIZAN_TRY(writer.write("\n  ],\n  \"recordSet\": ["));
    Writer records(out);
    BARTIZAN_TRY(records.entry(record_set()));
    BARTIZAN_TRY(records.write("\n  ]\n}\n"));
    return missing;
}

}  // namespace bartizan::lineage
