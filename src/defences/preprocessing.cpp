#include "defences/preprocessing.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numbers>
#include <numeric>
#include <optional>
#include <vector>

#include <fmt/format.h>

#include "defences/preprocessing_weaving.h"

namespace bartizan::defences {
namespace preprocessing {
namespace {

using Integers = std::vector<std::int64_t>;
constexpr std::int64_t kBlock = 8;
constexpr std::int64_t kOpset = 13;
constexpr std::int64_t kOldestOpset = 11;

// ISO/IEC 10918-1, tables K.1 and K.2.
constexpr int kLuminance[64] = {16, 11, 10, 16, 24,  40,  51,  61,  12, 12, 14, 19, 26,  58,  60,  55,
                                14, 13, 16, 24, 40,  57,  69,  56,  14, 17, 22, 29, 51,  87,  80,  62,
                                18, 22, 37, 56, 68,  109, 103, 77,  24, 35, 55, 64, 81,  104, 113, 92,
                                49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99};
constexpr int kChrominance[64] = {17, 18, 24, 47, 99, 99, 99, 99, 18, 21, 26, 66, 99, 99, 99, 99,
                                  24, 26, 56, 99, 99, 99, 99, 99, 47, 66, 99, 99, 99, 99, 99, 99,
                                  99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
                                  99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99};

/// How the numbers of an item lie: channels first in the middle of the graph, whatever it is outside.
struct Layout {
    std::int64_t channels = 1, rows = 0, columns = 0;
    bool channels_last = false;
    bool flat = false;      ///< or any other shape of as many numbers
    Integers outside = {};  ///< with 0 for the batch
};

bool is_channels(std::int64_t size) { return size == 1 || size == 3; }

std::optional<Layout> picture_of(const Shape& shape) {
    if (shape.size() == 2) return Layout{1, shape[0], shape[1], false, true, {0, shape[0], shape[1]}};
    if (shape.size() != 3) return std::nullopt;
    if (is_channels(shape[0])) return Layout{shape[0], shape[1], shape[2], false, false, {}};
    if (is_channels(shape[2])) return Layout{shape[2], shape[0], shape[1], true, false, {}};
    return std::nullopt;
}

/// Of a model's input: as its own shape says, else as the data's does.
Result<Layout> layout_of(const Shape& own, const Shape& item_shape) {
    const bool known = !own.empty() && std::ranges::none_of(own, [](std::int64_t size) { return size < 1; });
    if (const auto picture = known ? picture_of(own) : std::nullopt; picture) return *picture;
    const auto size = [](const Shape& shape) {
        return std::accumulate(shape.begin(), shape.end(), std::int64_t{1}, std::multiplies<>());
    };
    auto picture = picture_of(item_shape);
    if (!picture || (known && size(own) != size(item_shape)))
        return invalid_input("items of " + bartizan::to_string(item_shape) + " are no pictures",
                             "bit-depth works on any numbers, the others on pictures of 1 or 3 channels alone");
    if (!known) return *picture;
    picture->flat = true;
    picture->outside = {0};
    picture->outside.insert(picture->outside.end(), own.begin(), own.end());
    return *picture;
}

std::string to_channels_first(Weaver& weaver, const std::string& x, const Layout& layout) {
    std::string y = x;
    if (layout.flat) {
        const Integers inside = layout.channels_last ? Integers{0, layout.rows, layout.columns, layout.channels}
                                                     : Integers{0, layout.channels, layout.rows, layout.columns};
        y = weaver.node("Reshape", {y, weaver.integers(inside)});
    }
    return layout.channels_last ? weaver.node("Transpose", {y}, {{"perm", Integers{0, 3, 1, 2}}}) : y;
}

std::string from_channels_first(Weaver& weaver, const std::string& x, const Layout& layout) {
    std::string y = layout.channels_last ? weaver.node("Transpose", {x}, {{"perm", Integers{0, 2, 3, 1}}}) : x;
    return layout.flat ? weaver.node("Reshape", {y, weaver.integers(layout.outside)}) : y;
}

std::string bit_depth(Weaver& weaver, const std::string& x, int bits) {
    const std::string levels = weaver.scalar(std::pow(2.0, bits) - 1);
    return weaver.node("Div", {weaver.node("Round", {weaver.node("Mul", {x, levels})}), levels});
}

/// Edges repeated: `before` above and left, `below`, `right` at the other ends.
std::string padded(Weaver& weaver, const std::string& x, std::int64_t before, std::int64_t below, std::int64_t right) {
    return weaver.node("Pad", {x, weaver.integers({0, 0, before, before, 0, 0, below, right})},
                       {{"mode", std::string("edge")}});
}

std::string cut(Weaver& weaver, const std::string& x, std::int64_t row, std::int64_t column, const Layout& layout) {
    return weaver.node(
        "Slice", {x, weaver.integers({row, column}), weaver.integers({row + layout.rows, column + layout.columns}),
                  weaver.integers({2, 3})});
}

/// The window of a pixel begins (window / 2) above and left of it.
std::string mean(Weaver& weaver, const std::string& x, std::int64_t window) {
    const std::int64_t before = window / 2, after = window - 1 - before;
    return weaver.node("AveragePool", {padded(weaver, x, before, after, after)},
                       {{"kernel_shape", Integers{window, window}}, {"strides", Integers{1, 1}}});
}

std::string median(Weaver& weaver, const std::string& x, std::int64_t window, const Layout& layout) {
    const std::int64_t before = window / 2, after = window - 1 - before, count = window * window;
    const std::string wide = padded(weaver, x, before, after, after);
    std::vector<std::string> moved;
    for (std::int64_t i = 0; i < count; ++i) moved.push_back(cut(weaver, wide, i / window, i % window, layout));
    const std::string together = weaver.node("Concat", moved, {{"axis", std::int64_t{1}}});
    const std::string apart =
        weaver.node("Reshape", {together, weaver.integers({0, count, layout.channels, layout.rows, layout.columns})});
    const std::int64_t rank = count - count / 2;  // from the largest
    const std::string largest = weaver.node("TopK", {apart, weaver.integers({rank})}, {{"axis", std::int64_t{1}}});
    const std::string middle =
        weaver.node("Slice", {largest, weaver.integers({rank - 1}), weaver.integers({rank}), weaver.integers({1})});
    return weaver.node("Reshape", {middle, weaver.integers({0, layout.channels, layout.rows, layout.columns})});
}

/// Filter (u, v) of the orthonormal cosine transform of an 8x8 block (ISO/IEC 10918-1, A.3.3), for each channel.
std::vector<float> cosines(std::int64_t channels) {
    std::vector<float> filters;
    const auto wave = [](std::int64_t frequency, std::int64_t place) {
        const double scale = frequency == 0 ? std::sqrt(1.0 / kBlock) : std::sqrt(2.0 / kBlock);
        const double angle = (2.0 * static_cast<double>(place) + 1) * static_cast<double>(frequency);
        return scale * std::cos(angle * std::numbers::pi / (2.0 * kBlock));
    };
    for (std::int64_t c = 0; c < channels; ++c)
        for (std::int64_t u = 0; u < kBlock; ++u)
            for (std::int64_t v = 0; v < kBlock; ++v)
                for (std::int64_t y = 0; y < kBlock; ++y)
                    for (std::int64_t x = 0; x < kBlock; ++x)
                        filters.push_back(static_cast<float>(wave(u, y) * wave(v, x)));
    return filters;
}

/// Step of each coefficient, as libjpeg scales the tables by a quality.
std::vector<float> quantisers(int quality, std::int64_t channels) {
    const int scale = quality < 50 ? 5000 / quality : 200 - 2 * quality;
    std::vector<float> steps;
    for (std::int64_t c = 0; c < channels; ++c)
        for (const int base : c == 0 ? kLuminance : kChrominance)
            steps.push_back(static_cast<float>(std::clamp((base * scale + 50) / 100, 1, 255)));
    return steps;
}

// ITU-T T.871: RGB to YCbCr without its offsets, and back.
const std::vector<float> kToYcc = {0.299F, 0.587F, 0.114F,        -0.168735892F, -0.331264108F,
                                   0.5F,   0.5F,   -0.418687589F, -0.081312411F};
const std::vector<float> kFromYcc = {1, 0, 1.402F, 1, -0.344136286F, -0.714136286F, 1, 1.772F, 0};

std::string jpeg(Weaver& weaver, const std::string& x, int quality, const Layout& layout) {
    const std::int64_t channels = layout.channels;
    const auto mixed = [&](const std::string& from, const std::vector<float>& matrix) {
        return channels == 3 ? weaver.node("Conv", {from, weaver.floats({3, 3, 1, 1}, matrix)}) : from;
    };
    const auto filled = [](std::int64_t size) { return (kBlock - size % kBlock) % kBlock; };
    // The offset of 128 is that of the luminance alone; of grey pictures that is all there is.
    const std::string offset =
        weaver.floats({1, channels, 1, 1}, channels == 3 ? std::vector<float>{128, 0, 0} : std::vector<float>{128});
    std::string y = mixed(weaver.node("Mul", {x, weaver.scalar(255)}), kToYcc);
    y = padded(weaver, weaver.node("Sub", {y, offset}), 0, filled(layout.rows), filled(layout.columns));
    const std::string filters = weaver.floats({64 * channels, 1, kBlock, kBlock}, cosines(channels));
    const std::string steps = weaver.floats({1, 64 * channels, 1, 1}, quantisers(quality, channels));
    const Weaver::Attributes blocks = {
        {"group", channels}, {"strides", Integers{kBlock, kBlock}}, {"kernel_shape", Integers{kBlock, kBlock}}};
    y = weaver.node("Round", {weaver.node("Div", {weaver.node("Conv", {y, filters}, blocks), steps})});
    y = weaver.node("ConvTranspose", {weaver.node("Mul", {y, steps}), filters}, blocks);
    y = mixed(weaver.node("Add", {cut(weaver, y, 0, 0, layout), offset}), kFromYcc);
    y = weaver.node("Clip", {y, weaver.scalar(0), weaver.scalar(255)});
    return weaver.node("Div", {y, weaver.scalar(255)});
}

/// Nodes from `x`, in data units, to what is left of it.
Result<std::string> squeezed(Weaver& weaver, const std::string& x, const Preprocessing& wanted, const Shape& own,
                             const Shape& item_shape) {
    if (wanted.kind == Squeeze::bit_depth) return bit_depth(weaver, x, wanted.bits);
    const Layout layout = BARTIZAN_TRY(layout_of(own, item_shape));
    if (wanted.kind != Squeeze::jpeg && wanted.window > std::min(layout.rows, layout.columns))
        return invalid_input(
            fmt::format("a window of {} on pictures of {} by {}", wanted.window, layout.rows, layout.columns));
    const std::string inside = to_channels_first(weaver, x, layout);
    const std::string out = wanted.kind == Squeeze::median ? median(weaver, inside, wanted.window, layout)
                            : wanted.kind == Squeeze::mean ? mean(weaver, inside, wanted.window)
                                                           : jpeg(weaver, inside, wanted.quality, layout);
    return from_channels_first(weaver, out, layout);
}

/// `values` (one for all or one for each channel) so that they meet the channels of the model's input.
std::string by_channel(Weaver& weaver, const std::vector<float>& values, const Shape& own, const std::string& layout) {
    if (values.size() == 1) return weaver.scalar(static_cast<double>(values[0]));
    const auto count = std::ssize(values);
    const bool last = layout == "nhwc" || (layout.empty() && !own.empty() && own[0] != count && own.back() == count);
    Shape shape(own.size() + 1, 1);
    shape[last ? own.size() : 1] = count;
    return weaver.floats(shape, values);
}

}  // namespace
}  // namespace preprocessing

std::string name_of(const Preprocessing& preprocessing) {
    switch (preprocessing.kind) {
        case Squeeze::bit_depth:
            return fmt::format("bit-depth {}", preprocessing.bits);
        case Squeeze::median:
            return fmt::format("median {0}x{0}", preprocessing.window);
        case Squeeze::mean:
            return fmt::format("mean {0}x{0}", preprocessing.window);
        case Squeeze::jpeg:
            return fmt::format("jpeg {}", preprocessing.quality);
    }
    return "?";
}

Result<graph::Graph> preprocessing_graph(const Preprocessing& wanted, const Shape& item_shape) {
    graph::Graph graph;
    graph.name = "preprocessing";
    graph.ir_version = 7;
    graph.opsets[""] = preprocessing::kOpset;
    graph::Value value;
    value.name = "data";
    value.type = {.dtype = DType::f32, .has_shape = true, .shape = {-1}};
    value.type.shape.insert(value.type.shape.end(), item_shape.begin(), item_shape.end());
    value.type.symbols.assign(value.type.shape.size(), "");
    value.type.symbols[0] = "N";
    graph.inputs = {value};
    Weaver weaver(graph, "squeeze/");
    value.name = BARTIZAN_TRY(preprocessing::squeezed(weaver, "data", wanted, item_shape, item_shape));
    graph.outputs = {value};
    return graph;
}

Result<std::string> weave_preprocessing(Weaver& weaver, const std::string& input, const graph::TensorType& type,
                                        const Preprocessing& wanted, const data::InputContract& contract,
                                        const Shape& item_shape) {
    Shape own;
    if (type.has_shape && !type.shape.empty()) own.assign(type.shape.begin() + 1, type.shape.end());
    // An input is (low + (high - low) x - mean) / std: x is input * slope + shift.
    const std::size_t count = std::max({contract.mean.size(), contract.std.size(), std::size_t{1}});
    const double width = contract.high - contract.low;
    std::vector<float> slope, shift;
    for (std::size_t c = 0; c < count; ++c) {
        const double mean = contract.mean.empty() ? 0 : contract.mean[contract.mean.size() == 1 ? 0 : c];
        const double deviation = contract.std.empty() ? 1 : contract.std[contract.std.size() == 1 ? 0 : c];
        slope.push_back(static_cast<float>(deviation / width));
        shift.push_back(static_cast<float>((mean - contract.low) / width));
    }
    if (contract.is_identity()) return preprocessing::squeezed(weaver, input, wanted, own, item_shape);
    const std::string by = preprocessing::by_channel(weaver, slope, own, contract.layout);
    const std::string from = preprocessing::by_channel(weaver, shift, own, contract.layout);
    const std::string x = weaver.node("Add", {weaver.node("Mul", {input, by}), from});
    const std::string out = BARTIZAN_TRY(preprocessing::squeezed(weaver, x, wanted, own, item_shape));
    return weaver.node("Div", {weaver.node("Sub", {out, from}), by});
}

Result<void> check_preprocessable(const graph::Graph& model) {
    if (model.opset() < preprocessing::kOldestOpset)
        return unsupported(fmt::format("a model of opset {} cannot take preprocessing", model.opset()),
                           "export it with opset 11 or newer");
    if (model.inputs.size() != 1)
        return unsupported(fmt::format("a model of {} inputs cannot take preprocessing", model.inputs.size()));
    if (model.inputs[0].type.dtype != DType::f32)
        return unsupported("a model whose input is not float32 cannot take preprocessing");
    return {};
}

Result<graph::Graph> with_preprocessing(const graph::Graph& model, const Preprocessing& wanted,
                                        const data::InputContract& contract, const Shape& item_shape) {
    BARTIZAN_TRY(check_preprocessable(model));
    graph::Graph out = model;
    const std::string input = out.inputs[0].name;
    std::vector<graph::Node> behind = std::move(out.nodes);
    out.nodes.clear();
    Weaver weaver(out, free_prefix(model, "preprocessing"));
    const std::string last =
        BARTIZAN_TRY(weave_preprocessing(weaver, input, out.inputs[0].type, wanted, contract, item_shape));
    std::vector<graph::Node> before = std::move(out.nodes);
    out.nodes = std::move(behind);
    BARTIZAN_TRY(read_instead(out, input, last));
    out.nodes.insert(out.nodes.begin(), before.begin(), before.end());
    out.metadata["bartizan.preprocessing"] = name_of(wanted) + "; no defence against attackers who know of it";
    return out;
}

}  // namespace bartizan::defences
