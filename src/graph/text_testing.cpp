#include <cstdio>
#include <cstdlib>

#include <google/protobuf/text_format.h>
#include <onnx/onnx_pb.h>

#include "graph/graph_testing.h"

namespace bartizan::graph::testing {
namespace {

template <class Message>
std::string bytes_from_text(const std::string& text) {
    Message message;
    if (google::protobuf::TextFormat::ParseFromString(text, &message)) return message.SerializeAsString();
    std::fprintf(stderr, "mistake in a test's text: %s\n", text.c_str());
    std::abort();
}

}  // namespace

std::string model_from_text(const std::string& text) { return bytes_from_text<onnx::ModelProto>(text); }
std::string tensor_from_text(const std::string& text) { return bytes_from_text<onnx::TensorProto>(text); }

}  // namespace bartizan::graph::testing
