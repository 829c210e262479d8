#pragma once
/// What playbooks do to the service, as the service lets them: calls of its own
/// /v1, on behalf of a principal and with his permissions. The service
/// implements it; tests do too. Thread rule: any thread.

#include <string>

#include "bartizan/result.h"
#include "core/json.h"
#include "incident/incident.h"

namespace bartizan::incident {

struct ServiceCall {
    std::string method, target;  ///< "POST", "/v1/models/fashion/rollback"
    std::string body;
    std::string actor;  ///< on whose behalf
};

class Actions {
public:
    virtual ~Actions() = default;
    /// Would it be let through: is there such an address, and may the actor?
    /// Changes nothing.
    virtual Result<void> check(const ServiceCall& call) = 0;
    /// The answer's document. Fails as the call does.
    virtual Result<Json> call(const ServiceCall& call) = 0;
    /// What an evidence hold keeps: versions with their digests, where aliases
    /// point, policies, alerts, detectors, the head of the ledger. Changes
    /// nothing.
    virtual Result<Json> snapshot(const Incident& incident) = 0;
};

}  // namespace bartizan::incident
