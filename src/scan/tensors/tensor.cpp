#include "scan/tensors/tensor.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <utility>

namespace bartizan::scan {
namespace {

bool lies_row_major(const StoredTensor& tensor) {
    std::uint64_t expected = 1;
    for (std::size_t i = tensor.strides.size(); i-- > 0;) {
        if (tensor.shape[i] != 1 && tensor.strides[i] != expected) return false;
        expected *= tensor.shape[i];
    }
    return true;
}

/// The offset of the last element, in elements; nothing when it overflows.
std::optional<std::uint64_t> reach(const StoredTensor& tensor) {
    std::uint64_t last = 0, step = 0;
    for (std::size_t i = 0; i < tensor.shape.size(); ++i)
        if (__builtin_mul_overflow(tensor.shape[i] - 1, tensor.strides[i], &step) ||
            __builtin_add_overflow(last, step, &last))
            return std::nullopt;
    return last;
}

/// Copies along the last dimension, an element at a time, and counts the others up like an odometer.
void gather(const StoredTensor& tensor, std::size_t size, std::vector<std::byte>& out) {
    std::vector<std::uint64_t> at(tensor.shape.size(), 0);
    std::byte* to = out.data();
    std::uint64_t from = 0;
    for (std::size_t left = out.size() / size; left > 0; --left, to += size) {
        std::memcpy(to, tensor.values.data() + from * size, size);
        for (std::size_t i = tensor.shape.size(); i-- > 0;) {
            from += tensor.strides[i];
            if (++at[i] < tensor.shape[i]) break;
            from -= tensor.strides[i] * tensor.shape[i];
            at[i] = 0;
        }
    }
}

}  // namespace

std::uint64_t element_bits(std::string_view type) {
    constexpr std::pair<std::string_view, std::uint64_t> kBits[] = {
        {"BOOL", 8},    {"U8", 8},      {"I8", 8},   {"F8_E4M3", 8}, {"F8_E5M2", 8}, {"F8_E8M0", 8}, {"F4", 4},
        {"F6_E2M3", 6}, {"F6_E3M2", 6}, {"I16", 16}, {"U16", 16},    {"F16", 16},    {"BF16", 16},   {"I32", 32},
        {"U32", 32},    {"F32", 32},    {"I64", 64}, {"U64", 64},    {"F64", 64},    {"C64", 64},    {"C128", 128}};
    const auto found = std::ranges::find(kBits, type, &std::pair<std::string_view, std::uint64_t>::first);
    return found == std::end(kBits) ? 0 : found->second;
}

std::optional<std::uint64_t> element_count(const std::vector<std::uint64_t>& shape) {
    std::uint64_t count = 1;
    for (const std::uint64_t extent : shape)
        if (__builtin_mul_overflow(count, extent, &count)) return std::nullopt;
    return count;
}

Bytes row_major(const StoredTensor& tensor, std::vector<std::byte>& space) {
    const std::uint64_t bits = element_bits(tensor.type);
    const auto count = element_count(tensor.shape);
    if (!count || (!tensor.strides.empty() && tensor.strides.size() != tensor.shape.size())) return {};
    if (*count == 0) return {};
    if (bits % 8 != 0 || bits == 0) return tensor.values;  // packed blocks: as they lie
    const std::size_t size = bits / 8;
    if (lies_row_major(tensor))
        return *count <= tensor.values.size() / size ? tensor.values.first(static_cast<std::size_t>(*count) * size)
                                                     : Bytes();
    const auto last = reach(tensor);
    if (!last || *last >= tensor.values.size() / size) return {};
    space.resize(static_cast<std::size_t>(*count) * size);
    gather(tensor, size, space);
    return space;
}

void TensorCollector::add(StoredTensor tensor) {
    if (tensors.size() >= kMaxCollected) return;
    const bool at_home = tensor.values.data() >= home_.data() &&
                         tensor.values.data() + tensor.values.size() <= home_.data() + home_.size();
    if (!at_home && !tensor.values.empty()) {
        if (tensor.values.size() > room_) return leave_out(std::move(tensor.name), "too large to be held unpacked");
        room_ -= tensor.values.size();
        tensor.values = owned_.emplace_back(tensor.values.begin(), tensor.values.end());
    }
    tensors.push_back(std::move(tensor));
}

void TensorCollector::leave_out(std::string name, std::string why) {
    if (left_out.size() < kMaxCollected) left_out.push_back({std::move(name), std::move(why)});
}

}  // namespace bartizan::scan
