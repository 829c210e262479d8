#include "oip/grpc_answer.h"

#include <algorithm>

#include "oip/grpc_contents.h"
#include "oip/wire.h"

namespace bartizan::oip {
namespace grpc_answer_parts {
namespace {

/// name, datatype and shape: alike in TensorMetadata and InferOutputTensor.
std::string declared(std::string_view name, Datatype type, const Shape& shape) {
    std::string out, packed;
    append_bytes(out, 1, name);
    append_bytes(out, 2, to_string(type));
    for (const std::int64_t size : shape) append_varint(packed, static_cast<std::uint64_t>(size));
    append_bytes(out, 3, packed);
    return out;
}

}  // namespace
}  // namespace grpc_answer_parts

WireMessage grpc_answer(const InferResponse& response, bool raw) {
    raw = raw || !std::ranges::all_of(response.outputs, [](const Tensor& one) { return has_contents(one.type); });
    WireMessage out(1);
    std::string& head = out[0].text;
    append_bytes(head, 1, response.model_name);
    append_bytes(head, 2, response.model_version);
    append_bytes(head, 3, response.id);
    for (const Tensor& output : response.outputs) {
        std::string tensor = grpc_answer_parts::declared(output.name, output.type, output.shape);
        if (!raw) append_bytes(tensor, 5, contents_of(output));
        append_item(head, 5, tensor);
    }
    for (const Tensor& output : response.outputs) {
        if (!raw) break;
        if (!out.back().bytes.empty()) out.emplace_back();
        append_tag(out.back().text, 6, WireReader::Kind::bytes);
        append_varint(out.back().text, output.bytes().size());
        out.back().bytes = output.bytes();
    }
    return out;
}

WireMessage grpc_answer(const Metadata& metadata) {
    WireMessage out(1);
    std::string& text = out[0].text;
    append_bytes(text, 1, metadata.name);
    for (const std::string& version : metadata.versions) append_item(text, 2, version);
    append_bytes(text, 3, metadata.platform);
    for (const Signature& one : metadata.inputs)
        append_item(text, 4, grpc_answer_parts::declared(one.name, one.type, one.shape));
    for (const Signature& one : metadata.outputs)
        append_item(text, 5, grpc_answer_parts::declared(one.name, one.type, one.shape));
    return out;
}

WireMessage grpc_server(std::string_view name, std::string_view version, std::span<const std::string> extensions) {
    WireMessage out(1);
    append_bytes(out[0].text, 1, name);
    append_bytes(out[0].text, 2, version);
    for (const std::string& one : extensions) append_item(out[0].text, 3, one);
    return out;
}

WireMessage grpc_flag(bool value) {
    WireMessage out(1);
    append_number(out[0].text, 1, value ? 1 : 0);
    return out;
}

}  // namespace bartizan::oip
