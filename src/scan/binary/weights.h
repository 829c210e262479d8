#pragma once
/// Weights that are no weights: NaN, infinite, or of a size that no training leaves. They are no attack by themselves,
/// but a model that holds them is broken, or was patched by somebody who did not look. Large tensors are sampled in
/// windows spread evenly over them, so that the cost of a file is bounded. Thread rule: one allowance, one thread.

#include <cstdint>
#include <optional>
#include <string_view>

#include "scan/judge.h"

namespace bartizan::scan {

enum class Float : std::uint8_t { f16, bf16, f32, f64 };

/// "F32" of safetensors, "<f4" of NumPy; nothing for big-endian numbers and all that are no floats.
std::optional<Float> float_of(std::string_view dtype);

/// From here on (2^66, about 7e19) a weight is absurd; half precision does not reach that far.
inline constexpr int kAbsurdExponent = 66;

struct Census {
    std::uint64_t looked = 0;  ///< values
    std::uint64_t nan = 0, infinite = 0, absurd = 0;

    bool odd() const { return nan + infinite + absurd > 0; }
};
/// All values of `values`; a part of one at the end is left out.
Census census_of(Bytes values, Float kind);

/// What one file's weights may cost to look at.
class WeightsJudge {
public:
    explicit WeightsJudge(const Context& context) : context_(context) {}

    /// `offset` is of the tensor in the member.
    void tensor(Bytes values, Float kind, std::string_view name, std::uint64_t offset);

private:
    const Context& context_;
    std::uint64_t left_ = std::uint64_t{64} << 20;  ///< bytes that may still be read generously
    int reported_ = 0;
};

}  // namespace bartizan::scan
