#pragma once
/// What a process that runs models may still do: read what it was told, compute, answer on sockets that are open
/// already. It cannot start programs, open files for writing, make sockets or connect anywhere, or look at other
/// processes. Linux: seccomp-bpf, Landlock where the kernel has it (reading only below the folders named),
/// setrlimit(2). Thread rule: before the process starts its threads.

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "bartizan/result.h"

namespace bartizan::confinement {

struct WorkerLimits {
    std::vector<std::filesystem::path> readable;  ///< beside the system's libraries and what tells of processors
    std::uint64_t memory_bytes = std::uint64_t{4} << 30;  ///< private memory (RLIMIT_DATA)
    std::uint64_t files = 1024;
};

/// What holds now.
struct Confined {
    bool calls = false;   ///< the filter of system calls
    bool paths = false;   ///< Landlock
    std::string missing;  ///< what does not hold, and why; empty: all does
};

/// Fails with `unavailable` if a limit cannot be set. Where filter or Landlock cannot be had, `Confined` says so: the
/// caller decides.
Result<Confined> confine_worker(const WorkerLimits& limits);

}  // namespace bartizan::confinement
