#include "apps/engine/picture_sheet.h"

#include <algorithm>
#include <cmath>

#include "formats/png.h"

namespace bartizan::engine {
namespace {

constexpr std::size_t kLeastSide = 84;
constexpr std::size_t kSheetGap = 6;
constexpr std::uint8_t kSheetGround = 40;

}  // namespace

PictureSheet::PictureSheet(const explain::Layout& layout)
    : layout_(layout), zoom_(std::max<std::size_t>(1, kLeastSide / std::max(layout.height, layout.width))) {}

Result<std::string> PictureSheet::png() const {
    std::size_t columns = 1;
    for (const auto& row : rows_) columns = std::max(columns, row.size());
    const std::size_t wide = layout_.width * zoom_ + kSheetGap, high = layout_.height * zoom_ + kSheetGap;
    const std::size_t width = columns * wide + kSheetGap;
    NdArray pixels = BARTIZAN_TRY(NdArray::zeros(
        DType::u8, {static_cast<std::int64_t>(rows_.size() * high + kSheetGap), static_cast<std::int64_t>(width), 3}));
    const std::span<std::uint8_t> out = pixels.mutable_values<std::uint8_t>();
    std::ranges::fill(out, kSheetGround);
    for (std::size_t r = 0; r < rows_.size(); ++r)
        for (std::size_t c = 0; c < rows_[r].size(); ++c)
            draw(rows_[r][c], out, (kSheetGap + r * high) * width + kSheetGap + c * wide, width);
    return formats::encode_png(pixels);
}

void PictureSheet::draw(std::span<const float> picture, std::span<std::uint8_t> out, std::size_t corner,
                        std::size_t width) const {
    for (std::size_t y = 0; y < layout_.height * zoom_; ++y)
        for (std::size_t x = 0; x < layout_.width * zoom_; ++x)
            for (std::size_t channel = 0; channel < 3; ++channel) {
                const std::size_t pixel = (y / zoom_) * layout_.width + x / zoom_;
                const float value = picture[layout_.at(pixel, std::min(channel, layout_.channels - 1))];
                out[(corner + y * width + x) * 3 + channel] =
                    static_cast<std::uint8_t>(std::lround(255 * std::clamp(value, 0.0F, 1.0F)));
            }
}

}  // namespace bartizan::engine
