#include "rpc/status.h"

#include <algorithm>
#include <array>

#include "core/json.h"
#include "http/head.h"

namespace bartizan::rpc {

Code code_of(int status, std::string_view code) {
    switch (status) {
        case 400:
        case 414:
        case 422:
        case 431:
            return Code::invalid_argument;
        case 401:
            return Code::unauthenticated;
        case 403:
            return Code::permission_denied;
        case 404:
            return Code::not_found;
        case 405:
        case 501:
            return Code::unimplemented;
        case 408:
        case 504:
            return Code::deadline_exceeded;
        case 409:
            return Code::failed_precondition;
        case 413:
        case 429:
            return Code::resource_exhausted;
        case 503:
            return code == "overloaded" ? Code::resource_exhausted : Code::unavailable;
        default:
            return Code::internal;
    }
}

http::Headers metadata_of(const http::Reply& reply) {
    constexpr std::array<std::string_view, 3> kTold = {"x-request-id", "retry-after", "bartizan-model-version"};
    http::Headers out;
    for (const auto& [name, value] : reply.headers)
        for (const std::string_view told : kTold)
            if (http::same_name(name, told) && http::safe_value(value)) out.emplace_back(told, value);
    return out;
}

Refusal refusal_of(const http::Reply& reply) {
    const auto json = parse_json(reply.body, {.bytes = 64 * 1024, .depth = 8});
    const auto text = [&](const char* name) -> std::string {
        if (!json.ok() || !json->is_object()) return {};
        const auto found = json->find(name);
        return found != json->end() && found->is_string() ? found->get<std::string>() : std::string();
    };
    const std::string code = text("code");
    Refusal out{code_of(reply.status, code), text("detail"), metadata_of(reply)};
    if (out.message.empty()) out.message = http::reason_of(reply.status);
    if (!code.empty()) out.metadata.emplace_back("bartizan-code", code);
    const bool has_id = std::ranges::any_of(out.metadata, [](const auto& one) { return one.first == "x-request-id"; });
    const std::string id = text("request_id");
    if (!has_id && !id.empty()) out.metadata.emplace_back("x-request-id", id);
    return out;
}

}  // namespace bartizan::rpc
