// links: lineage
// Lines of manifests, Croissant descriptions and statements of seals: refused, or spelled the same again.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "core/json.h"
#include "lineage/croissant.h"
#include "lineage/item.h"
#include "lineage/statement.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace bartizan::lineage;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    for (const IdRule rule : {IdRule::path, IdRule::row}) {
        const auto item = parse_item(text, rule);
        if (!item.ok()) continue;
        const std::string line = write_item(*item);
        const auto again = parse_item(line, rule);
        if (!again.ok() || *again != *item || write_item(*again) != line) std::abort();
        if (bartizan::Json::parse(line)["id"] != item->id) std::abort();  // another reader reads the same
    }
    const auto seal = parse_seal(text);
    if (seal.ok() && write_seal(*parse_seal(write_seal(*seal))) != write_seal(*seal)) std::abort();
    (void)parse_croissant(text);
    return 0;
}
