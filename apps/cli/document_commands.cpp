/// `bartizan export`: what a server knows of an asset, as documents.
#include <fmt/format.h>

#include "apps/cli/light_commands.h"
#include "apps/cli/service_client.h"
#include "cli/output.h"
#include "core/file.h"
#include "crypto/hash.h"

namespace bartizan::program {
namespace document_commands {
namespace {

std::string query_of(const cli::Invocation& invocation) {
    std::string out;
    const auto add = [&](const char* name, const std::string& value) {
        out += fmt::format("{}{}={}", out.empty() ? "?" : "&", name, encoded(value));
    };
    if (invocation.has("version-number")) add("version", std::to_string(invocation.integer("version-number", 0)));
    if (invocation.has("scheme")) add("scheme", invocation.text("scheme"));
    if (invocation.has("spec")) add("spec", invocation.text("spec"));
    if (invocation.flag("no-attachments")) add("attachments", "false");
    return out;
}

Result<int> export_as(const cli::Invocation& invocation, const char* form) {
    auto client = BARTIZAN_TRY(ServiceClient::make(invocation));
    const std::string text = BARTIZAN_TRY(client.text(
        "GET", fmt::format("/v1/exports/{}/{}{}", encoded(invocation.positional(0)), form, query_of(invocation))));
    if (!invocation.has("out")) {
        BARTIZAN_TRY(cli::print(text));
        return 0;
    }
    BARTIZAN_TRY(write_file_atomically(invocation.text("out"), std::string_view(text)));
    return 0;
}

}  // namespace
}  // namespace document_commands

using namespace document_commands;

Result<int> export_oscal(const cli::Invocation& invocation) { return export_as(invocation, "oscal"); }
Result<int> export_poam(const cli::Invocation& invocation) { return export_as(invocation, "poam"); }
Result<int> export_cyclonedx(const cli::Invocation& invocation) { return export_as(invocation, "cyclonedx"); }
Result<int> export_sarif(const cli::Invocation& invocation) { return export_as(invocation, "sarif"); }

Result<int> export_pack(const cli::Invocation& invocation) {
    auto client = BARTIZAN_TRY(ServiceClient::make(invocation));
    const std::string bytes = BARTIZAN_TRY(client.text(
        "POST", fmt::format("/v1/exports/{}/pack{}", encoded(invocation.positional(0)), query_of(invocation))));
    const std::string path = invocation.text("out");
    BARTIZAN_TRY(write_file_atomically(path, std::string_view(bytes)));
    Json json = cli::document(invocation);
    json["out"] = path;
    json["bytes"] = bytes.size();
    json["sha256"] = crypto::to_hex(crypto::sha256(std::as_bytes(std::span(bytes))));
    BARTIZAN_TRY(cli::print(invocation, json,
                            fmt::format("packed     {} bytes to {}\n           check it: bartizan ledger verify --pack "
                                        "{} --key LOG.key\n",
                                        bytes.size(), cli::printable(path), cli::printable(path))));
    return 0;
}

}  // namespace bartizan::program
