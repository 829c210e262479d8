#pragma once
/// Where results go: standard output as text or JSON, and the file named by --out. Everything else goes to
/// standard error. An output that cannot be written is found before the work starts, not after.

#include <filesystem>
#include <string>
#include <string_view>

#include "bartizan/result.h"
#include "cli/command.h"
#include "core/json.h"

namespace bartizan::cli {

/// A document of the invocation's command: {"schema": "bartizan.COMMAND/1"}, to be filled.
Json document(const Invocation& invocation);

/// Writes the document into the file that --record names, if it names one.
Result<void> keep(const Invocation& invocation, const Json& document);
/// Keeps the document, and prints it with --format json, the text otherwise. Names from outside go into the text as `printable`.
/// Fails with `exhausted` when standard output cannot take it (a full disk, a closed pipe).
Result<void> print(const Invocation& invocation, const Json& document, std::string_view text);
Result<void> print(std::string_view text);

/// Succeeds if a file of this name can be written: tries with a temporary neighbour, which it removes.
/// Fails with `not_found`, `denied`, `invalid_input` (it is a folder).
Result<void> check_writable_file(const std::filesystem::path& path);
/// The same for a folder, which is made if it is not there.
Result<void> check_writable_folder(const std::filesystem::path& path);

/// A name from outside as one line that cannot move the cursor: control characters become \xNN.
std::string printable(std::string_view text);

/// Tells the error on standard error as one line, `bartizan: ...`, and gives the exit status.
int report_error(const Error& error);

}  // namespace bartizan::cli
