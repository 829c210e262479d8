#include "gateway/problem.h"

#include <algorithm>

#include "core/json.h"
#include "http/head.h"

namespace bartizan::gateway {

Problem problem_of(const Error& error) {
    // What a broken promise inside says is for the log.
    if (error.code() == Errc::internal) return {500, "internal", "something broke; the server's log says what"};
    std::string code(to_string(error.code()));
    std::ranges::replace(code, '_', '-');
    int status = http_status(error.code()) == 499 ? 504 : http_status(error.code());
    if (error.code() == Errc::exhausted) status = 507;  // the server's disk or memory, not the caller's allowance
    return {status, std::move(code), error.line(), status == 503 || status == 429 ? 1 : 0};
}

http::Reply reply_of(const Problem& problem, std::string_view request_id) {
    const Json json = {{"type", "urn:bartizan:problem:" + problem.code},
                       {"title", http::reason_of(problem.status)},
                       {"status", problem.status},
                       {"code", problem.code},
                       {"detail", problem.sentence},
                       {"request_id", request_id},
                       {"error", problem.sentence}};
    http::Reply reply{.status = problem.status,
                      .content_type = "application/problem+json",
                      .body = json.dump(-1, ' ', false, Json::error_handler_t::replace)};
    if (problem.retry_after > 0) reply.headers.emplace_back("Retry-After", std::to_string(problem.retry_after));
    if (problem.status == 401) reply.headers.emplace_back("WWW-Authenticate", "Bearer realm=\"bartizan\"");
    return reply;
}

}  // namespace bartizan::gateway
