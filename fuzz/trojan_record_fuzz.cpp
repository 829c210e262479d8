// links: crypto data graph
// Results of trojan scans, given as references: refused, or read the same again after being written. The parser lives
// in a module of tensors, which are not built for fuzzing, but needs none itself: its source is taken in here.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "audit/trojan_record.cpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace bartizan;
    const auto read = audit::measurements_from({reinterpret_cast<const char*>(data), size}, "s");
    if (!read.ok()) return 0;
    const std::string text = to_text({{"measurements", audit::measurements_json(*read, "s")}});
    const auto again = audit::measurements_from(text, "s");
    if (!again.ok() || again->margins != read->margins || again->paired != read->paired) std::abort();
    return 0;
}
