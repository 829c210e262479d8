#pragma once
/// The hashes of the tree as tiles of 256, in the layout of c2sp.org/tlog-tiles: tile/LEVEL/N holds the roots of the
/// subtrees of 256^LEVEL entries. Full tiles are files; the right edge, which still grows, is in memory.
/// One thread at a time.

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "bartizan/result.h"
#include "crypto/merkle.h"

namespace bartizan::ledger {

inline constexpr std::uint64_t kTile = 256;
using Hashes = std::vector<crypto::MerkleHash>;

/// "tile/0/x001/x234/067", with ".p/WIDTH" for a tile of fewer than 256. `level` is a number or "entries".
std::string tile_name(std::string_view level, std::uint64_t index, std::uint64_t width);
/// Fails with `invalid_input` for a file that has not exactly `width` hashes.
Result<Hashes> read_tile(const std::filesystem::path& folder, unsigned level, std::uint64_t index, std::uint64_t width);
std::string tile_bytes(const Hashes& hashes);

class Tiles {
public:
    explicit Tiles(std::filesystem::path folder) : folder_(std::move(folder)), edges_(1) {}
    /// The tree of `size` entries from the files in the folder; `tail` holds the hashes of the last size % 256 entries.
    static Result<Tiles> load(std::filesystem::path folder, std::uint64_t size, Hashes tail);

    std::uint64_t size() const { return size_; }
    void append(const crypto::MerkleHash& leaf);
    /// Writes the tiles that became full, and the unfinished one of the lowest level. Those that cannot be written stay
    /// in memory for the next time.
    Result<void> flush();
    /// Full tiles that no file holds yet, by level and index.
    const std::map<std::pair<unsigned, std::uint64_t>, Hashes>& unwritten() const { return unwritten_; }
    /// As `crypto::MerkleSource`.
    Result<crypto::MerkleHash> node(unsigned level, std::uint64_t index) const;
    crypto::MerkleSource source() const;
    /// The unfinished tile of each level; empty where there is none.
    const std::vector<Hashes>& edges() const { return edges_; }

private:
    void push(std::size_t level, const crypto::MerkleHash& hash);
    Result<void> write_unfinished() const;

    std::filesystem::path folder_;
    std::uint64_t size_ = 0;
    std::vector<Hashes> edges_;
    std::map<std::pair<unsigned, std::uint64_t>, Hashes> unwritten_;
};

}  // namespace bartizan::ledger
