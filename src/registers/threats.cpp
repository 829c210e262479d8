#include "registers/threats.h"

#include <algorithm>

#include <fmt/format.h>

#include "core/json_fields.h"
#include "registers/data_made.h"

namespace bartizan::registers {
namespace {

constexpr std::size_t kMost = 1000;  // threats, and effects

Result<Function> function_from(const std::string& word) {
    if (word == "share") return Function::share;
    if (word == "one_minus") return Function::one_minus;
    if (word == "advantage_of_auc") return Function::advantage_of_auc;
    if (word == "passed") return Function::passed;
    return invalid_input("'" + word.substr(0, 40) + "' is no function", "share, one_minus, advantage_of_auc or passed");
}

Result<CheckEffect> read_effect(const Json& json, const std::string& place) {
    const auto fields = BARTIZAN_TRY(JsonFields::of(json, place));
    BARTIZAN_TRY(fields.only({"check", "function", "most", "why"}));
    CheckEffect out{.check = BARTIZAN_TRY(fields.text("check")),
                    .effect = {},
                    .function = BARTIZAN_TRY(fields.text("function")),
                    .why = BARTIZAN_TRY(fields.text("why"))};
    out.effect.function = BARTIZAN_TRY_WITHIN(function_from(out.function), fields.place("function"));
    const auto most = BARTIZAN_TRY(fields.number("most"));
    if (!most || !(*most > 0 && *most < 1)) return fields.fault("most", "expected a number above 0 and below 1");
    out.effect.most = *most;
    return out;
}

Result<Threat> read_threat(const Json& json, const std::string& place) {
    const auto fields = BARTIZAN_TRY(JsonFields::of(json, place));
    BARTIZAN_TRY(fields.only({"id", "title", "maturity", "knowledge", "subjects", "modality", "harms", "checks"}));
    Threat out{.id = BARTIZAN_TRY(fields.text("id", 40)),
               .title = BARTIZAN_TRY(fields.text("title", 200)),
               .maturity = BARTIZAN_TRY(fields.text("maturity")),
               .knowledge = BARTIZAN_TRY(fields.text("knowledge")),
               .subjects = BARTIZAN_TRY(fields.texts_or_none("subjects")),
               .modality = BARTIZAN_TRY(fields.text_or("modality", "")),
               .harms = BARTIZAN_TRY(fields.texts_or_none("harms")),
               .checks = BARTIZAN_TRY(fields.texts_or_none("checks"))};
    BARTIZAN_TRY_WITHIN(maturity_of(out.maturity), fields.place("maturity"));
    BARTIZAN_TRY_WITHIN(knowledge_of(out.knowledge), fields.place("knowledge"));
    if (out.harms.empty()) return fields.fault("harms", "expected one at least");
    for (const std::string& axis : out.harms)
        if (std::ranges::find(kAxes, axis) == std::end(kAxes)) return fields.fault("harms", "'" + axis + "' is none");
    return out;
}

}  // namespace

Result<Threats> Threats::make(const governance::Framework& framework) {
    for (const EmbeddedFile& file : kFiles)
        if (file.name == "threats.json") return read(file.content, framework);
    return internal_error("the threats do not ship");
}

Result<Threats> Threats::read(std::string_view text, const governance::Framework& framework) {
    const Json json = BARTIZAN_TRY(parse_json(text, {.bytes = 1 << 20, .depth = 8}));
    const auto fields = BARTIZAN_TRY(JsonFields::of(json, ""));
    if (BARTIZAN_TRY(fields.text("schema")) != "bartizan.threats/1")
        return invalid_input("schema: this is no bartizan.threats/1");
    Threats out;
    std::size_t at = 0;
    for (const Json& one : *BARTIZAN_TRY(fields.list("effects", kMost))) {
        out.effects_.push_back(BARTIZAN_TRY(read_effect(one, fmt::format("effects[{}]", at++))));
        if (framework.check(out.effects_.back().check) == nullptr)
            return invalid_input(
                fmt::format("effects[{}].check: there is no check '{}'", at - 1, out.effects_.back().check));
    }
    at = 0;
    for (const Json& one : *BARTIZAN_TRY(fields.list("threats", kMost))) {
        const std::string place = fmt::format("threats[{}]", at++);
        Threat threat = BARTIZAN_TRY(read_threat(one, place));
        if (out.find(threat.id) != nullptr) return invalid_input(place + ".id: it stands there twice");
        for (const std::string& check : threat.checks)
            if (out.effect(check) == nullptr)
                return invalid_input(place + ".checks: '" + check + "' has no entry under effects");
        out.threats_.push_back(std::move(threat));
    }
    return out;
}

const Threat* Threats::find(std::string_view id) const {
    const auto found = std::ranges::find(threats_, id, &Threat::id);
    return found == threats_.end() ? nullptr : &*found;
}

const CheckEffect* Threats::effect(std::string_view check) const {
    const auto found = std::ranges::find(effects_, check, &CheckEffect::check);
    return found == effects_.end() ? nullptr : &*found;
}

bool concerns(const Threat& threat, std::string_view kind, std::string_view modality) {
    if (std::ranges::find(threat.subjects, kind) == threat.subjects.end()) return false;
    return threat.modality.empty() || modality.empty() || modality == threat.modality;
}

}  // namespace bartizan::registers
