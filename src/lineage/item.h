#pragma once
/// One line of a manifest: an item of a data set, what its bytes were, where it came from, and on what terms.
/// The text is JSON with fixed keys in a fixed order, so that the same item always gives the same bytes. Reading is
/// strict: unknown, repeated or mistyped keys, unsafe names and text that is not UTF-8 are refused.
/// Thread rule: pure functions, plain values.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bartizan/result.h"

namespace bartizan::lineage {

inline constexpr std::size_t kLongestLine = 64 * 1024;
inline constexpr std::size_t kLongestText = 4096;  ///< of one field
inline constexpr std::size_t kMostTags = 64;       ///< tags, and transformations, of one item

/// What an id may be: `path`: a relative path that stays below the data set; `row`: any text on one line.
enum class IdRule : std::uint8_t { path, row };

/// How the file lay on the disk when it was sealed. Not what it holds: only a reason not to read it again.
struct Seen {
    std::int64_t mtime_ns = 0;
    std::uint64_t inode = 0;
    bool operator==(const Seen&) const = default;
};

/// Where items come from and what may be done with them: given once for all that one run of `seal` adds.
struct Origin {
    std::string source;                             ///< who supplied it, from where
    std::string licence;                            ///< SPDX id or URL
    std::string collected_at;                       ///< RFC 3339
    std::string collected_by;                       ///< program, person or contract
    std::vector<std::string> tags = {};             ///< consent and purpose: "consent:research"
    std::vector<std::string> transformations = {};  ///< in the order in which they were done
    bool operator==(const Origin&) const = default;
};

struct Item {
    std::string id;
    std::string sha256;  ///< 64 lower-case hexadecimal digits
    std::uint64_t size = 0;
    std::string label;  ///< empty: none
    Origin origin = {};
    std::optional<Seen> seen = {};
    bool operator==(const Item&) const = default;
};

/// Of one text of an item: at most `kLongestText` bytes of UTF-8 without control characters.
Result<void> check_text(std::string_view text, std::string_view what);
Result<void> check_origin(const Origin& origin);
Result<void> check_id(std::string_view id, IdRule rule);

/// The line without its line break. The texts must have passed the checks above.
std::string write_item(const Item& item);

/// Fails with `invalid_input`, saying what is wrong at which byte.
Result<Item> parse_item(std::string_view line, IdRule rule);

}  // namespace bartizan::lineage
