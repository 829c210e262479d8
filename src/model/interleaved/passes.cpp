#include "model/interleaved/passes.h"

#include <algorithm>
#include <memory>

#include "model/interleaved/kernels.h"

namespace bartizan::model::interleaved {
namespace passes {
namespace {

/// Blocks that go back together, so that sums over images are long; one where nothing is summed over images.
constexpr std::int64_t kTogether = 4;

/// Images [count, channels, places] of one block; lanes without an image are zero.
void interleave(const float* images, std::int64_t count, std::int64_t channels, std::int64_t places, float* block) {
    for (std::int64_t lane = 0; lane < kLanes; ++lane) {
        const float* image = lane < count ? images + lane * channels * places : nullptr;
        for (std::int64_t c = 0; c < channels; ++c)
            for (std::int64_t at = 0; at < places; ++at)
                block[(at * channels + c) * kLanes + lane] = image != nullptr ? *image++ : 0.0F;
    }
}

void separate(const float* block, std::int64_t count, std::int64_t channels, std::int64_t places, float* images) {
    for (std::int64_t lane = 0; lane < count; ++lane)
        for (std::int64_t c = 0; c < channels; ++c)
            for (std::int64_t at = 0; at < places; ++at) *images++ = block[(at * channels + c) * kLanes + lane];
}

std::int64_t images_in(const Run& run, std::int64_t block) { return std::min(kLanes, run.images - block * kLanes); }

/// Where each layer's output begins in a block; the input is at 0.
std::vector<std::int64_t> places_of(const Run& run) {
    std::vector<std::int64_t> places;
    std::int64_t at = run.layers.front().inputs() * kLanes;
    for (const Layer& layer : run.layers) {
        places.push_back(at);
        at += layer.outputs() * kLanes;
    }
    return places;
}

std::int64_t largest(const Run& run) {
    std::int64_t most = run.layers.front().inputs();
    for (const Layer& layer : run.layers) most = std::max(most, layer.outputs());
    return most * kLanes;
}

/// One group of blocks on its way back, layer by layer.
class Return {
public:
    Return(const Run& run, std::int64_t together)
        : run_(run),
          places_(places_of(run)),
          step_(largest(run)),
          now_(std::make_unique_for_overwrite<float[]>(static_cast<std::size_t>(together * step_))),
          below_(std::make_unique_for_overwrite<float[]>(static_cast<std::size_t>(together * step_))) {}

    void go(std::int64_t first, std::int64_t count, const float* dy, std::span<const float> kept, float* dx,
            std::span<WeightGradient> weights) {
        const Layer &top = run_.layers.back(), &bottom = run_.layers.front();
        for (std::int64_t b = 0; b < count; ++b)
            interleave(dy + (first + b) * kLanes * top.outputs(), images_in(run_, first + b), top.filters,
                       top.oh * top.ow, now_.get() + b * step_);
        const std::int64_t size = run_.block_size();
        const float* blocks = kept.data() + first * size;
        for (std::size_t i = run_.layers.size(); i-- > 0;) {
            const Layer& layer = run_.layers[i];
            const std::int64_t input = i == 0 ? 0 : places_[i - 1];
            if (layer.rectified)
                for (std::int64_t b = 0; b < count; ++b)
                    mask(blocks + b * size + places_[i], now_.get() + b * step_, layer.outputs() * kLanes);
            if (!weights.empty())
                weight_gradient(layer, {blocks + input, now_.get(), size, step_, count}, weights[i].weight.data(),
                                weights[i].bias.data());
            if (i == 0 && dx == nullptr) return;
            for (std::int64_t b = 0; b < count; ++b)
                input_gradient(layer, now_.get() + b * step_, run_.packed->backward[i].data(),
                               below_.get() + b * step_);
            std::swap(now_, below_);
        }
        for (std::int64_t b = 0; b < count; ++b)
            separate(now_.get() + b * step_, images_in(run_, first + b), bottom.channels, bottom.h * bottom.w,
                     dx + (first + b) * kLanes * bottom.inputs());
    }

private:
    const Run& run_;
    std::vector<std::int64_t> places_;
    std::int64_t step_;
    std::unique_ptr<float[]> now_, below_;  ///< gradients by the outputs of a layer, and by its inputs
};

}  // namespace
}  // namespace passes

std::int64_t Run::block_size() const {
    std::int64_t size = layers.front().inputs();
    for (const Layer& layer : layers) size += layer.outputs();
    return size * kLanes;
}

void run_forward(const Run& run, const float* x, float* y, std::span<float> kept) {
    using namespace passes;
    const std::vector<std::int64_t> places = places_of(run);
    const Layer &first = run.layers.front(), &last = run.layers.back();
    std::int64_t filters = 0;
    for (const Layer& layer : run.layers) filters = std::max(filters, layer.filters);
    const std::vector<float> no_bias(static_cast<std::size_t>(filters), 0.0F);
    const auto scratch =
        std::make_unique_for_overwrite<float[]>(kept.empty() ? static_cast<std::size_t>(run.block_size()) : 0);
    for (std::int64_t b = 0; b < run.blocks(); ++b) {
        float* block = kept.empty() ? scratch.get() : kept.data() + b * run.block_size();
        interleave(x + b * kLanes * first.inputs(), images_in(run, b), first.channels, first.h * first.w, block);
        for (std::size_t i = 0; i < run.layers.size(); ++i)
            forward(run.layers[i], block + (i == 0 ? 0 : places[i - 1]), run.packed->forward[i].data(),
                    run.biases[i] == nullptr ? no_bias.data() : run.biases[i], block + places[i]);
        separate(block + places.back(), images_in(run, b), last.filters, last.oh * last.ow,
                 y + b * kLanes * last.outputs());
    }
}

void run_backward(const Run& run, const float* dy, std::span<const float> kept, float* dx,
                  std::span<WeightGradient> weights) {
    const std::int64_t together = weights.empty() ? 1 : passes::kTogether;
    passes::Return back(run, together);
    for (std::int64_t first = 0; first < run.blocks(); first += together)
        back.go(first, std::min(together, run.blocks() - first), dy, kept, dx, weights);
}

}  // namespace bartizan::model::interleaved
