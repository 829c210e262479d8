#include "formats/png.h"

#include <cstring>

#include <png.h>

namespace bartizan::formats {
namespace {

constexpr std::string_view kSignature = "\x89PNG\r\n\x1a\n";

/// Frees what libpng holds on every path out.
class Image {
public:
    Image() {
        image_.version = PNG_IMAGE_VERSION;
    }
    ~Image() { png_image_free(&image_); }
    Image(const Image&) = delete;
    Image& operator=(const Image&) = delete;
    png_image& get() { return image_; }
    Error failure() const { return invalid_input(std::string("PNG: ") + image_.message); }

private:
    png_image image_{};
};

}  // namespace

bool is_png(Bytes bytes) { return bytes.size() >= kSignature.size() && as_text(bytes.first(8)) == kSignature; }

Result<NdArray> decode_png(Bytes bytes) {
    Image image;
    if (png_image_begin_read_from_memory(&image.get(), bytes.data(), bytes.size()) == 0) return image.failure();
    const std::int64_t height = image.get().height, width = image.get().width;
    if (height > kMaxImageSide || width > kMaxImageSide || height * width > kMaxImagePixels)
        return exhausted("PNG of " + std::to_string(width) + " x " + std::to_string(height) + " pixels is too large");
    const bool colour = (image.get().format & PNG_FORMAT_FLAG_COLOR) != 0;
    image.get().format = colour ? PNG_FORMAT_RGB : PNG_FORMAT_GRAY;
    NdArray pixels = BARTIZAN_TRY(NdArray::zeros(DType::u8, {height, width, colour ? 3 : 1}));
    const png_color black{0, 0, 0};
    if (png_image_finish_read(&image.get(), &black, pixels.mutable_bytes().data(), 0, nullptr) == 0)
        return image.failure();
    return pixels;
}

Result<std::string> encode_png(const NdArray& pixels) {
    const bool grey = pixels.rank() == 2 || (pixels.rank() == 3 && pixels.shape()[2] == 1);
    const bool colour = pixels.rank() == 3 && pixels.shape()[2] == 3;
    if (pixels.dtype() != DType::u8 || (!grey && !colour) || pixels.size() == 0)
        return invalid_input("a picture is uint8 [height, width] or [height, width, 3], this is " +
                             std::string(to_string(pixels.dtype())) + " " + to_string(pixels.shape()));
    if (pixels.shape()[0] > kMaxImageSide || pixels.shape()[1] > kMaxImageSide) return exhausted("picture too large");
    Image image;
    image.get().height = static_cast<png_uint_32>(pixels.shape()[0]);
    image.get().width = static_cast<png_uint_32>(pixels.shape()[1]);
    image.get().format = grey ? PNG_FORMAT_GRAY : PNG_FORMAT_RGB;
    png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(image.get());
    std::string out(size, '\0');
    if (png_image_write_to_memory(&image.get(), out.data(), &size, 0, pixels.bytes().data(), 0, nullptr) == 0)
        return image.failure();
    out.resize(size);
    return out;
}

}  // namespace bartizan::formats
