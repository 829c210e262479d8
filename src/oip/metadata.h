#pragma once
/// What a model says of itself: `GET /v2/models/NAME`. Pure.

#include <string>
#include <string_view>
#include <vector>

#include "bartizan/result.h"
#include "oip/tensor.h"

namespace bartizan::oip {

/// A declared input or output; -1: any size.
struct Signature {
    std::string name;
    Datatype type = Datatype::fp32;
    Shape shape;
};

struct Metadata {
    std::string name;
    std::vector<std::string> versions;
    std::string platform;  ///< "onnx_onnxv1", "pytorch_torchscript"
    std::vector<Signature> inputs;
    std::vector<Signature> outputs;
};

std::string to_json(const Metadata& metadata);
/// Fails with `invalid_input`. Inputs and outputs whose datatype is unknown are left out.
Result<Metadata> parse_metadata(std::string_view text);

/// Does `shape` fit `declared`? An empty declaration takes any.
bool fits(const Shape& declared, const Shape& shape);

}  // namespace bartizan::oip
