#pragma once
/// A server of the gRPC form of the Open Inference Protocol, asked as if it spoke the REST form: the other way round of
/// `Server`. The server is not trusted: answers are bounded and read by our own reader.
/// Thread rule: as that of `http::Peer`. gRPC has threads of its own; answers come back on the loop.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "bartizan/result.h"
#include "http/peer.h"

namespace bartizan::rpc {

struct PeerOptions {
    std::string host;
    std::uint16_t port = 0;
    bool secure = false;         ///< TLS
    std::string authority = {};  ///< PEM text: trusted instead of the system's authorities
    std::uint64_t message_bytes = std::uint64_t{64} << 20;
};

using PeerMaker = std::function<std::shared_ptr<http::Peer>(http::Loop&)>;

/// Makes peers that share one channel, which connects when it is first asked, and again whenever it is lost.
/// A peer takes `GET /v2/health/ready`, `GET /v2/models/NAME[/versions/N][/ready]` and
/// `POST /v2/models/NAME[/versions/N]/infer`; headers go along as metadata.
PeerMaker grpc_peers(PeerOptions options);

}  // namespace bartizan::rpc
