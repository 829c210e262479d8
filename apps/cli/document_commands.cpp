/// `bartizan card` and `export`: what a server knows of an asset, as documents.
#include <filesystem>

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
    if (invocation.has("as")) add("as", invocation.text("as"));
    if (invocation.has("audience")) add("audience", invocation.text("audience"));
    if (invocation.flag("overwrite")) add("overwrite", "true");
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

constexpr std::uint64_t kLongestCard = std::uint64_t{4} << 20;

/// The earlier card: the one that is named, or the one that would be written over. Only Markdown and JSON are read back.
Result<std::string> earlier_card(const cli::Invocation& invocation) {
    if (invocation.has("from")) return read_file(invocation.text("from"), kLongestCard).within("--from");
    const std::string form = invocation.text("as"), out = invocation.text("out");
    std::error_code ignored;
    if (out.empty() || (form != "markdown" && form != "json") || !std::filesystem::exists(out, ignored))
        return std::string();
    return read_file(out, kLongestCard).within("--out");
}

/// What the card says it is about: the words behind "bartizan:card", or the member "subject".
Result<std::string> asset_in(const std::string& card, const std::string& path) {
    std::string subject;
    if (card.starts_with('{')) {
        const Json json = BARTIZAN_TRY_WITHIN(parse_json(card, {.bytes = kLongestCard}), path);
        if (json.is_object()) subject = json.value("subject", Json("")).is_string() ? json.value("subject", "") : "";
    } else if (const auto at = card.find("bartizan:card "); at != std::string::npos) {
        subject = card.substr(at + 14, card.find_first_of(" \n", at + 14) - at - 14);
    }
    const auto at = subject.rfind('@');
    if (at == std::string::npos)
        return invalid_input("'" + path + "' is no card", "bartizan card make writes one");
    return subject.substr(0, at);
}

std::string joined(const Json& list) {
    std::string out;
    for (const Json& one : list)
        if (one.is_string()) out += (out.empty() ? "" : ", ") + cli::printable(one.get<std::string>());
    return out;
}

std::string told(const Json& answer, const char* name, const char* word) {
    const Json list = answer.value(name, Json::array());
    return list.empty() ? "" : fmt::format("{:<11}{}\n", word, joined(list));
}

}  // namespace
}  // namespace document_commands

using namespace document_commands;

Result<int> card_make(const cli::Invocation& invocation) {
    auto client = BARTIZAN_TRY(ServiceClient::make(invocation));
    std::string earlier = BARTIZAN_TRY(earlier_card(invocation));
    Json answer = BARTIZAN_TRY(
        client.send("POST", "/v1/cards/" + encoded(invocation.positional(0)) + query_of(invocation), std::move(earlier)));
    const std::string document = answer.value("document", std::string());
    if (!invocation.has("out")) {
        BARTIZAN_TRY(cli::print(document));
        return 0;
    }
    BARTIZAN_TRY(write_file_atomically(invocation.text("out"), std::string_view(document)));
    answer.erase("document");
    Json json = cli::document(invocation);
    json["out"] = invocation.text("out");
    json.update(answer);
    BARTIZAN_TRY(cli::print(invocation, json,
                            fmt::format("{:<11}{}\n", "made", cli::printable(invocation.text("out"))) +
                                told(answer, "edited", "replaced") + told(answer, "left_alone", "left alone") +
                                told(answer, "unwritten", "unwritten") + told(answer, "missing", "missing")));
    return 0;
}

Result<int> card_check(const cli::Invocation& invocation) {
    auto client = BARTIZAN_TRY(ServiceClient::make(invocation));
    const std::string path = invocation.positional(0);
    std::string card = BARTIZAN_TRY(read_file(path, kLongestCard));
    const std::string asset = BARTIZAN_TRY(asset_in(card, path));
    const Json answer =
        BARTIZAN_TRY(client.send("POST", "/v1/cards/" + encoded(asset) + "/check", std::move(card)));
    std::string text = fmt::format("{:<11}{}: {}, {}\n", cli::printable(answer.value("state", "")), cli::printable(path),
                                   cli::printable(answer.value("subject", "")),
                                   cli::printable(answer.value("audience", "")));
    for (const Json& one : answer.value("reasons", Json::array()))
        if (one.is_string()) text += fmt::format("{:<11}{}\n", "because", cli::printable(one.get<std::string>()));
    text += told(answer, "edited", "edited") + told(answer, "unwritten", "unwritten");
    BARTIZAN_TRY(show_answer(invocation, answer, text));
    return answer.value("state", "") == "current" ? 0 : 1;
}

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
