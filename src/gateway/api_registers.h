#pragma once
/// The registers: /v1/risks, /v1/schedule, /v1/calendar, /v1/budget, /v1/vendors, /v1/people.

#include "gateway/api.h"

namespace bartizan::gateway {

std::span<const Route> risk_routes();
std::span<const Route> schedule_routes();
std::span<const Route> budget_routes();
std::span<const Route> vendor_routes();
std::span<const Route> people_routes();

/// What the registers do without being asked: they tell risks whose band changed, record what they show of the
/// organisation, warn before audits are due and when they are overdue, and begin those that the service can run itself.
Result<void> look_at_registers(Api& api);

}  // namespace bartizan::gateway
