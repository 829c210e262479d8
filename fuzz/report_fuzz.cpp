// links: report
// A report read back: refused, or one that every writer can take.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "report/html.h"
#include "report/read.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto report = bartizan::report::parse_report({reinterpret_cast<const char*>(data), size});
    if (report.ok()) (void)bartizan::report::comparison_html(*report, *report);
    return 0;
}
