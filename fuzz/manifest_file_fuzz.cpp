// links: lineage
// seeds: fuzz/seeds/manifest/*
// Whole manifests: surveyed and gone through in the order of their ids, each once, or refused.
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "lineage/manifest.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace bartizan::lineage;
    static const std::filesystem::path kPath =
        std::filesystem::temp_directory_path() / ("fuzz-manifest-" + std::to_string(::getpid()));
    std::ofstream(kPath, std::ios::binary).write(reinterpret_cast<const char*>(data), static_cast<long>(size));
    for (const IdRule rule : {IdRule::path, IdRule::row}) {
        const auto surveyed = survey(kPath, rule);
        if (!surveyed.ok()) continue;
        auto sorted = SortedManifest::open(kPath, rule, surveyed->facts.in_order, default_scratch());
        std::string last;
        std::uint64_t items = 0;
        for (; sorted.ok(); ++items) {
            const auto entry = sorted->next();
            if (!entry.ok()) break;  // double ids are found when they meet
            if (!*entry) {
                if (items != surveyed->facts.items) std::abort();
                break;
            }
            if (items > 0 && (*entry)->item.id <= last) std::abort();
            last = (*entry)->item.id;
        }
    }
    return 0;
}
