#include "defences/squeezing.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <utility>
#include <variant>

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/log_softmax.h>
#include <fmt/format.h>

#include "defences/preprocessing_weaving.h"
#include "model/model.h"
#include "model/shards.h"

namespace bartizan::defences {
namespace squeezing {
namespace {

class Joint final : public model::Classifier {
public:
    explicit Joint(std::vector<std::shared_ptr<const model::Classifier>> branches) : branches_(std::move(branches)) {}

    Result<at::Tensor> logits(const at::Tensor& x, model::Mode mode) const override {
        at::Tensor sum;
        for (const auto& branch : branches_) {
            const at::Tensor one = at::log_softmax(BARTIZAN_TRY(branch->logits(x, mode)), 1);
            sum = sum.defined() ? sum + one : one;
        }
        return sum / static_cast<double>(branches_.size());
    }
    std::int64_t classes() const override { return branches_[0]->classes(); }
    const Shape& item_shape() const override { return branches_[0]->item_shape(); }
    Result<void> differentiable() const override { return branches_[0]->differentiable(); }
    const std::vector<model::Remark>& remarks() const override { return branches_[0]->remarks(); }
    const model::Model& model() const override { return branches_[0]->model(); }

private:
    std::vector<std::shared_ptr<const model::Classifier>> branches_;
};

bool rounds(const Preprocessing& squeeze) {
    return squeeze.kind == Squeeze::bit_depth || squeeze.kind == Squeeze::jpeg;
}

std::vector<double> softmax(std::span<const float> logits) {
    const double top = static_cast<double>(*std::ranges::max_element(logits));
    std::vector<double> p;
    double sum = 0;
    for (const float one : logits) sum += p.emplace_back(std::exp(static_cast<double>(one) - top));
    for (double& one : p) one /= sum;
    return p;
}

/// The model's nodes once more, reading `input` instead of its own; returns the name of the copy of `output`.
Result<std::string> copy_of(graph::Graph& into, const graph::Graph& model, const std::string& input,
                            const std::string& output, const std::string& prefix) {
    std::map<std::string, std::string> renamed = {{model.inputs[0].name, input}};
    for (const graph::Node& node : model.nodes) {
        for (const auto& [name, attribute] : node.attributes)
            if (std::holds_alternative<graph::Opaque>(attribute))
                return unsupported(node.place() + " holds a subgraph: the model cannot be put beside itself");
        graph::Node copy = node;
        copy.name = prefix + node.name;
        for (std::string& one : copy.inputs)
            if (const auto found = renamed.find(one); found != renamed.end()) one = found->second;
        for (std::string& one : copy.outputs)
            if (!one.empty()) {
                renamed[one] = prefix + one;
                one = prefix + one;
            }
        into.nodes.push_back(std::move(copy));
    }
    return renamed[output];
}

/// Where probabilities are: the first output itself behind a softmax, else made of it.
std::string probabilities(Weaver& weaver, const graph::Graph& model, const std::string& output,
                          const std::string& value) {
    for (const graph::Node& node : model.nodes)
        if (std::ranges::find(node.outputs, output) != node.outputs.end() && node.op_type == "Softmax") return value;
    return weaver.node("Softmax", {value}, {{"axis", std::int64_t{1}}});
}

std::string l1_by_row(Weaver& weaver, const std::string& difference, std::int64_t opset) {
    constexpr std::int64_t kAxesAsInput = 18;
    if (opset >= kAxesAsInput)
        return weaver.node("ReduceL1", {difference, weaver.integers({1})}, {{"keepdims", std::int64_t{0}}});
    return weaver.node("ReduceL1", {difference},
                       {{"axes", std::vector<std::int64_t>{1}}, {"keepdims", std::int64_t{0}}});
}

graph::Value row_output(const std::string& name, DType dtype) {
    graph::Value value;
    value.name = name;
    value.type = {.dtype = dtype, .has_shape = true, .shape = {-1}, .symbols = {"N"}};
    return value;
}

}  // namespace
}  // namespace squeezing

Result<Squeezing> make_squeezing(std::shared_ptr<const model::Classifier> base,
                                 const std::vector<Preprocessing>& squeezes, const data::InputContract& contract) {
    if (base->model().graph() == nullptr) return unsupported("a model without a graph cannot be put beside itself");
    Squeezing out{.base = base, .behind = {}, .joint = nullptr};
    std::vector<std::shared_ptr<const model::Classifier>> branches = {base};
    for (const Preprocessing& squeeze : squeezes) {
        auto graph = BARTIZAN_TRY(with_preprocessing(*base->model().graph(), squeeze, contract, base->item_shape()));
        std::shared_ptr<const model::Model> model = BARTIZAN_TRY(model::from_graph(std::move(graph)));
        out.behind.push_back(BARTIZAN_TRY(model::make_classifier(model, base->item_shape(), contract)));
        if (squeezing::rounds(squeeze))
            branches.push_back(BARTIZAN_TRY(straight_through(base, squeeze)));
        else
            branches.push_back(out.behind.back());
    }
    out.joint = std::make_shared<squeezing::Joint>(std::move(branches));
    return out;
}

Result<std::vector<double>> squeezing_distances(const Squeezing& squeezing, const NdArray& x, const RunContext& ctx) {
    const auto classes = static_cast<std::size_t>(squeezing.base->classes());
    const NdArray logits = BARTIZAN_TRY(model::predict(*squeezing.base, x, ctx));
    const auto rows = static_cast<std::size_t>(x.shape()[0]);
    std::vector<double> distances(rows, 0);
    for (const auto& behind : squeezing.behind) {
        const NdArray other = BARTIZAN_TRY(model::predict(*behind, x, ctx));
        for (std::size_t row = 0; row < rows; ++row) {
            const auto p = squeezing::softmax(logits.values<float>().subspan(row * classes, classes));
            const auto q = squeezing::softmax(other.values<float>().subspan(row * classes, classes));
            double sum = 0;
            for (std::size_t c = 0; c < classes; ++c) sum += std::abs(p[c] - q[c]);
            distances[row] = std::max(distances[row], sum);
        }
    }
    return distances;
}

double squeezing_threshold(std::vector<double> distances, double alarms) {
    if (distances.empty()) return 2;
    std::ranges::sort(distances);
    const auto allowed = static_cast<std::size_t>(std::floor(alarms * static_cast<double>(distances.size())));
    return distances[distances.size() - 1 - std::min(allowed, distances.size() - 1)];
}

Result<graph::Graph> with_squeezing(const graph::Graph& model, const std::vector<Preprocessing>& squeezes,
                                    const data::InputContract& contract, const Shape& item_shape, double threshold) {
    BARTIZAN_TRY(check_preprocessable(model));
    if (model.outputs.empty() || model.outputs[0].type.dtype != DType::f32 ||
        (model.outputs[0].type.has_shape && model.outputs[0].type.shape.size() != 2))
        return unsupported("the model's first output is not [items, classes] in float32");
    graph::Graph out = model;
    const std::string output = model.outputs[0].name, prefix = free_prefix(model, "squeezing");
    Weaver weaver(out, prefix);
    const std::string own = squeezing::probabilities(weaver, model, output, output);
    std::string largest;
    for (std::size_t i = 0; i < squeezes.size(); ++i) {
        const std::string input = BARTIZAN_TRY(
            weave_preprocessing(weaver, model.inputs[0].name, model.inputs[0].type, squeezes[i], contract, item_shape));
        const std::string copy =
            BARTIZAN_TRY(squeezing::copy_of(out, model, input, output, fmt::format("{}copy{}/", prefix, i)));
        const std::string other = squeezing::probabilities(weaver, model, output, copy);
        const std::string one = squeezing::l1_by_row(weaver, weaver.node("Sub", {own, other}), model.opset());
        largest = largest.empty() ? one : weaver.node("Max", {largest, one});
    }
    weaver.node("Identity", {largest});
    out.nodes.back().outputs[0] = "squeezing_distance";
    weaver.node("Greater", {"squeezing_distance", weaver.scalar(threshold)});
    out.nodes.back().outputs[0] = "squeezing_alarm";
    out.outputs.push_back(squeezing::row_output("squeezing_distance", DType::f32));
    out.outputs.push_back(squeezing::row_output("squeezing_alarm", DType::boolean));
    out.metadata["bartizan.squeezing"] = fmt::format("alarm above {}; attackers who know of it pass", threshold);
    return out;
}

}  // namespace bartizan::defences
