#pragma once
/// MLCommons Croissant 1.0 (docs.mlcommons.org/croissant): what a publisher says of a data set as JSON-LD, read for the
/// card and the digests of a seal, and written from a seal. Read are the fields that a seal can check or carry; the
/// rest is left alone. Parsing is bounded. Thread rule: pure functions, but for the files that are named.

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "bartizan/result.h"
#include "core/file.h"
#include "core/json.h"
#include "lineage/seal.h"
#include "lineage/statement.h"

namespace bartizan::lineage {

inline constexpr std::size_t kLargestCroissant = std::size_t{64} << 20;
inline constexpr std::size_t kMostFileObjects = 100'000;
/// A seal of more files is exported with its manifest as the list of them, not with a FileObject for each.
inline constexpr std::uint64_t kMostExported = 10'000;

struct Croissant {
    Card card;
    std::map<std::string, Described> files;  ///< by the path that they have below the data set
};

/// Fails with `invalid_input`: not JSON, no data set, a path that leads out of it, a digest that is none.
Result<Croissant> parse_croissant(std::string_view text);

/// The head of a document: context, type, conformity, and what the card tells; what it does not tell is left out.
Json croissant_head(const Card& card);

/// The document for a sealed data set: card, the manifest as a FileObject whose lines a RecordSet describes, the files
/// (each, or as a FileSet when there are many), their digests. Without a licence of the set those of its items are
/// named. Streams the manifest. Gives the properties that Croissant requires and that nobody told of this set.
Result<std::vector<std::string>> write_croissant(const SealStatement& statement, const std::filesystem::path& manifest,
                                                 bool in_order, const AppendBytes& out);

}  // namespace bartizan::lineage
