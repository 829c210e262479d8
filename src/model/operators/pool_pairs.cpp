#include "model/operators/pool_pairs.h"

#include <cstring>

#if defined(__x86_64__) && defined(__GNUC__)
#define BARTIZAN_AVX2 1
#include <immintrin.h>
#endif

namespace bartizan::model::operators {
namespace pairs {
namespace {

template <class T>
void pool(const T* top, const T* bottom, T* out, std::uint8_t* place, std::int64_t count) {
    for (std::int64_t j = 0; j < count; ++j) {
        const T window[] = {top[2 * j], top[2 * j + 1], bottom[2 * j], bottom[2 * j + 1]};
        std::uint8_t best = 0;
        for (std::uint8_t k = 1; k < 4; ++k)
            if (window[k] > window[best] || (window[k] != window[k] && window[best] == window[best])) best = k;
        out[j] = window[best];
        place[j] = best;
    }
}

template <class T>
void spread(const T* gradient, const std::uint8_t* place, T* top, T* bottom, std::int64_t count) {
    for (std::int64_t j = 0; j < count; ++j) {
        const T g = gradient[j];
        top[2 * j] = place[j] == 0 ? g : T(0);
        top[2 * j + 1] = place[j] == 1 ? g : T(0);
        bottom[2 * j] = place[j] == 2 ? g : T(0);
        bottom[2 * j + 1] = place[j] == 3 ? g : T(0);
    }
}

#ifdef BARTIZAN_AVX2

#define BARTIZAN_TARGET __attribute__((target("avx2"), always_inline)) inline

/// A value and its place in the window, four or eight side by side.
struct Four {
    using Float = __m128;
    static constexpr std::int64_t kWidth = 4;
    BARTIZAN_TARGET static Float better(Float b, Float a) {  // b > a, or b is the first NaN
        const Float nan = _mm_andnot_ps(_mm_cmpunord_ps(a, a), _mm_cmpunord_ps(b, b));
        return _mm_or_ps(_mm_cmpgt_ps(b, a), nan);
    }
    BARTIZAN_TARGET static Float pick(Float a, Float b, Float take_b) { return _mm_blendv_ps(a, b, take_b); }
    BARTIZAN_TARGET static void load(const float* from, Float& even, Float& odd) {
        const Float low = _mm_loadu_ps(from), high = _mm_loadu_ps(from + 4);
        even = _mm_shuffle_ps(low, high, 0x88);
        odd = _mm_shuffle_ps(low, high, 0xDD);
    }
    BARTIZAN_TARGET static Float number(int value) { return _mm_castsi128_ps(_mm_set1_epi32(value)); }
    BARTIZAN_TARGET static void store(float* out, Float values, std::uint8_t* place, Float numbers) {
        _mm_storeu_ps(out, values);
        const __m128i words = _mm_packs_epi32(_mm_castps_si128(numbers), _mm_setzero_si128());
        const int bytes = _mm_cvtsi128_si32(_mm_packus_epi16(words, words));
        std::memcpy(place, &bytes, sizeof bytes);
    }
    BARTIZAN_TARGET static void spread(const float* gradient, const std::uint8_t* place, float* top, float* bottom) {
        int bytes = 0;
        std::memcpy(&bytes, place, sizeof bytes);
        const __m128i at = _mm_cvtepu8_epi32(_mm_cvtsi32_si128(bytes));
        const Float g = _mm_loadu_ps(gradient);
        const auto at_number = [&](int k) __attribute__((target("avx2"), always_inline)) {
            return _mm_and_ps(g, _mm_castsi128_ps(_mm_cmpeq_epi32(at, _mm_set1_epi32(k))));
        };
        const Float a = at_number(0), b = at_number(1), c = at_number(2), d = at_number(3);
        _mm_storeu_ps(top, _mm_unpacklo_ps(a, b));
        _mm_storeu_ps(top + 4, _mm_unpackhi_ps(a, b));
        _mm_storeu_ps(bottom, _mm_unpacklo_ps(c, d));
        _mm_storeu_ps(bottom + 4, _mm_unpackhi_ps(c, d));
    }
};

struct Eight {
    using Float = __m256;
    static constexpr std::int64_t kWidth = 8;
    BARTIZAN_TARGET static Float better(Float b, Float a) {
        const Float nan = _mm256_andnot_ps(_mm256_cmp_ps(a, a, _CMP_UNORD_Q), _mm256_cmp_ps(b, b, _CMP_UNORD_Q));
        return _mm256_or_ps(_mm256_cmp_ps(b, a, _CMP_GT_OQ), nan);
    }
    BARTIZAN_TARGET static Float pick(Float a, Float b, Float take_b) { return _mm256_blendv_ps(a, b, take_b); }
    /// In the order 0 1 4 5 2 3 6 7; `store` puts it right.
    BARTIZAN_TARGET static void load(const float* from, Float& even, Float& odd) {
        const Float low = _mm256_loadu_ps(from), high = _mm256_loadu_ps(from + 8);
        even = _mm256_shuffle_ps(low, high, 0x88);
        odd = _mm256_shuffle_ps(low, high, 0xDD);
    }
    BARTIZAN_TARGET static Float number(int value) { return _mm256_castsi256_ps(_mm256_set1_epi32(value)); }
    BARTIZAN_TARGET static void store(float* out, Float values, std::uint8_t* place, Float numbers) {
        const __m256d right = _mm256_permute4x64_pd(_mm256_castps_pd(values), 0xD8);
        _mm256_storeu_ps(out, _mm256_castpd_ps(right));
        const __m256i whole = _mm256_permute4x64_epi64(_mm256_castps_si256(numbers), 0xD8);
        const __m128i words = _mm_packs_epi32(_mm256_castsi256_si128(whole), _mm256_extracti128_si256(whole, 1));
        _mm_storel_epi64(reinterpret_cast<__m128i*>(place), _mm_packus_epi16(words, words));
    }
    BARTIZAN_TARGET static void spread(const float* gradient, const std::uint8_t* place, float* top, float* bottom) {
        const __m256i at = _mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(place)));
        const Float g = _mm256_loadu_ps(gradient);
        const auto at_number = [&](int k) __attribute__((target("avx2"), always_inline)) {
            return _mm256_and_ps(g, _mm256_castsi256_ps(_mm256_cmpeq_epi32(at, _mm256_set1_epi32(k))));
        };
        interleave(at_number(0), at_number(1), top);
        interleave(at_number(2), at_number(3), bottom);
    }
    BARTIZAN_TARGET static void interleave(Float a, Float b, float* row) {
        const Float low = _mm256_unpacklo_ps(a, b), high = _mm256_unpackhi_ps(a, b);
        _mm256_storeu_ps(row, _mm256_permute2f128_ps(low, high, 0x20));
        _mm256_storeu_ps(row + 8, _mm256_permute2f128_ps(low, high, 0x31));
    }
};

template <class Lanes>
BARTIZAN_TARGET void pool_lanes(const float* top, const float* bottom, float* out, std::uint8_t* place) {
    typename Lanes::Float a, b, c, d;
    Lanes::load(top, a, b);
    Lanes::load(bottom, c, d);
    const auto second = Lanes::better(b, a), fourth = Lanes::better(d, c);
    const auto above = Lanes::pick(a, b, second), below = Lanes::pick(c, d, fourth);
    const auto lower = Lanes::better(below, above);
    Lanes::store(out, Lanes::pick(above, below, lower), place,
                 Lanes::pick(Lanes::pick(Lanes::number(0), Lanes::number(1), second),
                             Lanes::pick(Lanes::number(2), Lanes::number(3), fourth), lower));
}

// The last lanes of a row overlap the ones before: writing a value twice is cheaper than a scalar rest.
template <class Lanes>
BARTIZAN_TARGET void pool_row(const float* top, const float* bottom, float* out, std::uint8_t* place,
                              std::int64_t count) {
    for (std::int64_t j = 0; j < count; j += Lanes::kWidth) {
        const std::int64_t at = j + Lanes::kWidth <= count ? j : count - Lanes::kWidth;
        pool_lanes<Lanes>(top + 2 * at, bottom + 2 * at, out + at, place + at);
    }
}
template <class Lanes>
BARTIZAN_TARGET void spread_row(const float* gradient, const std::uint8_t* place, float* top, float* bottom,
                                std::int64_t count) {
    for (std::int64_t j = 0; j < count; j += Lanes::kWidth) {
        const std::int64_t at = j + Lanes::kWidth <= count ? j : count - Lanes::kWidth;
        Lanes::spread(gradient + at, place + at, top + 2 * at, bottom + 2 * at);
    }
}

__attribute__((target("avx2"))) void pool_avx2(const float* top, const float* bottom, float* out, std::uint8_t* place,
                                               std::int64_t count) {
    if (count >= Eight::kWidth) return pool_row<Eight>(top, bottom, out, place, count);
    if (count >= Four::kWidth) return pool_row<Four>(top, bottom, out, place, count);
    pool(top, bottom, out, place, count);
}
__attribute__((target("avx2"))) void spread_avx2(const float* gradient, const std::uint8_t* place, float* top,
                                                 float* bottom, std::int64_t count) {
    if (count >= Eight::kWidth) return spread_row<Eight>(gradient, place, top, bottom, count);
    if (count >= Four::kWidth) return spread_row<Four>(gradient, place, top, bottom, count);
    spread(gradient, place, top, bottom, count);
}

bool has_avx2() {
    static const bool has = __builtin_cpu_supports("avx2") != 0;
    return has;
}

#endif

}  // namespace
}  // namespace pairs

void pool_pairs(const float* top, const float* bottom, float* out, std::uint8_t* place, std::int64_t count) {
#ifdef BARTIZAN_AVX2
    if (pairs::has_avx2()) return pairs::pool_avx2(top, bottom, out, place, count);
#endif
    pairs::pool(top, bottom, out, place, count);
}
void pool_pairs(const double* top, const double* bottom, double* out, std::uint8_t* place, std::int64_t count) {
    pairs::pool(top, bottom, out, place, count);
}
void spread_pairs(const float* gradient, const std::uint8_t* place, float* top, float* bottom, std::int64_t count) {
#ifdef BARTIZAN_AVX2
    if (pairs::has_avx2()) return pairs::spread_avx2(gradient, place, top, bottom, count);
#endif
    pairs::spread(gradient, place, top, bottom, count);
}
void spread_pairs(const double* gradient, const std::uint8_t* place, double* top, double* bottom, std::int64_t count) {
    pairs::spread(gradient, place, top, bottom, count);
}

}  // namespace bartizan::model::operators
