#include "model/operators/gradient_examples_testing.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/tensor.h>

namespace bartizan::model::operators {
namespace gradient_examples_testing {
namespace {

using Integers = std::vector<std::int64_t>;
using Reals = std::vector<float>;

at::Tensor noise(at::IntArrayRef shape, std::uint64_t seed = 1) {
    return at::empty(shape, at::kDouble).uniform_(-1, 1, at::detail::createCPUGenerator(seed));
}

OneNode ml(const char* op_type, Attributes attributes, std::size_t outputs = 1) {
    return {op_type, 3, std::move(attributes), outputs, "ai.onnx.ml"};
}

std::vector<GradientExample> activations() {
    const Attributes factors = {{"alpha", 0.7F}, {"beta", 1.3F}};
    return {
        {{"Affine", 7, factors}, {noise({3, 4})}},
        {{"Gelu", 20}, {noise({3, 4})}},
        {{"Gelu", 20, {{"approximate", std::string("tanh")}}}, {noise({3, 4})}},
        {{"Mish", 18}, {noise({3, 4})}},
        {{"ParametricSoftplus", 7, factors}, {noise({3, 4})}},
        {{"ScaledTanh", 7, factors}, {noise({3, 4})}},
    };
}

std::vector<GradientExample> pictures() {
    const at::Tensor x = noise({2, 4, 5, 6});
    return {
        {{"Crop", 7, {{"border", Integers{1, 2, 1, 1}}}}, {x}},
        {{"ImageScaler", 7, {{"scale", 0.3F}, {"bias", Reals{1, 2, 3, 4}}}}, {x}},
        {{"Trilu", 14}, {x}},
        {{"MaxRoiPool", 13, {{"pooled_shape", Integers{2, 3}}}},
         {x, at::tensor(std::vector<double>{1, 0, 0, 4, 4}).reshape({1, 5})},
         {1}},
        {{"RoiAlign",
          16,
          {{"output_height", std::int64_t{2}}, {"output_width", std::int64_t{2}}, {"mode", std::string("max")}}},
         {x, at::tensor(std::vector<double>{0.3, 0.4, 4.1, 3.9}).reshape({1, 4}), longs({1})}},
    };
}

std::vector<GradientExample> norms() {
    const at::Tensor x = noise({2, 4, 5, 6});
    const Attributes groups = {{"num_groups", std::int64_t{2}}};
    const Attributes window = {{"kernel_shape", Integers{2, 3}}, {"p", std::int64_t{3}}};
    return {
        {{"GroupNormalization", 18, groups}, {x, noise({2}, 2), noise({2}, 3)}},
        {{"GroupNormalization", 21, groups}, {x, noise({4}, 2), noise({4}, 3)}},
        {{"GlobalLpPool"}, {x}},
        {{"LpPool", 18, window}, {x}},
        {{"LpNormalization"}, {x}},
        {{"LpNormalization", 1, {{"p", std::int64_t{1}}}}, {x}},
    };
}

std::vector<GradientExample> resized() {
    const at::Tensor x = noise({1, 2, 6, 7});
    const at::Tensor none;
    const auto resize = [](const char* mode, std::int64_t antialias) {
        return OneNode{"Resize", 18, {{"mode", std::string(mode)}, {"antialias", antialias}}};
    };
    return {
        {resize("linear", 1), {x, none, none, longs({1, 2, 3, 9})}},
        {resize("cubic", 1), {x, none, none, longs({1, 2, 3, 9})}},
    };
}

std::vector<GradientExample> features() {
    const at::Tensor x = noise({3, 4});
    const auto normalizer = [](const char* norm) { return ml("Normalizer", {{"norm", std::string(norm)}}); };
    return {
        {ml("ArrayFeatureExtractor", {}), {x, longs({2, 0, 2})}},
        {ml("FeatureVectorizer", {}), {x, noise({3, 2}, 2)}},
        {ml("Imputer", {{"imputed_value_floats", Reals{1, 2, 3, 4}}, {"replaced_value_float", 9.0F}}), {x}},
        {normalizer("L1"), {x}},
        {normalizer("L2"), {x}},
        {normalizer("MAX"), {x}},
        {ml("Scaler", {{"offset", Reals{1, 2, 3, 4}}, {"scale", Reals{0.5F, 2, -1, 3}}}), {x}},
        {ml("ZipMap", {}), {x}},
    };
}

std::vector<GradientExample> linear_models() {
    const at::Tensor x = noise({3, 2});
    const auto classifier = [](const char* transform) {
        return ml("LinearClassifier",
                  {{"coefficients", Reals{1, -2, 0.5F, 3, -1, 1}},
                   {"intercepts", Reals{0.1F, 0.2F, 0.3F}},
                   {"classlabels_ints", Integers{0, 1, 2}},
                   {"post_transform", std::string(transform)}},
                  2);
    };
    const auto machine = [](const char* kernel) {
        return ml("SVMRegressor", {{"kernel_type", std::string(kernel)},
                                   {"kernel_params", Reals{0.5F, 0.1F, 3}},
                                   {"support_vectors", Reals{1, -2, 0.5F, 3}},
                                   {"coefficients", Reals{0.7F, -1.1F}},
                                   {"n_supports", std::int64_t{2}},
                                   {"rho", Reals{0.2F}}});
    };
    return {
        {classifier("NONE"), {x}},
        {classifier("SOFTMAX"), {x}},
        {classifier("LOGISTIC"), {x}},
        {ml("LinearRegressor", {{"coefficients", Reals{1, -2, 0.5F, 3}}, {"targets", std::int64_t{2}}}), {x}},
        {machine("LINEAR"), {x}},
        {machine("POLY"), {x}},
        {machine("RBF"), {x}},
        {machine("SIGMOID"), {x}},
    };
}

}  // namespace
}  // namespace gradient_examples_testing

std::vector<GradientExample> gradient_examples() {
    using namespace gradient_examples_testing;
    std::vector<GradientExample> all;
    for (const auto& family : {activations(), pictures(), norms(), resized(), features(), linear_models()})
        all.insert(all.end(), family.begin(), family.end());
    return all;
}

}  // namespace bartizan::model::operators
