#pragma once
/// Runs a plan: each probe in turn. A probe that cannot be carried out becomes a record that says so, never a pass,
/// and does not stop the others; a request to stop ends the audit with what was finished, marked incomplete.

#include <string>

#include "audit/probe.h"

namespace bartizan::audit {

/// What the report says of its own making.
struct Origin {
    std::string command;  ///< the command line
    std::string started;  ///< ISO 8601, UTC
};

/// Fails only if the subject itself cannot be described (the model file vanished).
Result<Report> run_audit(const Subject& subject, const Plan& plan, const Origin& origin, RunContext& ctx);

}  // namespace bartizan::audit
