#pragma once
/// A data set as the checks see it: read leniently, because what other readers refuse (a missing value, a word among
/// numbers, NaN) is what is looked for here. CSV, TSV, JSON lines and plain text keep their words; everything else
/// comes from `data`. Thread rule: plain values.

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bartizan/result.h"
#include "bartizan/run_context.h"
#include "data/dataset.h"
#include "quality/neighbours.h"

namespace bartizan::quality {

/// Two hashes of all values of an item as they were read, whatever the order of its columns: equal items have equal
/// ones, and no others by accident.
using Fingerprint = std::array<std::uint64_t, 2>;

/// The cells of a column that are kept as text: words, and numbers too long for a float.
struct Cell {
    std::uint32_t row = 0;
    std::uint32_t begin = 0;
    std::uint32_t length = 0;
};

struct Column {
    std::string name;
    std::vector<float> numbers;  ///< of every row; NaN: missing, or a word
    std::string pool;            ///< the text of all cells
    std::vector<Cell> cells;     ///< by row
    std::int64_t missing = 0;
    std::int64_t words = 0;  ///< cells that are neither missing nor numbers

    std::string_view text(const Cell& cell) const { return std::string_view(pool).substr(cell.begin, cell.length); }
    std::int64_t count() const { return static_cast<std::int64_t>(numbers.size()) - missing; }
    /// At least half of what is there are numbers.
    bool numeric() const { return count() > 0 && words * 2 <= count(); }
};

struct Subject {
    data::Info info;
    Matrix values;                          ///< pictures and arrays: as stored, NaN where missing
    std::vector<Column> columns;            ///< tables and text; without the label
    std::vector<Fingerprint> fingerprints;  ///< of the rows of `columns`; without the label
    std::vector<std::int64_t> labels;       ///< -1: missing; empty: there are none
    std::vector<std::string> class_names;   ///< may be empty
    std::int64_t classes = 0;
    std::vector<std::int64_t> ids;  ///< positions in the file
    bool whole = true;              ///< no --limit, no --sample left anything out

    std::int64_t items() const { return static_cast<std::int64_t>(ids.size()); }
    bool pictures() const { return info.kind == data::Kind::image; }
    std::string class_name(std::int64_t label) const;
};

/// `spec` as data::open takes it, or a `.csv`, `.tsv`, `.jsonl`, `.ndjson`, `.txt` file (one item a line).
/// Fails as data::open does.
Result<Subject> read_subject(std::string_view spec, const data::OpenOptions& options);

struct Features {
    Matrix matrix;
    std::vector<std::string> left_out;  ///< columns for which there was no room
};
/// Numbers for a model and for distances: columns of numbers with their mean where they miss, words of few kinds
/// one-hot, free text hashed (Weinberger et al. 2009), all standardised; pictures as they are, NaN as 0. At most 4,096
/// columns and 4 GiB.
Features features_of(const Subject& subject);

/// "" and what stands for nothing: NA, NaN, null, none, ?
bool means_missing(std::string_view field);

}  // namespace bartizan::quality
