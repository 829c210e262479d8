// Signals: DFT, STFT, the window functions, the mel filter bank.
#include <cmath>
#include <numbers>

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/fft_fft.h>
#include <ATen/ops/fft_ifft.h>
#include <ATen/ops/view_as_complex.h>
#include <ATen/ops/view_as_real.h>
#include <ATen/ops/zeros.h>

#include "model/operators/build.h"
#include "model/operators/families.h"

namespace bartizan::model::operators {
namespace signal {
namespace {

/// ONNX writes complex numbers as a last dimension of 2, real ones as a last dimension of 1.
Result<at::Tensor> without_last(const at::Tensor& x) {
    if (x.dim() < 2 || x.size(-1) < 1 || x.size(-1) > 2)
        return invalid_input("a signal of shape " + to_string(shape_of(x)) + "; the last dimension is 1 or 2");
    return x.size(-1) == 1 ? x.squeeze(-1) : at::view_as_complex(x.contiguous());
}

struct DftOptions {
    bool inverse = false;
    bool onesided = false;
};

/// In double: a float32 transform leaves noise where the exact result is zero.
Result<at::Tensor> transform(const at::Tensor& x, std::int64_t axis, std::int64_t length, const DftOptions& options) {
    const at::Tensor signal = BARTIZAN_TRY(without_last(x.to(at::kDouble)));
    if (length < 1) return invalid_input("DFT of length " + std::to_string(length));
    Shape shape = shape_of(x);
    shape[static_cast<std::size_t>(axis)] = length;
    BARTIZAN_TRY(check_output(shape));
    const at::Tensor spectrum =
        options.inverse ? at::fft_ifft(signal, length, axis) : at::fft_fft(signal, length, axis);
    const at::Tensor kept = options.onesided ? spectrum.narrow(axis, 0, length / 2 + 1) : spectrum;
    return at::view_as_real(kept.resolve_conj()).to(x.scalar_type()).contiguous();
}

Result<Kernel> dft(const graph::Node& node, std::int64_t opset) {
    const bool axis_input = opset >= 20;
    BARTIZAN_TRY(expect_inputs(node, 1, axis_input ? 3 : 2));
    const std::int64_t fixed_axis = axis_input ? -2 : BARTIZAN_TRY(node.integer("axis", 1));
    DftOptions options;
    options.inverse = BARTIZAN_TRY(node.integer("inverse", 0)) != 0;
    options.onesided = BARTIZAN_TRY(node.integer("onesided", 0)) != 0;
    if (options.inverse && options.onesided) return unsupported("DFT that is both inverse and one-sided");
    return numeric([=](const Call& call) -> Result<at::Tensor> {
        const at::Tensor& x = call.inputs[0];
        const std::int64_t given = call.has(2) ? BARTIZAN_TRY(integer_of(call.inputs[2])) : fixed_axis;
        const std::int64_t axis = BARTIZAN_TRY(normal_axis(given, x.dim()));
        if (axis == x.dim() - 1) return invalid_input("DFT along the dimension of real and imaginary parts");
        const std::int64_t length = call.has(1) ? BARTIZAN_TRY(integer_of(call.inputs[1])) : x.size(axis);
        return transform(x, axis, length, options);
    });
}

/// The length of a frame: as given, else the window's.
Result<std::int64_t> frame_length(const Call& call, std::int64_t samples) {
    std::int64_t length = samples;
    if (call.has(2)) length = call.inputs[2].numel();
    if (call.has(3)) length = BARTIZAN_TRY(integer_of(call.inputs[3]));
    if (length < 1 || length > samples)
        return invalid_input("STFT frames of " + std::to_string(length) + " of " + std::to_string(samples) +
                             " samples");
    return length;
}

Result<at::Tensor> short_time(const Call& call, bool onesided) {
    const at::Tensor& x = call.inputs[0];
    if (x.dim() != 3) return invalid_input("STFT of rank " + std::to_string(x.dim()) + ", wants 3");
    const std::int64_t step = BARTIZAN_TRY(integer_of(call.inputs[1]));
    const std::int64_t length = BARTIZAN_TRY(frame_length(call, x.size(1)));
    if (step < 1) return invalid_input("STFT with a step of " + std::to_string(step));
    BARTIZAN_TRY(check_output({x.size(0), (x.size(1) - length) / step + 1, length, 2}));
    at::Tensor frames = x.unfold(1, length, step).transpose(2, 3);  // [batch, frames, length, 1 or 2]
    if (call.has(2)) frames = frames * call.inputs[2].reshape({-1, 1});
    return transform(frames.contiguous(), 2, length, {false, onesided && x.size(2) == 1});
}

Result<Kernel> stft(const graph::Node& node, std::int64_t) {
    BARTIZAN_TRY(expect_inputs(node, 2, 4));
    const bool onesided = BARTIZAN_TRY(node.integer("onesided", 1)) != 0;
    return numeric([onesided](const Call& call) { return short_time(call, onesided); });
}

/// w(n) = a0 - a1 cos(2 pi n / N) + a2 cos(4 pi n / N): a generalised cosine window.
struct Cosines {
    double a0, a1, a2;
};

Result<Kernel> window(const Cosines& w, const graph::Node& node) {
    BARTIZAN_TRY(expect_inputs(node, 1, 1));
    const bool periodic = BARTIZAN_TRY(node.integer("periodic", 1)) != 0;
    const ElementType target = BARTIZAN_TRY(element_type_attribute(node, "output_datatype", 1));
    return single([=](const Call& call) -> Result<at::Tensor> {
        const std::int64_t size = BARTIZAN_TRY(integer_of(call.inputs[0]));
        BARTIZAN_TRY(check_output({size}));
        const auto period = static_cast<double>(periodic || size < 2 ? size : size - 1);
        const at::Tensor phase = at::arange(size, at::kDouble) * (2 * std::numbers::pi / std::max(period, 1.0));
        return convert(w.a0 - phase.cos() * w.a1 + (phase * 2).cos() * w.a2, target);
    });
}

Result<Kernel> hann(const graph::Node& node, std::int64_t) { return window({0.5, 0.5, 0}, node); }
Result<Kernel> hamming(const graph::Node& node, std::int64_t) { return window({25.0 / 46, 21.0 / 46, 0}, node); }
Result<Kernel> blackman(const graph::Node& node, std::int64_t) { return window({0.42, 0.5, 0.08}, node); }

struct MelOptions {
    std::int64_t bands = 0;
    std::int64_t dft_length = 0;
    std::int64_t sample_rate = 0;
    double low_hertz = 0;
    double high_hertz = 0;
};

Result<MelOptions> mel_options(const Call& call) {
    MelOptions mel;
    mel.bands = BARTIZAN_TRY(integer_of(call.inputs[0]));
    mel.dft_length = BARTIZAN_TRY(integer_of(call.inputs[1]));
    mel.sample_rate = BARTIZAN_TRY(integer_of(call.inputs[2]));
    mel.low_hertz = call.inputs[3].item().toDouble();
    mel.high_hertz = call.inputs[4].item().toDouble();
    const bool ordered = mel.low_hertz >= 0 && mel.low_hertz <= mel.high_hertz && std::isfinite(mel.high_hertz);
    if (mel.bands < 1 || mel.dft_length < 1 || mel.sample_rate < 1 || !ordered)
        return invalid_input("MelWeightMatrix with sizes below 1 or edges out of order");
    BARTIZAN_TRY(check_output({mel.dft_length / 2 + 1, mel.bands + 2}));
    return mel;
}

/// The DFT bins at which the triangular bands begin, peak and end: equal steps on the mel scale
/// mel(f) = 2595 log10(1 + f / 700).
Result<std::vector<std::int64_t>> band_edges(const MelOptions& mel) {
    const auto to_mel = [](double hertz) { return 2595 * std::log10(1 + hertz / 700); };
    const double low = to_mel(mel.low_hertz);
    const double step = (to_mel(mel.high_hertz) - low) / static_cast<double>(mel.bands + 2);
    std::vector<std::int64_t> edges;
    for (std::int64_t i = 0; i < mel.bands + 2; ++i) {
        const double hertz = 700 * (std::pow(10, (static_cast<double>(i) * step + low) / 2595) - 1);
        const double bin =
            std::floor(static_cast<double>(mel.dft_length + 1) * hertz / static_cast<double>(mel.sample_rate));
        if (!(bin >= 0 && bin <= static_cast<double>(mel.dft_length / 2 + 1)))
            return invalid_input("MelWeightMatrix with an edge above half the sample rate");
        edges.push_back(static_cast<std::int64_t>(bin));
    }
    return edges;
}

Result<at::Tensor> mel_matrix(const MelOptions& mel) {
    const std::vector<std::int64_t> edges = BARTIZAN_TRY(band_edges(mel));
    const std::int64_t bins = mel.dft_length / 2 + 1;
    const at::Tensor weights = at::zeros({bins, mel.bands}, at::kDouble);
    auto out = weights.accessor<double, 2>();
    for (std::int64_t band = 0; band < mel.bands; ++band) {
        const auto i = static_cast<std::size_t>(band);
        const std::int64_t low = edges[i], peak = edges[i + 1], high = edges[i + 2];
        for (std::int64_t j = low; j < std::min(high, bins); ++j)
            out[j][band] = j < peak ? static_cast<double>(j - low) / static_cast<double>(peak - low)
                                    : static_cast<double>(high - j) / static_cast<double>(high - peak);
        if (peak < bins) out[peak][band] = 1;
    }
    return weights;
}

Result<Kernel> mel_weight_matrix(const graph::Node& node, std::int64_t) {
    BARTIZAN_TRY(expect_inputs(node, 5, 5));
    const ElementType target = BARTIZAN_TRY(element_type_attribute(node, "output_datatype", 1));
    return single([target](const Call& call) -> Result<at::Tensor> {
        const MelOptions mel = BARTIZAN_TRY(mel_options(call));
        return convert(BARTIZAN_TRY(mel_matrix(mel)), target);
    });
}

constexpr OperatorSpec kOperators[] = {
    {"", "BlackmanWindow", 17, Gradient::none, blackman},
    {"", "DFT", 17, Gradient::smooth, dft},
    {"", "HammingWindow", 17, Gradient::none, hamming},
    {"", "HannWindow", 17, Gradient::none, hann},
    {"", "MelWeightMatrix", 17, Gradient::none, mel_weight_matrix},
    {"", "STFT", 17, Gradient::smooth, stft},
};

}  // namespace
}  // namespace signal

std::span<const OperatorSpec> signal_operators() { return signal::kOperators; }

}  // namespace bartizan::model::operators
