#include "training/layers.h"

#include <cmath>
#include <functional>
#include <numeric>

#include "core/random.h"

namespace bartizan::training {
namespace {

constexpr std::int64_t kOpset = 13;
constexpr std::int64_t kIrVersion = 7;

graph::Value value_of(std::string name, const Shape& shape) {
    graph::Value value;
    value.name = std::move(name);
    value.type.dtype = DType::f32;
    value.type.has_shape = true;
    value.type.shape = {-1};
    value.type.shape.insert(value.type.shape.end(), shape.begin(), shape.end());
    value.type.symbols.assign(value.type.shape.size(), "");
    value.type.symbols[0] = "N";
    return value;
}

}  // namespace

Layers::Layers(const Shape& input, std::uint64_t seed, double variance)
    : shape_(input), seed_(seed), variance_(variance) {
    graph_.ir_version = kIrVersion;
    graph_.opsets[""] = kOpset;
    graph_.producer = "bartizan";
    graph_.inputs.push_back(value_of("input", input));
}

void Layers::from(const std::string& value, const Shape& shape) {
    last_ = value;
    shape_ = shape;
}

graph::Node& Layers::node(std::string op_type, std::vector<std::string> inputs) {
    graph::Node& node = graph_.nodes.emplace_back();
    node.op_type = std::move(op_type);
    node.name = node.op_type + "_" + std::to_string(count_);
    last_ = "h" + std::to_string(count_++);
    node.inputs = std::move(inputs);
    node.outputs = {last_};
    return node;
}

std::string Layers::weight(Shape shape, double deviation) {
    NdArray array = NdArray::zeros(DType::f32, std::move(shape)).value();
    Random random(seed_, static_cast<std::uint64_t>(count_));
    for (float& value : array.mutable_values<float>()) value = static_cast<float>(deviation) * random.normal();
    const std::string name = "layer" + std::to_string(count_) + ".weight";
    graph_.initializers.emplace(name, std::move(array));
    return name;
}

std::string Layers::constant(const std::string& role, std::int64_t size, float value) {
    NdArray array = NdArray::zeros(DType::f32, {size}).value();
    for (float& element : array.mutable_values<float>()) element = value;
    const std::string name = "layer" + std::to_string(count_) + "." + role;
    graph_.initializers.emplace(name, std::move(array));
    return name;
}

void Layers::conv(std::int64_t channels, std::int64_t kernel, std::int64_t stride, std::int64_t pad, bool bias) {
    const auto fan_in = static_cast<double>(shape_[0] * kernel * kernel);
    const double deviation = std::sqrt(variance_ / fan_in);
    std::vector<std::string> inputs = {last_, weight({channels, shape_[0], kernel, kernel}, deviation)};
    if (bias) inputs.push_back(constant("bias", channels, 0));
    graph::Node& added = node("Conv", std::move(inputs));
    added.attributes["kernel_shape"] = std::vector<std::int64_t>{kernel, kernel};
    added.attributes["strides"] = std::vector<std::int64_t>{stride, stride};
    added.attributes["pads"] = std::vector<std::int64_t>{pad, pad, pad, pad};
    shape_ = {channels, (shape_[1] + 2 * pad - kernel) / stride + 1, (shape_[2] + 2 * pad - kernel) / stride + 1};
}

void Layers::batch_norm() {
    const std::int64_t channels = shape_[0];
    std::vector<std::string> inputs = {last_, constant("scale", channels, 1), constant("shift", channels, 0),
                                       constant("running_mean", channels, 0), constant("running_var", channels, 1)};
    node("BatchNormalization", std::move(inputs));
}

void Layers::relu() { node("Relu", {last_}); }
void Layers::add(const std::string& other) { node("Add", {last_, other}); }

void Layers::global_average_pool() {
    node("GlobalAveragePool", {last_});
    shape_ = {shape_[0], 1, 1};
}

void Layers::flatten() {
    if (shape_.size() == 1) return;
    node("Flatten", {last_});
    shape_ = {std::accumulate(shape_.begin(), shape_.end(), std::int64_t{1}, std::multiplies<>())};
}

void Layers::dense(std::int64_t outputs) {
    const double deviation = std::sqrt(variance_ / static_cast<double>(shape_[0]));
    std::vector<std::string> inputs = {last_, weight({outputs, shape_[0]}, deviation), constant("bias", outputs, 0)};
    node("Gemm", std::move(inputs)).attributes["transB"] = std::int64_t{1};
    shape_ = {outputs};
}

graph::Graph Layers::finish(std::string name) && {
    graph_.nodes.back().outputs = {"logits"};
    graph_.name = std::move(name);
    graph_.outputs.push_back(value_of("logits", shape_));
    return std::move(graph_);
}

}  // namespace bartizan::training
