#include "formats/jpeg.h"

#include <csetjmp>
#include <cstdio>

#include <jpeglib.h>

#include "formats/png.h"

namespace bartizan::formats {
namespace {

/// libjpeg leaves a failed call by longjmp; no object with a destructor may live between.
struct Failure {
    jpeg_error_mgr base;
    std::jmp_buf back;
    char message[JMSG_LENGTH_MAX];
};

[[noreturn]] void leave(j_common_ptr info) {
    auto* failure = reinterpret_cast<Failure*>(info->err);
    (*info->err->format_message)(info, failure->message);
    std::longjmp(failure->back, 1);
}

/// Warnings mean damaged data: libjpeg would fill the rest with grey.
void warn(j_common_ptr info, int level) {
    if (level < 0) leave(info);
}

enum class Outcome { done, damaged, too_large };

/// Reads the header; leaves the decompressor ready to give `width` x `height` x `channels` bytes.
Outcome begin(jpeg_decompress_struct& info, Failure& failure, Bytes bytes) {
    if (setjmp(failure.back) != 0) return Outcome::damaged;
    jpeg_create_decompress(&info);
    jpeg_mem_src(&info, reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<unsigned long>(bytes.size()));
    jpeg_read_header(&info, TRUE);
    const auto side = static_cast<JDIMENSION>(kMaxImageSide);
    if (info.image_width > side || info.image_height > side ||
        std::int64_t{info.image_width} * info.image_height > kMaxImagePixels)
        return Outcome::too_large;
    info.out_color_space = info.num_components == 1 ? JCS_GRAYSCALE : JCS_RGB;
    jpeg_start_decompress(&info);
    return Outcome::done;
}

Outcome finish(jpeg_decompress_struct& info, Failure& failure, unsigned char* pixels) {
    if (setjmp(failure.back) != 0) return Outcome::damaged;
    while (info.output_scanline < info.output_height) {
        unsigned char* row = pixels + static_cast<std::size_t>(info.output_scanline) * info.output_width *
                                          static_cast<std::size_t>(info.output_components);
        jpeg_read_scanlines(&info, &row, 1);
    }
    jpeg_finish_decompress(&info);
    return Outcome::done;
}

}  // namespace

bool is_jpeg(Bytes bytes) {
    return bytes.size() > 2 && bytes[0] == std::byte{0xff} && bytes[1] == std::byte{0xd8} && bytes[2] == std::byte{0xff};
}

Result<NdArray> decode_jpeg(Bytes bytes) {
    jpeg_decompress_struct info{};
    Failure failure{};
    info.err = jpeg_std_error(&failure.base);
    failure.base.error_exit = &leave;
    failure.base.emit_message = &warn;
    Outcome outcome = begin(info, failure, bytes);
    NdArray pixels;
    if (outcome == Outcome::done) {
        auto made = NdArray::zeros(DType::u8, {info.output_height, info.output_width, info.output_components});
        if (!made.ok()) {
            jpeg_destroy_decompress(&info);
            return made.error();
        }
        pixels = std::move(made).value();
        outcome = finish(info, failure, reinterpret_cast<unsigned char*>(pixels.mutable_bytes().data()));
    }
    const std::string size = std::to_string(info.image_width) + " x " + std::to_string(info.image_height);
    jpeg_destroy_decompress(&info);
    if (outcome == Outcome::too_large) return exhausted("JPEG of " + size + " pixels is too large");
    if (outcome == Outcome::damaged) return invalid_input(std::string("JPEG: ") + failure.message);
    return pixels;
}

}  // namespace bartizan::formats
