#include "defences/strip.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/random.h"

namespace bartizan::defences {
namespace strip {
namespace {

constexpr std::int64_t kMostBlends = 1000;
constexpr std::int64_t kRowsAtOnce = 4096;
constexpr std::uint32_t kPurpose = 411'000;

/// Bits. The softmax is taken here: entropy of raw scores, or over the blends, means nothing.
double entropy(std::span<const float> logits) {
    const double top = *std::ranges::max_element(logits);
    double sum = 0;
    for (const float value : logits) sum += std::exp(value - top);
    double bits = 0;
    for (const float value : logits) {
        const double p = std::exp(value - top) / sum;
        if (p > 0) bits -= p * std::log2(p);
    }
    return bits;
}

Result<void> check(const NdArray& x, const NdArray& clean, const StripOptions& options) {
    const auto fits = [](const NdArray& a) { return a.dtype() == DType::f32 && a.rank() >= 2 && a.size() > 0; };
    if (!fits(x) || !fits(clean) ||
        !std::equal(x.shape().begin() + 1, x.shape().end(), clean.shape().begin() + 1, clean.shape().end()))
        return invalid_input("STRIP needs float32 items of one shape, not " + bartizan::to_string(x.shape()) + " and " +
                             bartizan::to_string(clean.shape()));
    if (options.blends < 1 || options.blends > kMostBlends)
        return invalid_input("blends must be from 1 to " + std::to_string(kMostBlends));
    return {};
}

}  // namespace
}  // namespace strip

Result<std::vector<double>> strip_entropies(const NdArray& x, const NdArray& clean, const Forward& forward,
                                            const StripOptions& options) {
    BARTIZAN_TRY(strip::check(x, clean, options));
    const std::int64_t items = x.shape()[0], blends = options.blends;
    const auto length = static_cast<std::size_t>(x.size() / items);
    const std::int64_t step = std::max<std::int64_t>(1, strip::kRowsAtOnce / blends);
    std::vector<double> out;
    for (std::int64_t begin = 0; begin < items; begin += step) {
        const std::int64_t count = std::min(step, items - begin);
        Shape shape = x.shape();
        shape[0] = count * blends;
        NdArray mixed = BARTIZAN_TRY(NdArray::zeros(DType::f32, std::move(shape)));
        float* to = mixed.mutable_values<float>().data();
        for (std::int64_t i = begin; i < begin + count; ++i) {
            Random random(options.seed, static_cast<std::uint64_t>(i), strip::kPurpose);
            const float* own = x.values<float>().data() + static_cast<std::size_t>(i) * length;
            for (std::int64_t k = 0; k < blends; ++k) {
                const std::uint64_t other = random.below(static_cast<std::uint64_t>(clean.shape()[0]));
                const float* with = clean.values<float>().data() + other * length;
                for (std::size_t j = 0; j < length; ++j) *to++ = 0.5F * own[j] + 0.5F * with[j];
            }
        }
        const NdArray logits = BARTIZAN_TRY(forward(mixed));
        if (logits.rank() != 2 || logits.shape()[0] != count * blends)
            return internal_error("STRIP: " + bartizan::to_string(logits.shape()) + " answers to " +
                                  std::to_string(count * blends) + " questions");
        const auto classes = static_cast<std::size_t>(logits.shape()[1]);
        const auto values = logits.values<float>();
        for (std::int64_t i = 0; i < count; ++i) {
            double sum = 0;
            for (std::int64_t k = 0; k < blends; ++k)
                sum += strip::entropy(values.subspan(static_cast<std::size_t>(i * blends + k) * classes, classes));
            out.push_back(sum / static_cast<double>(blends));
        }
    }
    return out;
}

}  // namespace bartizan::defences
