// links: scan
/// What a confined reader sends back, as its parent reads it.
#include <cstdint>
#include <cstdlib>

#include "scan/result_wire.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace bartizan::scan;
    const auto result = result_from_bytes({reinterpret_cast<const char*>(data), size});
    if (result && result->issues.size() > kMaxIssues) std::abort();
    return 0;
}
