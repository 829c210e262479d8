#pragma once
/// Models that another server runs: any server of the Open Inference Protocol, over HTTP or gRPC, in place of a worker
/// process. What the gateway checks, watches and records stays the same.
/// Thread rule: makers may be called from any thread; a peer belongs to its loop.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "bartizan/result.h"
#include "gateway/routing.h"
#include "http/peer.h"

namespace bartizan::gateway {

/// Where the versions of a model are asked.
struct UpstreamRule {
    std::string model;    ///< of the registry; "*": every one
    std::string address;  ///< "https://triton.example:8000", "grpcs://..."; http and grpc are not secured
    std::string name;     ///< what the model is called there; empty: as here
    /// Its version there. "{version}": the number that it has here; empty: the server chooses.
    std::string version;
    std::filesystem::path authority;   ///< PEM: trusted instead of the system's authorities
    std::filesystem::path token_file;  ///< a bearer token for the server
    bool insecure = false;             ///< inputs may go to another machine in the clear
};

using PeerMaker = std::function<std::shared_ptr<http::Peer>(http::Loop&)>;
/// The peers of a version; empty: it is run by a process of this machine.
using Upstreams = std::function<PeerMaker(const ServedVersion&)>;

/// A server of the gRPC form. `authority` is PEM text.
struct GrpcUpstream {
    std::string host;
    std::uint16_t port = 0;
    bool secure = false;
    std::string authority;
};
using GrpcPeers = std::function<PeerMaker(const GrpcUpstream&)>;

/// Fails with `invalid_input`: no address that there could be, one of another machine that is not secured, a file that
/// cannot be read; with `unsupported` where `grpc` is empty and a rule needs it. The first rule that fits holds.
Result<Upstreams> open_upstreams(const std::vector<UpstreamRule>& rules, const GrpcPeers& grpc);
/// The same check, without opening anything.
Result<void> check_upstream(const UpstreamRule& rule);

}  // namespace bartizan::gateway
