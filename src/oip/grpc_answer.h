#pragma once
/// Answers of the Open Inference Protocol in its gRPC form, as pieces of their wire format: the bytes of raw outputs
/// are referred to, not copied. Source: kserve/open-inference-protocol, "inference.proto". Thread rule: pure functions.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "oip/message.h"
#include "oip/metadata.h"

namespace bartizan::oip {

/// A message is its pieces one after the other, each its text and then its bytes.
struct WirePiece {
    std::string text = {};
    std::string_view bytes = {};  ///< live in what was written
};
using WireMessage = std::vector<WirePiece>;

/// ModelInferResponse. `raw` false: outputs in the lists of their types, unless one of them has a type without a list.
WireMessage grpc_answer(const InferResponse& response, bool raw);
/// ModelMetadataResponse.
WireMessage grpc_answer(const Metadata& metadata);
/// ServerMetadataResponse.
WireMessage grpc_server(std::string_view name, std::string_view version, std::span<const std::string> extensions);
/// ServerLiveResponse, ServerReadyResponse, ModelReadyResponse.
WireMessage grpc_flag(bool value);

}  // namespace bartizan::oip
