#include <algorithm>
#include <limits>
#include <string>

#include <google/protobuf/io/coded_stream.h>
#include <onnx/onnx_pb.h>

#include "core/file.h"
#include "graph/graph.h"
#include "graph/importer.h"
#include "graph/tensor_reader.h"

namespace bartizan::graph {
namespace {

/// A subgraph is three messages deep (node, attribute, graph); types and tensors need a few more.
constexpr int kMessagesPerSubgraph = 3;
constexpr int kMessagesBeside = 16;

/// Parses with protobuf, bounded in size and depth.
template <class Message>
Result<void> parse(Message& message, std::span<const std::byte> bytes, const Limits& limits, std::string_view what) {
    const std::uint64_t limit = std::min<std::uint64_t>(limits.file_bytes, std::numeric_limits<int>::max());
    if (bytes.size() > limit)
        return exhausted("the file has " + std::to_string(bytes.size()) + " bytes, at most " + std::to_string(limit) +
                         " are read");
    google::protobuf::io::CodedInputStream stream(reinterpret_cast<const std::uint8_t*>(bytes.data()),
                                                  static_cast<int>(bytes.size()));
    stream.SetRecursionLimit(limits.subgraph_depth * kMessagesPerSubgraph + kMessagesBeside);
    if (!message.ParseFromCodedStream(&stream) || !stream.ConsumedEntireMessage())
        return invalid_input("truncated, or not " + std::string(what), "fetch the file again or export it anew");
    return {};
}

}  // namespace

Result<Graph> parse_onnx(std::span<const std::byte> bytes, const std::filesystem::path& folder, const Limits& limits) {
    if (bytes.empty()) return invalid_input("the file is empty", "fetch the file again or export it anew");
    onnx::ModelProto model;
    BARTIZAN_TRY(parse(model, bytes, limits, "an ONNX model"));
    return import_model(model, folder, limits);
}

Result<Graph> load_onnx(const std::filesystem::path& path, const Limits& limits) {
    const auto file = BARTIZAN_TRY(MappedFile::open(path));
    const std::filesystem::path folder = path.has_parent_path() ? path.parent_path() : ".";
    return parse_onnx(file->bytes(), folder, limits).within("model '" + path.string() + "'");
}

Result<NdArray> parse_tensor(std::span<const std::byte> bytes, const Limits& limits) {
    onnx::TensorProto tensor;
    BARTIZAN_TRY(parse(tensor, bytes, limits, "an ONNX tensor"));
    if (TensorReader::holds_strings(tensor)) return unsupported("tensor of element type STRING");
    TensorReader reader(limits, {});
    return reader.numbers(tensor);
}

}  // namespace bartizan::graph
