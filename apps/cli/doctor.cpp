#include <algorithm>

#include <fmt/format.h>

#include "apps/cli/checkup.h"
#include "apps/cli/light_commands.h"
#include "bartizan/version.h"
#include "cli/output.h"
#include "core/file.h"

namespace bartizan::program {
namespace {

Json as_json(const cli::Invocation& invocation, const std::vector<Check>& checks, bool well) {
    Json json = cli::document(invocation);
    json["version"] = kVersion;
    json["ok"] = well;
    json["checks"] = Json::array();
    for (const Check& check : checks)
        json["checks"].push_back({{"name", check.name},
                                  {"status", to_string(check.health)},
                                  {"detail", check.detail},
                                  {"mend", check.mend}});
    return json;
}

std::string as_text(const std::vector<Check>& checks, bool well) {
    std::string text;
    for (const Check& check : checks) {
        text += fmt::format("{:<8} {:<10} {}\n", to_string(check.health), check.name, check.detail);
        if (!check.mend.empty()) text += fmt::format("{:19} to mend it: {}\n", "", check.mend);
    }
    return text + (well ? "Bartizan is ready.\n" : "Something is missing: see above.\n");
}

}  // namespace

Result<int> doctor(const cli::Invocation& invocation) {
    const auto checks = checkup();
    const bool well = std::ranges::none_of(checks, [](const Check& c) { return c.health == Health::missing; });
    const Json json = as_json(invocation, checks, well);
    if (invocation.has("out")) BARTIZAN_TRY(write_file_atomically(invocation.text("out"), to_text(json)));
    BARTIZAN_TRY(cli::print(invocation, json, as_text(checks, well)));
    return well ? 0 : 1;
}

}  // namespace bartizan::program
