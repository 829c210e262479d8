#pragma once
/// A manifest: one line for each item of a data set, of any number, read and written in constant memory. The Merkle
/// tree (RFC 6962) over its lines, in the order of the file, is what a seal signs; lines that are only ever appended
/// keep the older tree as a part of the newer. Thread rule: one thread at a time.

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "bartizan/result.h"
#include "core/file.h"
#include "crypto/hash.h"
#include "crypto/merkle.h"
#include "lineage/item.h"
#include "lineage/lines.h"
#include "lineage/sorter.h"

namespace bartizan::lineage {

inline constexpr std::size_t kMostLabels = 10'000;

/// How many items have each label. Beyond `kMostLabels` labels the rest is counted together.
struct LabelCounts {
    std::map<std::string, std::uint64_t> counts;
    std::uint64_t others = 0;

    void add(const std::string& label, std::uint64_t items = 1);
    bool operator==(const LabelCounts&) const = default;
};

/// What a manifest adds up to.
struct Facts {
    std::uint64_t items = 0;
    std::uint64_t bytes = 0;  ///< of the items
    LabelCounts labels;
    crypto::MerkleHash root{};
    std::string sha256;    ///< of the manifest file
    bool in_order = true;  ///< of the ids; sorted manifests are compared without sorting them
};

/// The Merkle root, and the size and root of the tree that the first `prefix` lines make.
struct Survey {
    Facts facts;
    crypto::MerkleHash prefix_root{};
};

/// Line by line, each checked.
class ManifestReader {
public:
    static Result<ManifestReader> open(const std::filesystem::path& path, IdRule rule);

    /// Fails with `invalid_input` naming the line: not an item, an unsafe id, not UTF-8, empty, cut off.
    Result<std::optional<Item>> next();
    std::string_view line() const { return line_; }
    std::uint64_t number() const { return lines_.number(); }

private:
    ManifestReader(Lines lines, IdRule rule) : lines_(std::move(lines)), rule_(rule) {}
    Lines lines_;
    IdRule rule_;
    std::string_view line_;
};

/// Reads all of it once. `prefix` 0: none is asked for; `prefix_root` is that of the whole when there are fewer lines.
/// A double id is found here when the lines are in order, else by `SortedManifest`.
Result<Survey> survey(const std::filesystem::path& path, IdRule rule, std::uint64_t prefix = 0);

/// An item with its place in the manifest.
struct Entry {
    Item item;
    std::uint64_t number = 0;  ///< of its line, from 1
    std::string line;
};

/// The entries by rising id, whatever the order of the file. Fails with `invalid_input` at an id that stands there
/// twice.
class SortedManifest {
public:
    static Result<SortedManifest> open(const std::filesystem::path& path, IdRule rule, bool in_order,
                                       const std::filesystem::path& scratch);
    Result<std::optional<Entry>> next();

private:
    SortedManifest(std::optional<ManifestReader> reader, std::optional<Sorter> sorter, IdRule rule)
        : reader_(std::move(reader)), sorter_(std::move(sorter)), rule_(rule) {}
    Result<std::optional<Entry>> read();

    std::optional<ManifestReader> reader_;
    std::optional<Sorter> sorter_;
    IdRule rule_;
    std::string last_id_;
    std::uint64_t last_number_ = 0;
};

/// Adds lines up while they are written.
class ManifestWriter {
public:
    explicit ManifestWriter(const AppendBytes& out) : out_(out) {}
    Result<void> add(const Item& item, std::string_view line);
    /// What was written; the last bytes go out.
    Result<Facts> finish();
    /// The tree so far.
    const crypto::MerkleTree& tree() const { return tree_; }

private:
    Result<void> flush();

    const AppendBytes& out_;
    std::string buffer_;
    crypto::Sha256 digest_;
    crypto::MerkleTree tree_;
    Facts facts_;
    std::string last_id_;
};

}  // namespace bartizan::lineage
