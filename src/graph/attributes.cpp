#include "graph/attributes.h"

#include <onnx/onnx_pb.h>

namespace bartizan::graph {
namespace {

using Proto = onnx::AttributeProto;

/// Files of IR version 1 have no type: the field in use tells it. An empty list cannot be told.
Proto::AttributeType type_of(const Proto& proto) {
    if (proto.type() != Proto::UNDEFINED) return proto.type();
    if (proto.has_i()) return Proto::INT;
    if (proto.has_f()) return Proto::FLOAT;
    if (proto.has_s()) return Proto::STRING;
    if (proto.has_t()) return Proto::TENSOR;
    if (proto.has_g()) return Proto::GRAPH;
    if (proto.ints_size() > 0) return Proto::INTS;
    if (proto.floats_size() > 0) return Proto::FLOATS;
    if (proto.strings_size() > 0) return Proto::STRINGS;
    return Proto::UNDEFINED;
}

Result<Attribute> tensor_attribute(const onnx::TensorProto& tensor, TensorReader& tensors) {
    if (TensorReader::holds_strings(tensor)) return Attribute(BARTIZAN_TRY(tensors.strings(tensor)));
    return Attribute(BARTIZAN_TRY(tensors.numbers(tensor)));
}

template <class T, class Field>
Attribute list_of(const Field& field) {
    return std::vector<T>(field.begin(), field.end());
}

std::uint64_t bytes_of(const std::vector<std::string>& texts) {
    std::uint64_t bytes = 0;
    for (const std::string& text : texts) bytes += sizeof text + text.size();
    return bytes;
}
std::uint64_t bytes_of(const std::string& text) { return text.size(); }
std::uint64_t bytes_of(const std::vector<std::int64_t>& list) { return list.size() * sizeof(std::int64_t); }
std::uint64_t bytes_of(const std::vector<float>& list) { return list.size() * sizeof(float); }
std::uint64_t bytes_of(const Strings& strings) { return bytes_of(strings.values); }
std::uint64_t bytes_of(const Opaque& opaque) { return bytes_of(opaque.captures); }
std::uint64_t bytes_of(const NdArray&) { return 0; }
std::uint64_t bytes_of(std::int64_t) { return 0; }
std::uint64_t bytes_of(float) { return 0; }

}  // namespace

std::uint64_t copy_bytes(const Attribute& attribute) {
    return std::visit([](const auto& value) { return bytes_of(value); }, attribute) + sizeof(Attribute);
}

Result<Attribute> attribute_from_onnx(const Proto& proto, TensorReader& tensors) {
    switch (type_of(proto)) {
        case Proto::INT:
            return Attribute(std::int64_t{proto.i()});
        case Proto::FLOAT:
            return Attribute(proto.f());
        case Proto::STRING:
            return Attribute(proto.s());
        case Proto::TENSOR:
            return tensor_attribute(proto.t(), tensors);
        case Proto::INTS:
            return list_of<std::int64_t>(proto.ints());
        case Proto::FLOATS:
            return list_of<float>(proto.floats());
        case Proto::STRINGS:
            return list_of<std::string>(proto.strings());
        case Proto::GRAPH:
            return Attribute(Opaque{"graph"});
        case Proto::GRAPHS:
            return Attribute(Opaque{"graphs"});
        case Proto::TENSORS:
            return Attribute(Opaque{"tensors"});
        case Proto::SPARSE_TENSOR:
            return Attribute(Opaque{"sparse_tensor"});
        case Proto::SPARSE_TENSORS:
            return Attribute(Opaque{"sparse_tensors"});
        case Proto::TYPE_PROTO:
            return Attribute(Opaque{"type_proto"});
        case Proto::TYPE_PROTOS:
            return Attribute(Opaque{"type_protos"});
        case Proto::UNDEFINED:
            break;
    }
    return invalid_input("its type is absent or unknown");
}

}  // namespace bartizan::graph
