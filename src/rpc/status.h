#pragma once
/// What a refusal is called in gRPC: problem documents of HTTP as status, message and metadata. Pure.

#include <string>
#include <string_view>
#include <vector>

#include "http/server.h"

namespace bartizan::rpc {

/// Numbers of the statuses, as gRPC has them.
enum class Code : int {
    ok = 0,
    cancelled = 1,
    invalid_argument = 3,
    deadline_exceeded = 4,
    not_found = 5,
    permission_denied = 7,
    resource_exhausted = 8,
    failed_precondition = 9,
    unimplemented = 12,
    internal = 13,
    unavailable = 14,
    unauthenticated = 16,
};

/// `code`: the stable one of the problem. Too much to do is `resource_exhausted`, as too many or too large requests
/// are; whatever else is not there now is `unavailable`, which clients may ask again.
Code code_of(int status, std::string_view code);

struct Refusal {
    Code code = Code::internal;
    std::string message;
    http::Headers metadata;  ///< with "bartizan-code"
};
Refusal refusal_of(const http::Reply& reply);

/// Headers of a reply that go along as metadata: x-request-id, retry-after, bartizan-model-version.
http::Headers metadata_of(const http::Reply& reply);

}  // namespace bartizan::rpc
