#include "confinement/worker.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <linux/landlock.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "confinement/filter.h"

namespace bartizan::confinement {
namespace {

constexpr long kCalls[] = {
    // Code may be made in memory: the kernels of oneDNN are compiled when they are first used.
    __NR_mmap,
    __NR_mprotect,
    __NR_read,
    __NR_pread64,
    __NR_readv,
    __NR_write,
    __NR_writev,
    __NR_close,
    __NR_fstat,
    __NR_newfstatat,
    __NR_statx,
    __NR_lseek,
    __NR_munmap,
    __NR_mremap,
    __NR_madvise,
    __NR_mincore,
    __NR_brk,
    __NR_futex,
    __NR_rt_sigreturn,
    __NR_rt_sigaction,
    __NR_rt_sigprocmask,
    __NR_sigaltstack,
    __NR_exit,
    __NR_exit_group,
    __NR_clock_gettime,
    __NR_clock_getres,
    __NR_clock_nanosleep,
    __NR_nanosleep,
    __NR_gettimeofday,
    __NR_getrandom,
    __NR_sched_yield,
    __NR_getpid,
    __NR_gettid,
    __NR_tgkill,
    __NR_restart_syscall,
    // threads
    __NR_set_robust_list,
    __NR_rseq,
    __NR_set_tid_address,
    __NR_sched_getaffinity,
    __NR_sched_setaffinity,
    __NR_membarrier,
    __NR_getcpu,
    // files to read, and what the machine is
    __NR_getdents64,
    __NR_readlinkat,
    __NR_faccessat,
    __NR_getcwd,
    __NR_uname,
    __NR_sysinfo,
    __NR_getrusage,
    __NR_getuid,
    __NR_geteuid,
    __NR_getgid,
    __NR_getegid,
    __NR_getppid,
    __NR_get_mempolicy,
    // the sockets that are open, and waiting for them
    __NR_accept,
    __NR_accept4,
    __NR_recvfrom,
    __NR_recvmsg,
    __NR_sendmsg,
    __NR_sendto,
    __NR_shutdown,
    __NR_getsockopt,
    __NR_setsockopt,
    __NR_getpeername,
    __NR_getsockname,
    __NR_ppoll,
    __NR_epoll_create1,
    __NR_epoll_ctl,
    __NR_epoll_pwait,
    __NR_eventfd2,
    __NR_timerfd_create,
    __NR_timerfd_settime,
    __NR_fcntl,
    __NR_dup,
#if defined(__x86_64__)
    __NR_readlink,
    __NR_access,
    __NR_stat,
    __NR_lstat,
    __NR_poll,
    __NR_epoll_wait,
    __NR_time,
#endif
};

constexpr Rule kRules[] = {
    {__NR_openat, 2, Test::lacks, O_WRONLY | O_RDWR | O_CREAT | O_TRUNC | O_APPEND},
    {__NR_clone, 0, Test::has, CLONE_VM | CLONE_THREAD | CLONE_SIGHAND},
    {__NR_ioctl, 1, Test::equals, FIONBIO},
    {__NR_prctl, 0, Test::equals, PR_SET_NAME},
    {__NR_prlimit64, 2, Test::equals, 0},
#if defined(__x86_64__)
    {__NR_open, 1, Test::lacks, O_WRONLY | O_RDWR | O_CREAT | O_TRUNC | O_APPEND},
#endif
};
constexpr long kAbsent[] = {__NR_clone3};

/// What programs and libraries read of the system.
constexpr const char* kSystemFolders[] = {
    "/usr",  "/lib",         "/lib64",        "/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/alternatives",
    "/proc", "/sys/devices", "/sys/fs/cgroup"};

constexpr std::uint64_t kReadFile = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_EXECUTE;
constexpr std::uint64_t kReadFolder = kReadFile | LANDLOCK_ACCESS_FS_READ_DIR;
constexpr std::uint64_t kEverything = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1;  ///< of the first version

void grant(int rules, const char* path) {
    const int place = ::open(path, O_PATH | O_CLOEXEC);
    if (place < 0) return;  // what is not there needs no grant
    const bool folder = std::filesystem::is_directory(path);
    const landlock_path_beneath_attr beneath{folder ? kReadFolder : kReadFile, place};
    ::syscall(__NR_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0);
    ::close(place);
}

/// Empty: done; else why not.
std::string confine_paths(const std::vector<std::filesystem::path>& readable) {
    const landlock_ruleset_attr handled{kEverything};
    const auto rules = static_cast<int>(::syscall(__NR_landlock_create_ruleset, &handled, sizeof handled, 0));
    if (rules < 0) return "this kernel has no Landlock, so files of the same user can be read";
    for (const char* const folder : kSystemFolders) grant(rules, folder);
    for (const auto& path : readable) grant(rules, path.c_str());
    const bool done =
        ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && ::syscall(__NR_landlock_restrict_self, rules, 0) == 0;
    ::close(rules);
    return done ? std::string() : std::string("Landlock refused its rules: ") + std::strerror(errno);
}

Result<void> limit(__rlimit_resource resource, rlim_t most, const char* what) {
    rlimit both{};
    ::getrlimit(resource, &both);
    both.rlim_cur = both.rlim_max = std::min(most, both.rlim_max);
    if (::setrlimit(resource, &both) == 0) return {};
    return Error(Errc::unavailable, std::string("cannot limit ") + what + ": " + std::strerror(errno));
}

}  // namespace

Result<Confined> confine_worker(const WorkerLimits& limits) {
    BARTIZAN_TRY(limit(RLIMIT_CORE, 0, "core dumps"));
    BARTIZAN_TRY(limit(RLIMIT_DATA, limits.memory_bytes, "memory"));
    BARTIZAN_TRY(limit(RLIMIT_NOFILE, limits.files, "open files"));
    Confined out;
    out.missing = obstacle();
    if (!out.missing.empty()) return out;
    out.missing = confine_paths(limits.readable);
    out.paths = out.missing.empty();
    out.calls = install({kCalls, kRules, kAbsent});
    if (!out.calls) out.missing = std::string("the filter of system calls was refused: ") + std::strerror(errno);
    return out;
}

}  // namespace bartizan::confinement
