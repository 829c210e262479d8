// links: formats
// seeds: tests/fixtures/formats/*.npz
// Archives: every entry of one that opens is read or refused, within the bound.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "formats/zip.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    constexpr std::uint64_t kLimit = 1 << 20;
    const auto zip = bartizan::formats::ZipReader::open(std::as_bytes(std::span(data, size)));
    if (!zip.ok()) return 0;
    for (const auto& entry : zip->entries()) {
        const auto content = zip->read(entry, kLimit);
        if (content.ok() && (content->size() > kLimit || content->size() != entry.size)) std::abort();
        (void)zip->stored(entry).ok();
    }
    return 0;
}
