#pragma once
/// The caller's side of the Open Inference Protocol's gRPC form: requests written, answers of a server that is not
/// trusted read, both in their wire format. Source: kserve/open-inference-protocol, "inference.proto".
/// Thread rule: pure functions.

#include <string>

#include "bartizan/result.h"
#include "oip/grpc_request.h"
#include "oip/message.h"
#include "oip/metadata.h"
#include "oip/wire.h"

namespace bartizan::oip {

/// ModelReadyRequest, ModelMetadataRequest.
std::string grpc_question(const GrpcModel& model);
/// ModelInferRequest, with raw contents.
std::string grpc_question(const GrpcModel& model, const InferRequest& request);

/// ServerReadyResponse, ModelReadyResponse.
Result<bool> read_grpc_flag(WireReader message);
/// ModelMetadataResponse. Inputs and outputs whose datatype is unknown are left out.
Result<Metadata> read_grpc_metadata(WireReader message, const Limits& limits = {});
/// ModelInferResponse, its tensors with bytes of their own. Fails with `invalid_input`, `exhausted`, `unsupported`.
Result<InferResponse> read_grpc_answer(WireReader message, const Limits& limits = {});

}  // namespace bartizan::oip
