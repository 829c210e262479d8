#include "confinement/filter.h"

#include <cerrno>
#include <cstddef>
#include <vector>

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define BARTIZAN_SANITIZED 1
#endif

namespace bartizan::confinement {
namespace {

#if defined(__x86_64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_AARCH64;
#else
constexpr std::uint32_t kArchitecture = 0;
#endif

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

void add_verdict(Program& program, long call, std::uint32_t verdict) {
    program.push_back(jump(BPF_JMP | BPF_JEQ | BPF_K, static_cast<std::uint32_t>(call), 0, 1));
    answer(program, verdict);
}

void add_rule(Program& program, const Rule& rule) {
    const bool masked = rule.test == Test::has;
    program.push_back(jump(BPF_JMP | BPF_JEQ | BPF_K, static_cast<std::uint32_t>(rule.call), 0,
                           masked ? std::uint8_t{5} : std::uint8_t{4}));
    load(program, offsetof(seccomp_data, args) + 8 * std::size_t{rule.argument});
    if (masked) program.push_back(statement(BPF_ALU | BPF_AND | BPF_K, rule.value));
    if (rule.test == Test::lacks)
        program.push_back(jump(BPF_JMP | BPF_JSET | BPF_K, rule.value, 0, 1));
    else
        program.push_back(jump(BPF_JMP | BPF_JEQ | BPF_K, rule.value, 1, 0));
    answer(program, kRefuse);
    answer(program, SECCOMP_RET_ALLOW);
}

Program compiled(const Allowed& allowed) {
    Program program;
    load(program, offsetof(seccomp_data, arch));
    program.push_back(jump(BPF_JMP | BPF_JEQ | BPF_K, kArchitecture, 1, 0));
    answer(program, SECCOMP_RET_KILL_PROCESS);
    load(program, offsetof(seccomp_data, nr));
    for (const long call : allowed.calls) add_verdict(program, call, SECCOMP_RET_ALLOW);
    for (const long call : allowed.absent) add_verdict(program, call, SECCOMP_RET_ERRNO | ENOSYS);
    for (const Rule& rule : allowed.rules) add_rule(program, rule);
    answer(program, kRefuse);
    return program;
}

}  // namespace

std::string obstacle() {
#ifdef BARTIZAN_SANITIZED
    return "this build has a sanitizer in it";
#else
    if (kArchitecture == 0) return "there is no filter for this processor";
    if (::prctl(PR_GET_SECCOMP, 0, 0, 0, 0) < 0) return "this kernel has no seccomp";
    return {};
#endif
}

bool install(const Allowed& allowed) {
    Program program = compiled(allowed);
    const sock_fprog whole{static_cast<unsigned short>(program.size()), program.data()};
    return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           ::syscall(__NR_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &whole) == 0;
}

}  // namespace bartizan::confinement
