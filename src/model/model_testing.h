#pragma once
/// For tests of this module: tensors from lists, small graphs, running them.

#include <cstdint>
#include <memory>
#include <vector>

#include <ATen/core/Tensor.h>

#include "graph/builder.h"
#include "model/model.h"

namespace bartizan::model::testing {

at::Tensor tensor(Shape shape, const std::vector<float>& values);

/// Uniform in [low, high); the same for the same `seed`.
std::vector<float> random_values(std::int64_t count, std::uint64_t seed, float low = -1, float high = 1);
at::Tensor random_tensor(Shape shape, std::uint64_t seed, float low = -1, float high = 1);

std::vector<float> values_of(const at::Tensor& tensor);

/// Fails the test unless both have the same shape and nearly the same values.
void expect_close(const at::Tensor& actual, const at::Tensor& expected, double tolerance = 1e-6);

/// The model's one output for one input.
Result<at::Tensor> run_one(const Model& model, const at::Tensor& x, Mode mode = Mode::evaluation);

/// Fails the test when the graph or the model cannot be made.
std::shared_ptr<Model> model_of(graph::GraphBuilder builder);

}  // namespace bartizan::model::testing
