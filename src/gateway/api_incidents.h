#pragma once
/// Incidents, playbooks, clocks, messages, restrictions: /v1/incidents, /v1/playbooks, /v1/runs, /v1/messages,
/// /v1/holds, /v1/restrictions, and what playbooks do to models.

#include <memory>

#include "gateway/api.h"
#include "incident/actions.h"

namespace bartizan::gateway {

std::span<const Route> incident_routes();
std::span<const Route> response_routes();

/// The addresses of this service, for playbooks: under the same permissions as for callers.
std::unique_ptr<incident::Actions> service_actions(Api& api);

/// A quick audit of a version on the reference data beside it, attached to it and recorded as evidence. Takes minutes.
Result<void> audit_version(Api& api, const std::string& actor, const registry::Version& version);

/// An alert of a detector, as incidents take it.
incident::Signal signal_of(const Alert& alert);

}  // namespace bartizan::gateway
