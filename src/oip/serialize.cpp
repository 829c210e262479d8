#include <charconv>
#include <cmath>
#include <cstring>

#include "oip/json_reader.h"
#include "oip/json_writer.h"
#include "oip/message.h"

namespace bartizan::oip {
namespace {

template <class T>
bool append_numbers(std::string& out, const Tensor& tensor) {
    const std::string_view bytes = tensor.bytes();
    char digits[40];
    for (std::size_t at = 0; at < bytes.size(); at += sizeof(T)) {
        T value;
        std::memcpy(&value, bytes.data() + at, sizeof value);
        if constexpr (std::is_floating_point_v<T>)
            if (!std::isfinite(value)) return false;
        const auto [end, error] = std::to_chars(digits, digits + sizeof digits, value);
        if (error != std::errc()) return false;
        if (at != 0) out += ',';
        out.append(digits, end);
    }
    return true;
}

void append_flags(std::string& out, const Tensor& tensor) {
    bool first = true;
    for (const char c : tensor.bytes()) {
        if (!std::exchange(first, false)) out += ',';
        out += c != 0 ? "true" : "false";
    }
}

void append_strings(std::string& out, const Tensor& tensor) {
    std::string_view bytes = tensor.bytes();
    for (bool first = true; bytes.size() >= 4; first = false) {
        std::uint32_t length = 0;
        std::memcpy(&length, bytes.data(), 4);
        if (!first) out += ',';
        append_json_string(out, bytes.substr(4, length));
        bytes.remove_prefix(std::min<std::size_t>(4 + std::size_t{length}, bytes.size()));
    }
}

bool append_data(std::string& out, const Tensor& tensor) {
    switch (tensor.type) {
        case Datatype::boolean:
            append_flags(out, tensor);
            return true;
        case Datatype::u8:
            return append_numbers<std::uint8_t>(out, tensor);
        case Datatype::u16:
            return append_numbers<std::uint16_t>(out, tensor);
        case Datatype::u32:
            return append_numbers<std::uint32_t>(out, tensor);
        case Datatype::u64:
            return append_numbers<std::uint64_t>(out, tensor);
        case Datatype::i8:
            return append_numbers<std::int8_t>(out, tensor);
        case Datatype::i16:
            return append_numbers<std::int16_t>(out, tensor);
        case Datatype::i32:
            return append_numbers<std::int32_t>(out, tensor);
        case Datatype::i64:
            return append_numbers<std::int64_t>(out, tensor);
        case Datatype::fp32:
            return append_numbers<float>(out, tensor);
        case Datatype::fp64:
            return append_numbers<double>(out, tensor);
        case Datatype::bytes:
            append_strings(out, tensor);
            return true;
        case Datatype::fp16:
        case Datatype::bf16:
            break;
    }
    return false;
}

/// `{"name":"x","datatype":"FP32","shape":[1,3]`
void append_declared(std::string& out, std::string_view name, Datatype type, const Shape& shape) {
    out += R"({"name":)";
    append_json_string(out, name);
    out += R"(,"datatype":")";
    out += to_string(type);
    out += R"(","shape":[)";
    for (std::size_t i = 0; i < shape.size(); ++i) {
        if (i != 0) out += ',';
        out += std::to_string(shape[i]);
    }
    out += ']';
}

/// What follows the JSON; lives in the tensors.
using Tail = std::vector<std::string_view>;

/// The object of one tensor; its bytes go to `tail` if it is binary.
Result<void> append_tensor(std::string& out, Tail& tail, const Tensor& tensor, bool binary) {
    if (binary) {
        append_binary_tensor(out, tensor.name, tensor.type, tensor.shape, tensor.bytes().size());
        tail.push_back(tensor.bytes());
        return {};
    }
    append_declared(out, tensor.name, tensor.type, tensor.shape);
    out += R"(,"data":[)";
    if (!append_data(out, tensor))
        return unsupported("tensor '" + tensor.name + "' has values that JSON cannot hold",
                           "ask for it as binary data");
    out += "]}";
    return {};
}

Body joined(std::string json, const Tail& tail) {
    Body body;
    body.json_bytes = json.size();
    body.text = std::move(json);
    std::size_t size = body.json_bytes;
    for (const std::string_view bytes : tail) size += bytes.size();
    body.text.reserve(size);
    for (const std::string_view bytes : tail) body.text += bytes;
    return body;
}

}  // namespace

void append_request_head(std::string& out, const std::string& id, const Parameters& parameters) {
    out += '{';
    if (!id.empty()) {
        out += R"("id":)";
        append_json_string(out, id);
        out += ',';
    }
    if (!parameters.empty()) {
        out += R"("parameters":{)";
        for (std::size_t i = 0; i < parameters.size(); ++i) {
            if (i != 0) out += ',';
            append_json_string(out, parameters[i].first);
            out += ':' + parameters[i].second;
        }
        out += "},";
    }
    out += R"("inputs":[)";
}

void append_binary_tensor(std::string& out, std::string_view name, Datatype type, const Shape& shape,
                          std::size_t bytes) {
    append_declared(out, name, type, shape);
    out += R"(,"parameters":{"binary_data_size":)" + std::to_string(bytes) + "}}";
}

void append_request_end(std::string& out, const std::vector<RequestedOutput>& outputs) {
    out += ']';
    for (std::size_t i = 0; i < outputs.size(); ++i) {
        out += i == 0 ? R"(,"outputs":[{"name":)" : R"(,{"name":)";
        append_json_string(out, outputs[i].name);
        if (outputs[i].binary)
            out += std::string(R"(,"parameters":{"binary_data":)") + (*outputs[i].binary ? "true}" : "false}");
        out += '}';
    }
    out += outputs.empty() ? "}" : "]}";
}

Result<Body> serialize(const InferRequest& request, bool binary) {
    std::string json;
    Tail tail;
    append_request_head(json, request.id, request.parameters);
    for (std::size_t i = 0; i < request.inputs.size(); ++i) {
        if (i != 0) json += ',';
        BARTIZAN_TRY(append_tensor(json, tail, request.inputs[i], binary));
    }
    append_request_end(json, request.outputs);
    return joined(std::move(json), tail);
}

Result<Body> serialize(const InferResponse& response, const InferRequest& request) {
    std::string json = R"({"model_name":)";
    Tail tail;
    append_json_string(json, response.model_name);
    if (!response.model_version.empty()) {
        json += R"(,"model_version":)";
        append_json_string(json, response.model_version);
    }
    if (!response.id.empty()) {
        json += R"(,"id":)";
        append_json_string(json, response.id);
    }
    json += R"(,"outputs":[)";
    for (std::size_t i = 0; i < response.outputs.size(); ++i) {
        if (i != 0) json += ',';
        const Tensor& output = response.outputs[i];
        BARTIZAN_TRY(append_tensor(json, tail, output, request.wants_binary(output.name)));
    }
    json += "]}";
    return joined(std::move(json), tail);
}

}  // namespace bartizan::oip
