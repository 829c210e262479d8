#include "formats/png.h"

#include <algorithm>
#include <csetjmp>
#include <cstring>
#include <string_view>
#include <vector>

#include <png.h>

namespace bartizan::formats {
namespace {

constexpr std::string_view kSignature = "\x89PNG\r\n\x1a\n";

/// What libpng's callbacks need. libpng leaves a failed call by longjmp: no object with a destructor may live between.
struct Reading {
    Bytes rest;
    std::jmp_buf back;
    char message[128];
};

[[noreturn]] void leave(png_structp png, png_const_charp message) {
    auto* reading = static_cast<Reading*>(png_get_error_ptr(png));
    std::strncpy(reading->message, message, sizeof reading->message - 1);
    std::longjmp(reading->back, 1);
}

void ignore_warning(png_structp /*png*/, png_const_charp /*message*/) {}

void give_bytes(png_structp png, png_bytep out, std::size_t size) {
    auto* reading = static_cast<Reading*>(png_get_io_ptr(png));
    if (size > reading->rest.size()) png_error(png, "the file ends early");
    std::memcpy(out, reading->rest.data(), size);
    reading->rest = reading->rest.subspan(size);
}

/// Frees what libpng holds on every path out.
class Decoder {
public:
    explicit Decoder(Reading& reading)
        : png_(png_create_read_struct(PNG_LIBPNG_VER_STRING, &reading, &leave, &ignore_warning)),
          info_(png_ == nullptr ? nullptr : png_create_info_struct(png_)) {}
    ~Decoder() { png_destroy_read_struct(&png_, &info_, nullptr); }
    Decoder(const Decoder&) = delete;
    Decoder& operator=(const Decoder&) = delete;

    bool ready() const { return info_ != nullptr; }
    png_structp png() const { return png_; }
    png_infop info() const { return info_; }

private:
    png_structp png_;
    png_infop info_;
};

/// Reads up to the pixels. The values are taken as they stand: no gamma, no blending, as Pillow and OpenCV do.
bool begin(const Decoder& decoder, Reading& reading) {
    if (setjmp(reading.back) != 0) return false;
    png_structp png = decoder.png();
    png_set_read_fn(png, &reading, &give_bytes);
    png_set_user_limits(png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);  // ours are checked by the caller
    png_read_info(png, decoder.info());
    png_set_expand(png);
    png_set_scale_16(png);
    png_set_strip_alpha(png);
    return true;
}

bool start_rows(const Decoder& decoder, Reading& reading) {
    if (setjmp(reading.back) != 0) return false;
    png_set_interlace_handling(decoder.png());
    png_read_update_info(decoder.png(), decoder.info());
    return true;
}

bool finish(const Decoder& decoder, Reading& reading, png_bytepp rows) {
    if (setjmp(reading.back) != 0) return false;
    png_read_image(decoder.png(), rows);
    png_read_end(decoder.png(), nullptr);
    return true;
}

/// Frees what libpng holds on every path out.
class Encoder {
public:
    Encoder() { image_.version = PNG_IMAGE_VERSION; }
    ~Encoder() { png_image_free(&image_); }
    Encoder(const Encoder&) = delete;
    Encoder& operator=(const Encoder&) = delete;
    png_image& get() { return image_; }
    Error failure() const { return internal_error(std::string("PNG: ") + image_.message); }

private:
    png_image image_{};
};

}  // namespace

bool is_png(Bytes bytes) { return bytes.size() >= kSignature.size() && as_text(bytes.first(8)) == kSignature; }

Result<NdArray> decode_png(Bytes bytes) {
    Reading reading{.rest = bytes, .back = {}, .message = {}};
    const auto damaged = [&] { return invalid_input(std::string("PNG: ") + reading.message); };
    const Decoder decoder(reading);
    if (!decoder.ready()) return exhausted("no memory to read a PNG");
    if (!begin(decoder, reading)) return damaged();
    const std::int64_t height = png_get_image_height(decoder.png(), decoder.info());
    const std::int64_t width = png_get_image_width(decoder.png(), decoder.info());
    if (height > kMaxImageSide || width > kMaxImageSide || height * width > kMaxImagePixels)
        return exhausted("PNG of " + std::to_string(width) + " x " + std::to_string(height) + " pixels is too large");
    if (!start_rows(decoder, reading)) return damaged();
    const std::int64_t channels = png_get_channels(decoder.png(), decoder.info());
    NdArray pixels = BARTIZAN_TRY(NdArray::zeros(DType::u8, {height, width, channels}));
    const std::size_t stride = png_get_rowbytes(decoder.png(), decoder.info());
    if (stride != static_cast<std::size_t>(width * channels)) return internal_error("PNG: rows of an unexpected size");
    std::vector<png_bytep> rows(static_cast<std::size_t>(height));
    auto* row = reinterpret_cast<png_bytep>(pixels.mutable_bytes().data());
    for (png_bytep& start : rows) {
        start = row;
        row += stride;
    }
    if (!finish(decoder, reading, rows.data())) return damaged();
    return pixels;
}

Result<std::string> encode_png(const NdArray& pixels) {
    const std::int64_t channels = pixels.rank() == 2 ? 1 : pixels.rank() == 3 ? pixels.shape()[2] : 0;
    const bool known = channels == 1 || channels == 3 || channels == 4;
    if (pixels.dtype() != DType::u8 || !known || pixels.size() == 0)
        return invalid_input("a picture is uint8 [height, width] or [height, width, 1, 3 or 4], this is " +
                             std::string(to_string(pixels.dtype())) + " " + to_string(pixels.shape()));
    if (std::max(pixels.shape()[0], pixels.shape()[1]) > kMaxImageSide) return exhausted("picture too large");
    Encoder image;
    image.get().height = static_cast<png_uint_32>(pixels.shape()[0]);
    image.get().width = static_cast<png_uint_32>(pixels.shape()[1]);
    image.get().format = channels == 1 ? PNG_FORMAT_GRAY : channels == 3 ? PNG_FORMAT_RGB : PNG_FORMAT_RGBA;
    png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(image.get());
    std::string out(size, '\0');
    if (png_image_write_to_memory(&image.get(), out.data(), &size, 0, pixels.bytes().data(), 0, nullptr) == 0)
        return image.failure();
    out.resize(size);
    return out;
}

}  // namespace bartizan::formats
