#include "lineage/statement.h"

#include <algorithm>

#include "core/json.h"
#include "provenance/fields.h"
#include "provenance/names.h"
#include "provenance/statement.h"

namespace bartizan::lineage {
namespace {

using provenance::list_field;
using provenance::object_field;
using provenance::text_field;
using provenance::unexpected;

constexpr std::size_t kMostIgnored = 10'000;
constexpr std::size_t kMostCreators = 1000;

Result<std::uint64_t> count_field(const Json& parent, const char* name) {
    const auto found = parent.find(name);
    if (found == parent.end()) return unexpected(name, "a whole number", "nothing");
    if (!found->is_number_unsigned()) return unexpected(name, "a whole number", found->dump());
    return found->get<std::uint64_t>();
}

Result<std::string> digest_field(const Json& parent, const char* name) {
    std::string text = BARTIZAN_TRY(text_field(parent, name));
    const bool fits = text.size() == 64 && std::ranges::all_of(text, [](char c) {
                          return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
                      });
    if (!fits) return unexpected(name, "64 lower-case hexadecimal digits", text);
    return text;
}

Result<bool> flag_field(const Json& parent, const char* name) {
    const auto found = parent.find(name);
    if (found == parent.end() || !found->is_boolean()) return unexpected(name, "true or false", "something else");
    return found->get<bool>();
}

Result<std::vector<std::string>> texts_field(const Json& parent, const char* name, std::size_t most) {
    const Json* list = BARTIZAN_TRY(list_field(parent, name));
    if (list->size() > most) return exhausted(std::string(name) + ": more than " + std::to_string(most) + " entries");
    std::vector<std::string> out;
    for (const Json& entry : *list) {
        if (!entry.is_string()) return unexpected(name, "a list of texts", entry.type_name());
        out.push_back(entry.get<std::string>());
    }
    return out;
}

Json json_of(const Reading& reading) {
    Json json = {{"unit", to_string(reading.unit)}};
    if (reading.unit == Unit::files) {
        json["folder_labels"] = reading.folder_labels;
        json["ignored"] = reading.ignored;
        return json;
    }
    json["id_column"] = reading.id_column;
    json["label_column"] = reading.label_column;
    return json;
}

Result<Reading> read_reading(const Json& json) {
    Reading reading;
    const std::string unit = BARTIZAN_TRY(text_field(json, "unit"));
    const auto known = unit_from(unit);
    if (!known) return unexpected("unit", "files, table, lines or array", unit);
    reading.unit = *known;
    if (reading.unit != Unit::files) {
        reading.id_column = BARTIZAN_TRY(text_field(json, "id_column"));
        reading.label_column = BARTIZAN_TRY(text_field(json, "label_column"));
        return reading;
    }
    reading.folder_labels = BARTIZAN_TRY(flag_field(json, "folder_labels"));
    reading.ignored = BARTIZAN_TRY(texts_field(json, "ignored", kMostIgnored));
    for (const std::string& name : reading.ignored) BARTIZAN_TRY_WITHIN(provenance::check_name(name), "ignored");
    return reading;
}

Json json_of(const LabelCounts& labels) {
    Json counts = Json::object();
    for (const auto& [label, count] : labels.counts) counts[label] = count;
    return {{"counts", std::move(counts)}, {"others", labels.others}};
}

Result<LabelCounts> read_labels(const Json& json) {
    LabelCounts labels;
    const Json* counts = BARTIZAN_TRY(object_field(json, "counts"));
    if (counts->size() > kMostLabels) return exhausted("more than " + std::to_string(kMostLabels) + " labels");
    for (const auto& [label, count] : counts->items()) {
        if (!count.is_number_unsigned()) return unexpected("counts", "whole numbers", count.type_name());
        labels.counts[label] = count.get<std::uint64_t>();
    }
    labels.others = BARTIZAN_TRY(count_field(json, "others"));
    return labels;
}

Result<std::optional<Previous>> read_previous(const Json& predicate) {
    if (!predicate.contains("previous")) return std::optional<Previous>();
    const Json* json = BARTIZAN_TRY(object_field(predicate, "previous"));
    Previous out;
    out.version = BARTIZAN_TRY(count_field(*json, "version"));
    out.items = BARTIZAN_TRY(count_field(*json, "items"));
    out.root = BARTIZAN_TRY(digest_field(*json, "root"));
    out.only_additions = BARTIZAN_TRY(flag_field(*json, "only_additions"));
    return std::optional<Previous>(std::move(out));
}

Json json_of(const std::vector<Parent>& parents) {
    Json list = Json::array();
    for (const Parent& parent : parents) {
        Json entry = {{"name", parent.name}};
        if (!parent.root.empty()) {
            entry["items"] = parent.items;
            entry["root"] = parent.root;
        }
        list.push_back(std::move(entry));
    }
    return list;
}

Result<std::vector<Parent>> read_parents(const Json& predicate) {
    const Json* list = BARTIZAN_TRY(list_field(predicate, "derived_from"));
    if (list->size() > kMostParents) return exhausted("more than " + std::to_string(kMostParents) + " parents");
    std::vector<Parent> out;
    for (const Json& entry : *list) {
        Parent& parent = out.emplace_back();
        parent.name = BARTIZAN_TRY(text_field(entry, "name"));
        if (!entry.contains("root")) continue;
        parent.root = BARTIZAN_TRY(digest_field(entry, "root"));
        parent.items = BARTIZAN_TRY(count_field(entry, "items"));
    }
    return out;
}

/// The texts of a card under the names that they have in JSON.
template <class Card>
auto fields_of(Card& card) {
    return std::array{std::pair{"name", &card.name},          std::pair{"description", &card.description},
                      std::pair{"licence", &card.licence},    std::pair{"url", &card.url},
                      std::pair{"citation", &card.citation},  std::pair{"version", &card.version},
                      std::pair{"published", &card.published}};
}

Json json_of(const Card& card) {
    Json json = Json::object();
    for (const auto& [name, text] : fields_of(card))
        if (!text->empty()) json[name] = *text;
    if (!card.creators.empty()) json["creators"] = card.creators;
    return json;
}

Result<Card> read_card(const Json& predicate) {
    const Json* json = BARTIZAN_TRY(object_field(predicate, "card"));
    Card card;
    for (const auto& [name, text] : fields_of(card))
        if (json->contains(name)) *text = BARTIZAN_TRY(text_field(*json, name));
    if (json->contains("creators")) card.creators = BARTIZAN_TRY(texts_field(*json, "creators", kMostCreators));
    return card;
}

Result<void> read_predicate(const Json& predicate, SealStatement& out) {
    out.version = BARTIZAN_TRY(count_field(predicate, "version"));
    out.sealed_at = BARTIZAN_TRY(text_field(predicate, "sealed_at"));
    out.items = BARTIZAN_TRY(count_field(predicate, "items"));
    out.bytes = BARTIZAN_TRY(count_field(predicate, "bytes"));
    out.root = BARTIZAN_TRY(digest_field(predicate, "root"));
    out.reading = BARTIZAN_TRY_WITHIN(read_reading(*BARTIZAN_TRY(object_field(predicate, "reading"))), "reading");
    out.labels = BARTIZAN_TRY_WITHIN(read_labels(*BARTIZAN_TRY(object_field(predicate, "labels"))), "labels");
    out.previous = BARTIZAN_TRY_WITHIN(read_previous(predicate), "previous");
    out.derived_from = BARTIZAN_TRY_WITHIN(read_parents(predicate), "derived_from");
    out.card = BARTIZAN_TRY_WITHIN(read_card(predicate), "card");
    return {};
}

}  // namespace

std::string write_seal(const SealStatement& statement) {
    Json predicate = {{"version", statement.version},
                      {"sealed_at", statement.sealed_at},
                      {"items", statement.items},
                      {"bytes", statement.bytes},
                      {"root", statement.root},
                      {"reading", json_of(statement.reading)},
                      {"labels", json_of(statement.labels)}};
    if (const auto& previous = statement.previous)
        predicate["previous"] = {{"version", previous->version},
                                 {"items", previous->items},
                                 {"root", previous->root},
                                 {"only_additions", previous->only_additions}};
    predicate["derived_from"] = json_of(statement.derived_from);
    predicate["card"] = json_of(statement.card);
    const Json subject = {{"name", statement.manifest}, {"digest", {{"sha256", statement.manifest_sha256}}}};
    const Json document = {{"_type", provenance::kStatementType},
                           {"subject", Json::array({subject})},
                           {"predicateType", kSealPredicate},
                           {"predicate", std::move(predicate)}};
    return document.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<SealStatement> parse_seal(std::string_view text) {
    const Json document = BARTIZAN_TRY_WITHIN(parse_json(text, {.bytes = kLargestSeal, .depth = 16}), "seal");
    if (!document.is_object()) return unexpected("seal", "an object", document.type_name());
    BARTIZAN_TRY(provenance::expect_text(document, "_type", provenance::kStatementType));
    BARTIZAN_TRY(provenance::expect_text(document, "predicateType", kSealPredicate));
    const Json* subjects = BARTIZAN_TRY(list_field(document, "subject"));
    if (subjects->size() != 1)
        return unexpected("subject", "one subject", std::to_string(subjects->size()) + " subjects");
    SealStatement out;
    out.manifest = BARTIZAN_TRY(text_field((*subjects)[0], "name"));
    const Json* digests = BARTIZAN_TRY(object_field((*subjects)[0], "digest"));
    out.manifest_sha256 = BARTIZAN_TRY(digest_field(*digests, "sha256"));
    const Json* predicate = BARTIZAN_TRY(object_field(document, "predicate"));
    BARTIZAN_TRY_WITHIN(read_predicate(*predicate, out), "predicate");
    return out;
}

}  // namespace bartizan::lineage
