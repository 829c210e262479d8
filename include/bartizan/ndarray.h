#pragma once
/// A dense row-major array of numbers: dtype, shape, bytes. The only form in which arrays cross between the
/// light modules (which never see LibTorch) and the tensor modules.
/// Thread rule: immutable once shared; copies share the bytes.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bartizan/result.h"

namespace bartizan {

enum class DType : std::uint8_t { u8, i8, u16, i16, u32, i32, u64, i64, f16, bf16, f32, f64, boolean };

/// Bytes of one element.
std::size_t size_of(DType dtype);
/// "float32", "int64", ...: NumPy's names ("bfloat16" where NumPy has none).
std::string_view to_string(DType dtype);

template <class T>
constexpr DType dtype_of();
template <> constexpr DType dtype_of<std::uint8_t>() { return DType::u8; }
template <> constexpr DType dtype_of<std::int8_t>() { return DType::i8; }
template <> constexpr DType dtype_of<std::uint16_t>() { return DType::u16; }
template <> constexpr DType dtype_of<std::int16_t>() { return DType::i16; }
template <> constexpr DType dtype_of<std::uint32_t>() { return DType::u32; }
template <> constexpr DType dtype_of<std::int32_t>() { return DType::i32; }
template <> constexpr DType dtype_of<std::uint64_t>() { return DType::u64; }
template <> constexpr DType dtype_of<std::int64_t>() { return DType::i64; }
template <> constexpr DType dtype_of<float>() { return DType::f32; }
template <> constexpr DType dtype_of<double>() { return DType::f64; }
template <> constexpr DType dtype_of<bool>() { return DType::boolean; }

using Shape = std::vector<std::int64_t>;

/// "[1, 3, 32, 32]"
std::string to_string(const Shape& shape);
/// Product of the dimensions; fails on a negative dimension or when it passes `limit`.
Result<std::int64_t> element_count(const Shape& shape, std::int64_t limit = std::int64_t{1} << 40);

class NdArray {
public:
    NdArray() = default;

    /// Zero-filled. Fails with `invalid_input` on a negative dimension, `exhausted` beyond `byte_limit`.
    static Result<NdArray> zeros(DType dtype, Shape shape, std::uint64_t byte_limit = kDefaultByteLimit);
    /// Over bytes that live elsewhere (a mapped file, say), kept alive by `owner`. Fails if `bytes` has not
    /// exactly the size that dtype and shape ask for.
    static Result<NdArray> view(DType dtype, Shape shape, std::span<const std::byte> bytes,
                                std::shared_ptr<const void> owner);
    /// Copies `values`; their number must be the product of `shape`.
    template <class T>
    static Result<NdArray> from(Shape shape, std::span<const T> values) {
        NdArray array = BARTIZAN_TRY(zeros(dtype_of<T>(), std::move(shape)));
        if (array.size() != static_cast<std::int64_t>(values.size()))
            return invalid_input("array of shape " + to_string(array.shape()) + " given " +
                                 std::to_string(values.size()) + " values");
        if (!values.empty()) std::memcpy(array.mutable_bytes().data(), values.data(), values.size_bytes());
        return array;
    }

    DType dtype() const { return dtype_; }
    const Shape& shape() const { return shape_; }
    std::int64_t rank() const { return static_cast<std::int64_t>(shape_.size()); }
    std::int64_t size() const { return size_; }
    std::span<const std::byte> bytes() const { return bytes_; }

    /// The elements as `T`; aborts if `T` is not the array's dtype (a bug, not bad input).
    template <class T>
    std::span<const T> values() const {
        require(dtype_of<T>());
        return {reinterpret_cast<const T*>(bytes_.data()), static_cast<std::size_t>(size_)};
    }
    /// Writable elements. Only for arrays made by `zeros`/`from` that are not shared yet; aborts otherwise.
    template <class T>
    std::span<T> mutable_values() {
        require(dtype_of<T>());
        return {reinterpret_cast<T*>(mutable_bytes().data()), static_cast<std::size_t>(size_)};
    }
    std::span<std::byte> mutable_bytes();

    /// The same bytes under another shape with as many elements.
    Result<NdArray> reshaped(Shape shape) const;
    /// Rows [begin, begin + count) of the first dimension; shares the bytes.
    Result<NdArray> rows(std::int64_t begin, std::int64_t count) const;
    /// What keeps the bytes alive.
    const std::shared_ptr<const void>& owner() const { return owner_; }

    static constexpr std::uint64_t kDefaultByteLimit = std::uint64_t{16} << 30;

private:
    void require(DType wanted) const;

    DType dtype_ = DType::f32;
    Shape shape_{0};
    std::int64_t size_ = 0;
    std::span<const std::byte> bytes_;
    std::shared_ptr<const void> owner_;
    bool writable_ = false;
};

}  // namespace bartizan
