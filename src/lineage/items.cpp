#include "lineage/items.h"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "core/file.h"
#include "lineage/item_sources.h"

namespace bartizan::lineage {
namespace {

constexpr std::array<std::string_view, 4> kUnits = {"files", "table", "lines", "array"};

}  // namespace

std::string_view to_string(Unit unit) { return kUnits[static_cast<std::size_t>(unit)]; }

std::optional<Unit> unit_from(std::string_view text) {
    const auto found = std::ranges::find(kUnits, text);
    if (found == kUnits.end()) return {};
    return static_cast<Unit>(found - kUnits.begin());
}

IdRule id_rule(Unit unit) { return unit == Unit::files ? IdRule::path : IdRule::row; }

Result<Unit> unit_of(const std::filesystem::path& path) {
    struct stat found {};
    if (::stat(path.c_str(), &found) != 0) return system_failure(errno, "cannot open", path);
    if (S_ISDIR(found.st_mode)) return Unit::files;
    if (!S_ISREG(found.st_mode))
        return invalid_input("'" + path.string() + "' is neither a file nor a folder", "name the data set");
    const std::string ending = path.extension().string();
    if (ending == ".csv" || ending == ".tsv") return Unit::table;
    if (ending == ".jsonl" || ending == ".ndjson") return Unit::lines;
    return ending == ".npz" || ending == ".npy" ? Unit::array : Unit::files;
}

Result<std::unique_ptr<Items>> open_items(const std::filesystem::path& path, const Reading& reading,
                                          const std::filesystem::path& scratch, const RunContext& context) {
    const Unit here = BARTIZAN_TRY(unit_of(path));
    if (here != reading.unit && reading.unit != Unit::files)
        return invalid_input("'" + path.string() + "' holds " + std::string(to_string(here)) + ", " +
                             std::string(to_string(reading.unit)) + " were sealed");
    return reading.unit == Unit::files ? open_files(path, reading, scratch, context)
                                       : open_rows(path, reading, scratch, context);
}

}  // namespace bartizan::lineage
