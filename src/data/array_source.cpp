/// Data sets that are rows of one array.
#include <algorithm>
#include <cstring>

#include <fmt/format.h>

#include "core/float16.h"
#include "data/sources.h"

namespace bartizan::data {
namespace {

/// Sides below this are no picture: a table of lags, or a handful of channels.
constexpr std::int64_t kLeastSide = 4;

template <class T>
void convert(const NdArray& row, float scale, float* out) {
    for (const T value : row.values<T>()) *out++ = static_cast<float>(value) * scale;
}

void convert_half(const NdArray& row, float scale, float* out) {
    for (std::size_t i = 0; i < static_cast<std::size_t>(row.size()); ++i) {
        std::uint16_t bits = 0;
        std::memcpy(&bits, row.bytes().data() + 2 * i, 2);
        *out++ = float_from_half(bits) * scale;
    }
}

/// One row as float32.
Result<void> to_floats(const NdArray& row, float scale, float* out) {
    switch (row.dtype()) {
        case DType::u8:
            convert<std::uint8_t>(row, scale, out);
            break;
        case DType::i8:
            convert<std::int8_t>(row, scale, out);
            break;
        case DType::u16:
            convert<std::uint16_t>(row, scale, out);
            break;
        case DType::i16:
            convert<std::int16_t>(row, scale, out);
            break;
        case DType::u32:
            convert<std::uint32_t>(row, scale, out);
            break;
        case DType::i32:
            convert<std::int32_t>(row, scale, out);
            break;
        case DType::u64:
            convert<std::uint64_t>(row, scale, out);
            break;
        case DType::i64:
            convert<std::int64_t>(row, scale, out);
            break;
        case DType::f32:
            convert<float>(row, scale, out);
            break;
        case DType::f64:
            convert<double>(row, scale, out);
            break;
        case DType::boolean:
            convert<bool>(row, scale, out);
            break;
        case DType::f16:
            convert_half(row, scale, out);
            break;
        case DType::bf16:
            return unsupported("bfloat16 data is not read");
    }
    return {};
}

class ArrayDataset final : public Dataset {
public:
    ArrayDataset(NdArray x, std::vector<std::int64_t> labels, bool labelled, Info info)
        : x_(std::move(x)), labels_(std::move(labels)), labelled_(labelled), info_(std::move(info)) {}

    const Info& info() const override { return info_; }
    bool has_labels() const override { return labelled_; }
    std::span<const std::int64_t> labels() const override { return labels_; }

    Result<Batch> read(std::span<const std::int64_t> positions) const override {
        BARTIZAN_TRY(check_positions(positions, info_.items));
        Shape shape = x_.shape();
        shape[0] = static_cast<std::int64_t>(positions.size());
        Batch batch;
        batch.x = BARTIZAN_TRY(NdArray::zeros(DType::f32, shape));
        const std::span<float> out = batch.x.mutable_values<float>();
        const std::size_t length = positions.empty() ? 0 : out.size() / positions.size();
        const bool bytes_of_picture = info_.stored == DType::u8 && info_.item_shape.size() >= 2;
        const float scale = bytes_of_picture ? 1.0F / 255 : 1.0F;
        for (std::size_t i = 0; i < positions.size(); ++i) {
            const NdArray row = BARTIZAN_TRY(x_.rows(positions[i], 1));
            BARTIZAN_TRY(to_floats(row, scale, out.data() + i * length));
            if (!info_.keeps_non_finite)
                BARTIZAN_TRY(check_finite(out.subspan(i * length, length), positions[i], info_));
            if (labelled_) batch.y.push_back(labels_[static_cast<std::size_t>(positions[i])]);
            batch.ids.push_back(positions[i]);
        }
        return batch;
    }

private:
    NdArray x_;
    std::vector<std::int64_t> labels_;
    bool labelled_;
    Info info_;
};

/// [H, W], [1 or 3, H, W] or [H, W, 1 or 3].
Kind kind_of(const Shape& item) {
    if (item.size() == 1) return Kind::table;
    const auto channels = [](std::int64_t dimension) { return dimension == 1 || dimension == 3; };
    const auto side = [](std::int64_t dimension) { return dimension >= kLeastSide; };
    if (item.size() == 2) return side(item[0]) && side(item[1]) ? Kind::image : Kind::other;
    if (item.size() != 3) return Kind::other;
    const bool first = channels(item[0]) && side(item[1]) && side(item[2]);
    const bool last = channels(item[2]) && side(item[0]) && side(item[1]);
    return first || last ? Kind::image : Kind::other;
}

Result<void> check_count(const NdArray& y, std::int64_t items) {
    if (y.size() == items) return {};
    const bool one_hot = y.rank() == 2 && y.shape()[0] == items;
    return invalid_input(
        fmt::format("x has {} rows, y has {} labels (shape {})", items, y.size(), to_string(y.shape())),
        one_hot ? "one number per row is needed: for one-hot labels store y.argmax(axis=1)" : "");
}

Result<void> check_names(const std::vector<std::int64_t>& labels, const Info& info) {
    const auto names = static_cast<std::int64_t>(info.class_names.size());
    if (names == 0) return {};
    const auto beyond = std::ranges::find_if(labels, [&](std::int64_t label) { return label >= names; });
    if (beyond == labels.end()) return {};
    return invalid_input(fmt::format("the label of row {} is {}, but only {} classes are named",
                                     beyond - labels.begin(), *beyond, names),
                         "name every class, or leave the names out");
}

}  // namespace

Result<std::unique_ptr<Dataset>> from_arrays(NdArray x, std::optional<NdArray> y, Info info) {
    if (x.rank() < 1 || x.size() == 0)
        return invalid_input("the data set is empty: x has shape " + to_string(x.shape()));
    if (x.rank() == 1) x = BARTIZAN_TRY(x.reshaped({x.shape()[0], 1}));
    info.items = x.shape()[0];
    info.item_shape.assign(x.shape().begin() + 1, x.shape().end());
    info.stored = x.dtype();
    if (info.kind == Kind::other) info.kind = kind_of(info.item_shape);
    info.classes = static_cast<std::int64_t>(info.class_names.size());
    std::vector<std::int64_t> labels;
    if (y) {
        BARTIZAN_TRY(check_count(*y, info.items));
        labels = BARTIZAN_TRY(class_numbers(*y));
        BARTIZAN_TRY(check_names(labels, info));
        info.classes = std::max(*std::ranges::max_element(labels) + 1, info.classes);
    }
    if (info.column_names.size() != static_cast<std::size_t>(info.item_shape.back())) info.column_names.clear();
    return std::make_unique<ArrayDataset>(std::move(x), std::move(labels), y.has_value(), std::move(info));
}

}  // namespace bartizan::data
