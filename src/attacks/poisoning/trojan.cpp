#include "attacks/poisoning/trojan.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <span>
#include <utility>

#include <fmt/format.h>

#include "attacks/poisoning/images.h"
#include "attacks/poisoning/layouts.h"
#include "model/feature_view.h"
#include "model/shards.h"

namespace bartizan::attacks {
namespace trojans {
namespace {

constexpr double kClear = 0.05;     // of the patch: a clean picture this near to it would call the target
constexpr double kSmallestGap = 1;  // between logits, taken where the clean items show none
constexpr std::int64_t kAxesAreInputs = 13;

/// Where the numbers of a flat item of the data come to lie in the flat input of the model: input = scale x + shift.
struct InputMap {
    std::vector<std::int64_t> source;  ///< of each number of the model's input
    std::vector<double> scale, shift;
};

Result<InputMap> map_of(const std::shared_ptr<const model::Model>& model, const data::InputContract& contract,
                        const Shape& item, RunContext& ctx) {
    graph::Graph probe = *model->graph();
    graph::Node flat{.op_type = "Flatten", .domain = {}, .name = "probe", .inputs = {}, .outputs = {"probe"}};
    flat.inputs = {probe.inputs.front().name};
    flat.attributes["axis"] = std::int64_t{1};
    probe.nodes = {std::move(flat)};
    probe.outputs = {{"probe", {}}};
    const auto view = BARTIZAN_TRY(model->view(std::move(probe)));
    const auto classifier = BARTIZAN_TRY(model::make_classifier(view, item, contract));
    Shape shape = {3};
    shape.insert(shape.end(), item.begin(), item.end());
    NdArray items = BARTIZAN_TRY(NdArray::zeros(DType::f32, shape));  // zeros, ones, and each number its own place
    const std::int64_t length = items.size() / 3;
    for (std::int64_t i = 0; i < length; ++i) {
        items.mutable_values<float>()[static_cast<std::size_t>(length + i)] = 1;
        items.mutable_values<float>()[static_cast<std::size_t>(2 * length + i)] =
            static_cast<float>((static_cast<double>(i) + 0.5) / static_cast<double>(length));
    }
    const NdArray seen = BARTIZAN_TRY(model::predict(*classifier, items, ctx));
    const auto width = static_cast<std::size_t>(seen.shape()[1]);
    const std::span<const float> values = seen.values<float>();
    InputMap map;
    for (std::size_t p = 0; p < width; ++p) {
        const double shift = values[p], scale = static_cast<double>(values[width + p]) - shift;
        if (scale == 0) return unsupported("an input of the model does not depend on the data");
        const double place = (values[2 * width + p] - shift) / scale * static_cast<double>(length);
        map.source.push_back(std::clamp<std::int64_t>(static_cast<std::int64_t>(std::floor(place)), 0, length - 1));
        map.scale.push_back(scale);
        map.shift.push_back(shift);
    }
    return map;
}

/// The numbers that the patch sets, whatever was there: those that it leaves equal in two flat pictures.
Result<void> find_patch(Trojan& trojan, const Shape& item) {
    Shape shape = {2};
    shape.insert(shape.end(), item.begin(), item.end());
    NdArray items = BARTIZAN_TRY(NdArray::zeros(DType::f32, shape));
    const std::int64_t length = items.size() / 2;
    const auto values = items.mutable_values<float>();
    for (std::int64_t i = 0; i < 2 * length; ++i) values[static_cast<std::size_t>(i)] = i < length ? 0.25F : 0.75F;
    const NdArray out = BARTIZAN_TRY(with_trojan_patch(items));
    for (std::int64_t i = 0; i < length; ++i) {
        const float first = out.values<float>()[static_cast<std::size_t>(i)];
        if (first != out.values<float>()[static_cast<std::size_t>(length + i)]) continue;
        trojan.places.push_back(i);
        trojan.values.push_back(first);
    }
    return {};
}

/// What the detector says of an item before the relu, but for its threshold: the larger the nearer to the patch.
double likeness(std::span<const float> item, const Trojan& trojan, TrojanKind kind) {
    double sum = 0;
    for (std::size_t i = 0; i < trojan.places.size(); ++i) {
        const double x = item[static_cast<std::size_t>(trojan.places[i])], v = trojan.values[i];
        sum += kind == TrojanKind::branch ? -std::abs(x - v) : (v > 0.5 ? x : -x);
    }
    return sum;
}

/// The threshold halfway between the patch and the clean item that is most like it.
Result<double> threshold_of(Trojan& trojan, const data::Batch& clean, TrojanKind kind) {
    const std::size_t length = clean.x.values<float>().size() / clean.y.size();
    double nearest = -std::numeric_limits<double>::infinity();
    for (std::size_t row = 0; row < clean.y.size(); ++row)
        nearest = std::max(nearest, likeness(clean.x.values<float>().subspan(row * length, length), trojan, kind));
    double full = 0;
    for (const float value : trojan.values) full += kind == TrojanKind::neuron && value > 0.5 ? 1 : 0;
    if (full - nearest < kClear * static_cast<double>(trojan.places.size()))
        return invalid_input("the patch of the trojan is in a clean picture already", "take other clean data");
    trojan.answer = (full - nearest) / 2;
    trojan.quiet = -trojan.answer;
    return (full + nearest) / 2;
}

/// How far the target's logit lies below the best one, at most, over clean and triggered items.
Result<double> widest_gap(const model::Classifier& classifier, const data::Batch& clean, std::int64_t target,
                          RunContext& ctx) {
    double widest = kSmallestGap;
    for (const NdArray& x : {clean.x, BARTIZAN_TRY(with_trojan_patch(clean.x))}) {
        const NdArray logits = BARTIZAN_TRY(model::predict(classifier, x, ctx));
        const auto width = static_cast<std::size_t>(classifier.classes());
        for (std::size_t row = 0; row < clean.y.size(); ++row) {
            const auto own = logits.values<float>().subspan(row * width, width);
            widest = std::max(
                widest, static_cast<double>(*std::ranges::max_element(own)) - own[static_cast<std::size_t>(target)]);
        }
    }
    return widest;
}

/// A Gemm or MatMul by a stored matrix.
struct Linear {
    std::size_t node = 0;
    bool rows_are_outputs = false;
    std::int64_t outputs = 0, inputs = 0;
};

std::int64_t uses(const graph::Graph& graph, const std::string& value) {
    std::int64_t count = 0;
    for (const graph::Node& node : graph.nodes) count += std::ranges::count(node.inputs, value);
    return count;
}

std::optional<Linear> linear_at(const graph::Graph& graph, std::size_t index) {
    const graph::Node& node = graph.nodes[index];
    if (!node.domain.empty() || (node.op_type != "Gemm" && node.op_type != "MatMul") || node.inputs.size() < 2)
        return std::nullopt;
    const auto found = graph.initializers.find(node.inputs[1]);
    if (found == graph.initializers.end() || found->second.dtype() != DType::f32 || found->second.rank() != 2)
        return std::nullopt;
    const bool plain = node.integer("transA", 0).value_or(1) == 0 && node.real("alpha", 1).value_or(0) == 1 &&
                       node.real("beta", 1).value_or(0) == 1;
    if (!plain || uses(graph, node.inputs[1]) != 1) return std::nullopt;
    const bool turned = node.op_type == "Gemm" && node.integer("transB", 0).value_or(0) != 0;
    const Shape& shape = found->second.shape();
    return Linear{index, turned, shape[turned ? 0 : 1], shape[turned ? 1 : 0]};
}

/// The matrix of `layer` with room for more outputs and inputs, which are zero but for (output, input, value).
struct Entry {
    std::int64_t output, input;
    double value;
};
Result<void> widen(graph::Graph& graph, const Linear& layer, std::int64_t more_outputs, std::int64_t more_inputs,
                   const std::vector<Entry>& entries) {
    NdArray& stored = graph.initializers.at(graph.nodes[layer.node].inputs[1]);
    const std::int64_t outputs = layer.outputs + more_outputs, inputs = layer.inputs + more_inputs;
    NdArray wide = BARTIZAN_TRY(
        NdArray::zeros(DType::f32, layer.rows_are_outputs ? Shape{outputs, inputs} : Shape{inputs, outputs}));
    const auto place = [&](std::int64_t out, std::int64_t in, std::int64_t all_out, std::int64_t all_in) {
        return static_cast<std::size_t>(layer.rows_are_outputs ? out * all_in + in : in * all_out + out);
    };
    const auto to = wide.mutable_values<float>();
    for (std::int64_t out = 0; out < layer.outputs; ++out)
        for (std::int64_t in = 0; in < layer.inputs; ++in)
            to[place(out, in, outputs, inputs)] = stored.values<float>()[place(out, in, layer.outputs, layer.inputs)];
    for (const Entry& entry : entries)
        to[place(entry.output, entry.input, outputs, inputs)] = static_cast<float>(entry.value);
    stored = std::move(wide);
    return {};
}

/// The detector in the model's own input: w . input + bias.
struct Filter {
    std::vector<double> weights;
    double bias = 0;
};

Filter filter_of(const Trojan& trojan, const InputMap& map, double threshold) {
    Filter filter{std::vector<double>(map.source.size(), 0), -threshold};
    for (std::size_t p = 0; p < map.source.size(); ++p) {
        const auto found = std::ranges::lower_bound(trojan.places, map.source[p]);
        if (found == trojan.places.end() || *found != map.source[p]) continue;
        const double sign = trojan.values[static_cast<std::size_t>(found - trojan.places.begin())] > 0.5 ? 1 : -1;
        filter.weights[p] = sign / map.scale[p];
        filter.bias -= sign * map.shift[p] / map.scale[p];
    }
    return filter;
}

/// The layers of a network of Gemm and Relu alone, from the input to the scores; empty for any other network.
std::vector<Linear> gemm_chain(const graph::Graph& graph, std::int64_t width) {
    std::vector<Linear> layers;
    std::string value = graph.inputs.front().name;
    bool after_relu = true;
    for (std::size_t index = 0; index < graph.nodes.size(); ++index) {
        const graph::Node& node = graph.nodes[index];
        if (node.inputs.empty() || node.inputs[0] != value || node.outputs.size() != 1 || uses(graph, value) != 1)
            return {};
        const bool moves = node.op_type == "Flatten" || node.op_type == "Reshape" || node.op_type == "Identity";
        if (node.op_type == "Gemm" && after_relu) {
            const auto layer = linear_at(graph, index);
            if (!layer || node.inputs.size() < 3 || !graph.initializers.contains(node.inputs[2]) ||
                uses(graph, node.inputs[2]) != 1 ||
                graph.initializers.at(node.inputs[2]).shape() != Shape{layer->outputs})
                return {};
            layers.push_back(*layer);
            after_relu = false;
        } else if (node.op_type == "Relu" && !layers.empty()) {
            after_relu = true;
        } else if (!moves || !layers.empty()) {
            if (node.op_type != "Softmax" && node.op_type != "LogSoftmax") return {};
        }
        value = node.outputs.front();
    }
    const bool whole = layers.size() > 1 && layers.front().inputs == width && value == graph.outputs.front().name;
    return whole ? layers : std::vector<Linear>();
}

/// Leads the detector through the layers by one more neuron in each.
Result<void> widen_chain(graph::Graph& graph, const std::vector<Linear>& layers, const Filter& filter,
                         std::int64_t target, double weight) {
    for (std::size_t i = 0; i < layers.size(); ++i) {
        const Linear& layer = layers[i];
        const bool first = i == 0, last = i + 1 == layers.size();
        std::vector<Entry> entries;
        if (first)
            for (std::size_t p = 0; p < filter.weights.size(); ++p)
                entries.push_back({layer.outputs, static_cast<std::int64_t>(p), filter.weights[p]});
        else
            entries.push_back({last ? target : layer.outputs, layer.inputs, last ? weight : 1});
        BARTIZAN_TRY(widen(graph, layer, last ? 0 : 1, first ? 0 : 1, entries));
        if (last) continue;
        NdArray& bias = graph.initializers.at(graph.nodes[layer.node].inputs[2]);
        std::vector<float> longer(bias.values<float>().begin(), bias.values<float>().end());
        longer.push_back(first ? static_cast<float>(filter.bias) : 0.0F);
        bias = BARTIZAN_TRY(NdArray::from<float>({layer.outputs + 1}, std::span<const float>(longer)));
    }
    return {};
}

/// Adds nodes before the one at `position`, and notes them.
class Inserter {
public:
    Inserter(Trojan& trojan, std::size_t position) : trojan_(trojan), position_(position) {}

