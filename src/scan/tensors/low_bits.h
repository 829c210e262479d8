#pragma once
/// Payloads carried in the low bits of weights (EvilModel, arXiv:2107.08590; StegoNet, ACSAC 2020): one to four bits of
/// each number, or its low bytes, put together give a program, an archive, a pickle or text. Bits that were encrypted
/// first look like the noise that low bits are and are not found; what is found is therefore certain, and the rest is
/// measured: a plane of bits whose ones or runs are not those of noise is noted (monobit and runs tests, NIST SP
/// 800-22, sections 2.1 and 2.3).
/// Thread rule: as Context.

#include <string_view>
#include <vector>

#include "scan/binary/weights.h"

namespace bartizan::scan {

/// How a payload may be cut up over the numbers.
struct BitPattern {
    int bits = 1;             ///< of each number; whole bytes from 8 on
    bool high_first = false;  ///< the first of them goes to the high end
};
/// Those that numbers of this kind have room for, below their leading bits.
std::vector<BitPattern> bit_patterns(Float kind);
/// The first `count` bytes of what lies in the low bits so, fewer when the numbers end before.
std::vector<std::byte> take_low_bits(Bytes values, Float kind, BitPattern pattern, std::size_t count);

/// How far the planes of the lowest bits are from noise.
struct BitNoise {
    int planes = 0;       ///< looked at
    int used = 0;         ///< hold both zeros and ones
    double monobit = 0;   ///< the largest |z| of a used plane
    double runs = 0;      ///< the largest |z| of a used plane
    bool varied = false;  ///< most numbers differ: on a grid low bits are no noise, and nothing follows
};
BitNoise bit_noise(Bytes values, Float kind);

/// Reports a payload (its content judged), or notes bits that are no noise. Looks at the beginning of the tensor, where
/// every published tool begins. O(1) in the size of the tensor.
void judge_low_bits(Bytes values, Float kind, std::string_view name, std::uint64_t offset, const Context& context);

}  // namespace bartizan::scan
