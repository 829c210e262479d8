#pragma once
/// The methods that there are, each with the REST request that it stands for. Thread rule: pure functions.

#include <string>
#include <string_view>

#include "bartizan/result.h"
#include "http/server.h"
#include "oip/grpc_answer.h"
#include "oip/message.h"
#include "oip/wire.h"

namespace bartizan::rpc {

/// What a call asks, as the REST form has it.
struct Ask {
    std::string_view method = "GET";  ///< a literal
    std::string target;
    oip::Body body = {};
    bool raw = false;  ///< tensors go back as raw contents
};

/// A reply on its way back. The message refers to what lies in it: it stays where it is.
struct Answer {
    http::Reply reply = {};
    oip::InferResponse response = {};
    oip::WireMessage message = {};
};

struct Method {
    std::string_view name;
    bool open = false;  ///< for callers without credentials
    bool flag = false;  ///< whether something is ready: 503 is an answer too
    Result<Ask> (*read)(oip::WireReader message, const oip::Limits& limits) = nullptr;
    /// Writes `answer.message` out of a reply that is no refusal.
    Result<void> (*write)(Answer& answer, const Ask& ask) = nullptr;
};

/// Null: there is no such method. `name` as in the protocol: "/inference.GRPCInferenceService/ServerLive".
const Method* find_method(std::string_view name);

}  // namespace bartizan::rpc
