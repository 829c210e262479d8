#include "core/spelling.h"

#include <algorithm>
#include <array>
#include <limits>

namespace bartizan {
namespace {

constexpr std::size_t kLongestWord = 64;
using Row = std::array<std::size_t, kLongestWord + 1>;

}  // namespace

std::size_t spelling_distance(std::string_view a, std::string_view b) {
    if (a.size() > kLongestWord || b.size() > kLongestWord) return std::numeric_limits<std::size_t>::max();
    Row before{}, above{}, row{};
    for (std::size_t j = 0; j <= b.size(); ++j) above[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t change = a[i - 1] == b[j - 1] ? 0 : 1;
            row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + change});
            const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
        }
        before = above;
        above = row;
    }
    return above[b.size()];
}

std::string nearest_word(std::string_view word, std::span<const std::string_view> known) {
    // Beyond a third of its letters a word is another word, not a slip.
    std::size_t best_distance = std::max<std::size_t>(1, word.size() / 3) + 1;
    std::string_view best;
    for (const std::string_view candidate : known) {
        const bool begun = word.size() >= 3 && candidate.starts_with(word);
        const std::size_t distance = begun ? 1 : spelling_distance(word, candidate);
        if (distance >= best_distance) continue;
        best_distance = distance;
        best = candidate;
    }
    return std::string(best);
}

std::string did_you_mean(std::string_view word, std::span<const std::string_view> known, std::string otherwise) {
    const std::string nearest = nearest_word(word, known);
    return nearest.empty() ? std::move(otherwise) : "did you mean '" + nearest + "'?";
}

}  // namespace bartizan
