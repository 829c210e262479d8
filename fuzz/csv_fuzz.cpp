// links: formats
// seeds: tests/fixtures/formats/*.csv
// Tables: rows come in ascending lines, or one error.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "formats/csv.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::int64_t last = 0;
    const auto row = [&](const std::vector<std::string>&, std::int64_t line) -> bartizan::Result<void> {
        if (line <= last) std::abort();
        last = line;
        return {};
    };
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    (void)bartizan::formats::read_csv(text, row, {.columns = 1000, .field_bytes = 4096}).ok();
    return 0;
}
