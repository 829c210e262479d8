#include "model/operators/patches.h"

#include <algorithm>
#include <vector>

#include <ATen/ops/empty.h>

namespace bartizan::model::operators {
namespace patch {
namespace {

/// Where one axis of a window reads: output o at o * stride + offset, inside for first <= o < last.
struct Axis {
    std::int64_t outputs, stride, offset, inputs, first, last;
};

Axis axis_of(std::int64_t outputs, std::int64_t stride, std::int64_t offset, std::int64_t inputs) {
    const std::int64_t first = std::min(outputs, offset >= 0 ? 0 : (stride - 1 - offset) / stride);
    const std::int64_t room = inputs - 1 - offset;
    const std::int64_t last = room < 0 ? first : std::clamp(room / stride + 1, first, outputs);
    return {outputs, stride, offset, inputs, first, last};
}

/// One row of outputs from one row of inputs.
inline void copy_row(const float* from, const Axis& axis, float* to) {
    for (std::int64_t o = 0; o < axis.first; ++o) to[o] = 0;
    from += axis.offset;
    if (axis.stride == 1)
        for (std::int64_t o = axis.first; o < axis.last; ++o) to[o] = from[o];
    else if (axis.stride == 2)  // known, so that it is vectorised
        for (std::int64_t o = axis.first; o < axis.last; ++o) to[o] = from[o * 2];
    else
        for (std::int64_t o = axis.first; o < axis.last; ++o) to[o] = from[o * axis.stride];
    for (std::int64_t o = axis.last; o < axis.outputs; ++o) to[o] = 0;
}

/// All outputs of one place of the window on one channel.
void copy_plane(const float* channel, const Axis& down, const Axis& across, float* to) {
    std::fill(to, to + down.first * across.outputs, 0.0F);
    for (std::int64_t o = down.first; o < down.last; ++o)
        copy_row(channel + (o * down.stride + down.offset) * across.inputs, across, to + o * across.outputs);
    std::fill(to + down.last * across.outputs, to + down.outputs * across.outputs, 0.0F);
}

/// One for each place of the window along an axis.
std::vector<Axis> axes_of(const Window& window, const Layout& layout, std::size_t axis, std::int64_t inputs) {
    std::vector<Axis> axes;
    for (std::int64_t place = 0; place < window.kernel[axis]; ++place)
        axes.push_back(axis_of(layout.output[axis], window.strides[axis],
                               place * window.dilations[axis] - layout.padding.before[axis], inputs));
    return axes;
}

}  // namespace
}  // namespace patch

at::Tensor patches(const at::Tensor& x, const Window& window, const Layout& layout) {
    const at::Tensor whole = x.contiguous();
    const std::int64_t planes = x.size(0) * x.size(1), height = x.size(2), width = x.size(3);
    const auto down = patch::axes_of(window, layout, 0, height), across = patch::axes_of(window, layout, 1, width);
    const std::int64_t outputs = layout.output[0] * layout.output[1];
    at::Tensor out = at::empty({x.size(0), x.size(1) * window.kernel[0] * window.kernel[1], outputs}, x.options());
    float* to = out.data_ptr<float>();
    for (std::int64_t plane = 0; plane < planes; ++plane) {
        const float* from = whole.data_ptr<float>() + plane * height * width;
        for (const patch::Axis& i : down)
            for (const patch::Axis& j : across) {
                patch::copy_plane(from, i, j, to);
                to += outputs;
            }
    }
    return out;
}

}  // namespace bartizan::model::operators
