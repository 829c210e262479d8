#include "model/classifier.h"

#include <algorithm>
#include <set>
#include <utility>

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>

#include "core/random.h"
#include "model/batch_widening.h"
#include "model/input_adapter.h"
#include "model/output_adapter.h"
#include "model/tensors.h"

namespace bartizan::model {
namespace {

constexpr std::int64_t kTrialRows = 3;
constexpr double kSameAnswer = 1e-4;

class ModelClassifier final : public Classifier {
public:
    ModelClassifier(std::shared_ptr<const Model> model, Shape item_shape, InputAdapter input)
        : model_(std::move(model)), shown_(model_), item_shape_(std::move(item_shape)), input_(std::move(input)) {}

    /// Tries the model out: how many rows at once, which output, how to get to its logits.
    Result<void> prepare() {
        const at::Tensor trial = BARTIZAN_TRY(trial_batch());
        BARTIZAN_TRY(find_batch_size(trial));
        BARTIZAN_TRY(find_output(trial));
        cut_final_activation(trial);
        return remark_on_gradients();
    }

    Result<at::Tensor> logits(const at::Tensor& x, Mode mode) const override {
        at::Tensor logits;
        BARTIZAN_TRY(guarded([&]() -> Result<void> {
            if (x.dim() < 1 || x.sizes().slice(1) != at::IntArrayRef(item_shape_))
                return invalid_input("a batch of shape " + to_string(x.sizes().vec()) + " where items of " +
                                     to_string(item_shape_) + " are needed");
            logits = output_.apply(BARTIZAN_TRY(outputs(x, mode)));
            return {};
        }));
        return logits;
    }

    std::int64_t classes() const override { return output_.classes(); }
    const Shape& item_shape() const override { return item_shape_; }
    const std::vector<Remark>& remarks() const override { return remarks_; }
    const Model& model() const override { return *shown_; }

    Result<void> differentiable() const override {
        const GradientPath path = model_->gradient_path(output_.index());
        if (path.reach == GradientPath::Reach::none) return unsupported("the model gives no gradient: " + path.blocker);
        return {};
    }

private:
    Result<at::Tensor> trial_batch() const {
        Shape shape = item_shape_;
        shape.insert(shape.begin(), kTrialRows);
        NdArray array = BARTIZAN_TRY(NdArray::zeros(DType::f32, shape));
        Random(0, 0).fill_uniform(array.mutable_values<float>(), 0, 1);
        return to_tensor(array);
    }

    /// All outputs for `x`, in one run or one row at a time.
    Result<std::vector<at::Tensor>> outputs(const at::Tensor& x, Mode mode) const {
        if (!one_by_one_) return run(x, mode);
        std::vector<std::vector<at::Tensor>> rows;
        for (std::int64_t row = 0; row < x.size(0); ++row) rows.push_back(BARTIZAN_TRY(run(x.narrow(0, row, 1), mode)));
        std::vector<at::Tensor> joined(model_->info().outputs.size());
        for (std::size_t i = 0; i < joined.size(); ++i) {
            std::vector<at::Tensor> parts;
            for (const std::vector<at::Tensor>& row : rows)
                if (i < row.size() && row[i].defined()) parts.push_back(row[i].dim() == 0 ? row[i].reshape({1}) : row[i]);
            if (!parts.empty()) joined[i] = at::cat(parts);
        }
        return joined;
    }

    Result<std::vector<at::Tensor>> run(const at::Tensor& x, Mode mode) const {
        const at::Tensor input = input_.apply(x);
        return model_->run({&input, 1}, mode);
    }

    /// Models exported with a batch of 1 often run with any batch, sometimes after their reshapes are widened. What
    /// a batch gives must be what single rows give; else rows are run one by one.
    Result<void> find_batch_size(const at::Tensor& trial) {
        if (input_.fixed_batch() == 0) return {};
        if (input_.fixed_batch() != 1)
            return unsupported("the model takes batches of exactly " + std::to_string(input_.fixed_batch()),
                               "export it with a free batch dimension");
        one_by_one_ = true;
        const std::vector<at::Tensor> single = BARTIZAN_TRY(outputs(trial, Mode::evaluation));
        one_by_one_ = false;
        if (same_answers(single, outputs(trial, Mode::evaluation))) return {};
        if (const graph::Graph* graph = model_->graph()) {
            auto widened = model_->view(widen_batch(*graph));
            if (widened.ok()) {
                std::swap(model_, *widened);
                if (same_answers(single, outputs(trial, Mode::evaluation))) return {};
                std::swap(model_, *widened);
            }
        }
        one_by_one_ = true;
        remarks_.push_back({Remark::Kind::one_by_one, "fixed batch of 1: samples run one by one"});
        return {};
    }

