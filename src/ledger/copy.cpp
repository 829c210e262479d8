#include "ledger/copy.h"

#include <algorithm>

#include "core/file.h"
#include "ledger/heads.h"

namespace bartizan::ledger {
namespace {

bool is_there(const std::filesystem::path& path) {
    std::error_code ignored;
    return std::filesystem::exists(path, ignored);
}

Result<void> write(const std::filesystem::path& path, std::string_view bytes) {
    BARTIZAN_TRY(make_folder(path.parent_path()));
    return write_file_atomically(path, bytes);
}

Result<void> write_bundles(const Copy& copy, std::uint64_t size, const std::filesystem::path& out) {
    const auto source = copy.entries(size).source;
    for (std::uint64_t first = 0; first < size; first += kBundle) {
        const std::uint64_t width = std::min(kBundle, size - first);
        std::string bytes;
        for (std::uint64_t i = 0; i < width; ++i) {
            const auto entry = BARTIZAN_TRY(source->next());
            if (!entry) return internal_error("the entries changed while they were read");
            bytes += static_cast<char>(entry->size() >> 8);
            bytes += static_cast<char>(entry->size() & 0xFF);
            bytes += *entry;
        }
        BARTIZAN_TRY(write(out / tile_name("entries", first / kBundle, width), bytes));
    }
    return {};
}

Result<void> write_tiles(const Tiles& tiles, const std::filesystem::path& out) {
    for (const auto& [place, hashes] : tiles.unwritten())
        BARTIZAN_TRY(write(out / tile_name(std::to_string(place.first), place.second, kTile), tile_bytes(hashes)));
    for (std::size_t level = 0; level < tiles.edges().size(); ++level) {
        const Hashes& edge = tiles.edges()[level];
        const std::uint64_t index = (tiles.size() >> (8 * level)) / kTile;
        if (!edge.empty())
            BARTIZAN_TRY(write(out / tile_name(std::to_string(level), index, edge.size()), tile_bytes(edge)));
    }
    return {};
}

}  // namespace

Result<Copy> Copy::open(std::filesystem::path folder) {
    if (is_there(folder / "heads")) return Copy(std::move(folder), Layout::ledger);
    if (is_there(folder / "checkpoint")) return Copy(std::move(folder), Layout::exported);
    if (!is_there(folder)) return Error(Errc::not_found, "'" + folder.string() + "' is not there", "check the path");
    return invalid_input("'" + folder.string() + "' holds neither a ledger nor an export of one",
                         "a file 'heads' or 'checkpoint' is expected in it");
}

Result<Verifier> Copy::own_key() const {
    return Verifier::from_text(BARTIZAN_TRY(read_file(folder_ / "key", kLongestNote)));
}

Result<std::string> Copy::head() const {
    if (layout_ == Layout::exported) return read_file(folder_ / "checkpoint", kLongestNote);
    const auto file = BARTIZAN_TRY(MappedFile::open(folder_ / "heads"));
    const std::string_view text(reinterpret_cast<const char*>(file->bytes().data()), file->bytes().size());
    LastHead last = last_record(text.substr(text.size() - std::min(text.size(), 2 * kLongestNote)));
    if (last.note.empty()) return invalid_input("there is no signed head in '" + (folder_ / "heads").string() + "'");
    return std::move(last.note);
}

Copy::Entries Copy::entries(std::uint64_t size, std::uint64_t from) const {
    if (layout_ == Layout::ledger) return {segment_source(folder_, from / kSegment), from - from % kSegment};
    return {bundle_source(folder_, size, from / kBundle), from - from % kBundle};
}

Result<Tiles> tree_of(const Copy& copy, std::uint64_t size) {
    Tiles tiles(copy.folder());
    const auto source = copy.entries(size).source;
    while (tiles.size() < size) {
        const auto entry = BARTIZAN_TRY(source->next());
        if (!entry) break;
        tiles.append(crypto::merkle_leaf(*entry));
    }
    return tiles;
}

Result<Checkpoint> export_log(const Copy& copy, const Verifier& verifier, const std::filesystem::path& out) {
    const std::string head = BARTIZAN_TRY(copy.head());
    const Checkpoint checkpoint = BARTIZAN_TRY(open_checkpoint(head, verifier));
    const Tiles tiles = BARTIZAN_TRY(tree_of(copy, checkpoint.size));
    const auto root = crypto::merkle_root(tiles.size(), tiles.source());
    if (tiles.size() != checkpoint.size || !root.ok() || *root != checkpoint.root)
        return Error(Errc::denied, "the entries do not give the root that was signed",
                     "bartizan ledger verify tells which were changed");
    BARTIZAN_TRY(make_folder(out));
    if (!std::filesystem::is_empty(out))
        return Error(Errc::conflict, "the folder '" + out.string() + "' is not empty", "choose another one");
    BARTIZAN_TRY(write_bundles(copy, checkpoint.size, out));
    BARTIZAN_TRY(write_tiles(tiles, out));
    BARTIZAN_TRY(write(out / "key", verifier.text() + "\n"));
    BARTIZAN_TRY(write(out / "checkpoint", head));
    return checkpoint;
}

}  // namespace bartizan::ledger
