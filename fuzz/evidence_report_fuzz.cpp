// links: governance
// Documents that are said to be reports: evidence or an error, and never a crash.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "governance/catalogue.h"
#include "governance/reports.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    (void)bartizan::governance::evidence_in(text, {"model:m@1", std::string(64, 'a')});
    const std::pair<std::string, std::string> file{"fuzz.json", std::string(text)};
    (void)bartizan::governance::Framework::make({&file, 1});
    return 0;
}
