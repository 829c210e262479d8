// links: formats
// seeds: tests/fixtures/formats/*.npy
// NumPy arrays: refused, or an array of exactly the bytes that its shape asks for.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "formats/npy.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace bartizan;
    const auto array = formats::parse_npy_array(std::as_bytes(std::span(data, size)), nullptr);
    if (array.ok() && array->bytes().size() != static_cast<std::size_t>(array->size()) * size_of(array->dtype()))
        std::abort();
    const auto content = formats::parse_npy(std::as_bytes(std::span(data, size)), nullptr);
    if (array.ok() && !content.ok()) std::abort();
    return 0;
}
