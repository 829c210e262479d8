// ai.onnx.ml linear models and support vector machines, differentiable where they can be.
#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/addmm.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/cdist.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>

#include "model/operators/build.h"
#include "model/operators/families.h"
#include "model/operators/ml_scores.h"

namespace bartizan::model::operators {
namespace ml_linear {
namespace {

Result<at::Tensor> float_rows(const at::Tensor& input) {
    if (input.scalar_type() == at::kDouble && input.dim() == 2) return input;
    return as_float_rows(input);
}

/// coefficients as [outputs, features] and one intercept per output.
struct Weights {
    at::Tensor matrix, intercepts;
};

Result<Weights> read_weights(const graph::Node& node, std::int64_t outputs) {
    const std::vector<float> coefficients = BARTIZAN_TRY(node.reals("coefficients", {}));
    std::vector<float> intercepts = BARTIZAN_TRY(node.reals("intercepts", {}));
    if (outputs < 1 || coefficients.empty() || coefficients.size() % static_cast<std::size_t>(outputs) != 0)
        return invalid_input(std::to_string(coefficients.size()) + " coefficients for " + std::to_string(outputs) + " outputs");
    if (intercepts.empty()) intercepts.assign(static_cast<std::size_t>(outputs), 0);
    if (intercepts.size() != static_cast<std::size_t>(outputs))
        return invalid_input(std::to_string(intercepts.size()) + " intercepts for " + std::to_string(outputs) + " outputs");
    return Weights{at::tensor(coefficients, at::kFloat).reshape({outputs, -1}), at::tensor(intercepts, at::kFloat)};
}

Result<at::Tensor> linear(const at::Tensor& input, const Weights& weights) {
    const at::Tensor x = BARTIZAN_TRY(float_rows(input));
    if (x.size(1) != weights.matrix.size(1))
        return invalid_input("rows have " + std::to_string(x.size(1)) + " columns, the model has " +
                             std::to_string(weights.matrix.size(1)) + " coefficients");
    const auto type = x.scalar_type();
    return at::addmm(weights.intercepts.to(type), x, weights.matrix.to(type).t());
}

/// A score for one of two classes becomes one for each.
at::Tensor both_classes(const at::Tensor& score, PostTransform transform) {
    if (transform == PostTransform::logistic || transform == PostTransform::softmax)
        return transform_scores(at::cat({-score, score}, 1), transform);
    return transform_scores(at::cat({1 - score, score}, 1), transform);
}

Result<Kernel> linear_classifier(const graph::Node& node, std::int64_t) {
    BARTIZAN_TRY(expect_inputs(node, 1, 1));
    const ClassLabels labels = BARTIZAN_TRY(read_class_labels(node, "classlabels_ints", "classlabels_strings"));
    const PostTransform transform = BARTIZAN_TRY(read_post_transform(node));
    const auto intercepts = BARTIZAN_TRY(node.reals("intercepts", {}));
    const bool one_score = labels.count() == 2 && intercepts.size() == 1;
    const Weights weights = BARTIZAN_TRY(read_weights(node, one_score ? 1 : labels.count()));
    return Kernel([=](const Call& call) -> Result<Tensors> {
        const at::Tensor sums = BARTIZAN_TRY(linear(call.inputs[0], weights));
        const at::Tensor scores = one_score ? both_classes(sums, transform) : transform_scores(sums, transform);
        // The label follows the raw score: its sign where there is one, its largest where there are several.
        const at::Tensor ranking = one_score ? at::cat({-sums, sums}, 1) : sums;
        return Tensors{labels_of(ranking.detach(), labels), scores};
    });
}

Result<Kernel> linear_regressor(const graph::Node& node, std::int64_t) {
    BARTIZAN_TRY(expect_inputs(node, 1, 1));
    const PostTransform transform = BARTIZAN_TRY(read_post_transform(node));
    const Weights weights = BARTIZAN_TRY(read_weights(node, BARTIZAN_TRY(node.integer("targets", 1))));
    return single([=](const Call& call) -> Result<at::Tensor> {
        return transform_scores(BARTIZAN_TRY(linear(call.inputs[0], weights)), transform);
    });
}

/// The kernel function of a support vector machine.
struct SvmKernel {
    enum class Type { linear, polynomial, radial, sigmoid } type = Type::linear;
    double gamma = 0, coef0 = 0, degree = 0;

