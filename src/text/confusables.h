#pragma once
/// Characters beyond ASCII that look like ASCII ones (Unicode Technical Standard 39, confusables.txt: single code points
/// whose prototype is an ASCII character), and characters that are not seen at all.
/// Thread rule: pure functions over constants.

#include <span>
#include <string_view>

namespace bartizan::text {

/// The ASCII character that `code` looks like; 0: none, or `code` is ASCII itself. Letters that everyday alphabets share
/// with these (the Turkish dotless i, say) are none.
char32_t look_alike_of(char32_t code);
/// What looks like this ASCII character, the most common alphabets first; empty: nothing.
std::u32string_view look_alikes_of(char32_t ascii);

/// Default_Ignorable_Code_Point, the blank fillers and the bidirectional controls: takes no room when shown.
bool is_ignorable(char32_t code);
/// U+202A to U+202E, U+2066 to U+2069: embeddings, overrides, isolates and their ends.
bool is_bidi_control(char32_t code);

/// A coarse script, told by block: enough to see that a word mixes two. Common characters (digits, marks,
/// punctuation): 0.
int script_of(char32_t code);
inline constexpr int kLatin = 1;

}  // namespace bartizan::text
