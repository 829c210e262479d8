#pragma once
/// Inference requests and answers of the Open Inference Protocol v2 over REST, with the binary tensor extension: a JSON
/// object, followed by the bytes of the tensors that say so, in the order of the JSON.
/// Source: kserve/open-inference-protocol, "Predict Protocol, version 2"; Triton's extension_binary_data.
/// Thread rule: pure functions; messages move and do not copy. Tensors may refer to the text they were parsed from.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bartizan/result.h"
#include "oip/tensor.h"

namespace bartizan::oip {

struct Limits {
    std::size_t tensors = 64;
    std::size_t rank = 16;
    std::size_t name_bytes = 256;
    std::size_t parameters = 32;
    std::int64_t elements = std::int64_t{1} << 24;  ///< of one tensor
    std::uint64_t bytes = std::uint64_t{64} << 20;  ///< of all tensors together
};

/// The names and JSON texts of parameters with a scalar value.
using Parameters = std::vector<std::pair<std::string, std::string>>;

struct RequestedOutput {
    std::string name;
    std::optional<bool> binary = {};
};

struct InferRequest {
    std::string id = {};
    Parameters parameters = {};
    std::vector<Tensor> inputs = {};
    std::vector<RequestedOutput> outputs = {};  ///< empty: all
    bool binary_outputs = false;                ///< where an output does not say
    bool features = false;                      ///< not of the protocol: see `kFeaturesHeader`

    /// Should the output of this name go back as bytes?
    bool wants_binary(std::string_view output) const;
};

struct InferResponse {
    std::string model_name = {};
    std::string model_version = {};
    std::string id = {};
    std::vector<Tensor> outputs = {};
    std::vector<float> features = {};  ///< what goes into the model's last linear layer, row by row
};

/// A body with the length of its JSON part; `json_bytes` as large as the body: it has no binary part.
struct Body {
    std::string text;
    std::size_t json_bytes = 0;
    bool has_binary() const { return json_bytes < text.size(); }
};

/// The header that tells the length of the JSON part.
inline constexpr std::string_view kLengthHeader = "Inference-Header-Content-Length";

/// Between gateway and worker alone: with it the gateway asks for features, in the answer it tells how many bytes of
/// them (FP32) follow behind the body. No caller's header of this name gets to a worker, no worker's to a caller.
inline constexpr std::string_view kFeaturesHeader = "Bartizan-Features";

/// The length that the header tells: nothing when it is absent. Fails with `invalid_input` when it is no length, or
/// goes beyond the body.
Result<std::optional<std::size_t>> json_length(std::string_view header, std::size_t body_bytes);

/// Fails with `invalid_input` (what, and at which byte or in which tensor), `exhausted` beyond a limit, `unsupported`
/// for tensor parameters that would let the caller reach beside the request (shared memory).
Result<InferRequest> parse_request(std::string_view body, std::optional<std::size_t> json_bytes,
                                   const Limits& limits = {});
Result<InferResponse> parse_response(std::string_view body, std::optional<std::size_t> json_bytes,
                                     const Limits& limits = {});

/// Every tensor as bytes if `binary`, else as JSON (FP16 and BF16 have no JSON form: `unsupported`).
Result<Body> serialize(const InferRequest& request, bool binary);
/// Each output as its request asked. Numbers that JSON lacks (NaN, infinities) fail with `unsupported`.
Result<Body> serialize(const InferResponse& response, const InferRequest& request);

}  // namespace bartizan::oip
