#pragma once
/// The steps of `bartizan init`, in their order: each with the reason for it.

#include <span>
#include <string_view>

#include "apps/cli/init/workspace.h"
#include "bartizan/result.h"

namespace bartizan::program::init {

struct Step {
    std::string_view name;   ///< "scan"
    std::string_view title;  ///< "Look into the file without running it"
    std::string_view why;
    int minutes = 0;  ///< at most, on a laptop
    Result<Outcome> (*run)(Workspace& workspace) = nullptr;
};
std::span<const Step> steps();

Result<Outcome> scan_step(Workspace& workspace);
Result<Outcome> bom_step(Workspace& workspace);
Result<Outcome> sign_step(Workspace& workspace);
Result<Outcome> audit_step(Workspace& workspace);
Result<Outcome> guard_step(Workspace& workspace);
Result<Outcome> rollback_step(Workspace& workspace);
Result<Outcome> risk_step(Workspace& workspace);
Result<Outcome> budget_step(Workspace& workspace);
Result<Outcome> people_step(Workspace& workspace);
Result<Outcome> vendor_step(Workspace& workspace);
Result<Outcome> pack_step(Workspace& workspace);
Result<Outcome> report_step(Workspace& workspace);

}  // namespace bartizan::program::init
