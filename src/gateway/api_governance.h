#pragma once
/// Controls, evidence, waivers and the inventory: /v1/controls, /v1/evidence, /v1/waivers, /v1/inventory.

#include "gateway/api.h"

namespace bartizan::gateway {

std::span<const Route> governance_routes();

/// What the service itself found out about a version, as evidence. A check that makes none is passed over.
Result<void> record_examination(Api& api, const std::string& actor, const registry::Version& version,
                                const registry::Check& check);
/// A document that somebody sent with a version, as evidence; one that makes none is passed over.
Result<void> record_document(Api& api, const std::string& actor, const registry::Version& version,
                             const std::string& document);
/// That a version passed the gates of production, or was let through.
Result<void> record_gate(Api& api, const std::string& actor, const registry::Version& version, bool passed);

}  // namespace bartizan::gateway
