#include "apps/cli/init/steps.h"

namespace bartizan::program::init {
namespace {

constexpr Step kSteps[] = {
    {"scan", "Look into the file without running it", "a model file can hold code that runs when it is loaded", 1,
     scan_step},
    {"bom", "Write down what it is made of", "when a part turns out bad, you know where it is", 1, bom_step},
    {"sign", "Sign it", "from now on a changed file is noticed", 1, sign_step},
    {"audit", "Attack it, as others would", "how easily it errs is measured, not guessed", 30, audit_step},
    {"guard", "Put it behind the gateway",
     "keys, limits, checks of inputs, detectors and a ledger stand in front of it", 2, guard_step},
    {"rollback", "Practise the way back", "the first rollback should not be the one in need", 1, rollback_step},
    {"risk", "Write down what can happen to it", "scores come from what was tested: untested counts as unprotected", 1,
     risk_step},
    {"budget", "Plan the money", "security that nobody pays for does not happen", 1, budget_step},
    {"people", "Say who answers for what", "on the day everybody must know whose call it is", 1, people_step},
    {"vendor", "Ask the supplier", "what you did not make yourself, somebody must vouch for", 1, vendor_step},
    {"pack", "Pack the evidence, and the next dates", "a third party checks it without you; a calendar reminds you", 1,
     pack_step},
    {"report", "Put it all on one page", "for your files, a customer or an auditor", 1, report_step},
};

}  // namespace

std::span<const Step> steps() { return kSteps; }

}  // namespace bartizan::program::init
