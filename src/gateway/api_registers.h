#pragma once
/// The registers: /v1/risks, /v1/schedule, /v1/budget, /v1/vendors, /v1/people.

#include "gateway/api.h"

namespace bartizan::gateway {

std::span<const Route> risk_routes();

/// What the registers do without being asked: tells risks whose band changed.
Result<void> look_at_registers(Api& api);

}  // namespace bartizan::gateway
