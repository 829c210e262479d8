/// Data sets that are rows of one array.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "core/float16.h"
#include "data/sources.h"

namespace bartizan::data {
namespace {

constexpr std::int64_t kMaxClasses = 1'000'000;

/// uint8 items with two or three dimensions are pictures: 0 to 255 becomes 0 to 1.
bool is_byte_picture(const Info& info) { return info.stored == DType::u8 && info.kind == Kind::image; }

template <class T>
void convert(const NdArray& row, float scale, float* out) {
    for (const T value : row.values<T>()) *out++ = static_cast<float>(value) * scale;
}

/// One row as float32.
Result<void> to_floats(const NdArray& row, float scale, float* out) {
    switch (row.dtype()) {
        case DType::u8: convert<std::uint8_t>(row, scale, out); break;
        case DType::i8: convert<std::int8_t>(row, scale, out); break;
        case DType::u16: convert<std::uint16_t>(row, scale, out); break;
        case DType::i16: convert<std::int16_t>(row, scale, out); break;
        case DType::u32: convert<std::uint32_t>(row, scale, out); break;
        case DType::i32: convert<std::int32_t>(row, scale, out); break;
        case DType::u64: convert<std::uint64_t>(row, scale, out); break;
        case DType::i64: convert<std::int64_t>(row, scale, out); break;
        case DType::f32: convert<float>(row, scale, out); break;
        case DType::f64: convert<double>(row, scale, out); break;
        case DType::boolean: convert<bool>(row, scale, out); break;
        case DType::f16:
            for (std::int64_t i = 0; i < row.size(); ++i) {
                std::uint16_t bits = 0;
                std::memcpy(&bits, row.bytes().data() + 2 * i, 2);
                *out++ = float_from_half(bits) * scale;
            }
            break;
        case DType::bf16: return unsupported("bfloat16 data is not read");
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
        Shape shape = x_.shape();
        shape[0] = static_cast<std::int64_t>(positions.size());
        Batch batch;
        batch.x = BARTIZAN_TRY(NdArray::zeros(DType::f32, shape));
        const std::span<float> out = batch.x.mutable_values<float>();
        const std::size_t length = positions.empty() ? 0 : out.size() / positions.size();
        const float scale = is_byte_picture(info_) ? 1.0F / 255 : 1.0F;
        for (std::size_t i = 0; i < positions.size(); ++i) {
            const NdArray row = BARTIZAN_TRY(x_.rows(positions[i], 1));
            BARTIZAN_TRY(to_floats(row, scale, out.data() + i * length));
            BARTIZAN_TRY(check_finite(out.subspan(i * length, length), positions[i]));
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

template <class T>
Result<std::vector<std::int64_t>> whole_labels(const NdArray& y) {
    std::vector<std::int64_t> labels;
    for (const T value : y.values<T>()) {
        const auto row = std::to_string(labels.size());
        if constexpr (std::is_floating_point_v<T>) {
            if (!(value >= 0 && value < static_cast<T>(kMaxClasses)) || value != std::floor(value))
                return invalid_input("label of row " + row + " is " + std::to_string(value) + ", not a class number");
        } else if constexpr (!std::is_same_v<T, bool>) {
            if (static_cast<std::int64_t>(value) < 0 || static_cast<std::uint64_t>(value) >= kMaxClasses)
                return invalid_input("label of row " + row + " is " + std::to_string(value) + ", not a class number");
        }
        labels.push_back(static_cast<std::int64_t>(value));
    }
    return labels;
}

Result<std::vector<std::int64_t>> class_numbers(const NdArray& y) {
    switch (y.dtype()) {
        case DType::u8: return whole_labels<std::uint8_t>(y);
        case DType::i8: return whole_labels<std::int8_t>(y);
        case DType::u16: return whole_labels<std::uint16_t>(y);
        case DType::i16: return whole_labels<std::int16_t>(y);
        case DType::u32: return whole_labels<std::uint32_t>(y);
        case DType::i32: return whole_labels<std::int32_t>(y);
        case DType::u64: return whole_labels<std::uint64_t>(y);
        case DType::i64: return whole_labels<std::int64_t>(y);
        case DType::f32: return whole_labels<float>(y);
        case DType::f64: return whole_labels<double>(y);
        case DType::boolean: return whole_labels<bool>(y);
        default: return unsupported(std::string(to_string(y.dtype())) + " labels are not read");
    }
}

/// Two or three dimensions with sides of at least 4 pixels look like a picture.
Kind kind_of(const Shape& item) {
    if (item.size() == 1) return Kind::table;
    if (item.size() == 2 && item[0] >= 4 && item[1] >= 4) return Kind::image;
    if (item.size() != 3) return Kind::other;
    const auto channels = [](std::int64_t d) { return d == 1 || d == 3; };
    const bool first = channels(item[0]) && item[1] >= 4 && item[2] >= 4;
    const bool last = channels(item[2]) && item[0] >= 4 && item[1] >= 4;
    return first || last ? Kind::image : Kind::other;
}

}  // namespace

Result<void> check_finite(std::span<const float> values, std::int64_t row) {
    for (std::size_t i = 0; i < values.size(); ++i)
        if (!std::isfinite(values[i]))
            return invalid_input("row " + std::to_string(row) + ", number " + std::to_string(i) + " is " +
                                     (std::isnan(values[i]) ? "NaN" : "infinite"),
                                 "clean or impute the data first");
    return {};
}

Result<std::unique_ptr<Dataset>> from_arrays(NdArray x, std::optional<NdArray> y, Info info) {
    if (x.rank() < 1 || x.size() == 0)
        return invalid_input("the data set is empty: x has shape " + to_string(x.shape()));
    if (x.rank() == 1) x = BARTIZAN_TRY(x.reshaped({x.shape()[0], 1}));
    info.items = x.shape()[0];
    info.item_shape.assign(x.shape().begin() + 1, x.shape().end());
    info.stored = x.dtype();
    if (info.kind == Kind::other) info.kind = kind_of(info.item_shape);
    std::vector<std::int64_t> labels;
    if (y) {
        if (y->size() != info.items)
            return invalid_input("x has " + std::to_string(info.items) + " rows, y has " + std::to_string(y->size()) +
                                 " labels (shape " + to_string(y->shape()) + ")");
        labels = BARTIZAN_TRY(class_numbers(*y));
        info.classes = std::max<std::int64_t>(*std::ranges::max_element(labels) + 1,
                                              static_cast<std::int64_t>(info.class_names.size()));
    }
    return std::unique_ptr<Dataset>(
        std::make_unique<ArrayDataset>(std::move(x), std::move(labels), y.has_value(), std::move(info)));
}

}  // namespace bartizan::data
