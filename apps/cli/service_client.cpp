#include "apps/cli/service_client.h"

#include <cstdlib>

#include <fmt/format.h>

#include "cli/output.h"
#include "core/file.h"

namespace bartizan::program {
namespace {

constexpr const char* kDefaultServer = "http://127.0.0.1:8420";
constexpr std::chrono::minutes kPatience{3};  // a promotion waits until the model runs

std::string given(const cli::Invocation& invocation, const char* option, const char* variable) {
    if (invocation.has(option)) return invocation.text(option);
    const char* value = std::getenv(variable);
    return value == nullptr ? "" : value;
}

Errc code_of(int status) {
    switch (status) {
        case 401:
        case 403:
            return Errc::denied;
        case 404:
            return Errc::not_found;
        case 409:
            return Errc::conflict;
        case 413:
        case 429:
        case 507:
            return Errc::exhausted;
        case 422:
            return Errc::unsupported;
        default:
            return status < 500 ? Errc::invalid_input : Errc::unavailable;
    }
}

}  // namespace

Result<ServiceClient> ServiceClient::make(const cli::Invocation& invocation) {
    std::string server = given(invocation, "server", "BARTIZAN_SERVER");
    const std::string key = given(invocation, "key", "BARTIZAN_KEY");
    if (server.empty()) server = kDefaultServer;
    if (key.empty()) return invalid_input("no key is given", "--key, or BARTIZAN_KEY in the environment");
    auto url = BARTIZAN_TRY_WITHIN(http::parse_url(server), "--server");
    return ServiceClient(std::move(url), key, invocation.text("ca-file"));
}

Result<ServiceClient> ServiceClient::at(const std::string& server) {
    const char* key = std::getenv("BARTIZAN_KEY");
    if (key == nullptr || *key == '\0') return invalid_input("no key is given", "BARTIZAN_KEY in the environment");
    return ServiceClient(BARTIZAN_TRY(http::parse_url(server)), key, "");
}

Result<http::Response> ServiceClient::exchange(const std::string& method, const std::string& target, std::string body,
                                               http::Headers headers) {
    headers.emplace_back("Authorization", "Bearer " + key_);
    http::Request request{method, server_, std::move(headers), std::move(body)};
    request.url.target = target;
    auto response =
        BARTIZAN_TRY(http::exchange(request, {.ca_file = ca_file_, .idle_timeout = kPatience, .redirects = 0}));
    if (response.status < 300) return response;
    const auto json = parse_json(response.body);
    const std::string said = json.ok() && json->is_object() ? json->value("detail", std::string()) : std::string();
    return Error(code_of(response.status), said.empty() ? fmt::format("the server answered {}", response.status) : said)
        .within("server");
}

Result<std::string> ServiceClient::text(const std::string& method, const std::string& target) {
    return BARTIZAN_TRY(exchange(method, target, "", {})).body;
}

Result<Json> ServiceClient::send(const std::string& method, const std::string& target, std::string body,
                                 http::Headers headers) {
    const auto response = BARTIZAN_TRY(exchange(method, target, std::move(body), std::move(headers)));
    const auto json = parse_json(response.body);
    if (!json.ok() || !json->is_object()) return Error(Errc::unavailable, "the server's answer is no JSON object");
    return *json;
}

Result<Json> ServiceClient::ask(const std::string& method, const std::string& target, const Json& body) {
    if (body.is_null()) return send(method, target, "");
    return send(method, target, body.dump(-1, ' ', false, Json::error_handler_t::replace),
                {{"Content-Type", "application/json"}});
}

std::string encoded(std::string_view text) {
    std::string out;
    for (const char c : text) {
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                           c == '.' || c == '_' || c == '~';
        out += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
    return out;
}

Result<int> show_answer(const cli::Invocation& invocation, const Json& answer, const std::string& text) {
    Json json = cli::document(invocation);
    json.update(answer);
    if (invocation.has("out")) BARTIZAN_TRY(write_file_atomically(invocation.text("out"), to_text(json)));
    if (answer.contains("approval") && answer.contains("detail"))
        BARTIZAN_TRY(cli::print(invocation, json,
                                fmt::format("waiting    a second person must agree: bartizan approval agree {}\n",
                                            answer["approval"].value("id", ""))));
    else
        BARTIZAN_TRY(cli::print(invocation, json, text));
    return 0;
}

}  // namespace bartizan::program
