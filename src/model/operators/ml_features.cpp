// ai.onnx.ml preparation of features: scaling, normalising, encoding, and what stands behind classifiers.
#include <algorithm>
#include <map>

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/isnan.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/where.h>

#include "model/operators/build.h"
#include "model/operators/families.h"

namespace bartizan::model::operators {
namespace ml_features {
namespace {

at::Tensor to_float(const at::Tensor& x) {
    return at::isFloatingType(x.scalar_type()) ? x : x.to(at::kFloat);
}

Result<at::Tensor> per_column(const std::vector<float>& values, const at::Tensor& x, std::string_view name) {
    if (x.dim() < 1) return invalid_input("a scalar has no columns");
    if (values.size() != 1 && static_cast<std::int64_t>(values.size()) != x.size(-1))
        return invalid_input(std::string(name) + " has " + std::to_string(values.size()) + " values for " +
                             std::to_string(x.size(-1)) + " columns");
    return at::tensor(values, at::kFloat).to(x.scalar_type());
}

Result<Kernel> scaler(const graph::Node& node, std::int64_t) {
    BARTIZAN_TRY(expect_inputs(node, 1, 1));
    const std::vector<float> offset = BARTIZAN_TRY(node.reals("offset", {0}));
    const std::vector<float> scale = BARTIZAN_TRY(node.reals("scale", {1}));
    return single([=](const Call& call) -> Result<at::Tensor> {
        const at::Tensor x = to_float(call.inputs[0]);
        return (x - BARTIZAN_TRY(per_column(offset, x, "offset"))) * BARTIZAN_TRY(per_column(scale, x, "scale"));
    });
}

Result<Kernel> normalizer(const graph::Node& node, std::int64_t) {
    BARTIZAN_TRY(expect_inputs(node, 1, 1));
    const std::string norm = BARTIZAN_TRY(node.text("norm", "MAX"));
    if (norm != "MAX" && norm != "L1" && norm != "L2") return invalid_input("norm '" + norm + "' is unknown");
    return single([=](const Call& call) {
        const at::Tensor x = to_float(call.inputs[0]);
        const at::Tensor size = norm == "MAX" ? x.amax({-1}, true)
                                : norm == "L1" ? x.abs().sum({-1}, true)
                                               : root_of(x.square().sum({-1}, true), 2);
        return x / at::where(size.eq(0), at::ones_like(size), size);
    });
}

Result<Kernel> binarizer(const graph::Node& node, std::int64_t) {
    BARTIZAN_TRY(expect_inputs(node, 1, 1));
    const double threshold = BARTIZAN_TRY(node.real("threshold", 0));
    return single([=](const Call& call) { return call.inputs[0].gt(threshold).to(call.inputs[0].scalar_type()); });
}

Result<Kernel> imputer(const graph::Node& node, std::int64_t) {
    BARTIZAN_TRY(expect_inputs(node, 1, 1));
    std::vector<float> values = BARTIZAN_TRY(node.reals("imputed_value_floats", {}));
    for (const std::int64_t value : BARTIZAN_TRY(node.integers("imputed_value_int64s", {})))
        values.push_back(static_cast<float>(value));
    if (values.empty()) return invalid_input("no value to impute is given");
    const bool whole = node.has("imputed_value_int64s");
    const double replaced = whole ? static_cast<double>(BARTIZAN_TRY(node.integer("replaced_value_int64", 0)))
                                  : BARTIZAN_TRY(node.real("replaced_value_float", 0));
    return single([=](const Call& call) -> Result<at::Tensor> {
        const at::Tensor& x = call.inputs[0];
        const at::Tensor fill = BARTIZAN_TRY(per_column(values, x, "imputed values"));
        const at::Tensor missing = replaced != replaced ? at::isnan(x) : x.eq(replaced);
        return at::where(missing, fill.to(x.scalar_type()).expand_as(x), x);
    });
}

Result<Kernel> one_hot_encoder(const graph::Node& node, std::int64_t) {
    BARTIZAN_TRY(expect_inputs(node, 1, 1));
    const std::vector<std::int64_t> categories = BARTIZAN_TRY(node.integers("cats_int64s", {}));
    if (categories.empty()) return unsupported("OneHotEncoder of text", "encode text before the model");
    const bool zeros = BARTIZAN_TRY(node.integer("zeros", 1)) != 0;
    return single([=](const Call& call) -> Result<at::Tensor> {
        const at::Tensor& x = call.inputs[0];
        Shape shape = shape_of(x);
        shape.push_back(static_cast<std::int64_t>(categories.size()));
        BARTIZAN_TRY(check_output(shape));
        const at::Tensor hot = x.to(at::kLong).unsqueeze(-1).eq(at::tensor(categories, at::kLong));
        if (!zeros && !hot.any(-1).all().item<bool>()) return invalid_input("a value is not among the categories");
        return hot.to(at::kFloat);
    });
}

/// One value by another; `preset` where it is not in the list. Text on either side needs text tensors.
template <class Key, class Value>
Kernel mapper(std::map<Key, Value> table, Value preset) {
    return single([=](const Call& call) -> Result<at::Tensor> {
        const at::Tensor keys = call.inputs[0].to(std::is_integral_v<Key> ? at::kLong : at::kFloat).contiguous();
        at::Tensor out = at::empty(keys.sizes(), std::is_integral_v<Value> ? at::kLong : at::kFloat);
        const Key* from = keys.data_ptr<Key>();
        Value* to = out.data_ptr<Value>();
        for (std::int64_t i = 0; i < keys.numel(); ++i) {
            const auto found = table.find(from[i]);
            to[i] = found == table.end() ? preset : found->second;
        }
        return out;
    });
}

template <class Key, class Value>
Result<std::map<Key, Value>> table_of(const std::vector<Key>& keys, const std::vector<Value>& values) {
    if (keys.size() != values.size())
        return invalid_input(std::to_string(keys.size()) + " keys and " + std::to_string(values.size()) + " values");
    std::map<Key, Value> table;
    for (std::size_t i = 0; i < keys.size(); ++i) table.emplace(keys[i], values[i]);
    return table;
}

Result<Kernel> label_encoder(const graph::Node& node, std::int64_t) {
    BARTIZAN_TRY(expect_inputs(node, 1, 1));
    if (node.has("keys_strings") || node.has("values_strings") || node.has("classes_strings"))
        return unsupported("LabelEncoder of text", "encode text before the model");
    const auto whole_keys = BARTIZAN_TRY(node.integers("keys_int64s", {}));
    const auto keys = BARTIZAN_TRY(node.reals("keys_floats", {}));
    const auto whole_values = BARTIZAN_TRY(node.integers("values_int64s", {}));
    const auto values = BARTIZAN_TRY(node.reals("values_floats", {}));
    const std::int64_t whole_preset = BARTIZAN_TRY(node.integer("default_int64", -1));
    const float preset = BARTIZAN_TRY(node.real("default_float", -0.0F));
    if (!whole_keys.empty() && !whole_values.empty())
        return mapper(BARTIZAN_TRY(table_of(whole_keys, whole_values)), whole_preset);
    if (!whole_keys.empty()) return mapper(BARTIZAN_TRY(table_of(whole_keys, values)), preset);
    if (!whole_values.empty()) return mapper(BARTIZAN_TRY(table_of(keys, whole_values)), whole_preset);
    return mapper(BARTIZAN_TRY(table_of(keys, values)), preset);
}

Result<Kernel> array_feature_extractor(const graph::Node& node, std::int64_t) {
    BARTIZAN_TRY(expect_inputs(node, 2, 2));
    return single([](const Call& call) -> Result<at::Tensor> {
        at::Tensor x = call.inputs[0];
        if (x.dim() == 1) x = x.unsqueeze(0);
        const at::Tensor places = call.inputs[1].reshape({-1}).to(at::kLong);
        if (x.dim() < 1 || places.numel() == 0) return invalid_input("nothing to extract");
        if (places.lt(0).logical_or(places.ge(x.size(-1))).any().item<bool>())
            return invalid_input("a column outside 0 to " + std::to_string(x.size(-1) - 1) + " is asked for");
        return x.index_select(-1, places);
    });
}

Result<Kernel> feature_vectorizer(const graph::Node& node, std::int64_t) {
    BARTIZAN_TRY(expect_inputs(node, 1));
    return single([](const Call& call) -> Result<at::Tensor> {
        std::vector<at::Tensor> columns;
        for (const at::Tensor& input : call.inputs) {
            if (!input.defined() || input.dim() < 1 || input.dim() > 2) return invalid_input("inputs must be vectors or tables");
            columns.push_back(to_float(input.dim() == 1 ? input.unsqueeze(1) : input));
        }
        return at::cat(columns, 1);
    });
}

/// Maps class names to probabilities; as a tensor they stay what they are.
Result<Kernel> zip_map(const graph::Node& node, std::int64_t) {
    BARTIZAN_TRY(expect_inputs(node, 1, 1));
    return single([](const Call& call) { return call.inputs[0]; });
}

constexpr OperatorSpec kOperators[] = {
    {"ai.onnx.ml", "ArrayFeatureExtractor", 1, Gradient::smooth, array_feature_extractor},
    {"ai.onnx.ml", "Binarizer", 1, Gradient::zero, binarizer},
    {"ai.onnx.ml", "FeatureVectorizer", 1, Gradient::smooth, feature_vectorizer},
    {"ai.onnx.ml", "Imputer", 1, Gradient::smooth, imputer},
    {"ai.onnx.ml", "LabelEncoder", 1, Gradient::none, label_encoder},
    {"ai.onnx.ml", "Normalizer", 1, Gradient::smooth, normalizer},
    {"ai.onnx.ml", "OneHotEncoder", 1, Gradient::none, one_hot_encoder},
    {"ai.onnx.ml", "Scaler", 1, Gradient::smooth, scaler},
    {"ai.onnx.ml", "ZipMap", 1, Gradient::smooth, zip_map},
};

}  // namespace
}  // namespace ml_features

std::span<const OperatorSpec> ml_feature_operators() { return ml_features::kOperators; }

}  // namespace bartizan::model::operators
