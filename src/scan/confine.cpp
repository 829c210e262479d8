#include "scan/confine.h"

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define BARTIZAN_SANITIZED 1
#endif

namespace bartizan::scan {
namespace {

#if defined(__x86_64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_AARCH64;
#else
constexpr std::uint32_t kArchitecture = 0;
#endif

/// Calls that are let through whatever their arguments.
constexpr long kPlain[] = {
    __NR_read,   __NR_pread64,    __NR_write,         __NR_close,        __NR_fstat,          __NR_newfstatat,
    __NR_statx,  __NR_lseek,      __NR_ftruncate,     __NR_munmap,       __NR_mremap,         __NR_madvise,
    __NR_brk,    __NR_futex,      __NR_rt_sigreturn,  __NR_rt_sigaction, __NR_rt_sigprocmask, __NR_sigaltstack,
    __NR_exit,   __NR_exit_group, __NR_clock_gettime, __NR_gettimeofday, __NR_getrandom,      __NR_sched_yield,
    __NR_getpid, __NR_gettid,     __NR_tgkill,
};

using Program = std::vector<sock_filter>;

sock_filter statement(unsigned code, std::uint32_t value) { return {static_cast<std::uint16_t>(code), 0, 0, value}; }
sock_filter jump(unsigned code, std::uint32_t value, std::uint8_t if_true, std::uint8_t if_false) {
    return {static_cast<std::uint16_t>(code), if_true, if_false, value};
}
void load(Program& program, std::size_t offset) {
    program.push_back(statement(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(offset)));
}
void answer(Program& program, std::uint32_t verdict) { program.push_back(statement(BPF_RET | BPF_K, verdict)); }

constexpr std::uint32_t kRefuse = SECCOMP_RET_ERRNO | EPERM;

/// `call` passes where none of `bits` is set in the low half of its argument `index`.
void allow_without(Program& program, long call, std::size_t index, std::uint32_t bits) {
    program.push_back(jump(BPF_JMP | BPF_JEQ | BPF_K, static_cast<std::uint32_t>(call), 0, 4));
    load(program, offsetof(seccomp_data, args) + 8 * index);
    program.push_back(jump(BPF_JMP | BPF_JSET | BPF_K, bits, 0, 1));
    answer(program, kRefuse);
    answer(program, SECCOMP_RET_ALLOW);
}

Program filter() {
    Program program;
    load(program, offsetof(seccomp_data, arch));
    program.push_back(jump(BPF_JMP | BPF_JEQ | BPF_K, kArchitecture, 1, 0));
    answer(program, SECCOMP_RET_KILL_PROCESS);
    load(program, offsetof(seccomp_data, nr));
    for (const long call : kPlain) {
        program.push_back(jump(BPF_JMP | BPF_JEQ | BPF_K, static_cast<std::uint32_t>(call), 0, 1));
        answer(program, SECCOMP_RET_ALLOW);
    }
    allow_without(program, __NR_openat, 2, O_WRONLY | O_RDWR | O_CREAT | O_TRUNC | O_APPEND);
    allow_without(program, __NR_mmap, 2, PROT_EXEC);
    allow_without(program, __NR_mprotect, 2, PROT_EXEC);
    answer(program, kRefuse);
    return program;
}

bool limit(int resource, rlim_t most) {
    const rlimit both{most, most};
    return ::setrlimit(static_cast<__rlimit_resource>(resource), &both) == 0;
}

}  // namespace

std::string obstacle_to_confinement() {
#ifdef BARTIZAN_SANITIZED
    return "this build has a sanitizer in it";
#else
    if (kArchitecture == 0) return "there is no filter for this processor";
    if (::prctl(PR_GET_SECCOMP, 0, 0, 0, 0) < 0) return "this kernel has no seccomp";
    return {};
#endif
}

bool confine_this_process() {
    Program program = filter();
    const sock_fprog whole{static_cast<unsigned short>(program.size()), program.data()};
    return limit(RLIMIT_CORE, 0) && limit(RLIMIT_DATA, kMaxConfinedBytes) && limit(RLIMIT_FSIZE, kMaxScratchBytes) &&
           ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &whole, 0, 0) == 0;
}

}  // namespace bartizan::scan
