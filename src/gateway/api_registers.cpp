/// What the registers do without being asked.
#include "gateway/api_registers.h"

#include <fmt/format.h>

#include "gateway/api_governance.h"
#include "gateway/api_incidents.h"
#include "gateway/in_the_clear.h"
#include "registers/registers.h"

namespace bartizan::gateway {
namespace api_registers {
namespace {

using registers::Due;
using registers::Schedule;
using Kind = Schedule::Notice::Kind;

constexpr const char* kActor = "service";

Result<registry::Version> version_of(Api& api, const Due& due) {
    const auto colon = due.version.find(':'), at = due.version.rfind('@');
    if (colon == std::string::npos || at == std::string::npos || at < colon)
        return invalid_input("'" + due.version + "' is no version");
    const auto kind = BARTIZAN_TRY(registry::kind_from(due.version.substr(0, colon)));
    const auto number = BARTIZAN_TRY(number_of(due.version.substr(at + 1), "version"));
    return api.state.registry->version({{kind, due.version.substr(colon + 1, at - colon - 1)}, number});
}

Result<void> scan_again(Api& api, const registry::Version& version) {
    const auto look = BARTIZAN_TRY(InTheClear::make(api.state, version));
    registry::Check check = BARTIZAN_TRY(api.examiner.scan(look->file));
    check.created_by = kActor;
    check.detail = check.detail.substr(0, 1000);
    BARTIZAN_TRY(api.state.registry->add_check(version.id, check));
    return record_examination(api, kActor, version, check);
}

void raise(Api& api, const Due& due, const char* severity, const std::string& title) {
    api.alerts.raise({.detector = "audit-schedule",
                      .version = due.version.empty() ? due.asset : due.version,
                      .principals = {},
                      .severity = severity,
                      .title = title,
                      .atlas = "",
                      .evidence = to_json(due, api.state.registers->now())},
                     api.state.registers->now());
}

/// Behind the tick: audits take minutes.
void run(Api& api, const Due& due) {
    const bool taken = api.later([&api, due] {
        const auto version = version_of(api, due);
        const Result<void> done = !version.ok()            ? Result<void>(version.error())
                                  : due.activity == "scan" ? scan_again(api, *version)
                                                           : audit_version(api, kActor, *version);
        if (!done.ok())
            raise(api, due, "medium",
                  fmt::format("{} of {} could not be run: {}", due.activity, due.asset, done.error().line()));
    });
    if (!taken) raise(api, due, "low", fmt::format("{} of {} waits: too much runs", due.activity, due.asset));
}

}  // namespace
}  // namespace api_registers

Result<void> look_at_registers(Api& api) {
    using namespace api_registers;
    for (const Schedule::Notice& one : BARTIZAN_TRY(api.state.registers->settle(kActor))) {
        const Due& due = one.due;
        if (one.kind == Kind::run) run(api, due);
        if (one.kind == Kind::warn)
            raise(api, due, "low", fmt::format("{} of {} is due soon", due.activity, due.asset));
        if (one.kind == Kind::overdue)
            raise(api, due, "medium", fmt::format("{} of {} is overdue", due.activity, due.asset));
    }
    return {};
}

}  // namespace bartizan::gateway
