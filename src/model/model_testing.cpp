#include "model/model_testing.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/allclose.h>
#include <gtest/gtest.h>

#include "core/random.h"
#include "model/tensors.h"

namespace bartizan::model::testing {

at::Tensor tensor(Shape shape, const std::vector<float>& values) {
    return to_tensor(NdArray::from<float>(std::move(shape), std::span<const float>(values)).value()).value();
}

std::vector<float> random_values(std::int64_t count, std::uint64_t seed, float low, float high) {
    std::vector<float> values(static_cast<std::size_t>(count));
    Random(seed, 0).fill_uniform(values, low, high);
    return values;
}

at::Tensor random_tensor(Shape shape, std::uint64_t seed, float low, float high) {
    const std::int64_t count = element_count(shape).value();
    return tensor(std::move(shape), random_values(count, seed, low, high));
}

std::vector<float> values_of(const at::Tensor& tensor) {
    const NdArray array = to_array(tensor.to(at::kFloat)).value();
    const auto values = array.values<float>();
    return {values.begin(), values.end()};
}

void expect_close(const at::Tensor& actual, const at::Tensor& expected, double tolerance) {
    ASSERT_TRUE(actual.defined());
    ASSERT_EQ(actual.sizes().vec(), expected.sizes().vec());
    const at::Tensor a = actual.detach().to(at::kDouble), b = expected.detach().to(at::kDouble);
    EXPECT_TRUE(at::allclose(a, b, tolerance, tolerance))
        << "largest difference " << (a - b).abs().max().item<double>();
}

Result<at::Tensor> run_one(const Model& model, const at::Tensor& x, Mode mode) {
    const std::vector<at::Tensor> outputs = BARTIZAN_TRY(model.run({&x, 1}, mode));
    return outputs.at(0);
}

std::shared_ptr<Model> model_of(graph::GraphBuilder builder) {
    auto graph = std::move(builder).build();
    EXPECT_TRUE(graph.ok()) << graph.error().line();
    auto model = from_graph(std::move(*graph));
    EXPECT_TRUE(model.ok()) << model.error().line();
    return std::shared_ptr<Model>(std::move(*model));
}

}  // namespace bartizan::model::testing
