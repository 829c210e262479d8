#include "model/operators/ml_scores.h"

#include <numeric>

#include <ATen/TensorOperators.h>
#include <ATen/ops/erfinv.h>
#include <ATen/ops/sigmoid.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros_like.h>

#include "model/operators/build.h"

namespace bartizan::model::operators {

Result<PostTransform> read_post_transform(const graph::Node& node) {
    const std::string text = BARTIZAN_TRY(node.text("post_transform", "NONE"));
    if (text == "NONE") return PostTransform::none;
    if (text == "SOFTMAX") return PostTransform::softmax;
    if (text == "LOGISTIC") return PostTransform::logistic;
    if (text == "SOFTMAX_ZERO") return PostTransform::softmax_zero;
    if (text == "PROBIT") return PostTransform::probit;
    return invalid_input("post_transform '" + text + "' is unknown");
}

at::Tensor transform_scores(const at::Tensor& scores, PostTransform transform) {
    switch (transform) {
        case PostTransform::none: return scores;
        case PostTransform::softmax: return at::softmax(scores, -1);
        case PostTransform::logistic: return at::sigmoid(scores);
        case PostTransform::softmax_zero: {
            // Scores of exactly zero stay zero and take no part.
            const at::Tensor absent = scores.eq(0);
            const at::Tensor shifted = (scores - scores.amax({-1}, true)).exp().masked_fill(absent, 0);
            return shifted / shifted.sum({-1}, true).clamp_min(1e-30);
        }
        case PostTransform::probit: return at::erfinv(2 * scores - 1) * 1.41421356237309515;
    }
    return scores;
}

Result<ClassLabels> read_class_labels(const graph::Node& node, std::string_view integers, std::string_view texts) {
    ClassLabels labels;
    labels.numbers = BARTIZAN_TRY(node.integers(integers, {}));
    if (labels.numbers.empty() && node.has(texts)) {
        labels.text = true;
        labels.numbers.resize(BARTIZAN_TRY(node.texts(texts)).size());
        std::iota(labels.numbers.begin(), labels.numbers.end(), 0);
    }
    if (labels.numbers.empty()) return invalid_input("no class labels are given");
    return labels;
}

at::Tensor labels_of(const at::Tensor& scores, const ClassLabels& labels) {
    const at::Tensor table = at::tensor(labels.numbers, at::kLong);
    return table.index_select(0, scores.argmax(1).clamp_max(labels.count() - 1));
}

Result<at::Tensor> as_float_rows(const at::Tensor& input) {
    if (input.dim() == 1) return input.to(at::kFloat).reshape({1, -1}).contiguous();
    if (input.dim() != 2) return invalid_input("input " + to_string(shape_of(input)) + " is no table of rows and columns");
    return input.to(at::kFloat).contiguous();
}

}  // namespace bartizan::model::operators
