#pragma once
/// The worst offenders of an issue, as a person would look them up: the row of the table, the line of the text.
/// Personal data in them are masked. Thread rule: pure functions.

#include <cstdint>
#include <string>
#include <string_view>

#include "quality/issue.h"
#include "quality/subject.h"

namespace bartizan::quality {

inline constexpr std::size_t kShownColumns = 8;
inline constexpr std::size_t kLongestShown = 80;  ///< bytes of one cell

/// "age=39, note='call b***...'": of the row at `row` first the column that the issue is about, then the first ones.
/// A line of text stands alone. Bytes that are no UTF-8 and control characters become '?'.
std::string row_text(const Subject& subject, std::int64_t row, std::string_view first_column);

/// Fills in the examples of an issue of a table or a text: of its groups the first two of each, else its first items.
void add_examples(const Subject& subject, Issue& issue);

}  // namespace bartizan::quality
