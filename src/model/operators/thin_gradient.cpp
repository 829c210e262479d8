#include "model/operators/thin_gradient.h"

#include <algorithm>
#include <cstring>

namespace bartizan::model::operators {
namespace thin {
namespace {

// Values that one pass of the inner loop makes side by side: two registers of AVX2, one of AVX-512.
constexpr std::int64_t kBlock = 16;

/// How far down (or right) in the output the value is that kernel row `k` brings to an input row of phase `phase`;
/// only meaningful where `matches`.
struct Tap {
    bool matches;
    std::int64_t offset;
};
Tap tap_of(std::int64_t phase, std::int64_t pad, std::int64_t k, std::int64_t stride) {
    const std::int64_t distance = phase + pad - k;
    const std::int64_t rest = ((distance % stride) + stride) % stride;
    return {rest == 0, (distance - rest) / stride};
}

/// Sums of one row: for each of `blocks` blocks and each channel, weights times padded values over filters and taps.
template <int Channels>
[[gnu::always_inline]] inline void sum_block(const float* padded, std::int64_t plane, const std::int64_t* taps,
                                             std::int64_t tap_count, const float* weights, std::int64_t filters,
                                             float* sums, std::int64_t sums_stride) {
    using Lanes [[gnu::vector_size(kBlock * sizeof(float)), gnu::aligned(4), gnu::may_alias]] = float;
    Lanes total[Channels] = {};
    for (std::int64_t f = 0; f < filters; ++f, padded += plane)
        for (std::int64_t t = 0; t < tap_count; ++t) {
            const Lanes values = *reinterpret_cast<const Lanes*>(padded + taps[t]);
            for (int c = 0; c < Channels; ++c) total[c] += *weights++ * values;
        }
    for (int c = 0; c < Channels; ++c) *reinterpret_cast<Lanes*>(sums + c * sums_stride) = total[c];
}

struct RowJob {
    const float* padded;
    std::int64_t plane;
    const std::int64_t* taps;
    std::int64_t tap_count;
    const float* weights;
    std::int64_t filters;
    float* sums;
    std::int64_t width, sums_stride;
};

template <int Channels>
[[gnu::always_inline]] inline void sum_row_of(const RowJob& job) {
    for (std::int64_t at = 0; at < job.width; at += kBlock)
        sum_block<Channels>(job.padded + at, job.plane, job.taps, job.tap_count, job.weights, job.filters,
                            job.sums + at, job.sums_stride);
}

[[gnu::always_inline]] inline void sum_row_any(const RowJob& job, std::int64_t channels) {
    switch (channels) {
        case 1:
            return sum_row_of<1>(job);
        case 2:
            return sum_row_of<2>(job);
        case 3:
            return sum_row_of<3>(job);
        default:
            return sum_row_of<4>(job);
    }
}

void sum_row_plain(const RowJob& job, std::int64_t channels) { sum_row_any(job, channels); }
#if defined(__x86_64__) && defined(__GNUC__)
[[gnu::target("avx2,fma")]] void sum_row_avx2(const RowJob& job, std::int64_t channels) { sum_row_any(job, channels); }
[[gnu::target("avx512f,fma")]] void sum_row_avx512(const RowJob& job, std::int64_t channels) {
    sum_row_any(job, channels);
}
#endif

using SumRow = void (*)(const RowJob&, std::int64_t);
SumRow best_sum_row() {
#if defined(__x86_64__) && defined(__GNUC__)
    if (__builtin_cpu_supports("avx512f")) return sum_row_avx512;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return sum_row_avx2;
#endif
    return sum_row_plain;
}

}  // namespace
}  // namespace thin

ThinGradient::ThinGradient(const ThinShape& shape, const float* weights) : shape_(shape) {
    const ThinShape& s = shape;
    std::int64_t bottom = 0, right = 0;
    for (std::int64_t row = 0; row < std::min(s.stride_h, s.h); ++row)
        for (std::int64_t column = 0; column < std::min(s.stride_w, s.w); ++column) {
            Phase& phase = phases_.emplace_back();
            phase.row = row;
            phase.column = column;
            phase.rows = (s.h - row + s.stride_h - 1) / s.stride_h;
            phase.columns = (s.w - column + s.stride_w - 1) / s.stride_w;
        }
    const auto each_tap = [&s](const Phase& phase, auto visit) {
        for (std::int64_t i = 0; i < s.kernel_h; ++i)
            for (std::int64_t j = 0; j < s.kernel_w; ++j) {
                const auto down = thin::tap_of(phase.row, s.pad_h, i, s.stride_h);
                const auto across = thin::tap_of(phase.column, s.pad_w, j, s.stride_w);
                if (down.matches && across.matches) visit(i, j, down.offset, across.offset);
            }
    };
    for (const Phase& phase : phases_)
        each_tap(phase, [&](std::int64_t, std::int64_t, std::int64_t down, std::int64_t across) {
            top_ = std::max(top_, -down);
            left_ = std::max(left_, -across);
            bottom = std::max(bottom, phase.rows + down - s.oh);
            right = std::max(right, (phase.columns + thin::kBlock - 1) / thin::kBlock * thin::kBlock + across - s.ow);
        });
    plane_rows_ = top_ + s.oh + bottom;
    stride_ = left_ + s.ow + right;
    for (Phase& phase : phases_) {
        each_tap(phase, [&](std::int64_t, std::int64_t, std::int64_t down, std::int64_t across) {
            phase.taps.push_back((down + top_) * stride_ + across + left_);
        });
        row_width_ = std::max(row_width_, (phase.columns + thin::kBlock - 1) / thin::kBlock * thin::kBlock);
        for (std::int64_t f = 0; f < s.filters; ++f)
            each_tap(phase, [&](std::int64_t i, std::int64_t j, std::int64_t, std::int64_t) {
                for (std::int64_t c = 0; c < s.channels; ++c)
                    phase.weights.push_back(weights[((f * s.channels + c) * s.kernel_h + i) * s.kernel_w + j]);
            });
    }
}

void ThinGradient::pad(const float* dy, float* padded) const {
    for (std::int64_t f = 0; f < shape_.filters; ++f)
        for (std::int64_t row = 0; row < shape_.oh; ++row)
            std::memcpy(padded + (f * plane_rows_ + top_ + row) * stride_ + left_,
                        dy + (f * shape_.oh + row) * shape_.ow, static_cast<std::size_t>(shape_.ow) * sizeof(float));
}

void ThinGradient::image(const float* dy, float* dx, std::vector<float>& scratch) const {
    static const thin::SumRow sum_row = thin::best_sum_row();
    const ThinShape& s = shape_;
    // The zeros around the values are written once: `pad` fills the same places each time.
    const std::int64_t plane = plane_rows_ * stride_;
    scratch.resize(static_cast<std::size_t>(s.filters * plane + s.channels * row_width_), 0.0F);
    float* padded = scratch.data();
    float* sums = padded + s.filters * plane;
    pad(dy, padded);
    for (const Phase& phase : phases_)
        for (std::int64_t u = 0; u < phase.rows; ++u) {
            sum_row({padded + u * stride_, plane, phase.taps.data(), static_cast<std::int64_t>(phase.taps.size()),
                     phase.weights.data(), s.filters, sums, phase.columns, row_width_},
                    s.channels);
            for (std::int64_t c = 0; c < s.channels; ++c) {
                float* to = dx + (c * s.h + u * s.stride_h + phase.row) * s.w + phase.column;
                const float* from = sums + c * row_width_;
                for (std::int64_t v = 0; v < phase.columns; ++v) to[v * s.stride_w] = from[v];
            }
        }
}

}  // namespace bartizan::model::operators
