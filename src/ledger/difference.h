#pragma once
/// What was done to a sequence: which of its items were changed, removed, added or moved. Pure.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace bartizan::ledger {

enum class Change : std::uint8_t { changed, removed, added, moved };
/// "changed"; the words of the JSON output.
std::string_view to_string(Change change);

struct Difference {
    Change change;
    std::uint64_t index;  ///< in the sequence as it was; of an added item: where it stands now
    std::uint64_t found;  ///< where a moved or changed item stands now

    bool operator==(const Difference&) const = default;
};

/// The fewest moves that explain it: items outside the longest run that kept its order are the moved ones. Items that
/// are no more and new ones between the same neighbours are paired as changed. Items are told apart by their values,
/// each of which occurs once in `before`.
std::vector<Difference> differences(std::span<const std::uint64_t> before, std::span<const std::uint64_t> after);

}  // namespace bartizan::ledger
