// links: formats
// seeds: tests/fixtures/formats/*.idx tests/fixtures/formats/*.gz
// IDX files of the MNIST kind, plain and compressed.
#include <cstddef>
#include <cstdint>
#include <span>

#include "formats/idx.h"
#include "formats/inflate.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace bartizan::formats;
    const auto bytes = std::as_bytes(std::span(data, size));
    constexpr std::uint64_t kLimit = 1 << 20;
    (void)parse_idx(bytes, nullptr).ok();
    const auto plain = inflate(bytes, Wrapping::gzip, kLimit);
    if (plain.ok()) (void)parse_idx(*plain, nullptr).ok();
    return 0;
}
