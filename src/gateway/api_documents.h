#pragma once
/// Documents of what is known: /v1/exports (OSCAL, CycloneDX, SARIF, the evidence pack), /v1/cards.

#include "gateway/api.h"

namespace bartizan::gateway {

std::span<const Route> document_routes();

}  // namespace bartizan::gateway
