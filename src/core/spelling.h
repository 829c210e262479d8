#pragma once
/// "Did you mean ...?": the known word nearest to a misspelt one. Pure functions.

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace bartizan {

/// Insertions, deletions, substitutions and swaps of neighbours that turn `a` into `b` (optimal string alignment
/// distance). Cost: the product of the lengths; words longer than 64 bytes count as infinitely far.
std::size_t spelling_distance(std::string_view a, std::string_view b);

/// The known word nearest to `word`, or "" when none is near enough to be what was meant.
std::string nearest_word(std::string_view word, std::span<const std::string_view> known);

/// "did you mean 'audit'?", or `otherwise` when nothing is near.
std::string did_you_mean(std::string_view word, std::span<const std::string_view> known, std::string otherwise = {});

}  // namespace bartizan
