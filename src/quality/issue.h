#pragma once
/// One thing that is wrong, or may be, with a data set. Thread rule: plain values.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "bartizan/finding.h"

namespace bartizan::quality {

struct Issue {
    std::string_view kind;  ///< "label_error", "exact_duplicate" ...: stable, snake_case
    Severity severity = Severity::info;
    std::string title;                  ///< one sentence
    std::vector<std::int64_t> indices;  ///< items, worst first; positions in the file
    double score = 0;                   ///< 0 to 1: how sure, or how far
    std::string detail = {};            ///< which columns, which figures
    bool suspect = false;               ///< the items themselves are suspect: they may be quarantined
};

/// More items of one issue are counted in its title, and not listed.
inline constexpr std::size_t kMostIndices = 100'000;

}  // namespace bartizan::quality
