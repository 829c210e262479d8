#pragma once
/// The cases of ONNX's backend tests, as the Debian package libonnx-testdata installs them: a model and, for each
/// data set, the inputs and the outputs that ONNX's reference gives.

#include <filesystem>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "bartizan/result.h"
#include "graph/graph.h"

namespace bartizan::model::conformance {

inline constexpr const char* kFolder = "/usr/share/libonnx-testdata/data";

struct Case {
    std::string suite;  ///< "node", "simple", ...
    std::string name;   ///< "test_abs"
    std::filesystem::path folder;

    Result<graph::Graph> load() const { return graph::load_onnx(folder / "model.onnx"); }
};

struct DataSet {
    std::vector<at::Tensor> inputs;
    std::vector<at::Tensor> outputs;
};

/// All cases, by suite and name. Empty when the package is not installed.
std::vector<Case> all_cases();
/// Fails with `unsupported` on strings, and on sequences, which are not tensors in the files.
Result<std::vector<DataSet>> data_sets(const Case& which, const graph::Graph& graph);

/// Nothing, or how `actual` differs from `expected` beyond ONNX's tolerance (rtol 1e-3, atol 1e-7).
std::string difference(const at::Tensor& expected, const at::Tensor& actual);

}  // namespace bartizan::model::conformance
