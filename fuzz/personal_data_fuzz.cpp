// links: quality
// Personal data in any bytes: what is found lies in the text, in its order, and is never shown as it is.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "quality/personal_data.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace bartizan::quality;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    std::size_t end = 0;
    for (const Sighting& sighting : find_personal_data(text)) {
        if (sighting.offset < end || sighting.length == 0 || sighting.offset + sighting.length > size) std::abort();
        end = sighting.offset + sighting.length;
        if (masked(text.substr(sighting.offset, sighting.length)) == text.substr(sighting.offset, sighting.length))
            std::abort();
    }
    return 0;
}
