#include "scan/tensors/low_bits.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <set>

#include <fmt/format.h>

#include "formats/bytes.h"
#include "scan/program.h"
#include "scan/say.h"
#include "scan/text/words.h"
#include "scan/torch/opcode.h"

namespace bartizan::scan {
namespace {

using formats::as_text;

/// Tools put a length, or a mark of their own, before the payload.
constexpr std::size_t kMostBefore = 16;
constexpr std::size_t kHead = 96;
constexpr std::size_t kPayload = std::size_t{256} << 10;
constexpr std::size_t kTextRun = 64;
/// Numbers of which the planes are tested, and how many of them there have to be.
constexpr std::size_t kMeasured = 4'096, kLeastMeasured = 2'048;
/// |z| that noise does not reach: 2e-15 for one plane, 1e-9 for all that a large file has.
constexpr double kNoNoise = 8;

std::size_t size_of(Float kind) { return kind == Float::f64 ? 8 : kind == Float::f32 ? 4 : 2; }
/// Bits of the fraction that carry next to nothing.
int noise_bits(Float kind) { return kind == Float::bf16 ? 2 : kind == Float::f16 ? 4 : 8; }

/// Marks of four bytes and more, and a gzip header whose fields make sense: random bytes do not have them.
bool begins_as_payload(Bytes bytes) {
    using namespace std::string_view_literals;
    const std::string_view text = as_text(bytes);
    for (const std::string_view mark : {"\x7f"
                                        "ELF"sv,
                                        "MZ\x90\0\3\0"sv, "PK\3\4"sv, "7z\xbc\xaf\x27\x1c"sv,
                                        "\xfd"
                                        "7zXZ\0"sv,
                                        "BZh91AY&SY"sv, "\x28\xb5\x2f\xfd"sv, "#!/bin/"sv, "#!/usr/"sv, "%PDF-1"sv})
        if (text.starts_with(mark)) return true;
    if (text.size() >= 10 && text.starts_with("\x1f\x8b\x08"))
        return (text[3] & '\xe0') == 0 && (text[8] == 0 || text[8] == 2 || text[8] == 4) &&
               (text[9] == 3 || text[9] == 0 || text[9] == '\xff' || text[9] == 11);
    // A pickle: its mark is short, so a row of valid opcodes has to follow it.
    return text.size() > 16 && text[0] == '\x80' && text[1] >= 2 && text[1] <= 5 && starts_as_pickle(bytes);
}

std::string_view text_run(Bytes bytes) {
    const std::string_view text = as_text(bytes);
    std::size_t size = 0;
    while (size < text.size() && ((text[size] >= ' ' && text[size] <= '~') || text[size] == '\n' || text[size] == '\t'))
        ++size;
    // One number again and again has one byte again and again.
    constexpr std::size_t kLeastLetters = 10;
    const std::set<char> letters(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(size));
    return size >= kTextRun && letters.size() >= kLeastLetters ? text.substr(0, size) : std::string_view();
}

std::string describe(BitPattern pattern) {
    const bool bytes = pattern.bits >= 8;
    const int count = bytes ? pattern.bits / 8 : pattern.bits;
    const std::string_view what = bytes ? "byte" : "bit";
    return count == 1 ? fmt::format("the lowest {} of each number holds", what)
                      : fmt::format("the lowest {} {}s of each number hold", count, what);
}

/// True when a payload was reported.
bool judge_pattern(Bytes values, Float kind, BitPattern pattern, std::string_view name, std::uint64_t offset,
                   const Context& context) {
    const std::vector<std::byte> head = take_low_bits(values, kind, pattern, kHead);
    const Bytes bytes(head);
    for (std::size_t before = 0; before <= std::min(kMostBefore, head.size()); ++before) {
        const Bytes from = bytes.subspan(before);
        const std::string_view text = text_run(from);
        if (text.empty() && !begins_as_payload(from)) continue;
        const std::vector<std::byte> all = take_low_bits(values, kind, pattern, kPayload);
        const Bytes payload = Bytes(all).subspan(before);
        FileResult scratch;
        Context inner = context;
        Context trial{.result = scratch, .budget = inner.budget, .member = context.member, .depth = context.depth + 1};
        trial.base = context.base + offset;
        judge_content(payload, trial);
        const Format* format = format_of(payload);
        if (as_text(from).starts_with('\x80') && scratch.verdict != Verdict::malicious) continue;
        for (const Issue& issue : scratch.issues)
            if (issue.verdict == Verdict::malicious) context.report(issue);
        unproven(context, rule::kStegano, "a payload in the low bits of the weights", offset,
                 fmt::format("{}: {} {}{}", excerpt(name, 80), describe(pattern),
                             text.empty() ? (format == nullptr ? "a file" : format->name) : std::string_view("text: "),
                             excerpt(text.substr(0, 120))));
        return true;
    }
    return false;
}

/// Sums of the eight low bits at once, one byte lane for each.
class Lanes {
public:
    void add(std::uint8_t bits) {
        constexpr std::uint64_t kOnes = 0x0101010101010101U, kDiagonal = 0x8040201008040201U;
        const std::uint64_t spread = (bits * kOnes) & kDiagonal;
        lanes_ += ((spread + (kOnes * 0x7f)) >> 7) & kOnes;  // every lane that is not zero gives one
        if (++held_ == 255) flush();
    }
    std::uint64_t sum(int plane) {
        flush();
        return sums_[static_cast<std::size_t>(plane)];
    }

private:
    void flush() {
        for (std::size_t i = 0; i < 8; ++i) sums_[i] += lanes_ >> (8 * i) & 0xff;
        lanes_ = 0;
        held_ = 0;
    }
    std::uint64_t lanes_ = 0;
    int held_ = 0;
    std::array<std::uint64_t, 8> sums_{};
};

/// About how many different numbers there are: one bit for each of 2^16 hashes.
class Distinct {
public:
    void add(std::uint64_t bits) {
        constexpr std::uint64_t kGolden = 0x9e3779b97f4a7c15U;
        const std::uint64_t hash = (bits * kGolden) >> 48;
        seen_[hash / 64] |= std::uint64_t{1} << (hash % 64);
    }
    std::size_t count() const {
        std::size_t out = 0;
        for (const std::uint64_t word : seen_) out += static_cast<std::size_t>(std::popcount(word));
        return out;
    }

private:
    std::array<std::uint64_t, 1024> seen_{};
};

}  // namespace

std::vector<BitPattern> bit_patterns(Float kind) {
    // The widest first: what fills three bytes shows in one of them too.
    std::vector<BitPattern> out;
    for (int count = kind == Float::f64 ? 6 : kind == Float::f32 ? 3 : kind == Float::f16 ? 1 : 0; count > 0; --count) {
        out.push_back({8 * count, false});
        if (count > 1) out.push_back({8 * count, true});
    }
    for (const int bits : {4, 2, 1})
        for (const bool high_first : {false, true}) out.push_back({bits, high_first});
    return out;
}

std::vector<std::byte> take_low_bits(Bytes values, Float kind, BitPattern pattern, std::size_t count) {
    const std::size_t size = size_of(kind), numbers = values.size() / size;
    std::vector<std::byte> out;
    if (pattern.bits >= 8) {
        const auto each = static_cast<std::size_t>(pattern.bits / 8);
        for (std::size_t i = 0; i < numbers && out.size() < count; ++i)
            for (std::size_t k = 0; k < each; ++k)
                out.push_back(values[i * size + (pattern.high_first ? each - 1 - k : k)]);
        out.resize(std::min(out.size(), count));
        return out;
    }
    unsigned byte = 0;
    int have = 0;
    const unsigned mask = (1U << pattern.bits) - 1;
    for (std::size_t i = 0; i < numbers && out.size() < count; ++i) {
        const unsigned bits = std::to_integer<unsigned>(values[i * size]) & mask;
        byte = pattern.high_first ? byte << pattern.bits | bits : byte | bits << have;
        have += pattern.bits;
        if (have < 8) continue;
        out.push_back(static_cast<std::byte>(byte));
        byte = 0;
        have = 0;
    }
    return out;
}

BitNoise bit_noise(Bytes values, Float kind) {
    const std::size_t size = size_of(kind);
    BitNoise noise{.planes = noise_bits(kind)};
    Distinct seen;
    Lanes ones, changes;
    std::uint64_t count = 0;
    std::uint8_t last = 0;
    for (std::size_t i = 0; i < values.size() / size && count < kMeasured; ++i) {
        std::uint64_t bits = 0;
        std::memcpy(&bits, values.data() + i * size, size);
        if (bits == 0) continue;  // pruned, or not trained
        seen.add(bits);
        const auto low = static_cast<std::uint8_t>(bits);
        ones.add(low);
        if (count++ > 0) changes.add(low ^ last);
        last = low;
    }
    noise.varied = count >= kLeastMeasured && seen.count() > count / 2;
    if (count < 2) return noise;
    const auto n = static_cast<double>(count);
    for (int plane = 0; plane < noise.planes; ++plane) {
        const auto k = static_cast<double>(ones.sum(plane));
        if (k == 0 || k == n) continue;
        ++noise.used;
        noise.monobit = std::max(noise.monobit, std::abs(2 * k - n) / std::sqrt(n));
        const double p = k / n, expected = 2 * n * p * (1 - p);
        const double runs = static_cast<double>(changes.sum(plane)) + 1;
        noise.runs = std::max(noise.runs, std::abs(runs - expected) / (2 * std::sqrt(n) * p * (1 - p)));
    }
    return noise;
}

void judge_low_bits(Bytes values, Float kind, std::string_view name, std::uint64_t offset, const Context& context) {
    for (const BitPattern pattern : bit_patterns(kind))
        if (judge_pattern(values, kind, pattern, name, offset, context)) return;
    const std::size_t begin = std::min(values.size(), kMeasured * size_of(kind));
    const BitNoise noise = bit_noise(values.first(begin), kind);
    // Ones that are too many come about by rounding; runs that are too long or too short do not.
    if (!noise.varied || noise.runs < kNoNoise) return;
    // Numbers that came from a narrower type have planes of zeros, and hardly noise in the others.
    if (noise.used < noise.planes) return;
    note(context, rule::kStegano, "low bits of the weights that are no noise", offset,
         fmt::format("{}: |z| {:.1f} for their number, {:.1f} for their runs", excerpt(name, 80), noise.monobit,
                     noise.runs));
}

}  // namespace bartizan::scan
