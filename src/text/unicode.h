#pragma once
/// Unicode text as code points: UTF-8 checked on the way in, normal forms, the few character classes that tokenizers
/// and normalisers ask for. Properties are those of the Unicode version that the library utf8proc has.
/// Thread rule: pure functions.

#include <cstdint>
#include <string>
#include <string_view>

#include "bartizan/result.h"

namespace bartizan::text {

/// Most bytes of one text that anything here takes.
inline constexpr std::size_t kMostTextBytes = std::size_t{1} << 20;

/// Fails with `invalid_input` naming the byte: truncated or overlong sequences, surrogates, above U+10FFFF; `exhausted`
/// above `kMostTextBytes`.
Result<std::u32string> decode_utf8(std::string_view bytes);
void append_utf8(std::string& out, char32_t code);
std::string encode_utf8(std::u32string_view codes);

enum class Form : std::uint8_t { nfc, nfd, nfkc, nfkd };
/// Unicode Standard Annex 15. The result is at most `kMostTextBytes` code points: longer ones come back as given.
std::u32string normal_form(std::u32string_view codes, Form form);

/// Letters (general category L), marks (M), numbers (N), punctuation (P), the rest that is no character to see (C).
bool is_letter(char32_t code);
bool is_upper(char32_t code);
bool is_mark(char32_t code);
bool is_nonspacing_mark(char32_t code);
bool is_number(char32_t code);
bool is_punctuation(char32_t code);
bool is_other(char32_t code);
/// The property White_Space.
bool is_space(char32_t code);
/// A letter, mark, number or connector: what \w stands for.
bool is_word(char32_t code);
/// Simple lower case, and that of U+0130 as two code points.
std::u32string lower_case(std::u32string_view codes);
char32_t lower_case(char32_t code);
char32_t upper_case(char32_t code);

/// Text for people: what nobody would see (invisible and control characters) as <U+200B>, and characters beyond ASCII
/// that look like ASCII ones with their number behind them.
std::string made_visible(std::string_view text);

}  // namespace bartizan::text
