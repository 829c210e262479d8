#pragma once
/// An inventory as a CycloneDX machine-learning bill of materials in JSON (cyclonedx.org, specifications 1.6, 1.7).

#include <ctime>
#include <string_view>

#include "core/json.h"
#include "provenance/bom/inventory.h"

namespace bartizan::provenance {

struct CycloneDxOptions {
    std::string_view spec_version = "1.7";  ///< or "1.6"
    std::time_t now = 0;                    ///< metadata.timestamp
    std::string_view tool_version;
};

/// The same inventory, time and versions give the same bytes, the serial number included.
Json cyclonedx(const Inventory& inventory, const CycloneDxOptions& options);

}  // namespace bartizan::provenance
