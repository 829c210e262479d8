#pragma once
/// The steps of a tokenizer around its model: normalisers, splitters, decoders, as functions. Internal to `text`.
/// Thread rule: the functions are pure.

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bartizan/result.h"

namespace bartizan::text {

using Normalize = std::function<std::u32string(std::u32string)>;

/// A part of a text; `first`: it begins where the text begins.
struct Part {
    std::u32string codes;
    bool first = false;
};
using Split = std::function<std::vector<Part>(std::vector<Part>)>;
using Decode = std::function<std::vector<std::string>(std::vector<std::string>)>;

struct BertOptions {
    bool clean = true, space_chinese = true, strip_accents = true, lower = true;
};
Normalize bert_normalizer(BertOptions options);
Normalize strip_accents();
Normalize replace(std::u32string pattern, std::u32string content);
/// Runs of two and more blanks become `content`: the pattern " {2,}".
Normalize squeeze_blanks(std::u32string content);
/// The compiled table that SentencePiece files hold (a double array over UTF-8, then texts that end in NUL). Fails with
/// `invalid_input` when its sizes do not fit.
Result<Normalize> compiled_table(std::string_view bytes);
/// What SentencePiece does to blanks: runs squeezed and ends trimmed if `remove_extra`, U+2581 for each, one in front.
Normalize sentencepiece_blanks(bool remove_extra, bool add_prefix, bool escape);

Split bert_words();
/// \w+|[^\w\s]+
Split word_or_not();
Split at_whitespace();
Split isolate_punctuation();
/// Isolates digits, one by one or in runs.
Split digits(bool individual);
/// The patterns of published byte-level tokenizers, told by what they do: contractions, letters with a blank before ...
enum class Pattern { gpt2, cl100k, qwen2 };
Split by_pattern(Pattern pattern);
/// Where the text equals `pattern`: "removed", "isolated", "merged_with_previous", "merged_with_next".
enum class Behavior { removed, isolated, with_previous, with_next };
Split at_text(std::u32string pattern, Behavior behavior);
enum class Prefix { always, first, never };
Split metaspace(char32_t mark, Prefix prefix, bool split);
/// Each byte of the UTF-8 as one of 256 characters that can be seen (Radford et al. 2019, section 2.2).
Split byte_characters(bool add_blank_in_front);

Decode decode_bytes();
Decode decode_word_pieces(std::string prefix, bool cleanup);
Decode decode_metaspace(std::string mark, bool drop_first);
Decode decode_suffix(std::string suffix);
Decode decode_byte_tokens();

/// The character that stands for a byte, and back (-1: for none).
char32_t byte_character(unsigned char byte);
int byte_of_character(char32_t code);

}  // namespace bartizan::text
