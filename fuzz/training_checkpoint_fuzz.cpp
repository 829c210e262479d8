// links: core formats data graph
// Checkpoints of trainings: refused, or written again and read as the same. The parser lives in a module of tensors,
// which are not built for fuzzing, but needs none itself: its source is taken in here.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>

#include <unistd.h>

#include "core/file.h"
#include "training/checkpoint.cpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace bartizan;
    static const std::filesystem::path file =
        std::filesystem::temp_directory_path() / ("checkpoint-" + std::to_string(::getpid()));
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    if (!write_file_atomically(file, bytes).ok()) return 0;
    const auto read = training::load_checkpoint(file);
    if (!read.ok()) return 0;
    if (!training::save_checkpoint(file, *read).ok()) std::abort();
    const auto again = training::load_checkpoint(file);
    if (!again.ok() || again->fingerprint != read->fingerprint || again->arrays.size() != read->arrays.size())
        std::abort();
    return 0;
}
