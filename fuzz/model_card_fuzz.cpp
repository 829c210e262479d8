// links: provenance
// The papers of a model: whatever they say, the bill of materials is a document that can be read back.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "provenance/bom/cyclonedx.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace bartizan;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    provenance::Inventory inventory;
    inventory.name = "m";
    provenance::read_hub_card(text, "README.md", inventory.card);
    provenance::read_config(text, "config.json", inventory.card);
    provenance::read_sidecar(text, "m.bartizan.yaml", inventory.card);
    inventory.licences = inventory.card.licences;
    inventory.licences.push_back(provenance::licence_of_text(text, "LICENSE"));
    if (!parse_json(to_text(provenance::cyclonedx(inventory, {}))).ok()) std::abort();
    return 0;
}
