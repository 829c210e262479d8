// links: graph
// seeds: /usr/share/libonnx-testdata/data/*/*/model.onnx
// /usr/share/libonnx-testdata/data/node/*/test_data_set_0/input_0.pb The ONNX importer, for models and single tensors:
// any bytes are refused or give a graph that can be written and read again.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "graph/graph.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const bartizan::graph::Limits limits{.tensor_bytes = std::uint64_t{64} << 20, .nodes = 10'000};
    const auto bytes = std::as_bytes(std::span(data, size));
    (void)bartizan::graph::parse_tensor(bytes, limits);
    const auto graph = bartizan::graph::parse_onnx(bytes, {}, limits);
    if (!graph.ok()) return 0;
    const auto written = bartizan::graph::serialize_onnx(*graph);
    if (!written.ok()) return 0;
    const auto again = bartizan::graph::parse_onnx(std::as_bytes(std::span(written->data(), written->size())));
    if (!again.ok() || again->nodes.size() != graph->nodes.size()) std::abort();
    return 0;
}
