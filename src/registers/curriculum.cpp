/// Activities, modules of training, and documents that are signed: what ships.
#include <algorithm>

#include <fmt/format.h>

#include "core/json_fields.h"
#include "registers/data_made.h"
#include "registers/people.h"

namespace bartizan::registers {
namespace {

constexpr std::size_t kMost = 200;

Result<Module> read_module(const Json& json, const std::string& place, const Curriculum& known) {
    const auto fields = BARTIZAN_TRY(JsonFields::of(json, place));
    Module out{.id = BARTIZAN_TRY(fields.text("id", 80)),
               .title = BARTIZAN_TRY(fields.text("title", 300)),
               .valid_days = BARTIZAN_TRY(fields.integer("valid_days", 1, 3660)),
               .pass_score = BARTIZAN_TRY(fields.integer("pass_score", 1, 100)),
               .activities = BARTIZAN_TRY(fields.texts_or_none("for"))};
    for (const std::string& one : out.activities)
        if (one != "*" && std::ranges::find(known.activities, one, [](const auto& pair) { return pair.first; }) ==
                              known.activities.end())
            return fields.fault("for", "there is no activity '" + one + "'");
    return out;
}

Result<Document> read_document(const Json& json, const std::string& place, const governance::Framework& framework) {
    const auto fields = BARTIZAN_TRY(JsonFields::of(json, place));
    Document out{.id = BARTIZAN_TRY(fields.text("id", 80)),
                 .title = BARTIZAN_TRY(fields.text("title", 300)),
                 .check = BARTIZAN_TRY(fields.text_or("check", "")),
                 .requirement = BARTIZAN_TRY(fields.text_or("requirement", ""))};
    if (!out.check.empty() && framework.check(out.check) == nullptr)
        return fields.fault("check", "there is no check '" + out.check + "'");
    if (!out.requirement.empty() && !framework.requirement_index(out.requirement))
        return fields.fault("requirement", "there is no requirement '" + out.requirement + "'");
    return out;
}

}  // namespace

Result<Curriculum> curriculum_of(const governance::Framework& framework) {
    const auto file = std::ranges::find(kFiles, "people.json", &EmbeddedFile::name);
    if (file == std::end(kFiles)) return internal_error("the roles of people do not ship");
    const Json json = BARTIZAN_TRY(parse_json(file->content, {.bytes = 1 << 20, .depth = 8}));
    const auto fields = BARTIZAN_TRY(JsonFields::of(json, ""));
    Curriculum out;
    for (const Json& one : *BARTIZAN_TRY(fields.list("activities", kMost))) {
        const auto row = BARTIZAN_TRY(JsonFields::of(one, fmt::format("activities[{}]", out.activities.size())));
        out.activities.emplace_back(BARTIZAN_TRY(row.text("id", 80)), BARTIZAN_TRY(row.text("title", 300)));
    }
    for (const Json& one : *BARTIZAN_TRY(fields.list("modules", kMost)))
        out.modules.push_back(BARTIZAN_TRY(read_module(one, fmt::format("modules[{}]", out.modules.size()), out)));
    for (const Json& one : *BARTIZAN_TRY(fields.list("documents", kMost)))
        out.documents.push_back(
            BARTIZAN_TRY(read_document(one, fmt::format("documents[{}]", out.documents.size()), framework)));
    return out;
}

}  // namespace bartizan::registers
