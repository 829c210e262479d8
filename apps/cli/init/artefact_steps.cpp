/// Steps on the files alone: scan, bill of materials, signature, audit.
#include <fmt/format.h>

#include "apps/cli/init/steps.h"
#include "cli/output.h"

namespace bartizan::program::init {
namespace {

std::string text_at(const Json& object, const char* name) {
    const auto found = object.find(name);
    return found != object.end() && found->is_string() ? found->get<std::string>() : "?";
}

}  // namespace

Result<Outcome> scan_step(Workspace& workspace) {
    const std::string file = workspace.path("scan.json").string();
    const Ran ran =
        BARTIZAN_TRY(workspace.run({"scan", workspace.answer("model"), "--record", file, "--fail-on", "never"}));
    const std::string verdict = text_at(ran.document, "verdict");
    if (verdict == "malicious")
        return Outcome{"findings",
                       "the file holds what would run when it is loaded: do not load it anywhere",
                       {"scan.json"},
                       true};
    if (verdict != "clean")
        return Outcome{
            "findings", "the file could not be shown to be safe (" + verdict + "): read scan.json", {"scan.json"}};
    return Outcome{"done", "clean: nothing in the file runs when it is loaded", {"scan.json"}};
}

Result<Outcome> bom_step(Workspace& workspace) {
    const std::string file = workspace.path("model.cdx.json").string();
    BARTIZAN_TRY(workspace.run({"bom", workspace.answer("model"), "--out", file}));
    return Outcome{"done", "a bill of materials (CycloneDX) with digests and licences", {"model.cdx.json"}};
}

Result<Outcome> sign_step(Workspace& workspace) {
    const std::string key = workspace.path("secrets/signing.key").string();
    const std::string signature = workspace.path("model.sig").string();
    std::error_code ignored;
    if (!std::filesystem::exists(key, ignored)) BARTIZAN_TRY(workspace.run({"keygen", "--out", key}));
    BARTIZAN_TRY(workspace.run({"sign", workspace.answer("model"), "--key", key, "--out", signature}));
    const Ran verified = BARTIZAN_TRY(
        workspace.run({"verify", workspace.answer("model"), "--key", key + ".pub", "--signature", signature}));
    if (verified.status != 0) return Error(Errc::internal, "the signature that was just made does not verify");
    return Outcome{"done",
                   "signed with a key of its own (keep a copy of secrets/ elsewhere), and verified",
                   {"model.sig", "secrets/signing.key.pub"}};
}

Result<Outcome> audit_step(Workspace& workspace) {
    if (workspace.answer("data").empty())
        return Outcome{"not-possible", "attacks need labelled data: --answer data=PATH, then --again audit"};
    const std::string folder = workspace.path("audit").string();
    std::vector<std::string> words = {"audit",     workspace.answer("model"),
                                      "--data",    workspace.answer("data"),
                                      "--plan",    "quick",
                                      "--out",     folder,
                                      "--fail-on", "never"};
    if (!workspace.answer("label").empty()) words.insert(words.end(), {"--label", workspace.answer("label")});
    const Ran ran = BARTIZAN_TRY(workspace.run(std::move(words), true));
    const Json summary = ran.document.value("summary", Json::object());
    const auto grave = summary.value("by_severity", Json::object());
    const std::int64_t high = grave.value("high", std::int64_t{0}) + grave.value("critical", std::int64_t{0});
    return Outcome{
        high > 0 ? "findings" : "done",
        fmt::format("score {} of 100, {} grave finding{}", summary.value("score", 0), high, high == 1 ? "" : "s"),
        {"audit/report.html", "audit/report.json"}};
}

}  // namespace bartizan::program::init
