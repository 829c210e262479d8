#include "attacks/poisoning/layouts.h"

#include <algorithm>
#include <string>
#include <utility>

namespace bartizan::attacks {
namespace layouts {
namespace {

bool is_channels(std::int64_t size) { return size == 1 || size == 3 || size == 4; }

/// [n, rows, columns] -> [n, columns, rows] of the last two of three dimensions.
Result<NdArray> transposed(const NdArray& x, std::int64_t rows, std::int64_t columns, Shape shape) {
    NdArray out = BARTIZAN_TRY(NdArray::zeros(DType::f32, std::move(shape)));
    const auto from = x.values<float>();
    const auto to = out.mutable_values<float>();
    const std::int64_t length = rows * columns;
    for (std::int64_t i = 0; i < x.size(); ++i) {
        const std::int64_t item = i / length, row = i % length / columns, column = i % columns;
        to[static_cast<std::size_t>(item * length + column * rows + row)] = from[static_cast<std::size_t>(i)];
    }
    return out;
}

}  // namespace
}  // namespace layouts

Result<Layout> layout_of(const NdArray& x) {
    if (x.dtype() == DType::f32 && x.size() > 0) {
        if (x.rank() == 3) return Layout::planes;
        if (x.rank() == 4 && layouts::is_channels(x.shape()[1])) return Layout::channels_first;
        if (x.rank() == 4 && layouts::is_channels(x.shape()[3])) return Layout::channels_last;
    }
    return invalid_input("this attack is for pictures, the data has items of shape " + to_string(x.shape()),
                         "label-flip is for any data, table-trigger for tables");
}

Result<NdArray> to_nchw(const NdArray& x, Layout layout) {
    const Shape& s = x.shape();
    if (layout == Layout::planes) return x.reshaped({s[0], 1, s[1], s[2]});
    if (layout == Layout::channels_first) return x;
    return layouts::transposed(x, s[1] * s[2], s[3], {s[0], s[3], s[1], s[2]});
}

Result<NdArray> from_nchw(const NdArray& x, Layout layout) {
    const Shape& s = x.shape();
    if (layout == Layout::planes) return x.reshaped({s[0], s[2], s[3]});
    if (layout == Layout::channels_first) return x;
    return layouts::transposed(x, s[1], s[2] * s[3], {s[0], s[2], s[3], s[1]});
}

Result<void> check_unit_range(const NdArray& x) {
    const auto values = x.values<float>();
    const auto outside = std::ranges::find_if(values, [](float value) { return !(value >= 0 && value <= 1); });
    if (outside == values.end()) return {};
    const auto row = (outside - values.begin()) / (x.size() / x.shape()[0]);
    return invalid_input(
        "row " + std::to_string(row) + " holds " + std::to_string(*outside) + ", pictures to poison must lie in [0, 1]",
        "store them as uint8, or divide by their largest value");
}

Result<NdArray> gather_rows(const NdArray& x, std::span<const std::int64_t> rows) {
    Shape shape = x.shape();
    const std::int64_t length = x.size() / std::max<std::int64_t>(1, shape[0]);
    shape[0] = std::ssize(rows);
    NdArray out = BARTIZAN_TRY(NdArray::zeros(DType::f32, std::move(shape)));
    for (std::size_t i = 0; i < rows.size(); ++i)
        std::ranges::copy(
            x.values<float>().subspan(static_cast<std::size_t>(rows[i] * length), static_cast<std::size_t>(length)),
            out.mutable_values<float>().begin() + static_cast<std::ptrdiff_t>(i) * length);
    return out;
}

Result<NdArray> with_rows(const NdArray& x, std::span<const std::int64_t> rows, const NdArray& changed) {
    NdArray out = BARTIZAN_TRY(NdArray::from<float>(x.shape(), x.values<float>()));
    const std::int64_t length = x.size() / std::max<std::int64_t>(1, x.shape()[0]);
    for (std::size_t i = 0; i < rows.size(); ++i)
        std::ranges::copy(
            changed.values<float>().subspan(i * static_cast<std::size_t>(length), static_cast<std::size_t>(length)),
            out.mutable_values<float>().begin() + rows[i] * length);
    return out;
}

}  // namespace bartizan::attacks
