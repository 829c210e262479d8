#include "model/operators/thin_forward.h"

#include <algorithm>
#include <cstring>

namespace bartizan::model::operators {
namespace thin_forward {
namespace {

// Filters summed together, and values of a row: with two registers of AVX2 a block, eight totals that need not wait for
// one another.
constexpr std::int64_t kBlock = 16, kWideGroup = 4;
// Rows of at most half a block take one register, and twice the filters.
constexpr std::int64_t kHalfBlock = 8, kHalfGroup = 8;

struct RowJob {
    const float* picture;  // at the row of the first tap
    const std::int64_t* taps;
    std::int64_t tap_count;
    const float* weights;  // [taps, filters of the group]
    const float* bias;
    float* sums;  // [filters of the group, sums_stride]
    std::int64_t width, sums_stride;
};

template <int Width, int Parts, int Group>
[[gnu::always_inline]] inline void sum_row_of(const RowJob& job) {
    using Lanes [[gnu::vector_size(Width * sizeof(float)), gnu::aligned(4), gnu::may_alias]] = float;
    for (std::int64_t at = 0; at < job.width; at += Width * Parts) {
        Lanes total[Group][Parts];
#pragma GCC unroll 8
        for (int f = 0; f < Group; ++f)
#pragma GCC unroll 8
            for (int part = 0; part < Parts; ++part) total[f][part] = Lanes{} + job.bias[f];
        const float* weights = job.weights;
        for (std::int64_t t = 0; t < job.tap_count; ++t, weights += Group)
#pragma GCC unroll 8
            for (int part = 0; part < Parts; ++part) {
                const Lanes values = *reinterpret_cast<const Lanes*>(job.picture + job.taps[t] + at + part * Width);
#pragma GCC unroll 8
                for (int f = 0; f < Group; ++f) total[f][part] += weights[f] * values;
            }
#pragma GCC unroll 8
        for (int f = 0; f < Group; ++f)
#pragma GCC unroll 8
            for (int part = 0; part < Parts; ++part)
                *reinterpret_cast<Lanes*>(job.sums + f * job.sums_stride + at + part * Width) = total[f][part];
    }
}

void sum_row_plain(const RowJob& job, bool wide) {
    return wide ? sum_row_of<4, kBlock / 4, kWideGroup>(job) : sum_row_of<4, kHalfBlock / 4, kHalfGroup>(job);
}
#if defined(__x86_64__) && defined(__GNUC__)
[[gnu::target("avx2,fma")]] void sum_row_avx2(const RowJob& job, bool wide) {
    return wide ? sum_row_of<8, kBlock / 8, kWideGroup>(job) : sum_row_of<8, kHalfBlock / 8, kHalfGroup>(job);
}
[[gnu::target("avx512f,fma")]] void sum_row_avx512(const RowJob& job, bool wide) {
    return wide ? sum_row_of<16, kBlock / 16, kWideGroup>(job) : sum_row_of<8, kHalfBlock / 8, kHalfGroup>(job);
}
#endif

using SumRow = void (*)(const RowJob&, bool);
SumRow best_sum_row() {
#if defined(__x86_64__) && defined(__GNUC__)
    if (__builtin_cpu_supports("avx512f")) return sum_row_avx512;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return sum_row_avx2;
#endif
    return sum_row_plain;
}

std::int64_t rounded_up(std::int64_t value, std::int64_t unit) { return (value + unit - 1) / unit * unit; }

}  // namespace
}  // namespace thin_forward

ThinForward::ThinForward(const ThinShape& shape, const float* weights, const float* bias) : shape_(shape) {
    using namespace thin_forward;
    const ThinShape& s = shape;
    group_ = s.ow > kHalfBlock ? kWideGroup : kHalfGroup;
    row_width_ = rounded_up(s.ow, s.ow > kHalfBlock ? kBlock : kHalfBlock);
    rows_ = (s.oh - 1) * s.stride_h + s.kernel_h;
    columns_ = row_width_ + (s.kernel_w - 1) / s.stride_w;
    for (std::int64_t c = 0; c < s.channels; ++c)
        for (std::int64_t i = 0; i < s.kernel_h; ++i)
            for (std::int64_t j = 0; j < s.kernel_w; ++j)
                taps_.push_back(((c * rows_ + i) * s.stride_w + j % s.stride_w) * columns_ + j / s.stride_w);
    const std::int64_t filters = rounded_up(s.filters, group_), taps = std::ssize(taps_);
    bias_.assign(static_cast<std::size_t>(filters), 0);
    std::copy_n(bias, s.filters, bias_.begin());
    weights_.assign(static_cast<std::size_t>(filters * taps), 0);
    for (std::int64_t f = 0; f < s.filters; ++f)
        for (std::int64_t t = 0; t < taps; ++t)
            weights_[static_cast<std::size_t>((f / group_ * taps + t) * group_ + f % group_)] = weights[f * taps + t];
}

void ThinForward::split(const float* x, float* padded) const {
    const ThinShape& s = shape_;
    for (std::int64_t c = 0; c < s.channels; ++c)
        for (std::int64_t row = std::max<std::int64_t>(0, s.pad_h); row < std::min(rows_, s.h + s.pad_h); ++row) {
            const float* from = x + (c * s.h + row - s.pad_h) * s.w;
            float* to = padded + (c * rows_ + row) * s.stride_w * columns_;
            for (std::int64_t phase = 0; phase < s.stride_w; ++phase) {
                // Column q of this phase is column q * stride_w + phase - pad_w of the picture.
                const std::int64_t first = std::max<std::int64_t>(0, s.pad_w - phase + s.stride_w - 1) / s.stride_w;
                const std::int64_t end = std::min(columns_, (s.w + s.pad_w - phase + s.stride_w - 1) / s.stride_w);
                for (std::int64_t q = first; q < end; ++q)
                    to[phase * columns_ + q] = from[q * s.stride_w + phase - s.pad_w];
            }
        }
}

void ThinForward::image(const float* x, float* y, std::vector<float>& scratch) const {
    static const thin_forward::SumRow sum_row = thin_forward::best_sum_row();
    const ThinShape& s = shape_;
    // The zeros around the picture are written once: `split` fills the same places each time.
    const std::int64_t whole = s.channels * rows_ * s.stride_w * columns_;
    scratch.resize(static_cast<std::size_t>(whole + group_ * row_width_), 0.0F);
    float* padded = scratch.data();
    float* sums = padded + whole;
    split(x, padded);
    const std::int64_t taps = std::ssize(taps_);
    for (std::int64_t f = 0; f < s.filters; f += group_)
        for (std::int64_t u = 0; u < s.oh; ++u) {
            sum_row({padded + u * s.stride_h * s.stride_w * columns_, taps_.data(), taps, weights_.data() + f * taps,
                     bias_.data() + f, sums, s.ow, row_width_},
                    s.ow > thin_forward::kHalfBlock);
            for (std::int64_t k = 0; k < std::min(group_, s.filters - f); ++k)
                std::memcpy(y + ((f + k) * s.oh + u) * s.ow, sums + k * row_width_,
                            static_cast<std::size_t>(s.ow) * sizeof(float));
        }
}

}  // namespace bartizan::model::operators
