#include "governance/catalogue.h"

#include <algorithm>

#include <fmt/format.h>

#include "governance/data_made.h"
#include "core/json_fields.h"

namespace bartizan::governance {
namespace {

constexpr JsonLimits kLimits{.bytes = kLongestCatalogue, .depth = 8};

Result<Json> document(std::string_view text, const std::string& schema) {
    Json json = BARTIZAN_TRY(parse_json(text, kLimits));
    const JsonFields fields = BARTIZAN_TRY(JsonFields::of(json, ""));
    if (BARTIZAN_TRY(fields.text("schema")) != schema)
        return invalid_input("schema: this is no " + schema, "begin with \"schema\": \"" + schema + "\"");
    return json;
}

Result<SubjectKind> subject_from(std::string_view word) {
    for (const SubjectKind kind : {SubjectKind::model, SubjectKind::data, SubjectKind::organisation})
        if (to_string(kind) == word) return kind;
    return invalid_input("'" + std::string(word.substr(0, 40)) + "' is no kind of subject",
                         "model, data or organisation");
}

/// Names of schemes and refs stand in addresses and messages.
Result<void> check_word(const JsonFields& fields, const char* name, const std::string& value, std::size_t longest) {
    const bool plain = !value.empty() && value.size() <= longest &&
                       std::ranges::all_of(value, [](char c) { return c >= ' ' && c <= '~'; });
    if (!plain) return fields.fault(name, fmt::format("expected 1 to {} characters of ASCII", longest));
    return {};
}

}  // namespace

std::string_view to_string(SubjectKind kind) {
    constexpr std::string_view kNames[] = {"model", "data", "organisation"};
    return kNames[static_cast<std::size_t>(kind)];
}

std::string_view to_string(Method method) {
    constexpr std::string_view kNames[] = {"TEST", "EXAMINE", "INTERVIEW"};
    return kNames[static_cast<std::size_t>(method)];
}

Result<Method> method_from(std::string_view word) {
    for (const Method method : {Method::test, Method::examine, Method::interview})
        if (to_string(method) == word) return method;
    return invalid_input("'" + std::string(word.substr(0, 40)) + "' is no method", "TEST, EXAMINE or INTERVIEW");
}

Result<Framework> Framework::make(std::span<const std::pair<std::string, std::string>> own) {
    Framework out;
    for (const EmbeddedFile& file : kFiles)
        if (file.name == "capabilities.json")
            BARTIZAN_TRY_WITHIN(out.read_capabilities(file.content), std::string(file.name));
    for (const EmbeddedFile& file : kFiles)
        if (file.name.starts_with("catalogues/"))
            BARTIZAN_TRY_WITHIN(out.read_catalogue(file.content), std::string(file.name));
    for (const auto& [name, text] : own) BARTIZAN_TRY_WITHIN(out.read_catalogue(text), name);
    return out;
}

Result<void> Framework::read_capabilities(std::string_view text) {
    const Json json = BARTIZAN_TRY(document(text, "bartizan.capabilities/1"));
    const JsonFields top = BARTIZAN_TRY(JsonFields::of(json, ""));
    for (const Json& row : *BARTIZAN_TRY(top.list("capabilities", kMostCapabilities))) {
        const JsonFields fields =
            BARTIZAN_TRY(JsonFields::of(row, fmt::format("capabilities[{}]", capabilities_.size())));
        BARTIZAN_TRY(fields.only({"id", "title", "subjects", "method", "valid_days", "modality", "checks"}));
        Capability capability{.id = BARTIZAN_TRY(fields.text("id", 40)), .title = BARTIZAN_TRY(fields.text("title"))};
        for (const std::string& word : BARTIZAN_TRY(fields.texts_or_none("subjects")))
            capability.subjects[static_cast<std::size_t>(BARTIZAN_TRY(subject_from(word)))] = true;
        capability.method = BARTIZAN_TRY(method_from(BARTIZAN_TRY(fields.text("method"))));
        capability.valid_days = BARTIZAN_TRY(fields.integer("valid_days", 1, 3650));
        capability.modality = BARTIZAN_TRY(fields.text_or("modality", ""));
        for (const Json& one : *BARTIZAN_TRY(fields.list("checks", 16))) {
            const JsonFields part = BARTIZAN_TRY(JsonFields::of(one, fields.place("checks")));
            BARTIZAN_TRY(part.only({"id", "title", "at_least", "at_most", "min_samples"}));
            Check check{.id = BARTIZAN_TRY(part.text("id", 60)), .title = BARTIZAN_TRY(part.text("title"))};
            check.capability = capabilities_.size();
            check.at_least = BARTIZAN_TRY(part.number("at_least"));
            check.at_most = BARTIZAN_TRY(part.number("at_most"));
            check.min_samples = BARTIZAN_TRY(part.integer_or("min_samples", 0, 0, 1'000'000'000));
            if (!check_at_.emplace(check.id, checks_.size()).second)
                return part.fault("id", "'" + check.id + "' is there twice");
            capability.checks.push_back(checks_.size());
            checks_.push_back(std::move(check));
        }
        if (!capability_at_.emplace(capability.id, capabilities_.size()).second)
            return fields.fault("id", "'" + capability.id + "' is there twice");
        capabilities_.push_back(std::move(capability));
    }
    return {};
}

Result<void> Framework::read_catalogue(std::string_view text) {
    const Json json = BARTIZAN_TRY(document(text, "bartizan.catalogue/1"));
    const JsonFields top = BARTIZAN_TRY(JsonFields::of(json, ""));
    BARTIZAN_TRY(top.only({"schema", "scheme", "version", "title", "publisher", "licence", "source", "sector", "note",
                           "mapping", "requirements"}));
    Catalogue catalogue{.scheme = BARTIZAN_TRY(top.text("scheme", 60)),
                        .version = BARTIZAN_TRY(top.text("version", 40)),
                        .title = BARTIZAN_TRY(top.text("title")),
                        .publisher = BARTIZAN_TRY(top.text("publisher")),
                        .licence = BARTIZAN_TRY(top.text("licence")),
                        .source = BARTIZAN_TRY(top.text("source")),
                        .sector = BARTIZAN_TRY(top.text_or("sector", "")),
                        .note = BARTIZAN_TRY(top.text_or("note", "")),
                        .mapping_version = "",
                        .mapping_status = ""};
    BARTIZAN_TRY(check_word(top, "scheme", catalogue.scheme, 60));
    BARTIZAN_TRY(check_word(top, "version", catalogue.version, 40));
    const Json none = Json::object();
    const Json& mapping = json.contains("mapping") ? json["mapping"] : none;
    const JsonFields about = BARTIZAN_TRY(JsonFields::of(mapping, "mapping"));
    BARTIZAN_TRY(about.only({"version", "status", "reviewer", "note"}));
    catalogue.mapping_version = BARTIZAN_TRY(about.text_or("version", "1"));
    catalogue.mapping_status = BARTIZAN_TRY(about.text_or("status", "draft"));
    catalogue.first = requirements_.size();

    const auto capabilities = [&](const JsonFields& fields, const char* name) -> Result<CapabilitySet> {
        CapabilitySet set = 0;
        for (const std::string& id : BARTIZAN_TRY(fields.texts_or_none(name))) {
            const auto found = capability_at_.find(id);
            if (found == capability_at_.end())
                return fields.fault(name, "there is no capability '" + id.substr(0, 40) + "'");
            set |= CapabilitySet{1} << found->second;
        }
        return set;
    };
    for (const Json& row : *BARTIZAN_TRY(top.list("requirements", kMostRequirements))) {
        const JsonFields fields =
            BARTIZAN_TRY(JsonFields::of(row, fmt::format("requirements[{}]", requirements_.size() - catalogue.first)));
        BARTIZAN_TRY(
            fields.only({"ref", "title", "must", "may", "unchecked", "valid_from", "valid_to", "superseded_by"}));
        Requirement one{.catalogue = catalogues_.size(),
                        .ref = BARTIZAN_TRY(fields.text("ref", 80)),
                        .id = "",
                        .title = BARTIZAN_TRY(fields.text("title")),
                        .valid_from = BARTIZAN_TRY(fields.text_or("valid_from", "")),
                        .valid_to = BARTIZAN_TRY(fields.text_or("valid_to", "")),
                        .superseded_by = BARTIZAN_TRY(fields.text_or("superseded_by", ""))};
        BARTIZAN_TRY(check_word(fields, "ref", one.ref, 80));
        one.must = BARTIZAN_TRY(capabilities(fields, "must"));
        one.may = BARTIZAN_TRY(capabilities(fields, "may"));
        one.unchecked = BARTIZAN_TRY(fields.flag_or("unchecked", false));
        one.id = catalogue.scheme + "@" + catalogue.version + ":" + one.ref;
        if (!requirement_at_.emplace(one.id, requirements_.size()).second)
            return fields.fault("ref", "'" + one.id + "' is there twice");
        requirements_.push_back(std::move(one));
    }
    if (requirements_.size() > kMostRequirements)
        return exhausted(fmt::format("there are more than {} requirements in all", kMostRequirements));
    catalogue.count = requirements_.size() - catalogue.first;
    catalogues_.push_back(std::move(catalogue));
    return {};
}

CapabilitySet Framework::asked_of(SubjectKind kind, std::string_view modality) const {
    CapabilitySet set = 0;
    for (std::size_t i = 0; i < capabilities_.size(); ++i) {
        const Capability& one = capabilities_[i];
        const bool fits = one.modality.empty() || modality.empty() || one.modality == modality;
        if (one.subjects[static_cast<std::size_t>(kind)] && fits) set |= CapabilitySet{1} << i;
    }
    return set;
}

const Check* Framework::check(std::string_view id) const {
    const auto at = check_index(id);
    return at ? &checks_[*at] : nullptr;
}
std::optional<std::size_t> Framework::check_index(std::string_view id) const {
    const auto found = check_at_.find(std::string(id));
    return found == check_at_.end() ? std::nullopt : std::optional(found->second);
}
std::optional<std::size_t> Framework::requirement_index(std::string_view id) const {
    const auto found = requirement_at_.find(std::string(id));
    return found == requirement_at_.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace bartizan::governance
