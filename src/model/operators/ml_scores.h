#pragma once
/// What classifiers of ai.onnx.ml share: class lists, post transforms, and how two classes come out of one score.
/// Internal to `model/operators`. Thread rule: plain values and pure functions.

#include <cstdint>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "bartizan/result.h"
#include "graph/graph.h"
#include "model/kernel.h"

namespace bartizan::model::operators {

enum class PostTransform { none, softmax, logistic, softmax_zero, probit };
Result<PostTransform> read_post_transform(const graph::Node& node);
at::Tensor transform_scores(const at::Tensor& scores, PostTransform transform);

/// classlabels_int64s or classlabels_strings. Text labels cannot be tensors: the label output then is the number of
/// the class in this list.
struct ClassLabels {
    std::vector<std::int64_t> numbers;  ///< by class
    bool text = false;
    std::int64_t count() const { return static_cast<std::int64_t>(numbers.size()); }
};
Result<ClassLabels> read_class_labels(const graph::Node& node, std::string_view integers, std::string_view texts);

/// Labels [n] of the largest of `scores` [n, k], the first where several are.
at::Tensor labels_of(const at::Tensor& scores, const ClassLabels& labels);

/// A float tensor [n, features] from any numeric input; a vector is one row.
Result<at::Tensor> as_float_rows(const at::Tensor& input);

}  // namespace bartizan::model::operators
