#include "data/pictures.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include <fmt/format.h>

#include "formats/png.h"

namespace bartizan::data {
namespace pictures {
namespace {

/// How the numbers of an item lie in memory.
struct Geometry {
    std::int64_t height = 0, width = 0, channels = 1;
    bool channels_first = false;

    std::size_t offset(std::int64_t row, std::int64_t column, std::int64_t channel) const {
        const std::int64_t at = channels_first ? (channel * height + row) * width + column
                                               : (row * width + column) * channels + channel;
        return static_cast<std::size_t>(at);
    }
};

Geometry geometry_of(const Shape& item) {
    if (item.size() == 2) return {item[0], item[1], 1, false};
    if (item.size() != 3) return {};
    if (item[0] == 1 || item[0] == 3) return {item[1], item[2], item[0], true};
    if (item[2] == 1 || item[2] == 3) return {item[0], item[1], item[2], false};
    return {};
}

/// What is no number is black.
std::uint8_t to_byte(double value) {
    return value > 0 ? static_cast<std::uint8_t>(std::lround(std::min(value, 1.0) * 255)) : std::uint8_t{0};
}

Result<Picture> picture(const Geometry& geometry, std::span<const float> values, double scale, double shift) {
    Shape shape{geometry.height, geometry.width};
    if (geometry.channels == 3) shape.push_back(3);
    NdArray pixels = BARTIZAN_TRY(NdArray::zeros(DType::u8, shape));
    const std::span<std::uint8_t> out = pixels.mutable_values<std::uint8_t>();
    std::size_t at = 0;
    for (std::int64_t row = 0; row < geometry.height; ++row)
        for (std::int64_t column = 0; column < geometry.width; ++column)
            for (std::int64_t channel = 0; channel < geometry.channels; ++channel)
                out[at++] = to_byte(values[geometry.offset(row, column, channel)] * scale + shift);
    Picture result;
    result.png = BARTIZAN_TRY(formats::encode_png(pixels));
    result.width = geometry.width;
    result.height = geometry.height;
    return result;
}

}  // namespace
}  // namespace pictures

bool is_picture(const Info& info) {
    return info.kind == Kind::image && pictures::geometry_of(info.item_shape).height > 0;
}

Result<NdArray> find_row(const Batch& batch, std::int64_t id) {
    const auto found = std::ranges::find(batch.ids, id);
    if (found == batch.ids.end()) return internal_error(fmt::format("no row with id {}", id));
    return batch.x.rows(found - batch.ids.begin(), 1);
}

Result<PictureRow> before_after(const Info& info, const NdArray& before, const NdArray& after) {
    const pictures::Geometry geometry = pictures::geometry_of(info.item_shape);
    const std::span<const float> a = before.values<float>(), b = after.values<float>();
    if (a.size() != b.size()) return internal_error("pictures of different sizes");
    std::vector<float> difference(a.size());
    float largest = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        difference[i] = b[i] - a[i];
        largest = std::max(largest, std::abs(difference[i]));
    }
    PictureRow row;
    row.pictures.push_back(BARTIZAN_TRY(pictures::picture(geometry, a, 1, 0)));
    row.pictures.push_back(BARTIZAN_TRY(pictures::picture(geometry, b, 1, 0)));
    const double gain = largest > 0 ? 0.5 / largest : 0;
    row.pictures.push_back(BARTIZAN_TRY(pictures::picture(geometry, difference, gain, 0.5)));
    row.pictures[0].caption = "original";
    row.pictures[1].caption = "attacked";
    row.pictures[2].caption = fmt::format("difference, {:.0f} times stronger", std::max(1.0, 2 * gain));
    return row;
}

Result<PictureRow> side_by_side(const Info& info, const NdArray& x, const std::vector<std::string>& captions) {
    const pictures::Geometry geometry = pictures::geometry_of(info.item_shape);
    const std::span<const float> values = x.values<float>();
    const std::size_t width = captions.empty() ? 0 : values.size() / captions.size();
    PictureRow row;
    for (std::size_t i = 0; i < captions.size(); ++i) {
        row.pictures.push_back(BARTIZAN_TRY(pictures::picture(geometry, values.subspan(i * width, width), 1, 0)));
        row.pictures.back().caption = captions[i];
    }
    return row;
}

}  // namespace bartizan::data
