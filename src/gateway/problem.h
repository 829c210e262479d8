#pragma once
/// Why a request is refused, as callers get it: a problem document (RFC 9457) with a stable code, a sentence, and the
/// request's id. Carries the member "error" too, where clients of the Open Inference Protocol look. Pure.

#include <cstdint>
#include <string>
#include <string_view>

#include "bartizan/result.h"
#include "http/server.h"

namespace bartizan::gateway {

struct Problem {
    int status = 500;
    std::string code;              ///< stable: "quota-exceeded"
    std::string sentence;          ///< what, and how to mend it
    std::int64_t retry_after = 0;  ///< seconds; 0: not told
};

Problem problem_of(const Error& error);
http::Reply reply_of(const Problem& problem, std::string_view request_id);

}  // namespace bartizan::gateway
