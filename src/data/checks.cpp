/// What every source checks of its content: labels, finite numbers, positions.
#include <bit>
#include <cmath>
#include <type_traits>

#include <fmt/format.h>

#include "data/sources.h"

namespace bartizan::data {
namespace {

template <class T>
bool is_class_number(T value) {
    if constexpr (std::is_same_v<T, bool>)
        return true;
    else if constexpr (std::is_floating_point_v<T>)
        return value >= 0 && value < static_cast<T>(kMaxClasses) && value == std::floor(value);
    else if constexpr (std::is_signed_v<T>)
        return value >= 0 && static_cast<std::int64_t>(value) < kMaxClasses;
    else
        return static_cast<std::uint64_t>(value) < static_cast<std::uint64_t>(kMaxClasses);
}

template <class T>
Result<std::vector<std::int64_t>> numbers(const NdArray& y) {
    std::vector<std::int64_t> labels;
    labels.reserve(static_cast<std::size_t>(y.size()));
    for (const T value : y.values<T>()) {
        if (!is_class_number(value))
            return invalid_input(fmt::format("the label of row {} is {}", labels.size(), value),
                                 fmt::format("labels are whole numbers from 0 to {}", kMaxClasses - 1));
        labels.push_back(static_cast<std::int64_t>(value));
    }
    return labels;
}

/// "column 'age'", or the index in the item: "[0, 3, 5]".
std::string place_in_item(std::int64_t flat, const Info& info) {
    const auto column = static_cast<std::size_t>(flat);
    if (column < info.column_names.size()) return "column '" + info.column_names[column] + "'";
    Shape index(info.item_shape.size(), 0);
    for (std::size_t d = index.size(); d-- > 0;) {
        index[d] = flat % info.item_shape[d];
        flat /= info.item_shape[d];
    }
    return to_string(index);
}

}  // namespace

Result<std::vector<std::int64_t>> class_numbers(const NdArray& y) {
    switch (y.dtype()) {
        case DType::u8:
            return numbers<std::uint8_t>(y);
        case DType::i8:
            return numbers<std::int8_t>(y);
        case DType::u16:
            return numbers<std::uint16_t>(y);
        case DType::i16:
            return numbers<std::int16_t>(y);
        case DType::u32:
            return numbers<std::uint32_t>(y);
        case DType::i32:
            return numbers<std::int32_t>(y);
        case DType::u64:
            return numbers<std::uint64_t>(y);
        case DType::i64:
            return numbers<std::int64_t>(y);
        case DType::f32:
            return numbers<float>(y);
        case DType::f64:
            return numbers<double>(y);
        case DType::boolean:
            return numbers<bool>(y);
        case DType::f16:
        case DType::bf16:
            break;
    }
    return unsupported(std::string(to_string(y.dtype())) + " labels are not read", "store them as int64");
}

Result<void> check_finite(std::span<const float> values, std::int64_t row, const Info& info) {
    constexpr std::uint32_t kExponent = 0x7f800000U;
    bool odd = false;  // a loop without a way out: vectorised
    for (const float value : values) odd |= (std::bit_cast<std::uint32_t>(value) & kExponent) == kExponent;
    if (!odd) return {};
    for (std::size_t i = 0; i < values.size(); ++i)
        if (!std::isfinite(values[i]))
            return invalid_input(fmt::format("row {}, {} is {}", row, place_in_item(static_cast<std::int64_t>(i), info),
                                             std::isnan(values[i]) ? "NaN" : "infinite"),
                                 "clean or impute the data first");
    return {};
}

Result<void> check_positions(std::span<const std::int64_t> positions, std::int64_t items) {
    for (const std::int64_t position : positions)
        if (position < 0 || position >= items)
            return invalid_input(fmt::format("there is no row {} in a data set of {}", position, items));
    return {};
}

}  // namespace bartizan::data
