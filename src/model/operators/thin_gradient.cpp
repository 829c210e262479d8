#include "model/operators/thin_gradient.h"

#include <algorithm>
#include <cstring>

namespace bartizan::model::operators {
namespace thin {
namespace {

// Values of a row that are made side by side; rows are padded to whole blocks.
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

struct RowsJob {
    const float* padded;
    std::int64_t plane, stride;  // of the padded values: from filter to filter, from row to row
    const std::int64_t* taps;
    std::int64_t tap_count;
    const float* weights;
    std::int64_t filters;
    float* sums;  // [rows, channels, sums_stride]
    std::int64_t width, sums_stride;
};

/// Sums of `Rows` rows, a block of values of each at a time: weights times padded values over filters and taps. All
/// totals stay in registers (`Parts` of `Width` floats a block), enough of them that no product waits for the one
/// before it.
template <int Width, int Parts, int Rows, int Channels>
[[gnu::always_inline]] inline void sum_rows_of(const RowsJob& job) {
    using Lanes [[gnu::vector_size(Width * sizeof(float)), gnu::aligned(4), gnu::may_alias]] = float;
    for (std::int64_t at = 0; at < job.width; at += Width * Parts) {
        Lanes total[Rows][Channels][Parts] = {};
        const float* plane = job.padded + at;
        const float* weights = job.weights;
        for (std::int64_t f = 0; f < job.filters; ++f, plane += job.plane)
            for (std::int64_t t = 0; t < job.tap_count; ++t, weights += Channels)
#pragma GCC unroll 8
                for (int row = 0; row < Rows; ++row)
#pragma GCC unroll 8
                    for (int part = 0; part < Parts; ++part) {
                        const Lanes values =
                            *reinterpret_cast<const Lanes*>(plane + job.taps[t] + row * job.stride + part * Width);
#pragma GCC unroll 8
                        for (int c = 0; c < Channels; ++c) total[row][c][part] += weights[c] * values;
                    }
#pragma GCC unroll 8
        for (int row = 0; row < Rows; ++row)
#pragma GCC unroll 8
            for (int c = 0; c < Channels; ++c)
#pragma GCC unroll 8
                for (int part = 0; part < Parts; ++part)
                    *reinterpret_cast<Lanes*>(job.sums + (row * Channels + c) * job.sums_stride + at + part * Width) =
                        total[row][c][part];
    }
}

// Channels, and rows of the output, that are summed together: as many as registers hold.
constexpr std::int64_t kMostChannels = 4, kMostRows = 4;
constexpr std::int64_t rows_together(std::int64_t channels) { return channels == 1 ? kMostRows : 2; }

template <int Width, int Parts>
[[gnu::always_inline]] inline void sum_rows_any(const RowsJob& job, std::int64_t rows, std::int64_t channels) {
    switch (channels) {
        case 1:
            return rows == 1 ? sum_rows_of<Width, Parts, 1, 1>(job) : sum_rows_of<Width, Parts, kMostRows, 1>(job);
        case 2:
            return rows == 1 ? sum_rows_of<Width, Parts, 1, 2>(job) : sum_rows_of<Width, Parts, 2, 2>(job);
        case 3:
            return rows == 1 ? sum_rows_of<Width, Parts, 1, 3>(job) : sum_rows_of<Width, Parts, 2, 3>(job);
        default:
            return rows == 1 ? sum_rows_of<Width, Parts, 1, 4>(job) : sum_rows_of<Width, Parts, 2, 4>(job);
    }
}

/// Rows of at most half a block take one register where the others take two.
template <int Width>
[[gnu::always_inline]] inline void sum_rows_best(const RowsJob& job, std::int64_t rows, std::int64_t channels) {
    constexpr int kHalf = kBlock / 2 / Width;
    if (kHalf > 0 && job.width <= kBlock / 2)
        return sum_rows_any < Width, kHalf == 0 ? 1 : kHalf > (job, rows, channels);
    sum_rows_any<Width, kBlock / Width>(job, rows, channels);
}

void sum_rows_plain(const RowsJob& job, std::int64_t rows, std::int64_t channels) {
    sum_rows_best<4>(job, rows, channels);
}
#if defined(__x86_64__) && defined(__GNUC__)
[[gnu::target("avx2,fma")]] void sum_rows_avx2(const RowsJob& job, std::int64_t rows, std::int64_t channels) {
    sum_rows_best<8>(job, rows, channels);
}
[[gnu::target("avx512f,fma")]] void sum_rows_avx512(const RowsJob& job, std::int64_t rows, std::int64_t channels) {
    sum_rows_best<16>(job, rows, channels);
}
#endif

using SumRows = void (*)(const RowsJob&, std::int64_t, std::int64_t);
SumRows best_sum_rows() {
#if defined(__x86_64__) && defined(__GNUC__)
    if (__builtin_cpu_supports("avx512f")) return sum_rows_avx512;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return sum_rows_avx2;
#endif
    return sum_rows_plain;
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
        for (std::int64_t first = 0; first < s.channels; first += thin::kMostChannels)
            for (std::int64_t f = 0; f < s.filters; ++f)
                each_tap(phase, [&](std::int64_t i, std::int64_t j, std::int64_t, std::int64_t) {
                    for (std::int64_t c = first; c < std::min(s.channels, first + thin::kMostChannels); ++c)
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
    static const thin::SumRows sum_rows = thin::best_sum_rows();
    const ThinShape& s = shape_;
    // The zeros around the values are written once: `pad` fills the same places each time.
    const std::int64_t plane = plane_rows_ * stride_;
    scratch.resize(static_cast<std::size_t>(s.filters * plane + thin::kMostRows * thin::kMostChannels * row_width_),
                   0.0F);
    float* padded = scratch.data();
    float* sums = padded + s.filters * plane;
    pad(dy, padded);
    for (const Phase& phase : phases_) {
        const auto taps = static_cast<std::int64_t>(phase.taps.size());
        for (std::int64_t first = 0; first < s.channels; first += thin::kMostChannels) {
            const std::int64_t channels = std::min(thin::kMostChannels, s.channels - first);
            const float* weights = phase.weights.data() + first * s.filters * taps;
            for (std::int64_t u = 0, rows = 0; u < phase.rows; u += rows) {
                rows = phase.rows - u >= thin::rows_together(channels) ? thin::rows_together(channels) : 1;
                sum_rows({padded + u * stride_, plane, stride_, phase.taps.data(), taps, weights, s.filters, sums,
                          phase.columns, row_width_},
                         rows, channels);
                for (std::int64_t line = 0; line < rows * channels; ++line) {
                    const std::int64_t row = u + line / channels, c = first + line % channels;
                    float* to = dx + (c * s.h + row * s.stride_h + phase.row) * s.w + phase.column;
                    const float* from = sums + line * row_width_;
                    for (std::int64_t v = 0; v < phase.columns; ++v) to[v * s.stride_w] = from[v];
                }
            }
        }
    }
}

}  // namespace bartizan::model::operators
