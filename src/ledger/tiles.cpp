#include "ledger/tiles.h"

#include <algorithm>
#include <fstream>

#include <fmt/format.h>

#include "core/file.h"
#include "ledger/append_file.h"

namespace bartizan::ledger {
namespace {

constexpr unsigned kTileBits = 8;
constexpr unsigned kMostLevels = 8;  // 256^8 entries
constexpr std::size_t kHashBytes = sizeof(crypto::MerkleHash);

/// How many hashes the tiles of a level hold for a tree of `size`.
std::uint64_t count_at(std::size_t level, std::uint64_t size) {
    return level >= kMostLevels ? 0 : size >> (kTileBits * level);
}

}  // namespace

std::string tile_name(std::string_view level, std::uint64_t index, std::uint64_t width) {
    std::string name = fmt::format("{:03}", index % 1000);
    for (std::uint64_t rest = index / 1000; rest > 0; rest /= 1000) name = fmt::format("x{:03}/{}", rest % 1000, name);
    name = fmt::format("tile/{}/{}", level, name);
    return width == kTile ? name : fmt::format("{}.p/{}", name, width);
}

Result<Hashes> read_tile(const std::filesystem::path& folder, unsigned level, std::uint64_t index,
                         std::uint64_t width) {
    const auto path = folder / tile_name(std::to_string(level), index, width);
    const std::string bytes = BARTIZAN_TRY(read_file(path, kTile * kHashBytes));
    if (bytes.size() != width * kHashBytes)
        return invalid_input(
            fmt::format("the tile '{}' has {} bytes, not {}", path.string(), bytes.size(), width * kHashBytes));
    Hashes hashes(width);
    for (std::size_t i = 0; i < width; ++i)
        std::ranges::copy(bytes.substr(i * kHashBytes, kHashBytes), hashes[i].begin());
    return hashes;
}

std::string tile_bytes(const Hashes& hashes) {
    std::string bytes;
    for (const crypto::MerkleHash& hash : hashes) bytes.append(hash.begin(), hash.end());
    return bytes;
}

Result<Tiles> Tiles::load(std::filesystem::path folder, std::uint64_t size, Hashes tail) {
    Tiles tiles(std::move(folder));
    tiles.size_ = size;
    tiles.edges_[0] = std::move(tail);
    for (std::size_t level = 1; count_at(level, size) > 0; ++level) {
        const std::uint64_t count = count_at(level, size);
        Hashes& edge = tiles.edges_.emplace_back();
        for (std::uint64_t i = count - count % kTile; i < count; ++i)
            edge.push_back(crypto::merkle_fold(
                BARTIZAN_TRY(read_tile(tiles.folder_, static_cast<unsigned>(level - 1), i, kTile))));
    }
    return tiles;
}

void Tiles::append(const crypto::MerkleHash& leaf) {
    ++size_;
    push(0, leaf);
}

void Tiles::push(std::size_t level, const crypto::MerkleHash& hash) {
    if (edges_.size() == level) edges_.emplace_back();
    Hashes& edge = edges_[level];
    edge.push_back(hash);
    if (edge.size() < kTile) return;
    const crypto::MerkleHash above = crypto::merkle_fold(edge);
    unwritten_[{static_cast<unsigned>(level), count_at(level, size_) / kTile - 1}] = std::move(edge);
    edges_[level].clear();
    push(level + 1, above);
}

Result<void> Tiles::flush() {
    while (!unwritten_.empty()) {
        const auto& [place, hashes] = *unwritten_.begin();
        const auto path = folder_ / tile_name(std::to_string(place.first), place.second, kTile);
        BARTIZAN_TRY(make_folder(path.parent_path()));
        BARTIZAN_TRY(write_file_atomically(path, tile_bytes(hashes)));
        std::error_code ignored;
        std::filesystem::remove_all(path.string() + ".p", ignored);
        unwritten_.erase(unwritten_.begin());
    }
    return write_unfinished();
}

/// Not synced, for it is written with every batch: it helps to name a changed entry, and is never relied upon.
Result<void> Tiles::write_unfinished() const {
    const Hashes& edge = edges_[0];
    if (edge.empty()) return {};
    const auto path = folder_ / tile_name("0", size_ / kTile, edge.size());
    BARTIZAN_TRY(make_folder(path.parent_path()));
    std::ofstream file(path, std::ios::binary);
    if (!(file << tile_bytes(edge)).flush()) return exhausted("cannot write '" + path.string() + "'");
    std::error_code ignored;
    for (const auto& older : std::filesystem::directory_iterator(path.parent_path(), ignored))
        if (older.path() != path) std::filesystem::remove(older.path(), ignored);
    return {};
}

Result<crypto::MerkleHash> Tiles::node(unsigned level, std::uint64_t index) const {
    const unsigned tile_level = level / kTileBits;
    const unsigned rest = level % kTileBits;
    const std::uint64_t first = index << rest;
    const std::uint64_t tile = first / kTile;
    const auto fold = [&](const Hashes& hashes) -> Result<crypto::MerkleHash> {
        const std::size_t begin = first % kTile;
        const std::size_t width = std::size_t{1} << rest;
        if (begin + width > hashes.size()) return internal_error("a node beyond the right edge of the tree");
        return crypto::merkle_fold(std::span(hashes).subspan(begin, width));
    };
    if (tile == count_at(tile_level, size_) / kTile && tile_level < edges_.size()) return fold(edges_[tile_level]);
    if (const auto found = unwritten_.find({tile_level, tile}); found != unwritten_.end()) return fold(found->second);
    return fold(BARTIZAN_TRY(read_tile(folder_, tile_level, tile, kTile)));
}

crypto::MerkleSource Tiles::source() const {
    return [this](unsigned level, std::uint64_t index) { return node(level, index); };
}

}  // namespace bartizan::ledger
