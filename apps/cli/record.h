#pragma once
/// `--record URL`: a command runs as it always does, in a process of its own that leaves its document in a file; then
/// the document is sent to a server as evidence, bound to the SHA-256 of the file that the command looked at.

#include <string>
#include <vector>

#include "bartizan/result.h"
#include "cli/command.h"

namespace bartizan::program {

/// Does --record name a server rather than a file?
bool records_on_server(const cli::Invocation& invocation);
/// Gives the command's own exit status. Before it begins, fails with `invalid_input`: no key, or what it looks at is
/// not one file; after it has ended, with whatever the server says.
Result<int> run_and_record(const cli::Invocation& invocation, const std::vector<std::string>& words);

}  // namespace bartizan::program
