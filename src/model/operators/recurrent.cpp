// Recurrent layers: RNN, GRU and LSTM, unrolled over time.
#include <cmath>

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros.h>

#include "model/operators/build.h"
#include "model/operators/cells.h"
#include "model/operators/families.h"

namespace bartizan::model::operators {
namespace recurrent {
namespace {

/// Steps are taken one by one, empty batches or not.
constexpr std::int64_t kMaxSteps = std::int64_t{1} << 20;

enum class Direction { forward, reverse, bidirectional };

struct Layer {
    std::int64_t gates = 1;   ///< RNN 1, GRU 3, LSTM 4
    std::int64_t hidden = 0;  ///< 0: the recurrence weights tell
    Direction direction = Direction::forward;
    double clip = 0;  ///< 0: none
    bool batch_first = false;
    bool linear_before_reset = false;  ///< GRU
    bool input_forget = false;         ///< LSTM
    std::vector<CellActivation> activations;

    std::int64_t directions() const { return direction == Direction::bidirectional ? 2 : 1; }
    at::Tensor clipped(const at::Tensor& x) const { return clip > 0 ? x.clamp(-clip, clip) : x; }
};

/// What goes from step to step; `c` in LSTM alone.
struct State {
    at::Tensor h, c;
};

/// The weights of one direction. Undefined where the node leaves them out.
struct Weights {
    at::Tensor recurrence;       ///< [gates * hidden, hidden]
    at::Tensor recurrence_bias;  ///< [gates * hidden]
    at::Tensor peepholes;        ///< [3 * hidden], LSTM
    const CellActivation* activations = nullptr;
};

/// One step: `projected` is the input's share of all gates, [batch, gates * hidden].
using Step = State (*)(const Layer& layer, const Weights& w, const at::Tensor& projected, const State& state);

at::Tensor part(const at::Tensor& x, std::int64_t index, std::int64_t hidden) {
    return x.narrow(-1, index * hidden, hidden);
}

at::Tensor recur(const Weights& w, const at::Tensor& h) {
    const at::Tensor product = at::matmul(h, w.recurrence.t());
    return w.recurrence_bias.defined() ? product + w.recurrence_bias : product;
}

State rnn_step(const Layer& layer, const Weights& w, const at::Tensor& projected, const State& state) {
    return {w.activations[0](layer.clipped(projected + recur(w, state.h))), {}};
}

/// Gates in the order update z, reset r, hidden h.
State gru_step(const Layer& layer, const Weights& w, const at::Tensor& projected, const State& state) {
    const std::int64_t n = state.h.size(-1);
    const at::Tensor recurred = recur(w, state.h);
    const auto gate = [&](std::int64_t index) {
        return w.activations[0](layer.clipped(part(projected, index, n) + part(recurred, index, n)));
    };
    const at::Tensor z = gate(0);
    const at::Tensor r = gate(1);
    at::Tensor share;
    if (layer.linear_before_reset) {
        share = r * part(recurred, 2, n);
    } else {
        share = at::matmul(r * state.h, w.recurrence.narrow(0, 2 * n, n).t());
        if (w.recurrence_bias.defined()) share = share + part(w.recurrence_bias, 2, n);
    }
    const at::Tensor candidate = w.activations[1](layer.clipped(part(projected, 2, n) + share));
    return {(1 - z) * candidate + z * state.h, {}};
}

/// Gates in the order input i, output o, forget f, cell c; peepholes i, o, f.
State lstm_step(const Layer& layer, const Weights& w, const at::Tensor& projected, const State& state) {
    const std::int64_t n = state.h.size(-1);
    const at::Tensor sums = projected + recur(w, state.h);
    const auto gate = [&](std::int64_t index, const at::Tensor& cell) {
        at::Tensor sum = part(sums, index, n);
        if (w.peepholes.defined()) sum = sum + part(w.peepholes, index, n) * cell;
        return w.activations[0](layer.clipped(sum));
    };
    const at::Tensor i = gate(0, state.c);
    const at::Tensor f = layer.input_forget ? 1 - i : gate(2, state.c);
    const at::Tensor c = f * state.c + i * w.activations[1](layer.clipped(part(sums, 3, n)));
    return {gate(1, c) * w.activations[2](c), c};
}

/// The inputs by name, in time-first layout.
struct Inputs {
    at::Tensor x;                     ///< [steps, batch, features]
    at::Tensor weight;                ///< [directions, gates * hidden, features]
    at::Tensor recurrence;            ///< [directions, gates * hidden, hidden]
    at::Tensor bias;                  ///< [directions, 2 * gates * hidden]
    at::Tensor lengths;               ///< [batch], of int64
    at::Tensor initial_h, initial_c;  ///< [directions, batch, hidden]
    at::Tensor peepholes;             ///< [directions, 3 * hidden]
    std::int64_t hidden = 0;

