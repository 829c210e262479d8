#include "scan/binary/weights.h"

#include <algorithm>
#include <cstring>

#include <fmt/format.h>

#include "scan/say.h"
#include "scan/tensors/low_bits.h"

namespace bartizan::scan {
namespace {

constexpr std::uint64_t kWindows = 8;
constexpr std::uint64_t kWindow = std::uint64_t{16} << 10;      // bytes
constexpr std::uint64_t kSmallWindow = std::uint64_t{4} << 10;  // once the generous part is spent
constexpr int kMaxReported = 20;

/// Where the exponent lies in a number's bits, and which exponents mean something.
template <class Bits>
struct Layout {
    Bits exponent;  ///< mask
    Bits absurd;    ///< exponents from here on, as they lie in the mask
};

template <class Bits>
Census count(Bytes values, const Layout<Bits>& layout) {
    Census census;
    census.looked = values.size() / sizeof(Bits);
    const auto bits_at = [&](std::uint64_t i) {
        Bits bits;
        std::memcpy(&bits, values.data() + i * sizeof(Bits), sizeof bits);
        return bits;
    };
    std::uint64_t suspects = 0;  // a plain loop, vectorised; the rest runs on files that have something to tell
    for (std::uint64_t i = 0; i < census.looked; ++i)
        suspects += (bits_at(i) & layout.exponent) >= layout.absurd ? 1 : 0;
    for (std::uint64_t i = 0; suspects > 0 && i < census.looked; ++i) {
        const Bits bits = bits_at(i), exponent = static_cast<Bits>(bits & layout.exponent);
        const auto fraction = static_cast<Bits>(bits & (((layout.exponent & -layout.exponent)) - 1));
        if (exponent == layout.exponent)
            ++(fraction == 0 ? census.infinite : census.nan);
        else if (exponent >= layout.absurd)
            ++census.absurd;
    }
    return census;
}

template <class Bits>
constexpr Bits exponent_bits(int exponent, int bias, int shift) {
    return static_cast<Bits>(static_cast<Bits>(exponent + bias) << shift);
}

}  // namespace

std::optional<Float> float_of(std::string_view dtype) {
    constexpr std::pair<std::string_view, Float> kNames[] = {
        {"F16", Float::f16}, {"BF16", Float::bf16}, {"F32", Float::f32}, {"F64", Float::f64},
        {"<f2", Float::f16}, {"<f4", Float::f32},   {"<f8", Float::f64}};
    for (const auto& [name, kind] : kNames)
        if (name == dtype) return kind;
    return std::nullopt;
}

Census census_of(Bytes values, Float kind) {
    switch (kind) {
        case Float::f16:
            return count<std::uint16_t>(values, {0x7c00, 0x7c00});
        case Float::bf16:
            return count<std::uint16_t>(values, {0x7f80, exponent_bits<std::uint16_t>(kAbsurdExponent, 127, 7)});
        case Float::f32:
            return count<std::uint32_t>(values, {0x7f800000U, exponent_bits<std::uint32_t>(kAbsurdExponent, 127, 23)});
        case Float::f64:
            return count<std::uint64_t>(values,
                                        {0x7ff0000000000000U, exponent_bits<std::uint64_t>(kAbsurdExponent, 1023, 52)});
    }
    return {};
}

void WeightsJudge::tensor(Bytes values, Float kind, std::string_view name, std::uint64_t offset) {
    const std::uint64_t window = left_ > kWindows * kWindow ? kWindow : kSmallWindow;
    Census census;
    const auto look = [&](std::uint64_t at, std::uint64_t size) {
        const Census part =
            census_of(values.subspan(static_cast<std::size_t>(at), static_cast<std::size_t>(size)), kind);
        census.looked += part.looked;
        census.nan += part.nan;
        census.infinite += part.infinite;
        census.absurd += part.absurd;
        left_ -= std::min(left_, size);
    };
    if (values.size() <= kWindows * window) {
        look(0, values.size());
    } else {
        const std::uint64_t step = (values.size() - window) / (kWindows - 1) / 8 * 8;  // 8: no number is cut
        for (std::uint64_t i = 0; i < kWindows; ++i) look(i * step, window);
    }
    // The low bits are looked at while there is something left of the generous part.
    if (left_ > 0) judge_low_bits(values, kind, name, offset, context_);
    give_back(context_, values);
    if (!census.odd() || reported_++ >= kMaxReported) return;
    note(context_, rule::kNotFinite, "weights that are not finite, or absurdly large", offset,
         fmt::format("{}: {} NaN, {} infinite, {} beyond 2^{} of {} values looked at", excerpt(name, 80), census.nan,
                     census.infinite, census.absurd, kAbsurdExponent, census.looked));
}

}  // namespace bartizan::scan
