// links: text
// Any bytes: an error, or text that stays as it is when normalised again.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "text/normaliser.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    (void)bartizan::text::parse_policy(bytes).ok();
    const auto once = bartizan::text::normalise(bytes);
    if (!once.ok()) return 0;
    const auto twice = bartizan::text::normalise(*once);
    if (!twice.ok() || *twice != *once) std::abort();
    return 0;
}
