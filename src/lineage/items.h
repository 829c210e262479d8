#pragma once
/// What a data set holds now, item by item in the order of their ids, of any number in bounded memory: the files of a
/// folder, or the rows of a table or array file.
/// Thread rule: one thread at a time.

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bartizan/result.h"
#include "bartizan/run_context.h"
#include "lineage/item.h"
#include "lineage/sorter.h"

namespace bartizan::lineage {

inline constexpr int kDeepestFolder = 128;

/// What an item is: a file; a row of a CSV table; a line of text (JSON Lines); a row of an array file.
enum class Unit : std::uint8_t { files, table, lines, array };
std::string_view to_string(Unit unit);
std::optional<Unit> unit_from(std::string_view text);
IdRule id_rule(Unit unit);

/// How a data set is cut into items. Signed with the manifest, so that everybody cuts alike.
struct Reading {
    Unit unit = Unit::files;
    std::string id_column;                  ///< rows: where their ids are; empty: they are numbered
    std::string label_column;               ///< tables and JSON Lines; empty: none
    bool folder_labels = true;              ///< files: the folder that holds a file is its label
    std::vector<std::string> ignored = {};  ///< files: names below the data set that are left out
    bool operator==(const Reading&) const = default;
};

/// An item that is there. `item.sha256` is empty for a file: whoever needs it hashes `file`.
struct Found {
    Item item;
    std::filesystem::path file = {};
    std::string refused = {};  ///< why it cannot be an item: a link, a pipe, a name that is not UTF-8
};

class Items {
public:
    virtual ~Items() = default;
    /// The next one by id; nothing at the end. Fails with `invalid_input` at an id that two rows have.
    virtual Result<std::optional<Found>> next() = 0;
};

/// The unit that a path suggests: a folder or an unknown file holds files; .csv, .tsv, .jsonl, .npz, .npy their rows.
/// Fails with `not_found`, `denied`.
Result<Unit> unit_of(const std::filesystem::path& path);

/// Fails with `not_found`, `denied`, `invalid_input` (a column that is not there, rows that cannot be read).
Result<std::unique_ptr<Items>> open_items(const std::filesystem::path& path, const Reading& reading,
                                          const std::filesystem::path& scratch, const RunContext& context);

/// Fills in the digests of files that lack one, on all cores. A file that cannot be read is refused.
Result<void> hash_found(std::vector<Found>& found, const RunContext& context);

}  // namespace bartizan::lineage
