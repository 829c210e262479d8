#include "model/classifier.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/core/grad_mode.h>

#include "core/random.h"
#include "model/batch_runner.h"
#include "model/input_adapter.h"
#include "model/last_activation.h"
#include "model/output_adapter.h"
#include "model/tensors.h"

namespace bartizan::model {
namespace classifier {
namespace {

constexpr std::int64_t kTrialRows = 3;
/// Behind these a number is a score, whatever range it happens to be in.
constexpr std::string_view kLinear[] = {"Gemm", "MatMul", "Add", "Conv", "BatchNormalization", "Sub", "LogSoftmax"};

class ModelClassifier final : public Classifier {
public:
    ModelClassifier(std::shared_ptr<const Model> model, Shape item_shape, InputAdapter input)
        : shown_(model), item_shape_(std::move(item_shape)), runner_(std::move(model), std::move(input)) {}

    /// Tries the model out: how many rows at once, which output, how to get to its logits, whether gradients come back.
    Result<void> prepare() {
        const at::Tensor trial = BARTIZAN_TRY(trial_batch());
        BARTIZAN_TRY(runner_.prepare(trial));
        if (runner_.piece() == 1)
            remarks_.push_back({Remark::Kind::one_by_one, "fixed batch of 1: samples run one by one"});
        else if (runner_.piece() > 1)
            remarks_.push_back({Remark::Kind::other, "fixed batch of " + std::to_string(runner_.piece()) +
                                                         ": samples run in batches of that size"});
        const std::vector<at::Tensor> answers = BARTIZAN_TRY(runner_.run(trial, Mode::evaluation));
        output_ = BARTIZAN_TRY(OutputAdapter::make(answers, kTrialRows));
        BARTIZAN_TRY(find_logits(trial));
        return find_gradients(trial);
    }

    Result<at::Tensor> logits(const at::Tensor& x, Mode mode) const override {
        at::Tensor logits;
        BARTIZAN_TRY(guarded([&]() -> Result<void> {
            if (x.dim() < 1 || x.sizes().slice(1) != at::IntArrayRef(item_shape_))
                return invalid_input("a batch of shape " + to_string(x.sizes().vec()) + " where items of " +
                                     to_string(item_shape_) + " are needed");
            const at::ScalarType type = x.scalar_type() == at::kDouble ? at::kDouble : at::kFloat;
            logits = output_.apply(BARTIZAN_TRY(runner_.run(x, mode)), type);
            // A server may say today what it did not say when it was tried out.
            if (logits.dim() != 2 || logits.size(0) != x.size(0) || logits.size(1) != classes())
                return invalid_input("the model answers scores of shape " + to_string(logits.sizes().vec()) + " where " +
                                     to_string(Shape{x.size(0), classes()}) + " are needed");
            return {};
        }));
        return logits;
    }

    std::int64_t classes() const override { return output_.classes(); }
    const Shape& item_shape() const override { return item_shape_; }
    const std::vector<Remark>& remarks() const override { return remarks_; }
    const Model& model() const override { return *shown_; }

    Result<void> differentiable() const override {
        if (!no_gradient_.empty()) return unsupported("the model gives no gradient: " + no_gradient_);
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

    Result<void> find_logits(const at::Tensor& trial) {
        const graph::Graph* graph = runner_.model()->graph();
        const auto last = graph == nullptr ? std::nullopt : last_node(*graph, output_.index());
        if (last && std::ranges::find(kLinear, last->op_type) != std::end(kLinear)) output_.not_probabilities();
        if (last && (last->op_type == "Softmax" || last->op_type == "Sigmoid") && cut(*graph, *last, trial)) return {};
        if (output_.kind() == OutputAdapter::Kind::probabilities || output_.kind() == OutputAdapter::Kind::probability)
            remarks_.push_back(
                {Remark::Kind::probabilities, "the model gives probabilities, not logits: they saturate"});
        return {};
    }

    /// Uses what goes into the last softmax or sigmoid, if it has as many classes.
    bool cut(const graph::Graph& graph, const LastNode& last, const at::Tensor& trial) {
        auto view = runner_.model()->view(with_output(graph, last.input));
        if (!view.ok()) return false;
        const std::shared_ptr<const Model> whole = runner_.model();
        runner_.use(*view);
        const auto answers = runner_.run(trial, Mode::evaluation);
        auto adapted =
            answers.ok() ? OutputAdapter::make(*answers, kTrialRows) : Result<OutputAdapter>(answers.error());
        if (!adapted.ok() || adapted->classes() != output_.classes()) {
            runner_.use(whole);
            return false;
        }
        output_ = *adapted;
        output_.not_probabilities();
        const std::string name = last.op_type == "Softmax" ? "softmax" : "sigmoid";
        remarks_.push_back(
            {Remark::Kind::softmax_cut, "the graph ends in " + name + ": what goes into it is used as logits"});
        return true;
    }

    Result<void> find_gradients(const at::Tensor& trial) {
        const GradientPath path = runner_.model()->gradient_path(output_.index());
        if (runner_.input().rounds())
            no_gradient_ = "it takes whole numbers";
        else if (path.reach == GradientPath::Reach::none)
            no_gradient_ = path.blocker;
        else if (path.reach == GradientPath::Reach::zero)
            remarks_.push_back({Remark::Kind::zero_gradient, "zero gradient at " + path.blocker});
        if (!no_gradient_.empty()) return {};
        // The graph says that there is one; TorchScript says nothing. One look is cheap.
        const at::AutoGradMode on(true);
        const at::Tensor x = trial.detach().clone().requires_grad_();
        const at::Tensor scores = BARTIZAN_TRY(logits(x, Mode::evaluation));
        if (!scores.requires_grad())
            no_gradient_ = "its output does not depend on its input in a way that can be followed";
        return {};
    }

    std::shared_ptr<const Model> shown_;  ///< the model given; the runner may run a view of it
    Shape item_shape_;
    BatchRunner runner_;
    OutputAdapter output_;
    std::vector<Remark> remarks_;
    std::string no_gradient_;  ///< why there is none
};

}  // namespace
}  // namespace classifier

Result<std::unique_ptr<Classifier>> make_classifier(std::shared_ptr<const Model> model, const Shape& item_shape,
                                                    const data::InputContract& contract) {
    const ModelInfo& info = model->info();
    if (info.inputs.size() != 1)
        return unsupported("the model takes " + std::to_string(info.inputs.size()) + " inputs",
                           "a classifier of one input is needed");
    InputAdapter input = BARTIZAN_TRY(InputAdapter::make(item_shape, info.inputs[0].type, contract));
    auto made = std::make_unique<classifier::ModelClassifier>(std::move(model), item_shape, std::move(input));
    BARTIZAN_TRY(made->prepare());
    return std::unique_ptr<Classifier>(std::move(made));
}

}  // namespace bartizan::model
