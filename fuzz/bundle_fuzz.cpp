// links: provenance
// Signature files: refused, or read the same again after being written; their payload refused or read.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "provenance/bundle.h"
#include "provenance/statement.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace bartizan::provenance;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto bundle = parse_bundle(text);
    const auto statement = parse_statement(bundle.ok() ? bundle->payload : text);
    if (statement.ok() && !parse_statement(write_statement(*statement)).ok()) std::abort();
    if (!bundle.ok() || bundle->method == Method::keyless) return 0;
    const auto again = parse_bundle(write_bundle(*bundle));
    if (!again.ok() || again->payload != bundle->payload || again->signatures != bundle->signatures) std::abort();
    return 0;
}
