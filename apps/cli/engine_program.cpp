#include "apps/cli/engine_program.h"

#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <system_error>

namespace bartizan::program {
namespace {

/// OpenBLAS, too, reads its choice when it is loaded. It knows processors by name and takes its AVX2 kernels on newer
/// ones from other makers, also where they have AVX-512.
void choose_blas_kernels() {
#if defined(__x86_64__) && defined(__GNUC__)
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512vl"))
        ::setenv("OPENBLAS_CORETYPE", "SkylakeX", 0);
#endif
}

bool is_program(const std::filesystem::path& path) { return ::access(path.c_str(), X_OK) == 0; }

/// Named by the variable, beside this program, or in `folder` under the one above it.
Result<std::filesystem::path> find(const std::string& name, const char* variable, const std::filesystem::path& folder) {
    if (const char* named = variable == nullptr ? nullptr : std::getenv(variable); named != nullptr && *named != '\0') {
        if (is_program(named)) return std::filesystem::path(named);
        return Error(Errc::unavailable, std::string(variable) + " names no program: '" + named + "'",
                     "unset it, or name the " + name + " program");
    }
    std::error_code error;
    const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
    if (!error) {
        const auto here = self.parent_path();
        for (const auto& path : {here / name, (here / folder / name).lexically_normal()})
            if (is_program(path)) return path;
    }
    return Error(Errc::unavailable, name + " is not installed beside this program",
                 "install all of them (cmake --install)" +
                     (variable == nullptr ? std::string() : ", or name it in " + std::string(variable)));
}

Error become(const std::filesystem::path& program, const std::vector<std::string>& words) {
    std::vector<std::string> owned{program.filename().string()};
    owned.insert(owned.end(), words.begin(), words.end());
    std::vector<char*> argv;
    for (std::string& word : owned) argv.push_back(word.data());
    argv.push_back(nullptr);
    ::execv(program.c_str(), argv.data());
    return {Errc::unavailable, "cannot start '" + program.string() + "': " + std::generic_category().message(errno),
            "see 'bartizan doctor'"};
}

}  // namespace

Result<std::filesystem::path> find_engine() {
    return find("bartizan-engine", "BARTIZAN_ENGINE", "../libexec/bartizan");
}
Result<std::filesystem::path> find_service() {
    return find("bartizan-service", "BARTIZAN_SERVICE", "../libexec/bartizan");
}
Result<std::filesystem::path> find_commands() { return find("bartizan", nullptr, "../../bin"); }

Error become_engine(const std::filesystem::path& engine, const std::vector<std::string>& words) {
    // OpenMP reads this when it is loaded. Spinning threads would take the cores of the other shards.
    ::setenv("OMP_WAIT_POLICY", "passive", 0);
    choose_blas_kernels();
    return become(engine, words);
}
Error become_service(const std::filesystem::path& service, const std::vector<std::string>& words) {
    return become(service, words);
}

}  // namespace bartizan::program
