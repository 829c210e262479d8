#pragma once
/// Gives up, for good, what reading model files does not need: writing, programs, the network, new privileges.
/// Linux: seccomp-bpf (seccomp(2)), prctl(PR_SET_NO_NEW_PRIVS), setrlimit(2).
/// Thread rule: for a process with one thread.

#include <string>

namespace bartizan::scan {

/// What a confined process may hold beside maps of files.
inline constexpr unsigned long kMaxConfinedBytes = 1UL << 30;

/// How long a file that was opened for writing before may become.
inline constexpr unsigned long kMaxScratchBytes = 8UL << 30;

/// Why this build or this machine cannot confine a process; empty: it can.
std::string obstacle_to_confinement();

/// From here on files can be opened for reading alone, and nothing can be started or sent. Files that are open stay so.
/// False: it could not be done.
bool confine_this_process();

}  // namespace bartizan::scan
