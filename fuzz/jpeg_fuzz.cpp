// links: formats
// seeds: tests/fixtures/formats/*.jpg
// JPEG pictures: refused, or pixels of a sane shape.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "formats/jpeg.h"
#include "formats/png.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto pixels = bartizan::formats::decode_jpeg(std::as_bytes(std::span(data, size)));
    if (!pixels.ok()) return 0;
    const auto& shape = pixels->shape();
    if (shape.size() != 3 || (shape[2] != 1 && shape[2] != 3)) std::abort();
    if (shape[0] > bartizan::formats::kMaxImageSide || shape[1] > bartizan::formats::kMaxImageSide) std::abort();
    return 0;
}
