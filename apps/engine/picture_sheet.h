#pragma once
/// Rows of pictures as one: what a person looks at to compare them. Thread rule: one sheet, one thread.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "bartizan/result.h"
#include "explain/methods.h"

namespace bartizan::engine {

/// Rows of pictures on dark ground, enlarged until a person can see them.
class PictureSheet {
public:
    explicit PictureSheet(const explain::Layout& layout);

    void begin_row() { rows_.emplace_back(); }
    /// A picture of the layout, 0 black and 1 white; it must outlive the sheet.
    void add(std::span<const float> picture) { rows_.back().push_back(picture); }

    /// The sheet as PNG.
    Result<std::string> png() const;

private:
    void draw(std::span<const float> picture, std::span<std::uint8_t> out, std::size_t corner, std::size_t width) const;

    explain::Layout layout_;
    std::size_t zoom_;
    std::vector<std::vector<std::span<const float>>> rows_;
};

}  // namespace bartizan::engine
