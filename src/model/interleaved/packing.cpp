#include "model/interleaved/packing.h"

#include <algorithm>
#include <cstring>

namespace bartizan::model::interleaved {
namespace packing {
namespace {

/// Where tap `t` of [kernel_h, kernel_w, channels] is among [channels, kernel_h, kernel_w].
std::int64_t given_tap(const Layer& s, std::int64_t t) {
    return t % s.channels * s.kernel_h * s.kernel_w + t / s.channels;
}

std::size_t weight_count(const Layer& s) { return static_cast<std::size_t>(s.filters * s.taps()); }

bool equal(const std::vector<float>& source, const GivenWeights& weights) {
    return std::memcmp(source.data(), weights.values, source.size() * sizeof(float)) == 0;
}

/// Of the same layers: a model is run on items of one shape, but may be tried on others.
bool fits(const Packed& packed, std::span<const Layer> layers) {
    for (std::size_t i = 0; i < layers.size(); ++i)
        if (packed.forward[i].size() != weight_count(layers[i])) return false;
    return true;
}

bool current(const Packed& packed, std::span<const Layer> layers, std::span<const GivenWeights> weights) {
    for (std::size_t i = 0; i < packed.source.size(); ++i)
        if (!equal(packed.source[i], weights[i])) return false;
    return fits(packed, layers);
}

std::shared_ptr<const Packed> pack(std::span<const Layer> layers, std::span<const GivenWeights> weights, bool live) {
    auto packed = std::make_shared<Packed>();
    for (std::size_t i = 0; i < layers.size(); ++i) {
        const std::size_t count = weight_count(layers[i]);
        pack_forward(layers[i], weights[i], packed->forward.emplace_back(count).data());
        pack_backward(layers[i], weights[i], packed->backward.emplace_back(count).data());
        if (live) packed->source.emplace_back(weights[i].values, weights[i].values + count);
    }
    return packed;
}

}  // namespace
}  // namespace packing

void pack_forward(const Layer& layer, const GivenWeights& weights, float* packed) {
    for (std::int64_t f = 0, group = 0; f < layer.filters; f += group) {
        group = group_of(layer.filters - f);
        const float* from = weights.values + f * weights.filter_step;
        for (std::int64_t t = 0; t < layer.taps(); ++t) {
            const float* tap = from + packing::given_tap(layer, t) * weights.tap_step;
            for (std::int64_t g = 0; g < group; ++g) *packed++ = tap[g * weights.filter_step];
        }
    }
}

void pack_backward(const Layer& layer, const GivenWeights& weights, float* packed) {
    const std::int64_t row = layer.kernel_w * layer.channels;
    for (std::int64_t i = 0; i < layer.kernel_h; ++i)
        for (std::int64_t t = 0, group = 0; t < row; t += group) {
            group = group_of(row - t);
            for (std::int64_t f = 0; f < layer.filters; ++f)
                for (std::int64_t g = 0; g < group; ++g)
                    *packed++ = weights.values[f * weights.filter_step +
                                               packing::given_tap(layer, i * row + t + g) * weights.tap_step];
        }
}

void unpack(const Layer& layer, const float* dw, const GivenWeights& order, float* given) {
    for (std::int64_t f = 0; f < layer.filters; ++f)
        for (std::int64_t t = 0; t < layer.taps(); ++t)
            given[f * order.filter_step + packing::given_tap(layer, t) * order.tap_step] = *dw++;
}

std::shared_ptr<const Packed> PackedWeights::of(std::span<const Layer> layers, std::span<const GivenWeights> weights,
                                                bool live) {
    std::shared_ptr<const Packed> last;
    {
        const std::lock_guard lock(mutex_);
        last = last_;
    }
    if (last && packing::current(*last, layers, weights)) return last;
    auto packed = packing::pack(layers, weights, live);
    const std::lock_guard lock(mutex_);
    return last_ = packed;
}

}  // namespace bartizan::model::interleaved
