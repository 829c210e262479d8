#include "bartizan/ndarray.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace bartizan {
namespace {

struct DTypeFacts {
    std::size_t bytes;
    std::string_view name;
};
constexpr DTypeFacts kFacts[] = {
    {1, "uint8"},  {1, "int8"},  {2, "uint16"},  {2, "int16"},    {4, "uint32"},  {4, "int32"},   {8, "uint64"},
    {8, "int64"}, {2, "float16"}, {2, "bfloat16"}, {4, "float32"}, {8, "float64"}, {1, "bool"},
};

/// Keeps huge zero-filled arrays cheap: calloc maps zero pages.
std::shared_ptr<void> allocate_zeroed(std::size_t bytes) {
    return {std::calloc(bytes == 0 ? 1 : bytes, 1), [](void* memory) { std::free(memory); }};
}

}  // namespace

std::size_t size_of(DType dtype) { return kFacts[static_cast<std::size_t>(dtype)].bytes; }
std::string_view to_string(DType dtype) { return kFacts[static_cast<std::size_t>(dtype)].name; }

std::string to_string(const Shape& shape) {
    std::string out = "[";
    for (std::size_t i = 0; i < shape.size(); ++i) out += (i == 0 ? "" : ", ") + std::to_string(shape[i]);
    return out + "]";
}

Result<std::int64_t> element_count(const Shape& shape, std::int64_t limit) {
    for (const std::int64_t dimension : shape)
        if (dimension < 0) return invalid_input("negative dimension in shape " + to_string(shape));
    if (std::ranges::find(shape, 0) != shape.end()) return 0;
    std::int64_t count = 1;
    for (const std::int64_t dimension : shape) {
        if (count > limit / dimension)
            return exhausted("shape " + to_string(shape) + " has more than " + std::to_string(limit) + " elements");
        count *= dimension;
    }
    return count;
}

Result<NdArray> NdArray::zeros(DType dtype, Shape shape, std::uint64_t byte_limit) {
    const std::size_t item = size_of(dtype);
    NdArray array;
    array.size_ = BARTIZAN_TRY(element_count(shape, static_cast<std::int64_t>(byte_limit / item)));
    const auto bytes = static_cast<std::size_t>(array.size_) * item;
    const std::shared_ptr<void> memory = allocate_zeroed(bytes);
    if (!memory) return exhausted("no memory for an array of shape " + to_string(shape));
    array.dtype_ = dtype;
    array.shape_ = std::move(shape);
    array.bytes_ = {static_cast<const std::byte*>(memory.get()), bytes};
    array.owner_ = memory;
    array.writable_ = true;
    return array;
}

Result<NdArray> NdArray::view(DType dtype, Shape shape, std::span<const std::byte> bytes,
                              std::shared_ptr<const void> owner) {
    NdArray array;
    array.size_ = BARTIZAN_TRY(element_count(shape));
    const auto needed = static_cast<std::size_t>(array.size_) * size_of(dtype);
    if (bytes.size() != needed)
        return invalid_input(std::string(to_string(dtype)) + " array of shape " + to_string(shape) + " needs " +
                             std::to_string(needed) + " bytes, found " + std::to_string(bytes.size()));
    array.dtype_ = dtype;
    array.shape_ = std::move(shape);
    array.bytes_ = bytes;
    array.owner_ = std::move(owner);
    return array;
}

std::span<std::byte> NdArray::mutable_bytes() {
    if (!writable_) {
        std::fputs("bartizan: writing to a read-only array\n", stderr);
        std::abort();
    }
    return {const_cast<std::byte*>(bytes_.data()), bytes_.size()};
}

Result<NdArray> NdArray::reshaped(Shape shape) const {
    const std::int64_t count = BARTIZAN_TRY(element_count(shape));
    if (count != size_)
        return invalid_input("cannot view shape " + to_string(shape_) + " as " + to_string(shape));
    NdArray array = *this;
    array.shape_ = std::move(shape);
    return array;
}

Result<NdArray> NdArray::rows(std::int64_t begin, std::int64_t count) const {
    if (shape_.empty() || begin < 0 || count < 0 || begin > shape_[0] || count > shape_[0] - begin)
        return invalid_input("rows " + std::to_string(begin) + " to " + std::to_string(begin + count) +
                             " of an array of shape " + to_string(shape_));
    const std::size_t row = shape_[0] == 0 ? 0 : bytes_.size() / static_cast<std::size_t>(shape_[0]);
    NdArray array = *this;
    array.shape_[0] = count;
    array.size_ = shape_[0] == 0 ? 0 : size_ / shape_[0] * count;
    array.bytes_ = bytes_.subspan(static_cast<std::size_t>(begin) * row, static_cast<std::size_t>(count) * row);
    return array;
}

void NdArray::require(DType wanted) const {
    if (dtype_ == wanted) return;
    std::fprintf(stderr, "bartizan: array of %s read as %s\n", std::string(to_string(dtype_)).c_str(),
                 std::string(to_string(wanted)).c_str());
    std::abort();
}

}  // namespace bartizan
