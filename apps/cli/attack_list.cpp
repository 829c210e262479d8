/// `bartizan attack --list`: the catalogue of attacks.
#include <fmt/format.h>

#include "apps/cli/light_commands.h"
#include "catalog/attacks.h"
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

Json parameters_json(const catalog::AttackSpec& attack) {
    Json out = Json::array();
    for (const ParamSpec& param : attack.params)
        out.push_back({{"name", param.name},
                       {"kind", kind_text(param.kind)},
                       {"default", param.preset},
                       {"low", param.low},
                       {"high", param.high},
                       {"help", param.help}});
    return out;
}

Json as_json(const cli::Invocation& invocation) {
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
                                   {"parameters", parameters_json(attack)}});
    }
    return json;
}

std::string as_text() {
    std::string text = fmt::format("{:<12} {:<10} {:<12} {:<6} {}\n", "name", "access", "norms", "data", "paper");
    for (const catalog::AttackSpec& attack : catalog::attacks())
        text += fmt::format("{:<12} {:<10} {:<12} {:<6} {}\n", attack.name, catalog::to_string(attack.access),
                            norms_text(attack), attack.data_kind, attack.reference);
    return text;
}

}  // namespace

Result<int> attack_list(const cli::Invocation& invocation) {
    const Json json = as_json(invocation);
    if (invocation.has("out")) BARTIZAN_TRY(write_file_atomically(invocation.text("out"), to_text(json)));
    BARTIZAN_TRY(cli::print(invocation, json, as_text()));
    return 0;
}

}  // namespace bartizan::program
