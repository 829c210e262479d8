#include "model/torchscript_model.h"

#include <mutex>

#include <torch/csrc/jit/passes/inliner.h>
#include <torch/script.h>

#include "model/kernel.h"
#include "model/tensors.h"

namespace bartizan::model {
namespace {

void count_operators(const torch::jit::Block& block, std::map<std::string, std::int64_t>& counts) {
    for (const torch::jit::Node* node : block.nodes()) {
        const std::string kind = node->kind().toQualString();
        if (kind.starts_with("aten::")) ++counts[kind];
        for (const torch::jit::Block* inner : node->blocks()) count_operators(*inner, counts);
    }
}

void flatten(const torch::jit::IValue& value, std::vector<at::Tensor>& out) {
    if (value.isTensor()) {
        out.push_back(value.toTensor());
    } else if (value.isTuple()) {
        for (const torch::jit::IValue& element : value.toTupleRef().elements()) flatten(element, out);
    } else if (value.isList()) {
        for (const torch::jit::IValue& element : value.toListRef()) flatten(element, out);
    }
}

class TorchScriptModel final : public Model {
public:
    explicit TorchScriptModel(torch::jit::Module module) : module_(std::move(module)) {
        module_.eval();
        for (const at::Tensor& parameter : module_.parameters()) {
            parameter.requires_grad_(false);
            info_.parameters += parameter.numel();
        }
        info_.format = "torchscript";
        const auto graph = module_.get_method("forward").graph();
        const auto inlined = graph->copy();
        torch::jit::Inline(*inlined);
        count_operators(*inlined->block(), info_.operators);
        for (std::size_t i = 1; i < graph->inputs().size(); ++i)  // 0 is the module itself
            info_.inputs.push_back({graph->inputs()[i]->debugName(), {}});
        for (const torch::jit::Value* output : graph->outputs()) info_.outputs.push_back({output->debugName(), {}});
    }

    const ModelInfo& info() const override { return info_; }
    const graph::Graph* graph() const override { return nullptr; }

    Result<std::vector<at::Tensor>> run(std::span<const at::Tensor> inputs, Mode mode) const override {
        if (mode == Mode::training)
            return unsupported("TorchScript models are not trained", "export the model as ONNX");
        std::vector<at::Tensor> outputs;
        BARTIZAN_TRY(guarded([&]() -> Result<void> {
            std::vector<torch::jit::IValue> stack(inputs.begin(), inputs.end());
            torch::jit::Module module = module_;  // a handle; forward is not const
            flatten(module.forward(std::move(stack)), outputs);
            return {};
        }));
        return outputs;
    }

    /// Autograd goes through what TorchScript runs; what stops it shows when gradients are asked for.
    GradientPath gradient_path(std::size_t) const override { return {}; }

    Result<std::shared_ptr<const Model>> view(graph::Graph) const override {
        return unsupported("a TorchScript model has no graph that can be changed", "export the model as ONNX");
    }

    std::vector<NamedTensor> parameters() override {
        std::vector<NamedTensor> named;
        for (const auto& parameter : module_.named_parameters())
            named.push_back({parameter.name, parameter.value, true});
        for (const auto& buffer : module_.named_buffers()) named.push_back({buffer.name, buffer.value, false});
        return named;
    }

    Result<void> save_onnx(const std::filesystem::path&) const override {
        return unsupported("a TorchScript model cannot be written as ONNX", "export it from where it was made");
    }

private:
    torch::jit::Module module_;
    ModelInfo info_;
};

}  // namespace

Result<std::unique_ptr<Model>> load_torchscript(const std::filesystem::path& path) {
    // The plain executor: the profiling one specialises at run time, which makes equal calls differ.
    static std::once_flag once;
    std::call_once(once, [] { torch::jit::getProfilingMode() = false; });
    std::unique_ptr<Model> model;
    BARTIZAN_TRY(guarded([&]() -> Result<void> {
                     torch::jit::Module module = torch::jit::load(path.string(), at::Device(at::kCPU));
                     if (!module.find_method("forward")) return invalid_input("the archive has no method 'forward'");
                     model = std::make_unique<TorchScriptModel>(std::move(module));
                     return {};
                 }).within("TorchScript archive"));
    return model;
}

}  // namespace bartizan::model
