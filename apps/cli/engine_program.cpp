#include "apps/cli/engine_program.h"

#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <system_error>

namespace bartizan::program {
namespace {

constexpr char kName[] = "bartizan-engine";

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

}  // namespace

Result<std::filesystem::path> find_engine() {
    if (const char* named = std::getenv("BARTIZAN_ENGINE"); named != nullptr && *named != '\0') {
        if (is_program(named)) return std::filesystem::path(named);
        return Error(Errc::unavailable, "BARTIZAN_ENGINE names no program: '" + std::string(named) + "'",
                     "unset it, or name the bartizan-engine program");
    }
    std::error_code error;
    const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
    if (!error) {
        const auto folder = self.parent_path();
        for (const auto& path : {folder / kName, folder.parent_path() / "libexec" / "bartizan" / kName})
            if (is_program(path)) return path;
    }
    return Error(Errc::unavailable, "bartizan-engine is not installed beside bartizan",
                 "install both (cmake --install), or name it in BARTIZAN_ENGINE");
}

Error become_engine(const std::filesystem::path& engine, const std::vector<std::string>& words) {
    std::vector<std::string> owned{kName};
    owned.insert(owned.end(), words.begin(), words.end());
    std::vector<char*> argv;
    for (std::string& word : owned) argv.push_back(word.data());
    argv.push_back(nullptr);
    // OpenMP reads this when it is loaded. Spinning threads would take the cores of the other shards.
    ::setenv("OMP_WAIT_POLICY", "passive", 0);
    choose_blas_kernels();
    ::execv(engine.c_str(), argv.data());
    return {Errc::unavailable, "cannot start '" + engine.string() + "': " + std::generic_category().message(errno),
            "see 'bartizan doctor'"};
}

}  // namespace bartizan::program
