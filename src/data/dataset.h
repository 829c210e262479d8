#pragma once
/// A data set: items of one shape, labels, names. Large ones stay in the file and are read row by row.
/// Thread rule: `read` may be called from several threads; everything else is immutable once opened.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bartizan/ndarray.h"
#include "bartizan/result.h"

namespace bartizan::data {

enum class Kind { image, table, other };

struct Info {
    Kind kind = Kind::other;
    std::string format;         ///< "npz", "npy", "idx", "image folder", "csv"
    std::string path;           ///< as the user gave it
    Shape item_shape;           ///< images: as stored, [C,H,W], [H,W,C] or [H,W]
    DType stored = DType::f32;  ///< as in the file; uint8 images are scaled to [0,1] when read
    std::int64_t items = 0;
    std::int64_t classes = 0;               ///< largest label + 1, or the number of class names if that is more
    std::vector<std::string> class_names;   ///< may be empty
    std::vector<std::string> column_names;  ///< tables; may be empty
    bool keeps_non_finite = false;          ///< NaN and infinity are read as they are: for those who look for them
};

/// Rows of a data set: `x` is float32 [n, item_shape...] in the data's unit range: uint8 items of two or more
/// dimensions (pictures) are scaled to [0,1]; every other input, uint8 tables too, keeps its numbers. `y` int64 [n];
/// empty when there are no labels.
struct Batch {
    NdArray x;
    std::vector<std::int64_t> y;
    std::vector<std::int64_t> ids;  ///< positions in the file: streams of random numbers are keyed by them
};

class Dataset {
public:
    virtual ~Dataset() = default;
    virtual const Info& info() const = 0;
    virtual bool has_labels() const = 0;
    /// The rows at `positions` (each in [0, items)). Fails with `invalid_input` naming the row on NaN, infinity
    /// or a broken picture.
    virtual Result<Batch> read(std::span<const std::int64_t> positions) const = 0;
    /// Label of every row.
    virtual std::span<const std::int64_t> labels() const = 0;
    /// The file that holds nothing but this item; empty: it is part of a larger one.
    virtual std::filesystem::path file_of(std::int64_t /*position*/) const { return {}; }
};

struct OpenOptions {
    std::string split;                   ///< "train", "test"; empty: the format's default (test)
    std::string label_column;            ///< CSV
    std::optional<std::int64_t> limit;   ///< --limit N: the first N
    std::optional<std::int64_t> sample;  ///< --sample N: seeded, stratified by label
    std::uint64_t seed = 0;
    std::uint64_t byte_limit = std::uint64_t{8} << 30;  ///< what may be held in memory
    bool keep_non_finite = false;                       ///< .npz and .npy: NaN and infinity are no error
};

/// Opens by content and name: `.npz`, `.npy` pair, IDX pair or folder (`*-ubyte[.gz]`), folder of class folders
/// with PNG/JPEG, `.csv`, and the name `fashion-mnist`. `spec` is PATH or PATH:split; docs/data-formats.md describes
/// each. Fails with `not_found`, `invalid_input` (what, where, how to mend), `unsupported`, `exhausted`. Errors name
/// the place within the data (file of a folder, array, row, column); the caller says which data it was.
Result<std::unique_ptr<Dataset>> open(std::string_view spec, const OpenOptions& options = {});

/// All rows of a (limited or sampled) data set at once.
Result<Batch> read_all(const Dataset& dataset);

}  // namespace bartizan::data
