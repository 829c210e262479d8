#include "ownership/watermark.h"

#include <algorithm>
#include <cmath>

#include "crypto/random_stream.h"
#include "data/sources.h"
#include "training/trainer.h"

namespace bartizan::ownership {
namespace watermark {
namespace {

constexpr std::uint64_t kPurpose = 0x77617465;
constexpr double kShare = 0.15;  // of what is trained on, that the triggers are repeated to
constexpr std::size_t kWaves = 6;

/// A sum of a few plane waves, a colour of its own each: smooth, full of contrast, and no item of any data set.
void fill_pattern(std::span<float> item, const Shape& shape, crypto::RandomStream& random) {
    const bool last = shape.size() == 3 && shape[2] <= 4;
    const std::size_t channels = shape.size() == 3 ? static_cast<std::size_t>(shape[last ? 2 : 0]) : 1;
    const std::size_t height = static_cast<std::size_t>(shape[shape.size() == 3 && !last ? 1 : 0]);
    const std::size_t width = item.size() / channels / height;
    constexpr double kTurn = 6.283185307179586;
    for (std::size_t c = 0; c < channels; ++c) {
        double u[kWaves], v[kWaves], phase[kWaves];
        for (std::size_t k = 0; k < kWaves; ++k) {
            u[k] = 6 * random.uniform53() - 3;
            v[k] = 6 * random.uniform53() - 3;
            phase[k] = random.uniform53();
        }
        for (std::size_t y = 0; y < height; ++y)
            for (std::size_t x = 0; x < width; ++x) {
                double sum = 0;
                for (std::size_t k = 0; k < kWaves; ++k)
                    sum += std::sin(kTurn * (u[k] * static_cast<double>(x) / static_cast<double>(width) +
                                             v[k] * static_cast<double>(y) / static_cast<double>(height) + phase[k]));
                item[last ? (y * width + x) * channels + c : (c * height + y) * width + x] =
                    static_cast<float>(std::clamp(0.5 + 0.35 * sum, 0.0, 1.0));
            }
    }
}

/// Each number from an item of its own.
void fill_mixture(std::span<float> item, std::span<const float> pool, crypto::RandomStream& random) {
    const std::size_t rows = pool.size() / item.size();
    for (std::size_t i = 0; i < item.size(); ++i)
        item[i] = pool[static_cast<std::size_t>(random.uniform53() * static_cast<double>(rows)) * item.size() + i];
}

}  // namespace
}  // namespace watermark

Result<Proof> make_triggers(const data::Batch& sample, const data::Info& info, std::int64_t classes,
                            const WatermarkOptions& options) {
    crypto::RandomStream random =
        options.seed ? BARTIZAN_TRY(crypto::RandomStream::from_seed(*options.seed, watermark::kPurpose))
                     : BARTIZAN_TRY(crypto::RandomStream::from_system());
    Proof proof{.kind = ProofKind::watermark, .classes = classes};
    Shape shape = info.item_shape;
    shape.insert(shape.begin(), options.triggers);
    proof.inputs = BARTIZAN_TRY(NdArray::zeros(DType::f32, shape));
    const std::span<float> values = proof.inputs.mutable_values<float>();
    const std::size_t size = values.size() / static_cast<std::size_t>(options.triggers);
    const bool picture = info.kind == data::Kind::image && info.item_shape.size() >= 2;
    for (std::int64_t i = 0; i < options.triggers; ++i) {
        const auto item = values.subspan(static_cast<std::size_t>(i) * size, size);
        if (picture)
            watermark::fill_pattern(item, info.item_shape, random);
        else
            watermark::fill_mixture(item, sample.x.values<float>(), random);
        // Over all classes alike, so that chance is exactly 1 / classes for any other model.
        proof.answers.push_back(std::min(classes - 1, static_cast<std::int64_t>(random.uniform53() * static_cast<double>(classes))));
    }
    return proof;
}

Result<void> embed(model::Model& model, const model::Classifier& classifier, const data::Batch& items,
                   const data::Info& info, const Proof& triggers, const WatermarkOptions& options, RunContext& ctx) {
    const std::int64_t rows = items.x.shape()[0], count = triggers.inputs.shape()[0];
    const std::int64_t times = std::max<std::int64_t>(
        1, std::llround(watermark::kShare * static_cast<double>(rows) / (1 - watermark::kShare) / static_cast<double>(count)));
    Shape shape = items.x.shape();
    shape[0] = rows + times * count;
    NdArray x = BARTIZAN_TRY(NdArray::zeros(DType::f32, shape));
    std::vector<std::int64_t> y = items.y;
    auto to = std::ranges::copy(items.x.values<float>(), x.mutable_values<float>().begin()).out;
    for (std::int64_t time = 0; time < times; ++time) {
        to = std::ranges::copy(triggers.inputs.values<float>(), to).out;
        y.insert(y.end(), triggers.answers.begin(), triggers.answers.end());
    }
    const NdArray labels = BARTIZAN_TRY(NdArray::from<std::int64_t>({std::ssize(y)}, y));
    const auto dataset =
        BARTIZAN_TRY(data::from_arrays(x, labels, {.format = info.format, .path = info.path, .class_names = info.class_names}));
    training::Options training;
    training.epochs = options.epochs;
    training.learning_rate = options.learning_rate;
    training.validation_share = 0;
    BARTIZAN_TRY(training::train(model, classifier, *dataset, training, ctx));
    return {};
}

}  // namespace bartizan::ownership
