#include "documents/card_forms.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "bartizan/version.h"
#include "core/time_text.h"
#include "incident/messages.h"
#include "lineage/croissant.h"
#include "report/escape.h"
#include "report/html_parts.h"

namespace bartizan::documents {
namespace card_forms {
namespace {

/// A scalar: what JSON writes is YAML too.
std::string scalar(const std::string& text) {
    return Json(report::clean_line(text)).dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string task_of(const governance::Profile& profile) {
    if (profile.modality == "image") return "image-classification";
    if (profile.modality == "text") return "text-classification";
    if (profile.modality == "tabular") return "tabular-classification";
    if (profile.modality == "audio") return "audio-classification";
    return "other";
}

std::string model_index(const Facts& facts, Audience audience) {
    std::string metrics;
    for (const governance::Evidence& one : facts.standing.evidence) {
        if (!one.value || withheld(facts, one, audience)) continue;
        const governance::Check* check = facts.framework->check(one.check);
        metrics +=
            fmt::format("    - type: {}\n      value: {}\n      name: {}\n", scalar(one.check), Json(*one.value).dump(),
                        scalar(fmt::format("{} [{}]", check == nullptr ? one.check : check->title, one.id)));
    }
    if (metrics.empty()) return "tags:\n- bartizan\n";
    return fmt::format(
        "tags:\n- bartizan\nmodel-index:\n- name: {}\n  results:\n  - task:\n      type: {}\n    dataset:\n      type: "
        "other\n      name: {}\n    metrics:\n{}",
        scalar(facts.version->id.asset.name), task_of(facts.profile),
        scalar("the data of each check, as its evidence says"), metrics);
}

std::string trimmed(const std::string& text) {
    const auto first = text.find_first_not_of(" \t\r\n");
    if (first == std::string::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

std::string written_html(const CardPart& part, const Written& written) {
    const auto found = written.find(part.section.name);
    if (found == written.end()) return "<p class=\"todo\">" + report::escape_markup(part.prompt) + "</p>";
    return "<div class=\"card\"><div class=\"finding\" style=\"border-left:0;margin:0\">" +
           incident::html_of(report::clean_text(found->second)) + "</div></div>";
}

/// RAI 1.0 properties, from the parts that people write.
struct RaiRow {
    const char *part, *property;
};
constexpr RaiRow kRai[] = {{"collection", "rai:dataCollection"},
                           {"preprocessing", "rai:dataPreprocessingProtocol"},
                           {"uses", "rai:dataUseCases"},
                           {"biases", "rai:dataBiases"},
                           {"personal-data", "rai:personalSensitiveInformation"},
                           {"maintenance", "rai:dataReleaseMaintenancePlan"}};

Json file_object(const registry::Version& version) {
    return {{"@type", "cr:FileObject"},
            {"@id", "data"},
            {"name", version.file_name.empty() ? "data" : version.file_name},
            {"contentUrl", version.file_name.empty() ? "data" : version.file_name},
            {"contentSize", std::to_string(version.bytes) + " B"},
            {"encodingFormat", "application/octet-stream"},
            {"sha256", version.digest}};
}

/// What evidence says of limits, and what nobody measured: never silence.
std::string rai_limitations(const Facts& facts) {
    std::string out;
    for (const governance::Evidence& one : facts.standing.evidence) {
        out += fmt::format("{} {}. ", one.check, evidence_line(one));
        for (const std::string& limit : one.limitations) out += limit + ". ";
    }
    return trimmed(out.empty() ? "There is no evidence about this version." : out);
}

}  // namespace
}  // namespace card_forms

std::vector<FreshPart> front_parts(const Facts& facts, Audience audience) {
    const bool data = facts.standing.subject.kind == governance::SubjectKind::data;
    std::vector<FreshPart> out;
    out.push_back(
        {.kind = PartKind::written,
         .name = "front",
         .body = data ? "# To be written: license, language, size_categories, task_categories, as the hub has them\n"
                      : "# To be written: license, language, datasets, base_model, as the hub has them\n",
         .front = true});
    out.push_back({.name = "model-index",
                   .body = data ? fmt::format("pretty_name: {}\ntags:\n- bartizan\n",
                                              card_forms::scalar(facts.version->id.asset.name))
                                : card_forms::model_index(facts, audience),
                   .front = true});
    return out;
}

std::string card_page(const Facts& facts, const std::vector<CardPart>& parts, const Written& written,
                      Audience audience) {
    const std::string title = fmt::format("{} of {}", card_title(facts), facts.standing.subject.asset);
    std::string body = fmt::format(
        "<div class=\"lead\"><h1>{}</h1><p>Version {}, {}. Made on {} from the registry and evidence; what people "
        "wrote is set in a frame of its own.</p></div>",
        report::escape_markup(title), facts.version->id.number,
        audience == Audience::internal ? "for use inside" : "public",
        utc_text(static_cast<std::time_t>(facts.now())).substr(0, 10));
    for (const CardPart& one : parts) {
        body += fmt::format("<section id=\"{0}\"><h2>{1}</h2>", report::escape_markup(one.section.name),
                            report::escape_markup(one.section.title));
        body += one.written ? card_forms::written_html(one, written) : html_of(one.section);
        body += "</section>";
    }
    return report::html_page(title, card_title(facts), kVersion, body);
}

Result<Json> croissant_of(const Facts& facts, const Written& written, Audience audience,
                          std::vector<std::string>& missing) {
    using namespace card_forms;
    if (facts.standing.subject.kind != governance::SubjectKind::data)
        return invalid_input("Croissant describes data sets, not models", "--as markdown, json or html");
    const auto text = [&](const char* part) {
        const auto found = written.find(part);
        return found == written.end() ? std::string() : trimmed(found->second);
    };
    const registry::Version& version = *facts.version;
    lineage::Card card{.name = version.id.asset.name,
                       .description = text("description"),
                       .licence = text("licence"),
                       .url = text("url"),
                       .citation = text("citation"),
                       .version = fmt::format("{}.0.0", version.id.number),
                       .published = utc_text(static_cast<std::time_t>(version.created))};
    std::string names = text("creators");
    while (!names.empty()) {
        const auto end = std::min(names.find('\n'), names.size());
        if (const std::string one = trimmed(names.substr(0, end)); !one.empty()) card.creators.push_back(one);
        names.erase(0, std::min(end + 1, names.size()));
    }
    Json out = lineage::croissant_head(card);
    for (const char* property : {"description", "license", "url", "creator"})
        if (!out.contains(property)) missing.emplace_back(property);
    out["conformsTo"] = Json::array({out["conformsTo"], "http://mlcommons.org/croissant/RAI/1.0"});
    for (const RaiRow& row : kRai)
        if (const std::string value = text(row.part); !value.empty()) out[row.property] = value;
    if (audience == Audience::internal) {
        out["rai:dataLimitations"] = rai_limitations(facts);
        for (const registry::Link& link : version.links) out["isBasedOn"].push_back(link.source.text());
    }
    out["distribution"] = Json::array({file_object(version)});
    return out;
}

}  // namespace bartizan::documents
