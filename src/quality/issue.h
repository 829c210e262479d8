#pragma once
/// One thing that is wrong, or may be, with a data set. Thread rule: plain values.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "bartizan/finding.h"

namespace bartizan::quality {

/// Where in a table something stands. `shown` never gives the value away.
struct Place {
    std::int64_t item = 0;
    std::string column;
    std::size_t offset = 0;      ///< bytes into the cell
    std::string shown;           ///< "a***.com"
    std::string_view what = {};  ///< "AWS access key"; may be empty
};

/// One of the worst offenders, as a person would look it up; personal data are masked.
struct Example {
    std::int64_t item = 0;
    std::string label;  ///< may be empty
    std::string shown;  ///< "age=39, note='...'"
};

struct Issue {
    std::string_view kind;  ///< "label_error", "exact_duplicate" ...: stable, snake_case
    Severity severity = Severity::info;
    std::string title;                                   ///< one sentence
    std::vector<std::int64_t> indices;                   ///< all items, worst first; positions in the file
    double score = 0;                                    ///< 0 to 1: how sure, or how far
    std::string detail = {};                             ///< which columns, which figures
    bool suspect = false;                                ///< the items themselves are suspect: they may be quarantined
    std::vector<std::vector<std::int64_t>> groups = {};  ///< duplicates: the items that belong together
    std::vector<std::int64_t> suggested = {};            ///< label errors: the likelier class of each of `indices`
    std::vector<Place> places = {};                      ///< personal data: where it stands
    std::string column = {};                             ///< the one column that it is about; empty: several, or none
    std::vector<Example> examples = {};                  ///< of tables and texts: the worst offenders
};

inline constexpr std::size_t kMostExamples = 5;
inline constexpr std::size_t kMostGroups = 10'000;
inline constexpr std::size_t kMostPlaces = 1'000;

/// A check that did not run, and why.
struct Skipped {
    std::string_view check;
    std::string reason;
};

}  // namespace bartizan::quality
