#pragma once
/// Another program, run to its end. Its standard output comes back whole, its standard error's beginning too.
/// Thread rule: from any thread.

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "bartizan/result.h"

namespace bartizan::program {

struct ChildOutput {
    int status = -1;  ///< exit status; -1: a signal ended it
    std::string out;
    std::string errors;
};

/// Where its standard error goes.
enum class ChildErrors : std::uint8_t {
    kept,
    ours,  ///< to this process's own: whoever watches sees its progress
};

/// Fails with `unavailable` when it does not start or does not end in time (then it is killed), `exhausted` when it
/// prints more than `most_bytes`.
Result<ChildOutput> run_child(const std::filesystem::path& program, const std::vector<std::string>& words,
                              std::chrono::milliseconds patience, std::size_t most_bytes = std::size_t{16} << 20,
                              ChildErrors errors = ChildErrors::kept);

}  // namespace bartizan::program
