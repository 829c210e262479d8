#include "formats/jpeg.h"

#include <csetjmp>
#include <cstdio>

#include <jpeglib.h>
#include <jerror.h>

#include "formats/png.h"

namespace bartizan::formats {
namespace {

/// A progressive picture may repeat scans that each cost a pass over all pixels; real ones have about ten.
constexpr int kMaxScans = 100;

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

/// Most warnings mean damaged data, where libjpeg would fill the rest with grey; some only odd bytes between markers.
void warn(j_common_ptr info, int level) {
    const int code = info->err->msg_code;
    const bool harmless = code == JWRN_EXTRANEOUS_DATA || code == JWRN_ADOBE_XFORM || code == JWRN_JFIF_MAJOR;
    if (level < 0 && !harmless) leave(info);
}

void limit_scans(j_common_ptr info) {
    if (reinterpret_cast<j_decompress_ptr>(info)->input_scan_number <= kMaxScans) return;
    auto* failure = reinterpret_cast<Failure*>(info->err);
    std::snprintf(failure->message, sizeof failure->message, "more than %d scans", kMaxScans);
    std::longjmp(failure->back, 1);
}

enum class Outcome { done, damaged, too_large, other_colours };

/// Reads the header; leaves the decompressor ready to give `width` x `height` x `channels` bytes.
Outcome begin(jpeg_decompress_struct& info, Failure& failure, jpeg_progress_mgr& progress, Bytes bytes) {
    if (setjmp(failure.back) != 0) return Outcome::damaged;
    jpeg_create_decompress(&info);
    info.progress = &progress;
    jpeg_mem_src(&info, reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<unsigned long>(bytes.size()));
    jpeg_read_header(&info, TRUE);
    const auto side = static_cast<JDIMENSION>(kMaxImageSide);
    if (info.image_width > side || info.image_height > side ||
        std::int64_t{info.image_width} * info.image_height > kMaxImagePixels)
        return Outcome::too_large;
    if (info.num_components != 1 && info.num_components != 3) return Outcome::other_colours;
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
    return bytes.size() > 2 && bytes[0] == std::byte{0xff} && bytes[1] == std::byte{0xd8} &&
           bytes[2] == std::byte{0xff};
}

Result<NdArray> decode_jpeg(Bytes bytes) {
    jpeg_decompress_struct info{};
    Failure failure{};
    info.err = jpeg_std_error(&failure.base);
    failure.base.error_exit = &leave;
    failure.base.emit_message = &warn;
    jpeg_progress_mgr progress{};
    progress.progress_monitor = &limit_scans;
    Outcome outcome = begin(info, failure, progress, bytes);
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
    const int components = info.num_components;
    jpeg_destroy_decompress(&info);
    if (outcome == Outcome::too_large) return exhausted("JPEG of " + size + " pixels is too large");
    if (outcome == Outcome::other_colours)
        return unsupported("JPEG with " + std::to_string(components) + " colour components",
                           "convert it to grey or RGB");
    if (outcome == Outcome::damaged) return invalid_input(std::string("JPEG: ") + failure.message);
    return pixels;
}

}  // namespace bartizan::formats
