#include "textattacks/words.h"

#include <algorithm>
#include <cctype>

namespace bartizan::textattacks {
namespace {

bool in_word(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte >= 0x80 || std::isalnum(byte) != 0 || c == '\'';
}

// Sorted.
constexpr std::string_view kStopWords[] = {
    "a",     "about", "all",   "an",    "and",  "any",  "are",   "as",    "at",   "be",    "been", "but",  "by",
    "can",   "could", "did",   "do",    "does", "for",  "from",  "had",   "has",  "have",  "he",   "her",  "him",
    "his",   "how",   "i",     "if",    "in",   "into", "is",    "it",    "its",  "me",    "my",   "n't",  "never",
    "no",    "nor",   "not",   "of",    "on",   "or",   "our",   "she",   "so",   "than",  "that", "the",  "their",
    "them",  "then",  "there", "these", "they", "this", "those", "to",    "too",  "up",    "us",   "very", "was",
    "we",    "were",  "what",  "when",  "which", "who", "why",   "will",  "with", "would", "you",  "your"};

/// A neighbour of a letter on the QWERTY keyboard; 0: none.
char key_beside(char letter) {
    constexpr std::string_view rows[] = {"qwertyuiop", "asdfghjkl", "zxcvbnm"};
    for (const std::string_view row : rows) {
        const std::size_t at = row.find(letter);
        if (at != std::string_view::npos) return at + 1 < row.size() ? row[at + 1] : row[at - 1];
    }
    return 0;
}

}  // namespace

Words Words::of(std::string_view text) {
    Words out;
    std::string gap;
    for (std::size_t at = 0; at < text.size();) {
        std::size_t end = at;
        while (end < text.size() && in_word(text[end])) ++end;
        if (end == at) {
            gap.push_back(text[at++]);
            continue;
        }
        out.gaps.push_back(std::move(gap));
        gap.clear();
        out.words.emplace_back(text.substr(at, end - at));
        at = end;
    }
    out.gaps.push_back(std::move(gap));
    return out;
}

std::string Words::joined() const {
    std::string out;
    for (std::size_t i = 0; i < words.size(); ++i) out += gaps[i] + words[i];
    return out + gaps.back();
}

bool is_stop_word(std::string_view word) {
    std::string lower(word);
    std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return std::ranges::find(kStopWords, std::string_view(lower)) != std::end(kStopWords);
}

std::vector<std::string> bugs_of(const std::string& word) {
    std::vector<std::string> out;
    const bool plain = std::ranges::all_of(word, [](unsigned char c) { return std::isalpha(c) != 0; });
    if (!plain || word.size() < 4) return out;
    for (std::size_t at = 1; at + 1 < word.size(); ++at) {
        std::string dropped = word;
        dropped.erase(at, 1);
        out.push_back(std::move(dropped));
        if (at + 2 < word.size() && word[at] != word[at + 1]) {
            std::string exchanged = word;
            std::swap(exchanged[at], exchanged[at + 1]);
            out.push_back(std::move(exchanged));
        }
        if (const char key = key_beside(word[at])) {
            std::string mistyped = word;
            mistyped[at] = key;
            out.push_back(std::move(mistyped));
        }
    }
    out.push_back(word.substr(0, word.size() / 2) + " " + word.substr(word.size() / 2));
    return out;
}

}  // namespace bartizan::textattacks
