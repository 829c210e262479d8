#include <algorithm>
#include <limits>
#include <string>

#include <google/protobuf/io/coded_stream.h>
#include <onnx/onnx_pb.h>

#include "core/file.h"
#include "graph/graph.h"
#include "graph/importer.h"
#include "graph/tensor_reader.h"
#include "graph/wire.h"

namespace bartizan::graph {
namespace {

/// Parses with protobuf what the walk over the wire let through.
template <class Message>
Result<void> parse(Message& message, std::span<const std::byte> bytes, WireRoot root, const Limits& limits) {
    if (bytes.empty()) return invalid_input("the file is empty", "fetch the file again or export it anew");
    const std::uint64_t limit = std::min<std::uint64_t>(limits.file_bytes, std::numeric_limits<int>::max());
    if (bytes.size() > limit)
        return exhausted("the file has " + std::to_string(bytes.size()) + " bytes, at most " + std::to_string(limit) +
                         " are read");
    BARTIZAN_TRY(check_wire(bytes, root, limits));
    google::protobuf::io::CodedInputStream stream(reinterpret_cast<const std::uint8_t*>(bytes.data()),
                                                  static_cast<int>(bytes.size()));
    stream.SetRecursionLimit(message_depth(limits));
    if (!message.ParseFromCodedStream(&stream) || !stream.ConsumedEntireMessage())
        return invalid_input("the file is damaged", "fetch the file again or export it anew");
    return {};
}

}  // namespace

Result<Graph> parse_onnx(std::span<const std::byte> bytes, const std::filesystem::path& folder, const Limits& limits) {
    onnx::ModelProto model;
    BARTIZAN_TRY(parse(model, bytes, WireRoot::model, limits));
    return import_model(model, folder, limits);
}

Result<Graph> load_onnx(const std::filesystem::path& path, const Limits& limits) {
    const auto file = BARTIZAN_TRY(MappedFile::open(path));
    const std::filesystem::path folder = path.has_parent_path() ? path.parent_path() : ".";
    return parse_onnx(file->bytes(), folder, limits).within("model '" + path.string() + "'");
}

Result<NdArray> parse_tensor(std::span<const std::byte> bytes, const Limits& limits) {
    onnx::TensorProto tensor;
    BARTIZAN_TRY(parse(tensor, bytes, WireRoot::tensor, limits));
    if (TensorReader::holds_strings(tensor)) return unsupported("tensor of element type STRING");
    TensorReader reader(limits, {});
    return reader.numbers(tensor);
}

}  // namespace bartizan::graph
