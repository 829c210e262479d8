#pragma once
/// Requests of the Open Inference Protocol's gRPC form, read out of their wire format: without generated classes, so
/// that sizes are bounded before anything is allocated and the bytes of tensors are copied once, from the pieces that
/// came over the network into the body that the REST form would have had.
/// Source: kserve/open-inference-protocol, "inference.proto". A field that comes twice is refused, where Protocol
/// Buffers would take the last one: two readers would not agree on it.
/// Thread rule: pure functions.

#include <string>

#include "bartizan/result.h"
#include "oip/message.h"
#include "oip/wire.h"

namespace bartizan::oip {

/// ModelReadyRequest, ModelMetadataRequest.
struct GrpcModel {
    std::string name = {};
    std::string version = {};  ///< empty: none asked for
};

/// ModelInferRequest.
struct GrpcInference {
    GrpcModel model = {};
    Body body = {};    ///< asks for every output as bytes
    bool raw = false;  ///< the inputs came as raw contents, and the outputs should go back so
};

/// Fail as `parse_request` does: `invalid_input`, `exhausted`, `unsupported`. What a tensor's shape says of its bytes
/// is left to `parse_request`, which the body goes through.
Result<GrpcModel> read_grpc_model(WireReader message, const Limits& limits = {});
Result<GrpcInference> read_grpc_inference(WireReader message, const Limits& limits = {});

}  // namespace bartizan::oip
