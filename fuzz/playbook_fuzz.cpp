// links: playbook
// Playbooks: refused, or read into steps that lead somewhere.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "playbook/playbook.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace bartizan::playbook;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto parsed = parse_playbook(text);
    if (parsed.ok() && !parsed->steps.contains(parsed->start)) std::abort();
    const Variables variables{{"__a__", "1"}};
    (void)substitute(text, variables, Quoting::json);
    (void)holds(text, variables);
    return 0;
}
