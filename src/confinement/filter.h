#pragma once
/// Which system calls a process keeps: a seccomp-bpf filter from tables (seccomp(2)). What is not named fails with
/// EPERM; another processor's calls end the process. Linux on x86-64 and arm64.
/// Thread rule: for the start of a process; the filter holds for all its threads, for good.

#include <cstdint>
#include <span>
#include <string>

namespace bartizan::confinement {

enum class Test : std::uint8_t {
    lacks,   ///< none of the bits of `value` is set
    has,     ///< all of them are
    equals,  ///< the low half of the argument is `value`
};

/// A call that passes where one of its arguments is harmless. One rule for each call.
struct Rule {
    long call;
    std::uint8_t argument;
    Test test;
    std::uint32_t value;
};

struct Allowed {
    std::span<const long> calls;  ///< whatever their arguments
    std::span<const Rule> rules;
    std::span<const long> absent = {};  ///< fail with ENOSYS: the C library then takes an older call
};

/// Why this build or this machine cannot filter calls; empty: it can.
std::string obstacle();
/// False: it could not be done. Also takes away the right to gain privileges.
bool install(const Allowed& allowed);

}  // namespace bartizan::confinement
