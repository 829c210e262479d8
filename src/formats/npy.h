#pragma once
/// NumPy's .npy format, versions 1 to 3 (NumPy Enhancement Proposal 1): a header that is read without evaluating it,
/// then numbers. Object arrays hold pickles and are refused.
/// Thread rule: pure functions.

#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "bartizan/ndarray.h"
#include "bartizan/result.h"
#include "formats/bytes.h"

namespace bartizan::formats {

/// Fixed-width text (`<U8`, `|S8`), row-major, trailing NULs dropped, as UTF-8.
struct TextArray {
    Shape shape;
    std::vector<std::string> values;
};
using NpyContent = std::variant<NdArray, TextArray>;

/// `owner` keeps `bytes` alive: an array in C order and the machine's byte order is a view of them, others are
/// converted. Fails with `invalid_input` on a bad header or a size that is not what the shape asks for (saying where),
/// `unsupported` on objects, records, complex numbers.
Result<NpyContent> parse_npy(Bytes bytes, std::shared_ptr<const void> owner);
/// The same for an array of numbers.
Result<NdArray> parse_npy_array(Bytes bytes, std::shared_ptr<const void> owner);

/// A .npy file of version 1. bfloat16, which NumPy lacks, is `unsupported`.
Result<std::string> make_npy(const NdArray& array);
/// A .npy file of fixed-width text (`<U`).
std::string make_npy_text(const std::vector<std::string>& values);

}  // namespace bartizan::formats
