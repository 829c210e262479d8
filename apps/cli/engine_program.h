#pragma once
/// The programs that belong to `bartizan`: found, and become.

#include <filesystem>
#include <string>
#include <vector>

#include "bartizan/result.h"

namespace bartizan::program {

/// Where the engine is: $BARTIZAN_ENGINE, else beside this program, else ../libexec/bartizan/.
/// Fails with `unavailable`, saying how to mend it.
Result<std::filesystem::path> find_engine();

/// Where `bartizan-service` is: $BARTIZAN_SERVICE, else as the engine.
Result<std::filesystem::path> find_service();
/// Where `bartizan` is, for the programs that it becomes.
Result<std::filesystem::path> find_commands();

/// Replaces this process by the engine with the same words; returns only on failure.
Error become_engine(const std::filesystem::path& engine, const std::vector<std::string>& words);
Error become_service(const std::filesystem::path& service, const std::vector<std::string>& words);

}  // namespace bartizan::program
