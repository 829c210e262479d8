// links: textattacks
// Files of word vectors: an error, or neighbours whose cosines are such.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "textattacks/embeddings.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    const auto read = bartizan::textattacks::Embeddings::parse(bytes);
    if (!read.ok()) return 0;
    const std::string_view word = bytes.substr(0, bytes.find(' '));
    for (const auto& neighbour : read->nearest(word, 5, -2))
        if (!(neighbour.similarity > -1.001 && neighbour.similarity < 1.001)) std::abort();
    return 0;
}
