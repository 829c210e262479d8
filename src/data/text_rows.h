#pragma once
/// Texts with labels, from tables and lines: CSV, TSV, JSON lines, plain text. Token ids are made of them elsewhere; here
/// they are rows of UTF-8.
/// Thread rule: plain values, pure functions.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bartizan/ndarray.h"
#include "bartizan/result.h"
#include "data/dataset.h"

namespace bartizan::data {

struct TextOptions {
    std::string text_column;   ///< a name, or a number from 1: then the file has no line of names
    std::string label_column;  ///< the same; empty: no labels
    std::optional<std::int64_t> limit;   ///< the first N
    std::optional<std::int64_t> sample;  ///< N, seeded, stratified by label
    std::uint64_t seed = 0;
};

struct TextRows {
    std::string path;
    std::vector<std::string> texts;
    std::vector<std::int64_t> labels;      ///< one a text; empty: none
    std::vector<std::string> label_texts;  ///< as the file has them; empty: none
    std::vector<std::string> class_names;  ///< of labels that are no numbers, in their order
    std::vector<std::int64_t> ids;         ///< position in the file, from 0
};

/// `.csv` with quotes, `.jsonl`/`.ndjson` (the columns are keys), everything else by lines: cut at tabs as they stand, or
/// whole where `text_column` is empty. Fails with `invalid_input` naming the line (not UTF-8, an empty text, a column that
/// is not there), `not_found`, `exhausted` beyond 2 GiB or a text above 1 MiB.
Result<TextRows> read_texts(const std::filesystem::path& path, const TextOptions& options);

/// The rows as a data set of token ids: `ids` has `length` numbers a text.
Result<std::unique_ptr<Dataset>> token_dataset(const TextRows& rows, const std::vector<std::int64_t>& ids,
                                               std::int64_t length);

}  // namespace bartizan::data
