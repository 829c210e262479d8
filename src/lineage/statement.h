#pragma once
/// What the seal of a data set says: an in-toto statement (v1) about a manifest. It names the manifest's digest and
/// Merkle root, how the data set is cut into items, what the version before was, and from which other sealed sets it
/// was derived. The signature file around it is a DSSE bundle, as for models. Pure; parsing is bounded.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bartizan/result.h"
#include "lineage/items.h"
#include "lineage/manifest.h"

namespace bartizan::lineage {

inline constexpr std::string_view kSealPredicate = "urn:bartizan:data-seal:1";
inline constexpr std::size_t kLargestSeal = std::size_t{16} << 20;
inline constexpr std::size_t kMostParents = 1000;

/// The version that was sealed before.
struct Previous {
    std::uint64_t version = 0;
    std::uint64_t items = 0;
    std::string root;
    bool only_additions = false;  ///< its lines are the first of this one's, which the Merkle root shows
    bool operator==(const Previous&) const = default;
};

/// A sealed data set that this one was made from.
struct Parent {
    std::string name;
    std::string root;  ///< empty when only its name is known
    std::uint64_t items = 0;
    bool operator==(const Parent&) const = default;
};

/// What is told of the set as a whole, mostly by its Croissant description.
struct Card {
    std::string name, description, licence, url, citation, version, published;
    std::vector<std::string> creators = {};
    bool operator==(const Card&) const = default;
};

struct SealStatement {
    std::string manifest;         ///< its file name
    std::string manifest_sha256;  ///< of the file, for other tools
    Reading reading;
    std::uint64_t version = 1;
    std::string sealed_at;
    std::uint64_t items = 0, bytes = 0;
    std::string root;
    LabelCounts labels;
    std::optional<Previous> previous = {};
    std::vector<Parent> derived_from = {};
    Card card = {};
};

std::string write_seal(const SealStatement& statement);
/// Fails with `invalid_input`: another statement or predicate ("expected ..., found ..."), fields missing or mistyped.
Result<SealStatement> parse_seal(std::string_view text);

}  // namespace bartizan::lineage
