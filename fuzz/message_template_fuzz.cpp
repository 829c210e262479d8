// links: incident
// Templates of messages and rules of clocks: refused, or filled without a field left over.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "incident/messages.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace bartizan::incident;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    (void)render("fuzz", text, {{"a", "x"}, {"b", ""}});
    (void)html_of(text);
    (void)parse_clock_rules(text);
    return 0;
}