    at::Tensor operator()(const at::Tensor& x, const at::Tensor& vectors) const {
        if (type == Type::radial) {
            // |x - v|^2 written out, so that gradients are smooth where the two meet.
            const at::Tensor squares = x.square().sum({1}, true) + vectors.square().sum({1}).unsqueeze(0) -
                                       2 * at::matmul(x, vectors.t());
            return (-gamma * squares).exp();
        }
        const at::Tensor products = at::matmul(x, vectors.t());
        if (type == Type::polynomial) return (gamma * products + coef0).pow(degree);
        if (type == Type::sigmoid) return (gamma * products + coef0).tanh();
        return products;
    }
};

Result<SvmKernel> read_kernel(const graph::Node& node) {
    SvmKernel kernel;
    const std::string text = BARTIZAN_TRY(node.text("kernel_type", "LINEAR"));
    if (text == "LINEAR") kernel.type = SvmKernel::Type::linear;
    else if (text == "POLY") kernel.type = SvmKernel::Type::polynomial;
    else if (text == "RBF") kernel.type = SvmKernel::Type::radial;
    else if (text == "SIGMOID") kernel.type = SvmKernel::Type::sigmoid;
    else return invalid_input("kernel_type '" + text + "' is unknown");
    const std::vector<float> params = BARTIZAN_TRY(node.reals("kernel_params", {0, 0, 0}));
    if (params.size() != 3) return invalid_input("kernel_params has " + std::to_string(params.size()) + " values, 3 are needed");
    kernel.gamma = params[0];
    kernel.coef0 = params[1];
    kernel.degree = params[2];
    return kernel;
}

Result<at::Tensor> read_vectors(const graph::Node& node, std::int64_t count) {
    const std::vector<float> values = BARTIZAN_TRY(node.reals("support_vectors", {}));
    if (count < 1 || values.empty() || values.size() % static_cast<std::size_t>(count) != 0)
        return invalid_input(std::to_string(values.size()) + " numbers for " + std::to_string(count) + " support vectors");
    return at::tensor(values, at::kFloat).reshape({count, -1});
}

Result<void> check_columns(const at::Tensor& x, const at::Tensor& vectors) {
    if (x.size(1) == vectors.size(1)) return {};
    return invalid_input("rows have " + std::to_string(x.size(1)) + " columns, support vectors " +
                         std::to_string(vectors.size(1)));
}

Result<Kernel> svm_regressor(const graph::Node& node, std::int64_t) {
    BARTIZAN_TRY(expect_inputs(node, 1, 1));
    const SvmKernel kernel = BARTIZAN_TRY(read_kernel(node));
    const PostTransform transform = BARTIZAN_TRY(read_post_transform(node));
    const std::vector<float> coefficients = BARTIZAN_TRY(node.reals("coefficients", {}));
    const std::vector<float> rho = BARTIZAN_TRY(node.reals("rho", {0}));
    const std::int64_t count = BARTIZAN_TRY(node.integer("n_supports", 0));
    const bool one_class = BARTIZAN_TRY(node.integer("one_class", 0)) != 0;
    if (rho.size() != 1) return invalid_input("rho has " + std::to_string(rho.size()) + " values, 1 is needed");
    if (count == 0) {  // a linear model in the clothes of an SVM
        const Weights weights = BARTIZAN_TRY(read_weights(node, 1));
        return single([=](const Call& call) -> Result<at::Tensor> {
            return transform_scores(BARTIZAN_TRY(linear(call.inputs[0], weights)) + rho[0], transform);
        });
    }
    const at::Tensor vectors = BARTIZAN_TRY(read_vectors(node, count));
    if (static_cast<std::int64_t>(coefficients.size()) != count)
        return invalid_input(std::to_string(coefficients.size()) + " coefficients for " + std::to_string(count) + " support vectors");
    const at::Tensor duals = at::tensor(coefficients, at::kFloat).reshape({count, 1});
    return single([=](const Call& call) -> Result<at::Tensor> {
        const at::Tensor x = BARTIZAN_TRY(float_rows(call.inputs[0]));
        BARTIZAN_TRY(check_columns(x, vectors));
        const auto type = x.scalar_type();
        const at::Tensor sums = at::matmul(kernel(x, vectors.to(type)), duals.to(type)) + rho[0];
        if (one_class) return sums.gt(0).to(type) * 2 - 1;
        return transform_scores(sums, transform);
    });
}

/// Pairwise decision values of a machine of several classes (libsvm's one-against-one).
struct Pairwise {
    at::Tensor vectors;                 ///< [count, features]
    at::Tensor duals;                   ///< [classes - 1, count]
    std::vector<std::int64_t> per_class;
    std::vector<float> rho, prob_a, prob_b;
    SvmKernel kernel;

