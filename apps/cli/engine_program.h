#pragma once
/// Finds `bartizan-engine` and becomes it.

#include <filesystem>
#include <string>
#include <vector>

#include "bartizan/result.h"

namespace bartizan::program {

/// Where the engine is: $BARTIZAN_ENGINE, else beside this program, else ../libexec/bartizan/.
/// Fails with `unavailable`, saying how to mend it.
Result<std::filesystem::path> find_engine();

/// Replaces this process by the engine with the same words; returns only on failure.
Error become_engine(const std::filesystem::path& engine, const std::vector<std::string>& words);

}  // namespace bartizan::program
