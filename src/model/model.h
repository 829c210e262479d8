#pragma once
/// A model that runs: tensors in, tensors out, differentiable where its operators are.
/// Thread rule: `run` and `logits` may be called from several threads at once; a model is immutable but for
/// `parameters()`, which only training touches, alone.

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "bartizan/result.h"
#include "graph/graph.h"

namespace at {
class Tensor;
}

namespace bartizan::model {

struct ModelInfo {
    std::string format;  ///< "onnx", "torchscript"
    std::string producer;
    std::vector<graph::Value> inputs;
    std::vector<graph::Value> outputs;
    std::int64_t parameters = 0;
    std::map<std::string, std::int64_t> operators;
    std::int64_t opset = 0;  ///< of the default domain; 0 for TorchScript
};

struct NamedTensor;

/// How far gradients get on the way from an input to an output.
struct GradientPath {
    enum class Reach { smooth, zero, none } reach = Reach::smooth;
    std::string blocker;  ///< the first node in the way: "node 'sign1' (Sign)"
};

enum class Mode { evaluation, training };

class Model {
public:
    virtual ~Model() = default;

    virtual const ModelInfo& info() const = 0;

    /// Runs the whole graph. `inputs` in the order of `info().inputs`. An output that is not a tensor (strings)
    /// is undefined. Fails with `invalid_input` (shape or dtype mismatch, with the node named), `exhausted`.
    virtual Result<std::vector<at::Tensor>> run(std::span<const at::Tensor> inputs,
                                                Mode mode = Mode::evaluation) const = 0;

    /// How far gradients get from the first input to output `index`.
    virtual GradientPath gradient_path(std::size_t index) const = 0;

    /// The graph of the file; null where there is none (TorchScript).
    virtual const graph::Graph* graph() const = 0;
    /// The same weights under another graph (one without its last softmax, say): training one trains the other.
    /// Initializers keep their names, or get new ones with new values. Fails with `unsupported` where there is no
    /// graph.
    virtual Result<std::shared_ptr<const Model>> view(graph::Graph graph) const = 0;

    /// Weights by name; changing them in place changes the model. From the first call on, nothing that depends on them
    /// is computed ahead: the model is slower, and always up to date.
    virtual std::vector<NamedTensor> parameters() = 0;
    /// Writes the model, with its parameters as they are now, as an ONNX file. `unsupported` for TorchScript.
    virtual Result<void> save_onnx(const std::filesystem::path& path) const = 0;
};

/// Loads `*.onnx`, TorchScript `*.pt`/`*.ts`, told apart by content. Fails as `graph::load_onnx` does, or with
/// `unsupported` naming the operator.
Result<std::unique_ptr<Model>> load(const std::filesystem::path& path, const graph::Limits& limits = {});
/// Over a graph in memory.
Result<std::unique_ptr<Model>> from_graph(graph::Graph graph);

}  // namespace bartizan::model