    std::int64_t classes() const { return static_cast<std::int64_t>(per_class.size()); }

    /// [n, classes * (classes - 1) / 2].
    at::Tensor decisions(const at::Tensor& x) const {
        const auto type = x.scalar_type();
        const at::Tensor k = kernel(x, vectors.to(type));
        const at::Tensor coefficients = duals.to(type);
        std::vector<std::int64_t> begin(per_class.size() + 1, 0);
        for (std::size_t i = 0; i < per_class.size(); ++i) begin[i + 1] = begin[i] + per_class[i];
        std::vector<at::Tensor> values;
        std::size_t pair = 0;
        for (std::int64_t i = 0; i < classes(); ++i)
            for (std::int64_t j = i + 1; j < classes(); ++j) {
                const auto part = [&](std::int64_t of, std::int64_t row) {
                    const std::int64_t from = begin[static_cast<std::size_t>(of)], size = per_class[static_cast<std::size_t>(of)];
                    return at::matmul(k.narrow(1, from, size), coefficients.select(0, row).narrow(0, from, size));
                };
                values.push_back(part(i, j - 1) + part(j, i) + rho[pair++]);
            }
        return at::stack(values, 1);
    }
};

Result<Pairwise> read_pairwise(const graph::Node& node, std::int64_t classes) {
    Pairwise machine;
    machine.kernel = BARTIZAN_TRY(read_kernel(node));
    machine.per_class = BARTIZAN_TRY(node.integers("vectors_per_class", {}));
    machine.rho = BARTIZAN_TRY(node.reals("rho", {}));
    machine.prob_a = BARTIZAN_TRY(node.reals("prob_a", {}));
    machine.prob_b = BARTIZAN_TRY(node.reals("prob_b", {}));
    if (machine.per_class.empty()) return unsupported("SVMClassifier without support vectors");
    std::int64_t count = 0;
    for (const std::int64_t size : machine.per_class) {
        if (size < 0 || size > (std::int64_t{1} << 31)) return invalid_input("vectors_per_class holds " + std::to_string(size));
        count += size;
    }
    const std::size_t pairs = static_cast<std::size_t>(classes * (classes - 1) / 2);
    if (machine.classes() != classes || classes < 2 || machine.rho.size() != pairs)
        return invalid_input("SVMClassifier of " + std::to_string(classes) + " classes with " +
                             std::to_string(machine.classes()) + " vector counts and " + std::to_string(machine.rho.size()) + " rho");
    if (!machine.prob_a.empty() && (machine.prob_a.size() != pairs || machine.prob_b.size() != pairs))
        return invalid_input("prob_a and prob_b need one value per pair of classes");
    machine.vectors = BARTIZAN_TRY(read_vectors(node, count));
    const std::vector<float> coefficients = BARTIZAN_TRY(node.reals("coefficients", {}));
    if (static_cast<std::int64_t>(coefficients.size()) != (classes - 1) * count)
        return invalid_input(std::to_string(coefficients.size()) + " coefficients, " + std::to_string((classes - 1) * count) + " are needed");
    machine.duals = at::tensor(coefficients, at::kFloat).reshape({classes - 1, count});
    return machine;
}

/// Class probabilities from pairwise ones: the second method of Wu, Lin & Weng 2004, solved by their algorithm 2.
at::Tensor couple(const at::Tensor& pairwise, std::int64_t classes) {
    constexpr int kRounds = 100;
    const std::int64_t n = pairwise.size(0);
    at::Tensor r = at::zeros({n, classes, classes}, pairwise.options());
    std::int64_t pair = 0;
    for (std::int64_t i = 0; i < classes; ++i)
        for (std::int64_t j = i + 1; j < classes; ++j, ++pair) {
            r.select(1, i).select(1, j).copy_(pairwise.select(1, pair));
            r.select(1, j).select(1, i).copy_(1 - pairwise.select(1, pair));
        }
    at::Tensor q = -(r.transpose(1, 2) * r);
    for (std::int64_t i = 0; i < classes; ++i)
        q.select(1, i).select(1, i).copy_(r.select(2, i).square().sum({1}));
    at::Tensor p = at::zeros({n, classes}, pairwise.options()).fill_(1.0 / static_cast<double>(classes));
    for (int round = 0; round < kRounds; ++round)
        for (std::int64_t t = 0; t < classes; ++t) {
            const at::Tensor qp = at::matmul(q, p.unsqueeze(2)).squeeze(2);
            const at::Tensor pqp = (p * qp).sum({1});
            const at::Tensor change = (pqp - qp.select(1, t)) / q.select(1, t).select(1, t);
            p.select(1, t).add_(change);
            p.div_((1 + change).unsqueeze(1));
        }
    return p;
}

at::Tensor wins(const at::Tensor& decisions, std::int64_t classes) {
    at::Tensor votes = at::zeros({decisions.size(0), classes}, at::kFloat);
    std::int64_t pair = 0;
    for (std::int64_t i = 0; i < classes; ++i)
        for (std::int64_t j = i + 1; j < classes; ++j, ++pair) {
            const at::Tensor first = decisions.select(1, pair).gt(0).to(at::kFloat);
            votes.select(1, i).add_(first);
            votes.select(1, j).add_(1 - first);
        }
    return votes;
}

Result<Kernel> svm_classifier(const graph::Node& node, std::int64_t) {
    BARTIZAN_TRY(expect_inputs(node, 1, 1));
    const ClassLabels labels = BARTIZAN_TRY(read_class_labels(node, "classlabels_ints", "classlabels_strings"));
    const PostTransform transform = BARTIZAN_TRY(read_post_transform(node));
    const Pairwise machine = BARTIZAN_TRY(read_pairwise(node, labels.count()));
    return Kernel([=](const Call& call) -> Result<Tensors> {
        const at::Tensor x = BARTIZAN_TRY(float_rows(call.inputs[0]));
        BARTIZAN_TRY(check_columns(x, machine.vectors));
        const at::Tensor decisions = machine.decisions(x);
        if (!machine.prob_a.empty()) {
            // Platt 1999: the probability that the first of the pair is right.
            const auto type = x.scalar_type();
            const at::Tensor fitted = decisions * at::tensor(machine.prob_a, at::kFloat).to(type) +
                                      at::tensor(machine.prob_b, at::kFloat).to(type);
            const at::Tensor pairwise = (1 / (1 + fitted.detach().exp())).clamp(1e-7, 1 - 1e-7);
            const at::Tensor p = couple(pairwise, machine.classes());
            return Tensors{labels_of(p, labels), p};
        }
        const at::Tensor ranking = wins(decisions.detach(), machine.classes());
        const at::Tensor scores = machine.classes() == 2 ? at::cat({decisions, -decisions}, 1) : ranking;
        return Tensors{labels_of(ranking, labels), transform_scores(scores, transform)};
    });
}

constexpr OperatorSpec kOperators[] = {
    {"ai.onnx.ml", "LinearClassifier", 1, Gradient::smooth, linear_classifier},
    {"ai.onnx.ml", "LinearRegressor", 1, Gradient::smooth, linear_regressor},
    {"ai.onnx.ml", "SVMClassifier", 1, Gradient::none, svm_classifier},
    {"ai.onnx.ml", "SVMRegressor", 1, Gradient::smooth, svm_regressor},
};

}  // namespace
}  // namespace ml_linear

std::span<const OperatorSpec> ml_linear_operators() { return ml_linear::kOperators; }

}  // namespace bartizan::model::operators
