#include "gateway/output.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <span>
#include <vector>

#include "monitor/embedding.h"

namespace bartizan::gateway {
namespace output {
namespace {

bool is_whole(oip::Datatype type) {
    using enum oip::Datatype;
    return type != fp16 && type != bf16 && type != fp32 && type != fp64 && type != bytes;
}

/// The bytes of one row of the inputs: what noise is a function of. Inputs without rows count as a whole.
std::vector<std::byte> row_of_inputs(const oip::InferRequest& request, std::size_t row, std::size_t rows) {
    std::vector<std::byte> out;
    for (const oip::Tensor& input : request.inputs) {
        std::string_view bytes = input.bytes();
        const bool has_rows = !input.shape.empty() && input.shape[0] == static_cast<std::int64_t>(rows) &&
                              input.type != oip::Datatype::bytes;
        if (has_rows) bytes = bytes.substr(row * (bytes.size() / rows), bytes.size() / rows);
        const auto part = std::as_bytes(std::span(bytes));
        out.insert(out.end(), part.begin(), part.end());
    }
    return out;
}

Result<void> shape(oip::Tensor& tensor, const oip::InferRequest& request, const policy::OutputPolicy& policy) {
    if (is_whole(tensor.type)) return {};
    const std::int64_t width = tensor.shape.empty() ? 0 : tensor.shape.back();
    if (tensor.type != oip::Datatype::fp32 || tensor.shape.size() < 2 || width < 2)
        return unsupported("the output '" + tensor.name +
                           "' is no table of FP32 scores, which the output policy needs");
    const auto columns = static_cast<std::size_t>(width);
    const std::size_t rows = static_cast<std::size_t>(tensor.elements()) / columns;
    char* bytes = tensor.writable();
    std::vector<float> row(columns);
    for (std::size_t i = 0; i < rows; ++i) {
        char* at = bytes + i * columns * sizeof(float);
        std::memcpy(row.data(), at, columns * sizeof(float));
        if (!std::ranges::all_of(row, [](float value) { return std::isfinite(value); }))
            return unsupported("the model's answer holds scores that are no numbers");
        std::vector<double> scores = monitor::probabilities_of(row);
        policy.apply(scores, row_of_inputs(request, i, rows));
        std::ranges::transform(scores, row.begin(), [](double value) { return static_cast<float>(value); });
        std::memcpy(at, row.data(), columns * sizeof(float));
    }
    return {};
}

}  // namespace
}  // namespace output

Result<oip::Body> shape_answer(const Exchange& exchange, std::string_view body, std::string_view length,
                               const policy::OutputPolicy& policy) {
    const auto json_bytes = BARTIZAN_TRY(oip::json_length(length, body.size()));
    oip::InferResponse response = BARTIZAN_TRY(oip::parse_response(body, json_bytes));
    for (oip::Tensor& tensor : response.outputs) BARTIZAN_TRY(output::shape(tensor, exchange.request, policy));
    return oip::serialize(response, exchange.request);
}

}  // namespace bartizan::gateway
