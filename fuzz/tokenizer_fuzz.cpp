// links: text
// seeds: tests/fixtures/text/*.model
// Tokenizer files of all three kinds: an error, or ids that are in range.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "text/tokenizer.h"

namespace {

void use(const bartizan::Result<bartizan::text::Tokenizer>& tokenizer) {
    if (!tokenizer.ok()) return;
    const auto ids = tokenizer->encode("Hello, \u4f60\u597d na\u00efve 12345 \u200b[CLS]");
    if (!ids.ok()) return;
    for (const std::int64_t id : *ids)
        if (id < 0 || id >= tokenizer->size()) std::abort();
    (void)tokenizer->decode(*ids);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    use(bartizan::text::Tokenizer::from_json(bytes));
    use(bartizan::text::Tokenizer::from_vocabulary(bytes));
    use(bartizan::text::Tokenizer::from_sentencepiece(bytes));
    return 0;
}
