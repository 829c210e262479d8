#pragma once
/// `bartizan ledger verify --pack FILE`.

#include <functional>
#include <string>

#include "cli/command.h"
#include "ledger/note.h"

namespace bartizan::program {

/// The key that --key names, for the log that signed this head.
using VerifierFor = std::function<Result<ledger::Verifier>(const std::string& head)>;
/// Status 1 when the pack does not hold.
Result<int> verify_pack(const cli::Invocation& invocation, const VerifierFor& verifier_for);

}  // namespace bartizan::program
