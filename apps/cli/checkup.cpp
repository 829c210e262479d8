#include "apps/cli/checkup.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include <fmt/format.h>

#include "apps/cli/engine_program.h"
#include "bartizan/version.h"

extern char** environ;

namespace bartizan::program {
namespace {

namespace fs = std::filesystem;
constexpr double kGib = 1024.0 * 1024 * 1024;
constexpr double kWantedMemoryGib = 2;
constexpr double kWantedDiskGib = 1;

struct Output {
    int status = -1;
    std::string text;
};

/// What a program prints on both streams, at most 4 KiB of it.
Output run_program(const fs::path& program, const char* argument) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return {};
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO);
    std::string name = program.string();
    std::string word = argument;
    char* const argv[] = {name.data(), word.data(), nullptr};
    pid_t child = 0;
    const int failed = ::posix_spawn(&child, program.c_str(), &actions, nullptr, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    ::close(ends[1]);
    Output output;
    char buffer[4096];
    for (ssize_t got = 0; failed == 0 && (got = ::read(ends[0], buffer, sizeof buffer)) > 0;)
        if (output.text.size() < sizeof buffer) output.text.append(buffer, static_cast<std::size_t>(got));
    ::close(ends[0]);
    int state = 0;
    if (failed == 0 && ::waitpid(child, &state, 0) == child && WIFEXITED(state)) output.status = WEXITSTATUS(state);
    return output;
}

Check check_program(const char* name, const Result<fs::path>& program, const char* packages) {
    if (!program.ok()) return {name, Health::missing, program.error().message(), program.error().hint()};
    const Output output = run_program(*program, "--version");
    const std::string first = output.text.substr(0, output.text.find('\n'));
    if (output.status != 0)
        return {name, Health::missing, fmt::format("'{}' does not start: {}", program->string(), first),
                fmt::format("sudo apt-get install {}, or build it again: make build", packages)};
    if (first != fmt::format("bartizan {}", kVersion))
        return {name, Health::warning, fmt::format("'{}' is another version: {}", program->string(), first),
                "install all programs from one build"};
    return {name, Health::good, program->string(), ""};
}

Check check_data() {
    const fs::path folder = "/usr/share/datasets/fashion-mnist";
    std::error_code ignored;
    if (fs::exists(folder / "t10k-images-idx3-ubyte.gz", ignored))
        return {"demo data", Health::good, folder.string(), ""};
    return {"demo data", Health::warning, "Fashion-MNIST is not installed (only the demo needs it)",
            "sudo apt-get install dataset-fashion-mnist"};
}

Check check_blas() {
    std::error_code error;
    for (const char* link :
         {"/etc/alternatives/libblas.so.3-x86_64-linux-gnu", "/etc/alternatives/libblas.so.3-aarch64-linux-gnu"}) {
        const auto target = fs::read_symlink(link, error);
        if (error) continue;
        const std::string path = target.string();
        if (path.find("openblas-openmp") != std::string::npos || path.find("mkl") != std::string::npos)
            return {"BLAS", Health::good, path, ""};
        return {"BLAS", Health::warning, path + " is slower here than OpenBLAS with OpenMP",
                "sudo apt-get install libopenblas0-openmp"};
    }
    return {"BLAS", Health::good, "chosen by the system", ""};
}

Check check_processor() {
    const unsigned cores = std::max(1U, std::thread::hardware_concurrency());
    std::string detail = fmt::format("{} core{}", cores, cores == 1 ? "" : "s");
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f"))
        detail += ", AVX-512";
    else if (__builtin_cpu_supports("avx2"))
        detail += ", AVX2";
    else
        return {"processor", Health::warning, detail + ", no AVX2", "it works, several times slower than with AVX2"};
#endif
    return {"processor", Health::good, detail, ""};
}

Check check_memory() {
    std::ifstream file("/proc/meminfo");
    std::string key;
    double kibibytes = 0;
    while (file >> key >> kibibytes) {
        if (key == "MemAvailable:") break;
        file.ignore(256, '\n');
        kibibytes = 0;
    }
    const double gib = kibibytes * 1024 / kGib;
    if (gib >= kWantedMemoryGib) return {"memory", Health::good, fmt::format("{:.1f} GiB free", gib), ""};
    return {"memory", Health::warning, fmt::format("{:.1f} GiB free", gib),
            fmt::format("large models want {:.0f} GiB; use --limit and smaller models", kWantedMemoryGib)};
}

Check check_disk() {
    std::error_code error;
    const fs::space_info space = fs::space(fs::current_path(error), error);
    if (error) return {"disk", Health::warning, "cannot tell how much is free here", "go to a folder you can read"};
    const double gib = static_cast<double>(space.available) / kGib;
    if (gib >= kWantedDiskGib) return {"disk", Health::good, fmt::format("{:.1f} GiB free here", gib), ""};
    return {"disk", Health::warning, fmt::format("{:.2f} GiB free here", gib), "free some space before a long audit"};
}

}  // namespace

const char* to_string(Health health) {
    switch (health) {
        case Health::good:
            return "good";
        case Health::warning:
            return "warning";
        case Health::missing:
            return "missing";
    }
    return "";
}

std::vector<Check> checkup() {
    return {check_program("engine", find_engine(), "libtorch1.13 libprotobuf32"),
            check_program("service", find_service(), "libsoci-core4.0 libsodium23"),
            check_blas(),
            check_processor(),
            check_memory(),
            check_disk(),
            check_data()};
}

}  // namespace bartizan::program
