#include "model/interleaved/kernels.h"

#include <algorithm>
#include <cstring>

// Written once for registers of any width; compiled for AVX2 and for whatever the machine has. Groups of four by two
// registers make eight totals that need not wait for one another and leave the loads fewer than the products.
#define BARTIZAN_INLINE [[gnu::always_inline]] inline

namespace bartizan::model::interleaved {
namespace kernels {
namespace {

template <int Width>
struct Registers {
    using Lanes [[gnu::vector_size(Width * sizeof(float)), gnu::aligned(4), gnu::may_alias]] = float;
    static constexpr int kParts = static_cast<int>(kLanes) / Width;
};

/// The taps of a window that lie on the input, along one axis.
struct Span {
    std::int64_t origin, begin, end;
};
BARTIZAN_INLINE Span span_of(std::int64_t out, std::int64_t stride, std::int64_t pad, std::int64_t kernel,
                             std::int64_t size) {
    const std::int64_t origin = out * stride - pad;
    const std::int64_t begin = std::max<std::int64_t>(0, -origin);
    return {origin, begin, std::max(begin, std::min(kernel, size - origin))};
}
BARTIZAN_INLINE Span rows_of(const Layer& s, std::int64_t oy) {
    return span_of(oy, s.stride_h, s.pad_h, s.kernel_h, s.h);
}
BARTIZAN_INLINE Span columns_of(const Layer& s, std::int64_t ox) {
    return span_of(ox, s.stride_w, s.pad_w, s.kernel_w, s.w);
}

/// `Group` filters at one place.
template <int Width, int Group>
BARTIZAN_INLINE void forward_group(const Layer& s, const float* x, const float* packed, const float* bias, float* y,
                                   const Span& rows, const Span& columns) {
    using Lanes = typename Registers<Width>::Lanes;
    constexpr int kParts = Registers<Width>::kParts;
    Lanes total[Group][kParts];
#pragma GCC unroll 8
    for (int g = 0; g < Group; ++g)
#pragma GCC unroll 8
        for (int part = 0; part < kParts; ++part) total[g][part] = Lanes{} + bias[g];
    const std::int64_t run = (columns.end - columns.begin) * s.channels;
    for (std::int64_t i = rows.begin; i < rows.end; ++i) {
        const float* from = x + ((rows.origin + i) * s.w + columns.origin + columns.begin) * s.channels * kLanes;
        const float* weight = packed + (i * s.kernel_w + columns.begin) * s.channels * Group;
        for (std::int64_t t = 0; t < run; ++t, from += kLanes, weight += Group)
#pragma GCC unroll 8
            for (int part = 0; part < kParts; ++part) {
                const Lanes value = *reinterpret_cast<const Lanes*>(from + part * Width);
#pragma GCC unroll 8
                for (int g = 0; g < Group; ++g) total[g][part] += weight[g] * value;
            }
    }
    const Lanes floor = s.rectified ? Lanes{} : Lanes{} - __builtin_inff();
#pragma GCC unroll 8
    for (int g = 0; g < Group; ++g)
#pragma GCC unroll 8
        for (int part = 0; part < kParts; ++part)
            *reinterpret_cast<Lanes*>(y + g * kLanes + part * Width) =
                floor > total[g][part] ? floor : total[g][part];  // NaN stays, as a Relu leaves it
}

template <int Width>
BARTIZAN_INLINE void forward_any(const Layer& s, const float* x, const float* packed, const float* bias, float* y) {
    for (std::int64_t oy = 0; oy < s.oh; ++oy)
        for (std::int64_t ox = 0; ox < s.ow; ++ox, y += s.filters * kLanes) {
            const Span rows = rows_of(s, oy), columns = columns_of(s, ox);
            std::int64_t f = 0;
            const auto group = [&]<int Group>() __attribute__((always_inline)) {
                forward_group<Width, Group>(s, x, packed + f * s.taps(), bias + f, y + f * kLanes, rows, columns);
                f += Group;
            };
            while (f + 4 <= s.filters) group.template operator()<4>();
            if (f + 2 <= s.filters) group.template operator()<2>();
            if (f < s.filters) group.template operator()<1>();
        }
}

/// Adds to `Group` values of the input, taps of one place; only those from `low` to `high` exist.
template <int Width, int Group>
BARTIZAN_INLINE void input_group(std::int64_t filters, const float* dy, const float* packed, float* dx,
                                 std::int64_t low, std::int64_t high) {
    using Lanes = typename Registers<Width>::Lanes;
    constexpr int kParts = Registers<Width>::kParts;
    Lanes total[Group][kParts] = {};
    for (std::int64_t f = 0; f < filters; ++f, dy += kLanes, packed += Group)
#pragma GCC unroll 8
        for (int part = 0; part < kParts; ++part) {
            const Lanes value = *reinterpret_cast<const Lanes*>(dy + part * Width);
#pragma GCC unroll 8
            for (int g = 0; g < Group; ++g) total[g][part] += packed[g] * value;
        }
    const bool whole = low <= 0 && high >= Group;
#pragma GCC unroll 8
    for (int g = 0; g < Group; ++g)
        if (whole || (g >= low && g < high))
#pragma GCC unroll 8
            for (int part = 0; part < kParts; ++part)
                *reinterpret_cast<Lanes*>(dx + g * kLanes + part * Width) += total[g][part];
}

/// One row of taps at one place.
template <int Width>
BARTIZAN_INLINE void input_row(const Layer& s, const float* dy, const float* packed, float* dx, std::int64_t low,
                               std::int64_t high) {
    const std::int64_t row = s.kernel_w * s.channels;
    std::int64_t t = 0;
    const auto group = [&]<int Group>() __attribute__((always_inline)) {
        if (t + Group > low && t < high)
            input_group<Width, Group>(s.filters, dy, packed + t * s.filters, dx + t * kLanes, low - t, high - t);
        t += Group;
    };
    while (t + 4 <= row) group.template operator()<4>();
    if (t + 2 <= row) group.template operator()<2>();
    if (t < row) group.template operator()<1>();
}

template <int Width>
BARTIZAN_INLINE void input_any(const Layer& s, const float* dy, const float* packed, float* dx) {
    std::memset(dx, 0, static_cast<std::size_t>(s.inputs() * kLanes) * sizeof(float));
    const std::int64_t row = s.kernel_w * s.channels;
    for (std::int64_t oy = 0; oy < s.oh; ++oy)
        for (std::int64_t ox = 0; ox < s.ow; ++ox, dy += s.filters * kLanes) {
            const Span rows = rows_of(s, oy), columns = columns_of(s, ox);
            for (std::int64_t i = rows.begin; i < rows.end; ++i)
                input_row<Width>(s, dy, packed + i * row * s.filters,
                                 dx + ((rows.origin + i) * s.w + columns.origin) * s.channels * kLanes,
                                 columns.begin * s.channels, columns.end * s.channels);
        }
}

template <int Width>
BARTIZAN_INLINE void mask_any(const float* y, float* dy, std::int64_t count) {
    using Lanes = typename Registers<Width>::Lanes;
    const Lanes zero = {};
    for (std::int64_t i = 0; i < count; i += Width) {
        const Lanes gradient = *reinterpret_cast<const Lanes*>(dy + i);
        *reinterpret_cast<Lanes*>(dy + i) = *reinterpret_cast<const Lanes*>(y + i) <= zero ? zero : gradient;
    }
}

/// The outputs along one axis for which tap `k` lies on the input: [begin, end).
struct Places {
    std::int64_t begin, end;
};
BARTIZAN_INLINE Places places_of(std::int64_t k, std::int64_t stride, std::int64_t pad, std::int64_t size,
                                 std::int64_t out) {
    const std::int64_t first = pad - k, last = size - 1 + pad - k;  // in steps of the input
    const std::int64_t begin = first <= 0 ? 0 : (first + stride - 1) / stride;
    const std::int64_t end = last < 0 ? 0 : std::min(out, last / stride + 1);
    return {begin, std::max(begin, end)};
}

template <int Width>
BARTIZAN_INLINE float sum_of(const typename Registers<Width>::Lanes& lanes) {
    float values[Width];
    std::memcpy(values, &lanes, sizeof values);
    for (int half = Width / 2; half > 0; half /= 2)
        for (int i = 0; i < half; ++i) values[i] += values[i + half];
    return values[0];
}

/// `Filters` by `Taps` weights: tap (i, j), channels from `c` on.
template <int Width, int Filters, int Taps>
BARTIZAN_INLINE void weight_group(const Layer& s, const Blocks& blocks, std::int64_t f, std::int64_t i, std::int64_t j,
                                  std::int64_t c, float* dw) {
    using Lanes = typename Registers<Width>::Lanes;
    Lanes total[Filters][Taps] = {};
    const Places rows = places_of(i, s.stride_h, s.pad_h, s.h, s.oh);
    const Places columns = places_of(j, s.stride_w, s.pad_w, s.w, s.ow);
    for (std::int64_t block = 0; block < blocks.count; ++block)
        for (std::int64_t oy = rows.begin; oy < rows.end; ++oy) {
            const std::int64_t iy = oy * s.stride_h - s.pad_h + i;
            const std::int64_t ix = columns.begin * s.stride_w - s.pad_w + j;
            const float* x = blocks.x + block * blocks.x_step + ((iy * s.w + ix) * s.channels + c) * kLanes;
            const float* dy =
                blocks.dy + block * blocks.dy_step + ((oy * s.ow + columns.begin) * s.filters + f) * kLanes;
            for (std::int64_t ox = columns.begin; ox < columns.end; ++ox) {
#pragma GCC unroll 8
                for (int part = 0; part < Registers<Width>::kParts; ++part) {
                    Lanes value[Taps];
#pragma GCC unroll 8
                    for (int t = 0; t < Taps; ++t)
                        value[t] = *reinterpret_cast<const Lanes*>(x + t * kLanes + part * Width);
#pragma GCC unroll 8
                    for (int g = 0; g < Filters; ++g) {
                        const Lanes slope = *reinterpret_cast<const Lanes*>(dy + g * kLanes + part * Width);
#pragma GCC unroll 8
                        for (int t = 0; t < Taps; ++t) total[g][t] += slope * value[t];
                    }
                }
                x += s.stride_w * s.channels * kLanes;
                dy += s.filters * kLanes;
            }
        }
    float* to = dw + f * s.taps() + (i * s.kernel_w + j) * s.channels + c;
    for (int g = 0; g < Filters; ++g)
        for (int t = 0; t < Taps; ++t) to[g * s.taps() + t] += sum_of<Width>(total[g][t]);
}

template <int Width, int Filters>
BARTIZAN_INLINE void weight_filters(const Layer& s, const Blocks& blocks, std::int64_t f, float* dw) {
    for (std::int64_t i = 0; i < s.kernel_h; ++i)
        for (std::int64_t j = 0; j < s.kernel_w; ++j) {
            std::int64_t c = 0;
            for (; c + 3 <= s.channels; c += 3) weight_group<Width, Filters, 3>(s, blocks, f, i, j, c, dw);
            for (; c < s.channels; ++c) weight_group<Width, Filters, 1>(s, blocks, f, i, j, c, dw);
        }
}

template <int Width>
BARTIZAN_INLINE void weight_any(const Layer& s, const Blocks& blocks, float* dw, float* db) {
    using Lanes = typename Registers<Width>::Lanes;
    std::int64_t f = 0;
    for (; f + 4 <= s.filters; f += 4) weight_filters<Width, 4>(s, blocks, f, dw);
    for (; f < s.filters; ++f) weight_filters<Width, 1>(s, blocks, f, dw);
    for (f = 0; f < s.filters; ++f) {
        Lanes total = {};
        for (std::int64_t block = 0; block < blocks.count; ++block)
            for (std::int64_t at = 0; at < s.oh * s.ow; ++at)
                for (int part = 0; part < Registers<Width>::kParts; ++part)
                    total += *reinterpret_cast<const Lanes*>(blocks.dy + block * blocks.dy_step +
                                                             (at * s.filters + f) * kLanes + part * Width);
        db[f] += sum_of<Width>(total);
    }
}

struct Loops {
    void (*forward)(const Layer&, const float*, const float*, const float*, float*);
    void (*input)(const Layer&, const float*, const float*, float*);
    void (*mask)(const float*, float*, std::int64_t);
    void (*weight)(const Layer&, const Blocks&, float*, float*);
};

void forward_plain(const Layer& s, const float* x, const float* packed, const float* bias, float* y) {
    forward_any<4>(s, x, packed, bias, y);
}
void input_plain(const Layer& s, const float* dy, const float* packed, float* dx) { input_any<4>(s, dy, packed, dx); }
void mask_plain(const float* y, float* dy, std::int64_t count) { mask_any<4>(y, dy, count); }
void weight_plain(const Layer& s, const Blocks& blocks, float* dw, float* db) { weight_any<4>(s, blocks, dw, db); }

#if defined(__x86_64__) && defined(__GNUC__)
#define BARTIZAN_AVX2 [[gnu::target("avx2,fma")]]
BARTIZAN_AVX2 void forward_avx2(const Layer& s, const float* x, const float* packed, const float* bias, float* y) {
    forward_any<8>(s, x, packed, bias, y);
}
BARTIZAN_AVX2 void input_avx2(const Layer& s, const float* dy, const float* packed, float* dx) {
    input_any<8>(s, dy, packed, dx);
}
BARTIZAN_AVX2 void mask_avx2(const float* y, float* dy, std::int64_t count) { mask_any<8>(y, dy, count); }
BARTIZAN_AVX2 void weight_avx2(const Layer& s, const Blocks& blocks, float* dw, float* db) {
    weight_any<8>(s, blocks, dw, db);
}
#undef BARTIZAN_AVX2
#endif

const Loops& loops() {
    static const Loops best = [] {
#if defined(__x86_64__) && defined(__GNUC__)
        if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
            return Loops{forward_avx2, input_avx2, mask_avx2, weight_avx2};
#endif
        return Loops{forward_plain, input_plain, mask_plain, weight_plain};
    }();
    return best;
}

}  // namespace
}  // namespace kernels

void forward(const Layer& layer, const float* x, const float* packed, const float* bias, float* y) {
    kernels::loops().forward(layer, x, packed, bias, y);
}

void input_gradient(const Layer& layer, const float* dy, const float* packed, float* dx) {
    kernels::loops().input(layer, dy, packed, dx);
}

void mask(const float* y, float* dy, std::int64_t count) { kernels::loops().mask(y, dy, count); }

void weight_gradient(const Layer& layer, const Blocks& blocks, float* dw, float* db) {
    kernels::loops().weight(layer, blocks, dw, db);
}

}  // namespace bartizan::model::interleaved

#undef BARTIZAN_INLINE
