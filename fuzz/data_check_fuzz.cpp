// links: quality
// seeds: tests/fixtures/formats/*.csv
// Tables and text with anything in them: checked and parted, or refused. The first byte chooses the kind of file.
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "core/file.h"
#include "quality/check.h"
#include "quality/quarantine.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace bartizan;
    namespace fs = std::filesystem;
    static const fs::path kFolder = fs::temp_directory_path() / ("fuzz-check-" + std::to_string(::getpid()));
    if (size < 1 || size > 1 << 14) return 0;
    fs::remove_all(kFolder);
    fs::create_directories(kFolder);
    const std::string ending = (const char*[]){".csv", ".jsonl", ".txt", ".tsv"}[data[0] % 4];
    const fs::path path = kFolder / ("d" + ending);
    std::ofstream(path, std::ios::binary).write(reinterpret_cast<const char*>(data + 1), static_cast<long>(size - 1));
    const auto report =
        quality::check(path, {.open = {.label_column = data[0] & 8 ? "y" : ""}}, RunContext({.threads = 1}));
    if (!report.ok()) return 0;
    const auto parted = quality::quarantine(path, {}, *report, kFolder / "q");
    if (!parted.ok() || parted->clean_items + parted->suspect_items != report->items) std::abort();
    const std::size_t parts = read_file(parted->clean, 1 << 20)->size() + read_file(parted->suspect, 1 << 20)->size();
    if (parts < size - 1 || parts > 2 * (size - 1)) std::abort();  // the head is in both, all else in one
    return 0;
}
