#pragma once
/// Names of requests: our own, and those of a trace that goes through several services (W3C Trace Context). They need
/// not be secret, only different. Thread rule: from any thread.

#include <string>
#include <string_view>

namespace bartizan::gateway {

/// 16 hexadecimal digits.
std::string new_request_id();
/// The caller's trace with a new parent; a new trace where he gives none, or none that is well-formed.
std::string traceparent_of(std::string_view given);

}  // namespace bartizan::gateway
