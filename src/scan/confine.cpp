#include "scan/confine.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "confinement/filter.h"

namespace bartizan::scan {
namespace {

using confinement::Rule;
using confinement::Test;

constexpr long kCalls[] = {
    __NR_read,   __NR_pread64,    __NR_write,         __NR_close,        __NR_fstat,          __NR_newfstatat,
    __NR_statx,  __NR_lseek,      __NR_ftruncate,     __NR_munmap,       __NR_mremap,         __NR_madvise,
    __NR_brk,    __NR_futex,      __NR_rt_sigreturn,  __NR_rt_sigaction, __NR_rt_sigprocmask, __NR_sigaltstack,
    __NR_exit,   __NR_exit_group, __NR_clock_gettime, __NR_gettimeofday, __NR_getrandom,      __NR_sched_yield,
    __NR_getpid, __NR_gettid,     __NR_tgkill,
};
constexpr Rule kRules[] = {
    {__NR_openat, 2, Test::lacks, O_WRONLY | O_RDWR | O_CREAT | O_TRUNC | O_APPEND},
    {__NR_mmap, 2, Test::lacks, PROT_EXEC},
    {__NR_mprotect, 2, Test::lacks, PROT_EXEC},
};

bool limit(int resource, rlim_t most) {
    const rlimit both{most, most};
    return ::setrlimit(static_cast<__rlimit_resource>(resource), &both) == 0;
}

}  // namespace

std::string obstacle_to_confinement() { return confinement::obstacle(); }

bool confine_this_process() {
    return limit(RLIMIT_CORE, 0) && limit(RLIMIT_DATA, kMaxConfinedBytes) && limit(RLIMIT_FSIZE, kMaxScratchBytes) &&
           confinement::install({kCalls, kRules});
}

}  // namespace bartizan::scan
