#include "model/onnx_model.h"

#include <algorithm>
#include <mutex>
#include <set>

#include <ATen/core/Tensor.h>

#include "model/folding.h"
#include "model/plan.h"
#include "model/tensors.h"
#include "model/weights.h"

namespace bartizan::model {
namespace {

/// Names of running statistics: inputs 3 and 4 of batch normalisation.
std::set<std::string> statistics_of(const graph::Graph& graph) {
    std::set<std::string> names;
    for (const graph::Node& node : graph.nodes)
        if (node.domain.empty() && node.op_type == "BatchNormalization")
            for (std::size_t i = 3; i < std::min<std::size_t>(5, node.inputs.size()); ++i)
                if (graph.initializers.contains(node.inputs[i])) names.insert(node.inputs[i]);
    return names;
}

class OnnxModel final : public Model {
public:
    OnnxModel(graph::Graph graph, std::shared_ptr<Weights> weights)
        : graph_(std::move(graph)), weights_(std::move(weights)), info_(describe(graph_)) {}

    /// Makes the plan of evaluation: with batch normalisation folded, constants computed.
    Result<void> prepare() {
        if (weights_->live) return prepare_live();
        const graph::Graph folded = pool_before_relu(fold_batch_norm(graph_));
        const auto weights = BARTIZAN_TRY(weights_of(folded));
        fast_ = BARTIZAN_TRY(Plan::make(folded, weights));
        return {};
    }

    const ModelInfo& info() const override { return info_; }
    const graph::Graph* graph() const override { return &graph_; }

    Result<std::vector<at::Tensor>> run(std::span<const at::Tensor> inputs, Mode mode) const override {
        if (!weights_->live && mode == Mode::evaluation) return fast_->run(inputs, mode);
        BARTIZAN_TRY(prepare_live());
        return live_->run(inputs, mode);
    }

    GradientPath gradient_path(std::size_t index) const override {
        return fast_ ? fast_->gradient_path(index) : live_->gradient_path(index);
    }

    Result<std::shared_ptr<const Model>> view(graph::Graph graph) const override {
        auto model = std::make_shared<OnnxModel>(std::move(graph), weights_);
        BARTIZAN_TRY(model->prepare());
        return std::shared_ptr<const Model>(std::move(model));
    }

    std::vector<NamedTensor> parameters() override {
        weights_->live = true;
        std::vector<NamedTensor> named;
        for (const std::string& name : trainable_names(graph_))
            named.push_back({name, weights_->tensors.at(name), true});
        for (const std::string& name : statistics_of(graph_))
            named.push_back({name, weights_->tensors.at(name), false});
        return named;
    }

    Result<void> save_onnx(const std::filesystem::path& path) const override {
        graph::Graph changed = graph_;
        if (weights_->live) {
            std::vector<std::string> names = trainable_names(graph_);
            for (const std::string& name : statistics_of(graph_)) names.push_back(name);
            for (const std::string& name : names)
                changed.initializers[name] = BARTIZAN_TRY(to_array(weights_->tensors.at(name)));
        }
        return graph::save_onnx(changed, path);
    }

private:
    /// The shared weights, and those that folding has made anew.
    Result<std::shared_ptr<const Weights>> weights_of(const graph::Graph& folded) const {
        auto all = std::make_shared<Weights>(*weights_);
        for (const auto& [name, array] : folded.initializers)
            if (!all->tensors.contains(name)) all->tensors.emplace(name, BARTIZAN_TRY(to_tensor(array)));
        return std::shared_ptr<const Weights>(std::move(all));
    }

    /// Makes the plan that computes everything anew, once.
    Result<void> prepare_live() const {
        const std::lock_guard lock(mutex_);
        if (live_) return {};
        auto weights = std::make_shared<Weights>(*weights_);  // the tensors themselves are shared
        weights->live = true;
        live_ = BARTIZAN_TRY(Plan::make(pool_before_relu(graph_), weights));
        return {};
    }

    graph::Graph graph_;
    std::shared_ptr<Weights> weights_;
    ModelInfo info_;
    std::unique_ptr<const Plan> fast_;
    mutable std::mutex mutex_;
    mutable std::unique_ptr<const Plan> live_;
};

}  // namespace

ModelInfo describe(const graph::Graph& graph) {
    ModelInfo info;
    info.format = "onnx";
    info.producer = graph.producer;
    info.inputs = graph.inputs;
    info.outputs = graph.outputs;
    info.parameters = graph.parameter_count();
    info.operators = graph.operators();
    info.opset = graph.opset();
    return info;
}

Result<std::unique_ptr<Model>> from_graph(graph::Graph graph) {
    auto weights = BARTIZAN_TRY(make_weights(graph));
    auto model = std::make_unique<OnnxModel>(std::move(graph), std::move(weights));
    BARTIZAN_TRY(model->prepare());
    return std::unique_ptr<Model>(std::move(model));
}

}  // namespace bartizan::model
