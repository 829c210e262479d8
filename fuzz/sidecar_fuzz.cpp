// links: data
// The YAML beside a model: refused, or numbers that can be used.
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "data/input_contract.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace bartizan::data;
    static const auto kModel =
        std::filesystem::temp_directory_path() / ("fuzz-" + std::to_string(::getpid()) + ".onnx");
    if (size > 1 << 16) return 0;
    std::ofstream(sidecar_path(kModel), std::ios::binary)
        .write(reinterpret_cast<const char*>(data), static_cast<long>(size));
    const auto contract = read_sidecar(kModel);
    std::filesystem::remove(sidecar_path(kModel));
    if (contract.ok())
        for (const double value : contract->std)
            if (!(value > 0)) std::abort();
    (void)parse_numbers({reinterpret_cast<const char*>(data), size}).ok();
    return 0;
}
