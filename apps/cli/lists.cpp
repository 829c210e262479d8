/// `bartizan attack --list`, `extract --list`, `harden --list` and `poison --list`: the catalogues.
#include <span>

#include <fmt/format.h>

#include "apps/cli/light_commands.h"
#include "catalog/attacks.h"
#include "catalog/extractions.h"
#include "catalog/hardening.h"
#include "catalog/poisons.h"
#include "cli/output.h"
#include "core/file.h"

namespace bartizan::program {
namespace {

std::string norms_text(const catalog::AttackSpec& attack) {
    std::string out;
    for (const catalog::Norm norm : attack.norms)
        out += (out.empty() ? "" : " ") + std::string(catalog::to_string(norm));
    return out;
}

const char* kind_text(ParamKind kind) {
    switch (kind) {
        case ParamKind::number:
            return "number";
        case ParamKind::integer:
            return "integer";
        case ParamKind::flag:
            return "flag";
    }
    return "";
}

Json parameters_json(std::span<const ParamSpec> params) {
    Json out = Json::array();
    for (const ParamSpec& param : params)
        out.push_back({{"name", param.name},
                       {"kind", kind_text(param.kind)},
                       {"default", param.preset},
                       {"low", param.low},
                       {"high", param.high},
                       {"help", param.help}});
    return out;
}

Json attacks_json(const cli::Invocation& invocation) {
    Json json = cli::document(invocation);
    json["schema"] = "bartizan.attack-list/1";
    json["attacks"] = Json::array();
    for (const catalog::AttackSpec& attack : catalog::attacks()) {
        Json norms = Json::array();
        for (const catalog::Norm norm : attack.norms) norms.push_back(catalog::to_string(norm));
        json["attacks"].push_back({{"name", attack.name},
                                   {"summary", attack.summary},
                                   {"access", catalog::to_string(attack.access)},
                                   {"norms", norms},
                                   {"data", attack.data_kind},
                                   {"minimal", attack.minimal},
                                   {"targeted", attack.can_target},
                                   {"maturity", catalog::to_string(attack.maturity)},
                                   {"reference", attack.reference},
                                   {"url", attack.url},
                                   {"atlas", attack.atlas},
                                   {"parameters", parameters_json(attack.params)}});
    }
    return json;
}

std::string attacks_text() {
    std::string text = fmt::format("{:<18} {:<10} {:<12} {:<6} {}\n", "name", "access", "norms", "data", "paper");
    for (const catalog::AttackSpec& attack : catalog::attacks())
        text += fmt::format("{:<18} {:<10} {:<12} {:<6} {}\n", attack.name, catalog::to_string(attack.access),
                            norms_text(attack), attack.data_kind, attack.reference);
    return text;
}

Json methods_json(const cli::Invocation& invocation) {
    Json json = cli::document(invocation);
    json["schema"] = "bartizan.harden-list/1";
    json["methods"] = Json::array();
    for (const catalog::HardeningSpec& method : catalog::hardening_methods())
        json["methods"].push_back({{"name", method.name},
                                   {"summary", method.summary},
                                   {"reference", method.reference},
                                   {"url", method.url},
                                   {"parameters", parameters_json(method.params)}});
    return json;
}

std::string methods_text() {
    std::string text = fmt::format("{:<14} {}\n", "name", "what it does");
    for (const catalog::HardeningSpec& method : catalog::hardening_methods()) {
        text += fmt::format("{:<14} {}\n", method.name, method.summary);
        for (const ParamSpec& param : method.params)
            text += fmt::format("{:<14}   {} ({:g}): {}\n", "", param.name, param.preset, param.help);
    }
    return text;
}

Json extractions_json(const cli::Invocation& invocation) {
    Json json = cli::document(invocation);
    json["schema"] = "bartizan.extract-list/1";
    json["attacks"] = Json::array();
    for (const catalog::ExtractionSpec& one : catalog::extractions())
        json["attacks"].push_back({{"name", one.name},
                                   {"summary", one.summary},
                                   {"asks_with", one.asks_with},
                                   {"sees", one.sees},
                                   {"works_on", one.works_on},
                                   {"learns", one.learns},
                                   {"reference", one.reference},
                                   {"url", one.url},
                                   {"atlas", catalog::kExtractionAtlas},
                                   {"parameters", parameters_json(one.params)}});
    return json;
}

std::string extractions_text() {
    std::string text = fmt::format("{:<18} {:<7} {}\n", "name", "sees", "what it does");
    for (const catalog::ExtractionSpec& one : catalog::extractions()) {
        text += fmt::format("{:<18} {:<7} {}\n", one.name, one.sees, one.summary);
        for (const ParamSpec& param : one.params)
            text += fmt::format("{:<26}   {} ({:g}): {}\n", "", param.name, param.preset, param.help);
    }
    return text;
}

Json poisons_json(const cli::Invocation& invocation) {
    Json json = cli::document(invocation);
    json["schema"] = "bartizan.poison-list/1";
    json["attacks"] = Json::array();
    for (const catalog::PoisonSpec& poison : catalog::poisons())
        json["attacks"].push_back({{"name", poison.name},
                                   {"summary", poison.summary},
                                   {"data", poison.data_kind},
                                   {"keeps_labels", poison.keeps_labels},
                                   {"has_trigger", poison.has_trigger},
                                   {"needs_model", poison.needs_model},
                                   {"reference", poison.reference},
                                   {"url", poison.url},
                                   {"atlas", catalog::kPoisonAtlas},
                                   {"parameters", parameters_json(poison.params)}});
    return json;
}

std::string poisons_text() {
    std::string text = fmt::format("{:<17} {:<6} {}\n", "name", "data", "what it does");
    for (const catalog::PoisonSpec& poison : catalog::poisons()) {
        text += fmt::format("{:<17} {:<6} {}{}\n", poison.name, poison.data_kind, poison.summary,
                            poison.needs_model ? " Needs --model." : "");
        for (const ParamSpec& param : poison.params)
            text += fmt::format("{:<24}   {} ({:g}): {}\n", "", param.name, param.preset, param.help);
    }
    return text;
}

Result<int> print_list(const cli::Invocation& invocation, const Json& json, const std::string& text) {
    if (invocation.has("out")) BARTIZAN_TRY(write_file_atomically(invocation.text("out"), to_text(json)));
    BARTIZAN_TRY(cli::print(invocation, json, text));
    return 0;
}

}  // namespace

Result<int> attack_list(const cli::Invocation& invocation) {
    return print_list(invocation, attacks_json(invocation), attacks_text());
}

Result<int> harden_list(const cli::Invocation& invocation) {
    return print_list(invocation, methods_json(invocation), methods_text());
}

Result<int> extract_list(const cli::Invocation& invocation) {
    return print_list(invocation, extractions_json(invocation), extractions_text());
}

Result<int> poison_list(const cli::Invocation& invocation) {
    return print_list(invocation, poisons_json(invocation), poisons_text());
}

}  // namespace bartizan::program