    std::int64_t steps() const { return x.size(0); }
    std::int64_t batch() const { return x.size(1); }
};

Result<void> expect_shape(const at::Tensor& tensor, const Shape& shape, std::string_view name) {
    if (!tensor.defined() || shape_of(tensor) == shape) return {};
    return invalid_input(std::string(name) + " is " + to_string(shape_of(tensor)) + ", not " + to_string(shape));
}

Result<void> check_lengths(const Inputs& in) {
    BARTIZAN_TRY(expect_shape(in.lengths, {in.batch()}, "sequence_lens"));
    if (in.lengths.defined() && in.lengths.lt(0).logical_or(in.lengths.gt(in.steps())).any().item<bool>())
        return invalid_input("a sequence length is not within the " + std::to_string(in.steps()) + " steps");
    return {};
}

Result<void> check(const Inputs& in, const Layer& layer) {
    const std::int64_t d = layer.directions();
    const std::int64_t rows = layer.gates * in.hidden;
    if (layer.hidden != 0 && layer.hidden != in.hidden)
        return invalid_input("hidden_size is " + std::to_string(layer.hidden) + ", the weights have " +
                             std::to_string(in.hidden));
    BARTIZAN_TRY(expect_shape(in.weight, {d, rows, in.x.size(2)}, "W"));
    BARTIZAN_TRY(expect_shape(in.recurrence, {d, rows, in.hidden}, "R"));
    BARTIZAN_TRY(expect_shape(in.bias, {d, 2 * rows}, "B"));
    BARTIZAN_TRY(expect_shape(in.initial_h, {d, in.batch(), in.hidden}, "initial_h"));
    BARTIZAN_TRY(expect_shape(in.initial_c, {d, in.batch(), in.hidden}, "initial_c"));
    BARTIZAN_TRY(expect_shape(in.peepholes, {d, 3 * in.hidden}, "P"));
    BARTIZAN_TRY(check_lengths(in));
    if (in.steps() > kMaxSteps) return exhausted(std::to_string(in.steps()) + " steps in time");
    BARTIZAN_TRY(check_output({in.steps(), in.batch(), rows}));
    return check_output({in.steps(), d, in.batch(), in.hidden});
}

at::Tensor optional_input(const Call& call, std::size_t index) {
    return call.has(index) ? call.inputs[index] : at::Tensor();
}

at::Tensor time_first(const at::Tensor& tensor, const Layer& layer) {
    return tensor.defined() && layer.batch_first && tensor.dim() == 3 ? tensor.transpose(0, 1) : tensor;
}

Result<Inputs> gather_inputs(const Call& call, const Layer& layer) {
    if (call.inputs[0].dim() != 3 || call.inputs[1].dim() != 3 || call.inputs[2].dim() != 3)
        return invalid_input("X, W and R must have three axes, X is " + to_string(shape_of(call.inputs[0])));
    Inputs in;
    in.x = time_first(call.inputs[0], layer);
    in.weight = call.inputs[1];
    in.recurrence = call.inputs[2];
    in.bias = optional_input(call, 3);
    if (call.has(4)) in.lengths = call.inputs[4].to(at::kLong);
    in.initial_h = time_first(optional_input(call, 5), layer);
    in.initial_c = time_first(optional_input(call, 6), layer);
    in.peepholes = optional_input(call, 7);
    in.hidden = in.recurrence.size(2);
    BARTIZAN_TRY(check(in, layer));
    return in;
}

Weights weights_of(const Inputs& in, const Layer& layer, std::int64_t d) {
    Weights w;
    w.recurrence = in.recurrence.select(0, d);
    if (in.bias.defined()) w.recurrence_bias = part(in.bias.select(0, d), 1, layer.gates * in.hidden);
    if (in.peepholes.defined()) w.peepholes = in.peepholes.select(0, d);
    const std::size_t each = layer.activations.size() / static_cast<std::size_t>(layer.directions());
    w.activations = layer.activations.data() + each * static_cast<std::size_t>(d);
    return w;
}

State initial_state(const Inputs& in, std::int64_t d) {
    const at::Tensor nothing = at::zeros({in.batch(), in.hidden}, in.x.options());
    return {in.initial_h.defined() ? in.initial_h.select(0, d) : nothing,
            in.initial_c.defined() ? in.initial_c.select(0, d) : nothing};
}

/// All hidden states [steps, batch, hidden] of one direction, and the last state of each sequence.
struct Run {
    at::Tensor hidden;
    State last;
};

Run run_direction(const Inputs& in, const Layer& layer, std::int64_t d, Step step) {
    const bool backwards = layer.direction == Direction::reverse || d == 1;
    const Weights w = weights_of(in, layer, d);
    at::Tensor projected = at::matmul(in.x, in.weight.select(0, d).t());
    if (in.bias.defined()) projected = projected + part(in.bias.select(0, d), 0, layer.gates * in.hidden);
    State state = initial_state(in, d);
    std::vector<at::Tensor> hidden(static_cast<std::size_t>(in.steps()));
    for (std::int64_t i = 0; i < in.steps(); ++i) {
        const std::int64_t t = backwards ? in.steps() - 1 - i : i;
        State next = step(layer, w, projected.select(0, t), state);
        at::Tensor shown = next.h;
        if (in.lengths.defined()) {
            // Behind the end of a sequence the state stands still and the output is 0. Going backwards, the padding
            // comes first: the state starts where the sequence ends.
            const at::Tensor within = in.lengths.gt(t).unsqueeze(1);
            shown = next.h.masked_fill(within.logical_not(), 0);
            next.h = at::where(within, next.h, state.h);
            if (next.c.defined()) next.c = at::where(within, next.c, state.c);
        }
        hidden[static_cast<std::size_t>(t)] = shown;
        state = next;
    }
    if (hidden.empty()) return {at::zeros({0, in.batch(), in.hidden}, in.x.options()), state};
    return {at::stack(hidden), state};
}

Result<Tensors> run(const Call& call, const Layer& layer, Step step) {
    const Inputs in = BARTIZAN_TRY(gather_inputs(call, layer));
    std::vector<at::Tensor> hidden;
    std::vector<at::Tensor> last_h;
    std::vector<at::Tensor> last_c;
    for (std::int64_t d = 0; d < layer.directions(); ++d) {
        const Run one = run_direction(in, layer, d, step);
        hidden.push_back(one.hidden);
        last_h.push_back(one.last.h);
        last_c.push_back(one.last.c);
    }
    at::Tensor y = at::stack(hidden, 1);  // [steps, directions, batch, hidden]
    at::Tensor h = at::stack(last_h);
    at::Tensor c = last_c[0].defined() ? at::stack(last_c) : at::Tensor();
    if (layer.batch_first) {
        y = y.permute({2, 0, 1, 3});
        h = h.transpose(0, 1);
        if (c.defined()) c = c.transpose(0, 1);
    }
    return c.defined() ? Tensors{y, h, c} : Tensors{y, h};
}

Result<Layer> read_layer(const graph::Node& node, std::int64_t gates,
                         std::initializer_list<std::string_view> activations) {
    Layer layer;
    layer.gates = gates;
    layer.direction = BARTIZAN_TRY(choice<Direction>(node, "direction", "forward",
                                                     {{"forward", Direction::forward},
                                                      {"reverse", Direction::reverse},
                                                      {"bidirectional", Direction::bidirectional}}));
    layer.hidden = BARTIZAN_TRY(node.integer("hidden_size", 0));
    layer.clip = BARTIZAN_TRY(node.real("clip", 0));
    if (!std::isfinite(layer.clip) || layer.clip < 0) return invalid_input("clip is " + std::to_string(layer.clip));
    layer.batch_first = BARTIZAN_TRY(node.integer("layout", 0)) != 0;
    layer.linear_before_reset = BARTIZAN_TRY(node.integer("linear_before_reset", 0)) != 0;
    layer.input_forget = BARTIZAN_TRY(node.integer("input_forget", 0)) != 0;
    layer.activations =
        BARTIZAN_TRY(read_cell_activations(node, static_cast<std::size_t>(layer.directions()), activations));
    return layer;
}

Kernel kernel_of(Layer layer, Step step) {
    return half_as_float([layer = std::move(layer), step](const Call& call) { return run(call, layer, step); });
}

Result<Kernel> rnn(const graph::Node& node, std::int64_t) {
    BARTIZAN_TRY(expect_inputs(node, 3, 6));
    return kernel_of(BARTIZAN_TRY(read_layer(node, 1, {"Tanh"})), rnn_step);
}

Result<Kernel> gru(const graph::Node& node, std::int64_t) {
    BARTIZAN_TRY(expect_inputs(node, 3, 6));
    return kernel_of(BARTIZAN_TRY(read_layer(node, 3, {"Sigmoid", "Tanh"})), gru_step);
}

Result<Kernel> lstm(const graph::Node& node, std::int64_t) {
    BARTIZAN_TRY(expect_inputs(node, 3, 8));
    return kernel_of(BARTIZAN_TRY(read_layer(node, 4, {"Sigmoid", "Tanh", "Tanh"})), lstm_step);
}

constexpr OperatorSpec kOperators[] = {
    {"", "GRU", 7, Gradient::smooth, gru},
    {"", "LSTM", 7, Gradient::smooth, lstm},
    {"", "RNN", 7, Gradient::smooth, rnn},
};

}  // namespace
}  // namespace recurrent

std::span<const OperatorSpec> recurrent_operators() { return recurrent::kOperators; }

}  // namespace bartizan::model::operators
