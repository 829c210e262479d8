// links: data
// Whole data sets: what opens has as many labels as items, and every row is read or refused. The first byte chooses the
// kind of file.
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "data/dataset.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const std::string kStem = std::filesystem::temp_directory_path() / ("fuzz-" + std::to_string(::getpid()));
    if (size < 1 || size > 1 << 16) return 0;
    const char* const endings[] = {".npz", ".csv", "-idx3-ubyte", ".npy"};
    const std::string path = kStem + endings[data[0] % 4];
    std::ofstream(path, std::ios::binary).write(reinterpret_cast<const char*>(data + 1), static_cast<long>(size - 1));
    const auto opened = bartizan::data::open(path, {.label_column = "label", .limit = 64, .byte_limit = 1 << 24});
    if (opened.ok()) {
        if ((*opened)->has_labels() && (*opened)->labels().size() != static_cast<std::size_t>((*opened)->info().items))
            std::abort();
        (void)bartizan::data::read_all(**opened).ok();
    }
    std::filesystem::remove(path);
    return 0;
}
