#pragma once
/// Tensors as they lie in a file. The judges of the formats tell each one that they pass, so that looking at weights,
/// comparing two files and converting one need no second parser of anything.
/// Thread rule: plain values; one collector, one thread.

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scan/judge.h"

namespace bartizan::scan {

struct StoredTensor {
    std::string name;
    std::string type;  ///< in the words of safetensors: "F32", "BF16", "I64"; GGUF's blocks in those of ggml: "Q4_K"
    std::vector<std::uint64_t> shape;
    std::vector<std::uint64_t> strides = {};  ///< in elements; empty: row-major, without gaps
    Bytes values = {};                        ///< from the first element on
};

/// Bits of one element of a safetensors type; 0: not known.
std::uint64_t element_bits(std::string_view type);
/// The product of the extents; nothing when it overflows.
std::optional<std::uint64_t> element_count(const std::vector<std::uint64_t>& shape);
/// The elements in row-major order: a view of `tensor.values` where they lie so, else written to `space`.
/// Empty where the values do not cover the shape.
Bytes row_major(const StoredTensor& tensor, std::vector<std::byte>& space);

/// What a file holds that is no tensor, or one that cannot be taken out.
struct LeftOut {
    std::string name, why;
};

class TensorCollector {
public:
    /// Values inside `home` are kept as views of it; others are copied.
    explicit TensorCollector(Bytes home) : home_(home) {}

    void add(StoredTensor tensor);
    void leave_out(std::string name, std::string why);

    std::vector<StoredTensor> tensors;
    std::vector<LeftOut> left_out;

    /// Of a torch checkpoint: views of storages whose bytes lie elsewhere, until torch/checkpoint_tensors.h puts them
    /// in.
    struct View {
        StoredTensor tensor;
        std::string storage;       ///< its key
        std::uint64_t offset = 0;  ///< of the first element
    };
    std::vector<View> views;
    bool foreign_order = false;  ///< its bytes lie in the order of another machine

private:
    Bytes home_;
    std::deque<std::vector<std::byte>> owned_;
    std::uint64_t room_ = std::uint64_t{4} << 30;  ///< for copies
};

/// More tensors in one file are left out.
inline constexpr std::size_t kMaxCollected = 1'000'000;

}  // namespace bartizan::scan
