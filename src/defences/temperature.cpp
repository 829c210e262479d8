#include "defences/temperature.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "defences/weaver.h"

namespace bartizan::defences {
namespace temperature {
namespace {

constexpr double kLowest = 0.01, kHighest = 100;
constexpr int kHalvings = 60;

/// Derivative of the mean negative log-likelihood by the inverse temperature: expected logit less that of the label.
double slope_at(double inverse, std::span<const float> logits, std::span<const std::int64_t> labels) {
    const std::size_t classes = logits.size() / labels.size();
    double sum = 0;
    for (std::size_t row = 0; row < labels.size(); ++row) {
        const auto z = logits.subspan(row * classes, classes);
        const double top = static_cast<double>(*std::ranges::max_element(z));
        double weight = 0, moment = 0;
        for (const float one : z) {
            const double p = std::exp(inverse * (static_cast<double>(one) - top));
            weight += p;
            moment += p * static_cast<double>(one);
        }
        sum += moment / weight - static_cast<double>(z[static_cast<std::size_t>(labels[row])]);
    }
    return sum / static_cast<double>(labels.size());
}

}  // namespace
}  // namespace temperature

Result<double> fit_temperature(const NdArray& logits, std::span<const std::int64_t> labels) {
    using namespace temperature;
    if (logits.rank() != 2 || logits.dtype() != DType::f32 || logits.shape()[0] != std::ssize(labels))
        return invalid_input(fmt::format("logits of shape {} for {} labels", to_string(logits.shape()), labels.size()));
    if (labels.size() < 2) return invalid_input("one row is too few to calibrate on");
    for (const std::int64_t label : labels)
        if (label < 0 || label >= logits.shape()[1]) return invalid_input(fmt::format("label {} is no class", label));
    for (const float one : logits.values<float>())
        if (!std::isfinite(one)) return invalid_input("a logit is not a finite number");
    double low = 1 / kHighest, high = 1 / kLowest;
    for (int i = 0; i < kHalvings; ++i) {
        const double middle = std::sqrt(low * high);
        (slope_at(middle, logits.values<float>(), labels) > 0 ? high : low) = middle;
    }
    return 1 / std::sqrt(low * high);
}

Result<graph::Graph> with_temperature(const graph::Graph& model, double temperature) {
    if (model.outputs.empty()) return unsupported("the model has no output");
    const auto& type = model.outputs[0].type;
    if (type.dtype != DType::f32 && type.dtype != DType::f64)
        return unsupported("the model's first output is not float32 or float64: it cannot be calibrated");
    graph::Graph out = model;
    const std::string name = out.outputs[0].name;
    const auto makes = [&](const graph::Node& node) {
        return std::ranges::find(node.outputs, name) != node.outputs.end();
    };
    const auto last = std::ranges::find_if(out.nodes, makes);
    if (last == out.nodes.end()) return unsupported("no node makes the model's first output");
    const std::size_t at = static_cast<std::size_t>(last - out.nodes.begin());
    graph::Graph added;
    Weaver weaver(added, free_prefix(model, "temperature"));
    const bool squashed = last->domain.empty() &&
                          (last->op_type == "Softmax" || last->op_type == "LogSoftmax" || last->op_type == "Sigmoid");
    std::string by = weaver.scalar(1 / temperature);
    if (type.dtype == DType::f64) by = weaver.node("Cast", {by}, {{"to", std::int64_t{11}}});
    if (squashed) {
        out.nodes[at].inputs[0] = weaver.node("Mul", {out.nodes[at].inputs[0], by});
    } else {
        // The node's own value gets another name; whoever reads it inside the graph goes on reading it.
        const std::string raw = free_prefix(model, "temperature") + "raw";
        std::ranges::replace(out.nodes[at].outputs, name, raw);
        BARTIZAN_TRY(read_instead(out, name, raw));
        weaver.node("Mul", {raw, by});
        added.nodes.back().outputs[0] = name;
    }
    out.initializers.insert(added.initializers.begin(), added.initializers.end());
    out.nodes.insert(out.nodes.begin() + static_cast<std::ptrdiff_t>(squashed ? at : at + 1), added.nodes.begin(),
                     added.nodes.end());
    out.metadata["bartizan.temperature"] = fmt::format("{}", temperature);
    return out;
}

}  // namespace bartizan::defences
