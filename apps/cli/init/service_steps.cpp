/// Steps with a service: put the model behind it, and roll it back.
#include <chrono>
#include <thread>

#include <fmt/format.h>

#include "apps/cli/init/steps.h"
#include "core/file.h"

namespace bartizan::program::init {
namespace {

using namespace std::chrono_literals;

constexpr auto kRollbackPatience = 30s;
constexpr auto kLookEvery = 10ms;

/// What the service of the folder is started with. A fresh folder alone gets it: people change it afterwards.
Result<void> write_config(const Workspace& workspace) {
    std::error_code ignored;
    if (std::filesystem::exists(workspace.path("serve.yaml"), ignored)) return {};
    return write_file_atomically(workspace.path("serve.yaml"),
                                 std::string_view("# For 'bartizan serve --config'. docs/serve.md tells of every key.\n"
                                                  "gates: {scan: true, signature: true, audit_score: none}\n"
                                                  "trusted_signers: [secrets/signing.key.pub]\n"));
}

std::int64_t production_of(const Json& asset) {
    const Json aliases = asset.value("aliases", Json::object());
    return aliases.is_object() ? aliases.value("production", std::int64_t{0}) : 0;
}

Result<std::int64_t> push(Workspace& workspace) {
    std::vector<std::string> words = {"registry",
                                      "push",
                                      workspace.answer("model"),
                                      "--name",
                                      workspace.answer("name"),
                                      "--signature",
                                      workspace.path("model.sig").string(),
                                      "--note",
                                      "from init"};
    std::error_code ignored;
    const auto attach = [&](const char* option, const char* file) {
        if (std::filesystem::exists(workspace.path(file), ignored))
            words.insert(words.end(), {option, workspace.path(file).string()});
    };
    attach("--bom", "model.cdx.json");
    attach("--audit", "audit/report.json");
    const Ran pushed = BARTIZAN_TRY(workspace.run(std::move(words)));
    const std::int64_t version = pushed.document.value("version", std::int64_t{0});
    if (version == 0) return Error(Errc::internal, "the service did not say which version it made");
    return version;
}

Result<void> promote(Workspace& workspace, std::int64_t version) {
    BARTIZAN_TRY(workspace.run(
        {"registry", "promote", workspace.answer("name"), std::to_string(version), "--reason", "bartizan init"}));
    return {};
}

Result<void> describe(Workspace& workspace) {
    std::vector<std::string> words = {"inventory",
                                      "set",
                                      "model:" + workspace.answer("name"),
                                      "--owner",
                                      workspace.answer("owner"),
                                      "--purpose",
                                      workspace.answer("decides"),
                                      "--criticality",
                                      std::to_string(criticality_of(workspace.answers())),
                                      "--exposure",
                                      workspace.answer("callers"),
                                      "--sector",
                                      workspace.answer("sector"),
                                      "--risk-class",
                                      std::string(risk_class_of(workspace.answers()))};
    if (workspace.answer("sees") != "none") words.insert(words.end(), {"--data-class", workspace.answer("sees")});
    if (workspace.answer("maker") != "us") words.insert(words.end(), {"--vendor", workspace.answer("maker")});
    BARTIZAN_TRY(workspace.run(std::move(words)));
    return {};
}

/// Evidence out of the documents that earlier steps left.
Result<int> record(Workspace& workspace) {
    int out = 0;
    std::error_code ignored;
    for (const char* file : {"scan.json", "audit/report.json", "model.cdx.json"}) {
        if (!std::filesystem::exists(workspace.path(file), ignored)) continue;
        const Ran ran = BARTIZAN_TRY(
            workspace.run({"evidence", "add", workspace.path(file).string(), "--file", workspace.answer("model")}));
        out += static_cast<int>(ran.document.value("evidence", Json::array()).size());
    }
    return out;
}

/// A caller of its own, with a key that may ask this model and nothing else.
Result<void> make_caller(Workspace& workspace) {
    const std::string name = workspace.answer("name") + "-app";
    const std::filesystem::path file = workspace.path("secrets/app.key");
    std::error_code ignored;
    if (std::filesystem::exists(file, ignored)) return {};
    BARTIZAN_TRY(workspace.run({"user", "add", name}));
    BARTIZAN_TRY(workspace.run({"role", "grant", name, "consumer", "model:" + workspace.answer("name")}));
    const Ran key = BARTIZAN_TRY(workspace.run({"key", "create", "--for", name, "--days", "365"}));
    BARTIZAN_TRY(write_file_atomically(file, key.document.value("key", std::string()) + "\n"));
    std::filesystem::permissions(file, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
    return {};
}

/// Until callers get version `wanted`: by the header of what the model says of itself.
Result<std::chrono::milliseconds> wait_for(ServiceClient& client, const std::string& model, std::int64_t wanted) {
    const auto began = std::chrono::steady_clock::now();
    while (std::chrono::steady_clock::now() - began < kRollbackPatience) {
        const Json asset = BARTIZAN_TRY(client.ask("GET", "/v1/models/" + encoded(model)));
        const Result<Json> ready = client.ask("GET", "/v2/models/" + encoded(model) + "/ready");
        if (production_of(asset) == wanted && ready.ok() && ready->value("ready", false))
            return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - began);
        std::this_thread::sleep_for(kLookEvery);
    }
    return Error(Errc::unavailable, "the version did not come back in time");
}

}  // namespace

Result<Outcome> guard_step(Workspace& workspace) {
    const Outcome* const sign = workspace.outcome("sign");
    if (sign == nullptr || sign->state != "done")
        return Outcome{"not-possible", "the service takes signed models alone: --again sign, then --again guard"};
    BARTIZAN_TRY(write_config(workspace));
    ServiceClient client = BARTIZAN_TRY(workspace.service());
    const std::int64_t version = BARTIZAN_TRY(push(workspace));
    const int pieces = BARTIZAN_TRY(record(workspace));
    BARTIZAN_TRY(promote(workspace, version));
    BARTIZAN_TRY(describe(workspace));
    BARTIZAN_TRY(make_caller(workspace));
    return Outcome{
        "done",
        fmt::format("version {} is in production behind the gateway, with {} pieces of evidence; callers use "
                    "the key in secrets/app.key",
                    version, pieces),
        {"serve.yaml"}};
}

Result<Outcome> rollback_step(Workspace& workspace) {
    const Outcome* const guard = workspace.outcome("guard");
    if (guard == nullptr || guard->state != "done")
        return Outcome{"not-possible", "there is no service to roll back on: --again guard, then --again rollback"};
    ServiceClient client = BARTIZAN_TRY(workspace.service());
    const std::string& name = workspace.answer("name");
    const std::int64_t good = production_of(BARTIZAN_TRY(client.ask("GET", "/v1/models/" + encoded(name))));
    const std::int64_t other = BARTIZAN_TRY(push(workspace));
    BARTIZAN_TRY(promote(workspace, other));
    BARTIZAN_TRY(wait_for(client, name, other));
    const auto began = std::chrono::steady_clock::now();
    BARTIZAN_TRY(client.ask("POST", "/v1/models/" + encoded(name) + "/rollback", {{"reason", "drill of init"}}));
    BARTIZAN_TRY(wait_for(client, name, good));
    const auto took =
        std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - began).count();
    BARTIZAN_TRY(workspace.run({"evidence", "add", "--check", "drill.rollback", "--subject",
                                fmt::format("model:{}@{}", name, good), "--verdict", "pass", "--value",
                                fmt::format("{:.3f}", static_cast<double>(took) / 1000), "--method", "TEST",
                                "--summary", fmt::format("rolled back and serving after {} ms", took)}));
    return Outcome{"done",
                   fmt::format("version {} was rolled back to {}; it served again after {} ms", other, good, took)};
}

}  // namespace bartizan::program::init
