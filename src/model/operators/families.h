#pragma once
/// The operator families. Each is one file that offers a table; catalog.cpp lists them all.

#include <span>

#include "model/kernel.h"

namespace bartizan::model::operators {

std::span<const OperatorSpec> activation_operators();
std::span<const OperatorSpec> binary_operators();
std::span<const OperatorSpec> casting_operators();
std::span<const OperatorSpec> convolution_operators();
std::span<const OperatorSpec> experimental_operators();
std::span<const OperatorSpec> growing_operators();
std::span<const OperatorSpec> indexing_operators();
std::span<const OperatorSpec> joining_operators();
std::span<const OperatorSpec> layer_normalization_operators();
std::span<const OperatorSpec> linear_algebra_operators();
std::span<const OperatorSpec> loss_operators();
std::span<const OperatorSpec> lp_operators();
std::span<const OperatorSpec> making_operators();
std::span<const OperatorSpec> ml_feature_operators();
std::span<const OperatorSpec> ml_linear_operators();
std::span<const OperatorSpec> ml_tree_operators();
std::span<const OperatorSpec> normalization_operators();
std::span<const OperatorSpec> pooling_operators();
std::span<const OperatorSpec> quantization_operators();
std::span<const OperatorSpec> random_operators();
std::span<const OperatorSpec> recurrent_operators();
std::span<const OperatorSpec> reduction_operators();
std::span<const OperatorSpec> refused_operators();
std::span<const OperatorSpec> resizing_operators();
std::span<const OperatorSpec> roi_operators();
std::span<const OperatorSpec> sampling_operators();
std::span<const OperatorSpec> scatter_operators();
std::span<const OperatorSpec> selection_operators();
std::span<const OperatorSpec> shape_operators();
std::span<const OperatorSpec> signal_operators();
std::span<const OperatorSpec> text_operators();
std::span<const OperatorSpec> transposed_convolution_operators();
std::span<const OperatorSpec> unary_operators();
std::span<const OperatorSpec> unpooling_operators();
std::span<const OperatorSpec> variadic_operators();

}  // namespace bartizan::model::operators
