#pragma once
/// A text as words and what is between them; and what a word may become. Internal to `textattacks`.
/// Thread rule: pure functions.

#include <string>
#include <string_view>
#include <vector>

namespace bartizan::textattacks {

struct Words {
    std::vector<std::string> words;  ///< runs of ASCII letters, digits, apostrophes, bytes beyond ASCII
    std::vector<std::string> gaps;   ///< before each word, and behind the last: one more

    static Words of(std::string_view text);
    std::string joined() const;
};

/// Articles, prepositions, pronouns, negations: exchanging one changes the grammar or the meaning.
bool is_stop_word(std::string_view word);

/// The bugs of Li et al. 2019 (TextBugger, section III-C) that need no dictionary: a blank in the middle, an inner
/// letter dropped, two inner letters exchanged, a letter replaced by its neighbour on the keyboard.
std::vector<std::string> bugs_of(const std::string& word);

}  // namespace bartizan::textattacks
