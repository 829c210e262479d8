#pragma once
/// How two tensors of one name differ, measured: how many numbers, how far, in how many rows and columns, and whether
/// the change is of low rank, as edits of single facts (ROME, arXiv:2202.05262) and merged adapters (LoRA,
/// arXiv:2106.09685) are.
/// Thread rule: pure functions.

#include <string_view>

#include "scan/tensors/tensor.h"

namespace bartizan::scan {

enum class Change : std::uint8_t {
    same,
    added,
    removed,
    reshaped,
    quantised,   ///< B is A in fewer bits, or on a grid
    fine_tuned,  ///< most numbers moved a little
    low_rank,    ///< the change is a matrix of low rank: an adapter, or an edit
    patched,     ///< few rows, columns or numbers were replaced: the mark of a targeted edit
    rewritten,   ///< little in common
    other,       ///< bytes differ that are not read as numbers
};
std::string_view to_string(Change change);

struct TensorChange {
    std::string name;
    Change change = Change::same;
    std::string from, to;                            ///< "F32 [3, 4]"
    std::uint64_t elements = 0;                      ///< of A
    std::uint64_t changed = 0;                       ///< that differ
    std::uint64_t rows = 0, changed_rows = 0;        ///< along the first dimension
    std::uint64_t columns = 0, changed_columns = 0;  ///< all the others together
    double relative = 0;                             ///< |B - A| / |A| in the Frobenius norm
    double largest = 0;                              ///< of |b - a|
    int rank = 0;                       ///< of a low-rank change; 0: not measured, or higher than kMostRank
    std::vector<std::uint64_t> places;  ///< of a patched tensor: rows (or columns) that stand out, at most kMaxPlaces
    bool by_columns = false;            ///< the places are columns
};

inline constexpr int kMostRank = 16;
inline constexpr std::size_t kMaxPlaces = 64;

/// O(elements), O(elements * kMostRank) where a low rank is looked for; memory for one tensor as float.
TensorChange compare_tensors(const StoredTensor& a, const StoredTensor& b);

}  // namespace bartizan::scan