    static bool same_answers(const std::vector<at::Tensor>& single, const Result<std::vector<at::Tensor>>& batch) {
        if (!batch.ok() || batch->size() != single.size()) return false;
        for (std::size_t i = 0; i < single.size(); ++i) {
            const at::Tensor &a = single[i], &b = (*batch)[i];
            if (a.defined() != b.defined()) return false;
            if (!a.defined()) continue;
            if (a.sizes() != b.sizes()) return false;
            const at::Tensor x = a.to(at::kDouble), y = b.to(at::kDouble);
            if (a.numel() > 0 && (x - y).abs().max().item<double>() > kSameAnswer * (1 + x.abs().max().item<double>()))
                return false;
        }
        return true;
    }

    Result<void> find_output(const at::Tensor& trial) {
        const std::vector<at::Tensor> answers = BARTIZAN_TRY(outputs(trial, Mode::evaluation));
        output_ = BARTIZAN_TRY(OutputAdapter::make(answers, kTrialRows));
        return {};
    }

    /// Scores behind a softmax or sigmoid saturate and hide gradients: what goes into it is used instead.
    void cut_final_activation(const at::Tensor& trial) {
        const bool soft = output_.kind() == OutputAdapter::Kind::probabilities;
        const bool sigmoid = output_.kind() == OutputAdapter::Kind::probability;
        const graph::Graph* graph = model_->graph();
        if (graph == nullptr) {
            if (soft || sigmoid) remark_probabilities();
            return;
        }
        const std::string name = graph->outputs[output_.index()].name;
        const auto last = std::ranges::find_if(graph->nodes, [&](const graph::Node& node) {
            return !node.outputs.empty() && node.outputs[0] == name && node.domain.empty();
        });
        const std::set<std::string> wanted = soft ? std::set<std::string>{"Softmax"} : std::set<std::string>{"Sigmoid"};
        if (last == graph->nodes.end() || !wanted.contains(last->op_type)) {
            if (soft || sigmoid) remark_probabilities();
            return;
        }
        graph::Graph cut = *graph;
        cut.outputs = {{last->inputs[0], cut.outputs[output_.index()].type}};
        auto view = model_->view(std::move(cut));
        if (!view.ok()) return remark_probabilities();
        std::swap(model_, *view);
        const auto answers = outputs(trial, Mode::evaluation);
        auto adapted = answers.ok() ? OutputAdapter::make(*answers, kTrialRows) : Result<OutputAdapter>(answers.error());
        if (!adapted.ok() || adapted->classes() != output_.classes()) {
            std::swap(model_, *view);
            return remark_probabilities();
        }
        output_ = *adapted;
        remarks_.push_back({Remark::Kind::softmax_cut, "the graph ends in " + std::string(soft ? "softmax" : "sigmoid") +
                                                           ": what goes into it is used as logits"});
    }

    void remark_probabilities() {
        remarks_.push_back({Remark::Kind::probabilities, "the model gives probabilities, not logits: they saturate"});
    }

    Result<void> remark_on_gradients() {
        const GradientPath path = model_->gradient_path(output_.index());
        if (path.reach == GradientPath::Reach::zero)
            remarks_.push_back({Remark::Kind::zero_gradient, "zero gradient at " + path.blocker});
        return {};
    }

    std::shared_ptr<const Model> model_;  ///< what runs: the model given, or a view of it
    std::shared_ptr<const Model> shown_;  ///< the model given
    Shape item_shape_;
    InputAdapter input_;
    OutputAdapter output_;
    std::vector<Remark> remarks_;
    bool one_by_one_ = false;
};

}  // namespace

Result<std::unique_ptr<Classifier>> make_classifier(std::shared_ptr<const Model> model, const Shape& item_shape,
                                                    const data::InputContract& contract) {
    const ModelInfo& info = model->info();
    if (info.inputs.size() != 1)
        return unsupported("the model takes " + std::to_string(info.inputs.size()) + " inputs", "a classifier of one input is needed");
    InputAdapter input = BARTIZAN_TRY(InputAdapter::make(item_shape, info.inputs[0].type, contract));
    auto classifier = std::make_unique<ModelClassifier>(std::move(model), item_shape, std::move(input));
    BARTIZAN_TRY(classifier->prepare());
    return std::unique_ptr<Classifier>(std::move(classifier));
}

}  // namespace bartizan::model
