/// `bartizan registry push|list|show|promote|rollback|quarantine|release|collect`: versions on a server.
#include <ctime>

#include <fmt/format.h>

#include "apps/cli/light_commands.h"
#include "apps/cli/service_client.h"
#include "cli/output.h"
#include "core/file.h"
#include "core/time_text.h"
#include "crypto/base64.h"

namespace bartizan::program {
namespace {

constexpr std::uint64_t kLargestModel = std::uint64_t{8} << 30;
constexpr std::uint64_t kLargestAttachment = std::uint64_t{64} << 20;

/// "fashion" is a model, "data:clothes" a data set; gives "/v1/models/fashion".
std::string address_of(std::string_view name) {
    if (name.starts_with("data:")) return "/v1/datasets/" + encoded(name.substr(5));
    if (name.starts_with("model:")) name.remove_prefix(6);
    return "/v1/models/" + encoded(name);
}

/// A member as text, "-" where there is none.
std::string shown(const Json& object, const char* name) {
    const auto found = object.find(name);
    if (found == object.end() || found->is_null()) return "-";
    return cli::printable(found->is_string() ? found->get<std::string>() : found->dump());
}

std::string time_shown(const Json& object, const char* name) {
    const auto found = object.find(name);
    return found == object.end() || !found->is_number_integer() ? "-" : utc_text(found->get<std::time_t>());
}

std::string version_text(const Json& version) {
    std::string text = fmt::format("{:<11}{}@{}  {}\n{:<11}{}  {} bytes\n{:<11}{}\n{:<11}{} by {}\n", "version",
                                   shown(version, "asset"), shown(version, "version"), shown(version, "stage"), "file",
                                   shown(version, "file"), shown(version, "bytes"), "sha256", shown(version, "sha256"),
                                   "pushed", time_shown(version, "created"), shown(version, "created_by"));
    for (const Json& check : version.value("checks", Json::array()))
        text += fmt::format("{:<11}{} {}{}{}\n", shown(check, "name"), shown(check, "verdict"),
                            check.value("score", Json()).is_null() ? "" : "score " + shown(check, "score") + " ",
                            shown(check, "detail").empty() ? "" : ": ", shown(check, "detail"));
    for (const Json& one : version.value("attachments", Json::array()))
        text +=
            fmt::format("{:<11}{} bytes by {}\n", shown(one, "role"), shown(one, "bytes"), shown(one, "created_by"));
    for (const Json& link : version.value("lineage", Json::array()))
        text += fmt::format("{:<11}{}@{}\n", shown(link, "relation"), shown(link, "source"), shown(link, "version"));
    if (const Json why = version.value("quarantine", Json()); why.is_string())
        text += fmt::format("{:<11}{}\n", "quarantine", shown(version, "quarantine"));
    for (const Json& missing : version.value("missing_for_production", Json::array()))
        text += fmt::format("{:<11}{}\n", "missing", cli::printable(missing.get<std::string>()));
    return text;
}

std::string asset_text(const Json& asset) {
    std::string aliases;
    const Json pointers = asset.value("aliases", Json::object());
    for (const auto& [alias, number] : pointers.items())
        aliases += fmt::format(" {}={}", cli::printable(alias), number.dump());
    return fmt::format(
        "{:<24}newest {:<5}{}{}\n", shown(asset, "asset"), shown(asset, "newest"), aliases,
        asset.value("quarantine", Json()).is_null() ? "" : "  in quarantine: " + shown(asset, "quarantine"));
}

/// A file that goes with a version, if the option names one.
Result<Json> attach(ServiceClient& client, const cli::Invocation& invocation, const char* option,
                    const std::string& address, const char* role, Json latest) {
    if (!invocation.has(option)) return latest;
    std::string content =
        BARTIZAN_TRY_WITHIN(read_file(invocation.text(option), kLargestAttachment), std::string("--") + option);
    return client.send("PUT", address + "/attachments/" + role, std::move(content));
}

std::string push_target(const cli::Invocation& invocation, const std::filesystem::path& file) {
    std::string target = address_of(invocation.text("name")) + "/versions?file=" + encoded(file.filename().string());
    for (const auto& [option, parameter] :
         {std::pair("note", "note"), std::pair("input-range", "input_range"), std::pair("lineage", "lineage")})
        if (invocation.has(option)) target += fmt::format("&{}={}", parameter, encoded(invocation.text(option)));
    return target;
}

}  // namespace

Result<int> registry_push(const cli::Invocation& invocation) {
    const std::filesystem::path file = invocation.positional(0);
    auto client = BARTIZAN_TRY(ServiceClient::make(invocation));
    http::Headers headers{{"Content-Type", "application/octet-stream"}};
    const std::filesystem::path sidecar = file.string() + ".bartizan.yaml";
    for (const auto& path : {sidecar, std::filesystem::path(file).replace_extension(".bartizan.yaml")})
        if (std::error_code ignored; std::filesystem::exists(path, ignored)) {
            headers.emplace_back("Bartizan-Sidecar", crypto::to_base64(BARTIZAN_TRY(read_file(path, 8 * 1024))));
            break;
        }
    std::string content = BARTIZAN_TRY(read_file(file, kLargestModel));
    Json version = BARTIZAN_TRY(client.send("POST", push_target(invocation, file), std::move(content), headers));
    const std::string address =
        address_of(invocation.text("name")) + "/versions/" + version.value("version", Json()).dump();
    for (const auto& [option, role] : {std::pair("signature", "signature"), std::pair("bom", "bom"),
                                       std::pair("audit", "audit"), std::pair("data", "reference"),
                                       std::pair("members", "members")})
        version = BARTIZAN_TRY(attach(client, invocation, option, address, role, std::move(version)));
    return show_answer(invocation, version, version_text(version));
}

Result<int> registry_list(const cli::Invocation& invocation) {
    auto client = BARTIZAN_TRY(ServiceClient::make(invocation));
    Json answer = BARTIZAN_TRY(client.ask("GET", "/v1/models"));
    answer.update(BARTIZAN_TRY(client.ask("GET", "/v1/datasets")));
    std::string text;
    for (const char* kind : {"models", "datasets"})
        for (const Json& asset : answer.value(kind, Json::array())) text += asset_text(asset);
    return show_answer(invocation, answer, text.empty() ? "there is nothing yet: bartizan registry push\n" : text);
}

Result<int> registry_show(const cli::Invocation& invocation) {
    auto client = BARTIZAN_TRY(ServiceClient::make(invocation));
    const std::string address = address_of(invocation.positional(0));
    if (invocation.has("version-number")) {
        const Json version =
            BARTIZAN_TRY(client.ask("GET", address + "/versions/" + encoded(invocation.text("version-number"))));
        return show_answer(invocation, version, version_text(version));
    }
    const Json asset = BARTIZAN_TRY(client.ask("GET", address));
    std::string text = asset_text(asset);
    for (const Json& version : asset.value("versions", Json::array())) text += '\n' + version_text(version);
    return show_answer(invocation, asset, text);
}

Result<int> registry_promote(const cli::Invocation& invocation) {
    auto client = BARTIZAN_TRY(ServiceClient::make(invocation));
    const std::string number = invocation.positional(1);
    if (number.empty() || number.size() > 15 || number.find_first_not_of("0123456789") != std::string::npos)
        return invalid_input("'" + number + "' is no version", "versions count from 1");
    const std::string alias = invocation.text("alias", "production");
    const Json version =
        BARTIZAN_TRY(client.ask("PUT", address_of(invocation.positional(0)) + "/aliases/" + encoded(alias),
                                {{"version", std::stoll(number)},
                                 {"reason", invocation.text("reason")},
                                 {"override", invocation.text("override")}}));
    return show_answer(invocation, version, version_text(version));
}

Result<int> registry_rollback(const cli::Invocation& invocation) {
    auto client = BARTIZAN_TRY(ServiceClient::make(invocation));
    const Json version = BARTIZAN_TRY(
        client.ask("POST", address_of(invocation.positional(0)) + "/rollback",
                   {{"alias", invocation.text("alias", "production")}, {"reason", invocation.text("reason")}}));
    return show_answer(invocation, version, version_text(version));
}

namespace {

Result<int> set_quarantine(const cli::Invocation& invocation, const char* verb) {
    auto client = BARTIZAN_TRY(ServiceClient::make(invocation));
    const Json asset = BARTIZAN_TRY(
        client.ask("POST", address_of(invocation.positional(0)) + "/" + verb,
                   {{"version", invocation.integer("version-number", 0)}, {"reason", invocation.text("reason")}}));
    return show_answer(invocation, asset, asset_text(asset));
}

}  // namespace

Result<int> registry_quarantine(const cli::Invocation& invocation) { return set_quarantine(invocation, "quarantine"); }
Result<int> registry_release(const cli::Invocation& invocation) { return set_quarantine(invocation, "release"); }

Result<int> registry_collect(const cli::Invocation& invocation) {
    auto client = BARTIZAN_TRY(ServiceClient::make(invocation));
    const Json answer = BARTIZAN_TRY(client.ask("POST", "/v1/collect", Json::object()));
    std::string text;
    for (const Json& id : answer.value("removed", Json::array()))
        text += fmt::format("{:<11}{}\n", "removed", cli::printable(id.get<std::string>()));
    return show_answer(invocation, answer,
                       text.empty() ? "nothing to remove: all of it is referenced or young\n" : text);
}

}  // namespace bartizan::program
