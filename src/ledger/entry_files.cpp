#include "ledger/entry_files.h"

#include <algorithm>

#include <fmt/format.h>

#include "core/file.h"

namespace bartizan::ledger {
namespace {

struct Counted {
    std::uint64_t lines = 0;  ///< whole lines from the segment's first on
    std::uint64_t bytes = 0;  ///< of the first `wanted` of them
};

/// Walks the lines of a segment and what follows it.
Result<Counted> count(const std::filesystem::path& folder, std::uint64_t segment, std::uint64_t wanted) {
    Counted counted;
    const auto source = segment_source(folder, segment);
    for (;;) {
        const auto line = source->next();
        // What a crash tore need not look like lines.
        if (!line.ok() && counted.lines < wanted) return line.error();
        if (!line.ok() || !*line) return counted;
        if (counted.lines < wanted) counted.bytes += (*line)->size() + 1;
        ++counted.lines;
    }
}

Error missing(std::uint64_t first, std::uint64_t size) {
    return {Errc::conflict, fmt::format("entry {} is missing: the tree head was signed over {} entries", first, size),
            "entries were removed; bartizan ledger verify tells more"};
}

Result<void> remove_segment(const std::filesystem::path& folder, std::uint64_t segment) {
    std::error_code error;
    std::filesystem::remove(segment_path(folder, segment), error);
    if (error) return system_failure(error.value(), "cannot remove", segment_path(folder, segment));
    return {};
}

}  // namespace

Result<EntryFiles> EntryFiles::open(const std::filesystem::path& folder, std::uint64_t size, std::uint64_t most_cut) {
    EntryFiles files(folder);
    BARTIZAN_TRY(make_folder(folder / "entries"));
    const std::uint64_t segment = size / kSegment;
    const std::uint64_t wanted = size % kSegment;
    const Counted counted = BARTIZAN_TRY(count(folder, segment, wanted));
    if (counted.lines < wanted) return missing(segment * kSegment + counted.lines, size);
    if (counted.lines - wanted > most_cut)
        return Error(Errc::conflict,
                     fmt::format("{} entries follow the last signed tree head (of {}), more than a crash can leave",
                                 counted.lines - wanted, size),
                     "tree heads were removed; bartizan ledger verify tells more");
    for (std::uint64_t later = segment + 1; std::filesystem::exists(segment_path(folder, later)); ++later)
        BARTIZAN_TRY(remove_segment(folder, later));
    BARTIZAN_TRY(files.use_segment(segment));
    BARTIZAN_TRY(files.file_->cut(counted.bytes));
    files.size_ = size;
    files.unsynced_ = true;
    BARTIZAN_TRY(files.sync());
    return files;
}

Result<void> EntryFiles::use_segment(std::uint64_t segment) {
    BARTIZAN_TRY(sync());
    file_ = BARTIZAN_TRY(AppendFile::open(segment_path(folder_, segment)));
    segment_ = segment;
    return sync_folder(folder_ / "entries");
}

Result<void> EntryFiles::append(std::span<const std::string> lines) {
    while (!lines.empty()) {
        if (size_ / kSegment != segment_) BARTIZAN_TRY(use_segment(size_ / kSegment));
        const std::size_t fitting = std::min<std::uint64_t>(lines.size(), kSegment - size_ % kSegment);
        std::string bytes;
        for (const std::string& line : lines.first(fitting)) (bytes += line) += '\n';
        unsynced_ = true;
        BARTIZAN_TRY(file_->append(bytes));
        size_ += fitting;
        lines = lines.subspan(fitting);
    }
    return {};
}

Result<void> EntryFiles::sync() {
    if (unsynced_) BARTIZAN_TRY(file_->sync());
    unsynced_ = false;
    return {};
}

Result<void> EntryFiles::cut(std::uint64_t size) {
    unsynced_ = false;
    const auto again = open(folder_, size, kSegment);
    if (!again.ok()) return again.error();
    file_ = BARTIZAN_TRY(AppendFile::open(segment_path(folder_, size / kSegment)));
    segment_ = size / kSegment;
    size_ = size;
    return {};
}

}  // namespace bartizan::ledger