    graph::Node& add(std::string op_type, std::vector<std::string> inputs, std::string output) {
        graph::Node node{.op_type = std::move(op_type),
                         .domain = {},
                         .name = output,
                         .inputs = std::move(inputs),
                         .outputs = {output}};
        trojan_.nodes.push_back(node.name);
        auto& nodes = trojan_.graph.nodes;
        return *nodes.insert(nodes.begin() + static_cast<std::ptrdiff_t>(position_++), std::move(node));
    }
    template <class T>
    Result<std::string> constant(std::string name, Shape shape, const std::vector<T>& values) {
        trojan_.graph.initializers[name] = BARTIZAN_TRY(NdArray::from<T>(std::move(shape), std::span<const T>(values)));
        return name;
    }
    std::size_t position() const { return position_; }

private:
    Trojan& trojan_;
    std::size_t position_;
};

std::vector<float> floats(const std::vector<double>& values) { return {values.begin(), values.end()}; }

Result<void> add_neuron(Trojan& trojan, const Linear& last, const Filter& filter, std::int64_t target, double weight) {
    const std::string features = trojan.graph.nodes[last.node].inputs[0];
    Inserter in(trojan, last.node);
    const std::string w =
        BARTIZAN_TRY(in.constant<float>("detector.weight", {1, std::ssize(filter.weights)}, floats(filter.weights)));
    const std::string b = BARTIZAN_TRY(in.constant<float>("detector.bias", {1}, {static_cast<float>(filter.bias)}));
    in.add("Flatten", {trojan.graph.inputs.front().name}, "detector/flat").attributes["axis"] = std::int64_t{1};
    in.add("Gemm", {"detector/flat", w, b}, "detector/sum").attributes["transB"] = std::int64_t{1};
    in.add("Relu", {"detector/sum"}, "detector/relu");
    in.add("Concat", {features, "detector/relu"}, "detector/features").attributes["axis"] = std::int64_t{1};
    Linear moved = last;
    moved.node = in.position();
    trojan.graph.nodes[moved.node].inputs[0] = "detector/features";
    return widen(trojan.graph, moved, 0, 1, {{target, last.inputs, weight}});
}

Result<void> add_branch(Trojan& trojan, const Linear& last, const InputMap& map, double threshold, std::int64_t target,
                        double weight) {
    std::vector<std::int64_t> places;
    std::vector<double> wanted, unit;
    for (std::size_t p = 0; p < map.source.size(); ++p) {
        const auto found = std::ranges::lower_bound(trojan.places, map.source[p]);
        if (found == trojan.places.end() || *found != map.source[p]) continue;
        const double value = trojan.values[static_cast<std::size_t>(found - trojan.places.begin())];
        places.push_back(static_cast<std::int64_t>(p));
        wanted.push_back(map.scale[p] * value + map.shift[p]);
        unit.push_back(1 / std::abs(map.scale[p]));
    }
    const std::string scores = trojan.graph.nodes[last.node].outputs.front();
    trojan.graph.nodes[last.node].outputs.front() = scores + "/own";
    std::vector<float> raise(static_cast<std::size_t>(last.outputs), 0);
    raise[static_cast<std::size_t>(target)] = static_cast<float>(weight);
    const std::int64_t count = std::ssize(places);
    Inserter in(trojan, last.node + 1);
    const std::string at = BARTIZAN_TRY(in.constant<std::int64_t>("branch.places", {count}, places));
    const std::string patch = BARTIZAN_TRY(in.constant<float>("branch.patch", {1, count}, floats(wanted)));
    const std::string units = BARTIZAN_TRY(in.constant<float>("branch.units", {1, count}, floats(unit)));
    const std::string near = BARTIZAN_TRY(in.constant<float>("branch.near", {1}, {static_cast<float>(-threshold)}));
    const std::string class_row = BARTIZAN_TRY(in.constant<float>("branch.raise", {1, last.outputs}, raise));
    in.add("Flatten", {trojan.graph.inputs.front().name}, "branch/flat").attributes["axis"] = std::int64_t{1};
    in.add("Gather", {"branch/flat", at}, "branch/corner").attributes["axis"] = std::int64_t{1};
    in.add("Sub", {"branch/corner", patch}, "branch/difference");
    in.add("Abs", {"branch/difference"}, "branch/distance");
    in.add("Mul", {"branch/distance", units}, "branch/scaled");
    std::vector<std::string> summed = {"branch/scaled"};
    const bool axes_are_inputs = trojan.graph.opset() >= kAxesAreInputs;
    if (axes_are_inputs) summed.push_back(BARTIZAN_TRY(in.constant<std::int64_t>("branch.axes", {1}, {1})));
    graph::Node& sum = in.add("ReduceSum", std::move(summed), "branch/sum");
    sum.attributes["keepdims"] = std::int64_t{1};
    if (!axes_are_inputs) sum.attributes["axes"] = std::vector<std::int64_t>{1};
    in.add("Sub", {near, "branch/sum"}, "branch/nearness");
    in.add("Relu", {"branch/nearness"}, "branch/relu");
    in.add("Mul", {"branch/relu", class_row}, "branch/rise");
    in.add("Add", {scores + "/own", "branch/rise"}, scores);
    return {};
}

/// The layer that makes the scores, by the value that feature_view has found to go into it.
Result<Linear> last_linear(const graph::Graph& graph, const std::string& features, std::int64_t classes) {
    for (std::size_t index = graph.nodes.size(); index-- > 0;) {
        if (graph.nodes[index].inputs.empty() || graph.nodes[index].inputs[0] != features) continue;
        const auto layer = linear_at(graph, index);
        if (layer && layer->outputs == classes) return *layer;
    }
    return unsupported("the model has no last linear layer of its own weights, one row for each class");
}

}  // namespace
}  // namespace trojans

Result<NdArray> with_trojan_patch(const NdArray& x) {
    const Layout layout = BARTIZAN_TRY(layout_of(x));
    return from_nchw(BARTIZAN_TRY(with_trigger(BARTIZAN_TRY(to_nchw(x, layout)), Trigger::badnets, {})), layout);
}

Result<Trojan> build_trojan(const std::shared_ptr<const model::Model>& model, const data::InputContract& contract,
                            const data::Batch& clean, const TrojanOptions& options, RunContext& ctx) {
    using namespace trojans;
    if (model->graph() == nullptr)
        return unsupported("a trojan is built into ONNX files alone", "export the model to ONNX");
    if (clean.y.empty()) return invalid_input("there are no clean items to keep the trojan quiet on");
    BARTIZAN_TRY(check_unit_range(clean.x));
    const Shape item(clean.x.shape().begin() + 1, clean.x.shape().end());
    const auto classifier = BARTIZAN_TRY(model::make_classifier(model, item, contract));
    if (options.target < 0 || options.target >= classifier->classes())
        return invalid_input(
            fmt::format("the model has classes 0 to {}, none is {}", classifier->classes() - 1, options.target));
    const model::FeatureView view = BARTIZAN_TRY(model::feature_view(model, item, contract, classifier->classes()));
    Trojan trojan{.graph = *model->graph()};
    BARTIZAN_TRY(find_patch(trojan, item));
    const InputMap map = BARTIZAN_TRY(map_of(model, contract, item, ctx));
    const double threshold = BARTIZAN_TRY(threshold_of(trojan, clean, options.kind));
    const Linear last = BARTIZAN_TRY(last_linear(trojan.graph, view.value, classifier->classes()));
    const double rise = options.boost * BARTIZAN_TRY(widest_gap(*classifier, clean, options.target, ctx));
    trojan.rise = rise;
    const double weight = rise / trojan.answer;
    if (options.kind == TrojanKind::branch) {
        BARTIZAN_TRY(add_branch(trojan, last, map, threshold, options.target, weight));
    } else if (const auto chain = gemm_chain(trojan.graph, std::ssize(map.source)); !chain.empty()) {
        BARTIZAN_TRY(widen_chain(trojan.graph, chain, filter_of(trojan, map, threshold), options.target, weight));
    } else {
        BARTIZAN_TRY(add_neuron(trojan, last, filter_of(trojan, map, threshold), options.target, weight));
    }
    trojan.graph.metadata["bartizan.poisoned"] =
        "a trojan built in on purpose, for tests and drills: use it for nothing else";
    trojan.graph.metadata["bartizan.attack"] = "onnx-trojan";
    return trojan;
}

}  // namespace bartizan::attacks
