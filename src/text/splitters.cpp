#include <algorithm>
#include <array>

#include "text/steps.h"
#include "text/unicode.h"

namespace bartizan::text {
namespace {

using Codes = std::u32string;
/// Where the piece that begins at `at` ends, and whether it is kept.
struct Cut {
    std::size_t end;
    bool keep = true;
};
using NextCut = std::function<Cut(const Codes& codes, std::size_t at)>;

/// Cuts each part from the left.
Split cutting(NextCut next) {
    return [next = std::move(next)](const std::vector<Part>& parts) {
        std::vector<Part> out;
        for (const Part& part : parts)
            for (std::size_t at = 0; at < part.codes.size();) {
                const Cut cut = next(part.codes, at);
                if (cut.keep && cut.end > at)
                    out.push_back({part.codes.substr(at, cut.end - at), part.first && at == 0});
                at = std::max(cut.end, at + 1);
            }
        return out;
    };
}

template <class Predicate>
std::size_t run_end(const Codes& codes, std::size_t at, Predicate holds) {
    while (at < codes.size() && holds(codes[at])) ++at;
    return at;
}

bool is_bert_punctuation(char32_t c) {
    const bool ascii = (c >= 33 && c <= 47) || (c >= 58 && c <= 64) || (c >= 91 && c <= 96) || (c >= 123 && c <= 126);
    return ascii || is_punctuation(c);
}
bool is_mark_of_text(char32_t c) { return !is_space(c) && !is_letter(c) && !is_number(c); }
bool is_line_end(char32_t c) { return c == U'\r' || c == U'\n'; }

/// 's 't 're 've 'm 'll 'd; 0: none.
std::size_t contraction(const Codes& codes, std::size_t at, bool any_case) {
    if (codes[at] != U'\'') return 0;
    const auto letter = [&](std::size_t i) -> char32_t {
        if (at + i >= codes.size()) return 0;
        // Folding of case also takes the long s for an s.
        return !any_case ? codes[at + i] : codes[at + i] == 0x17f ? U's' : lower_case(codes[at + i]);
    };
    const char32_t a = letter(1), b = letter(2);
    if (a == U's' || a == U't' || a == U'm' || a == U'd') return 2;
    if ((a == U'r' && b == U'e') || (a == U'v' && b == U'e') || (a == U'l' && b == U'l')) return 3;
    return 0;
}

/// \s+(?!\S)|\s+ : a run of white space without its last character if a word follows.
std::size_t space_end(const Codes& codes, std::size_t at) {
    const std::size_t end = run_end(codes, at, is_space);
    return end < codes.size() && end - at > 1 ? end - 1 : end;
}

std::size_t gpt2_end(const Codes& codes, std::size_t at) {
    if (const std::size_t length = contraction(codes, at, false)) return at + length;
    const std::size_t word = codes[at] == U' ' && at + 1 < codes.size() && !is_space(codes[at + 1]) ? at + 1 : at;
    if (is_letter(codes[word])) return run_end(codes, word, is_letter);
    if (is_number(codes[word])) return run_end(codes, word, is_number);
    if (is_mark_of_text(codes[word])) return run_end(codes, word, is_mark_of_text);
    return space_end(codes, at);
}

/// The pattern of cl100k and Llama 3 (digits by three) and of Qwen 2 (one by one).
std::size_t cl100k_end(const Codes& codes, std::size_t at, std::size_t most_digits) {
    if (const std::size_t length = contraction(codes, at, true)) return at + length;
    const char32_t c = codes[at];
    const bool leads = !is_line_end(c) && !is_letter(c) && !is_number(c);
    if (is_letter(c) || (leads && at + 1 < codes.size() && is_letter(codes[at + 1])))
        return run_end(codes, at + (leads ? 1 : 0), is_letter);
    if (is_number(c)) return std::min(run_end(codes, at, is_number), at + most_digits);
    const std::size_t mark = c == U' ' && at + 1 < codes.size() ? at + 1 : at;
    if (is_mark_of_text(codes[mark])) return run_end(codes, run_end(codes, mark, is_mark_of_text), is_line_end);
    // \s*[\r\n]+ : up to the last line end of the white space.
    const std::size_t end = run_end(codes, at, is_space);
    for (std::size_t last = end; last > at; --last)
        if (is_line_end(codes[last - 1])) return last;
    return space_end(codes, at);
}

}  // namespace

Split bert_words() {
    return cutting([](const Codes& codes, std::size_t at) -> Cut {
        if (is_space(codes[at])) return {at + 1, false};
        if (is_bert_punctuation(codes[at])) return {at + 1};
        return {run_end(codes, at, [](char32_t c) { return !is_space(c) && !is_bert_punctuation(c); })};
    });
}

Split word_or_not() {
    return cutting([](const Codes& codes, std::size_t at) -> Cut {
        if (is_space(codes[at])) return {at + 1, false};
        if (is_word(codes[at])) return {run_end(codes, at, is_word)};
        return {run_end(codes, at, [](char32_t c) { return !is_space(c) && !is_word(c); })};
    });
}

Split at_whitespace() {
    return cutting([](const Codes& codes, std::size_t at) -> Cut {
        if (is_space(codes[at])) return {at + 1, false};
        return {run_end(codes, at, [](char32_t c) { return !is_space(c); })};
    });
}

Split isolate_punctuation() {
    return cutting([](const Codes& codes, std::size_t at) -> Cut {
        if (is_bert_punctuation(codes[at])) return {at + 1};
        return {run_end(codes, at, [](char32_t c) { return !is_bert_punctuation(c); })};
    });
}

Split digits(bool individual) {
    return cutting([individual](const Codes& codes, std::size_t at) -> Cut {
        if (is_number(codes[at])) return {individual ? at + 1 : run_end(codes, at, is_number)};
        return {run_end(codes, at, [](char32_t c) { return !is_number(c); })};
    });
}

Split by_pattern(Pattern pattern) {
    return cutting([pattern](const Codes& codes, std::size_t at) -> Cut {
        if (pattern == Pattern::gpt2) return {gpt2_end(codes, at)};
        return {cl100k_end(codes, at, pattern == Pattern::qwen2 ? 1 : 3)};
    });
}

Split at_text(Codes pattern, Behavior behavior) {
    return [pattern = std::move(pattern), behavior](const std::vector<Part>& parts) {
        std::vector<Part> out;
        for (const Part& part : parts) {
            std::size_t begin = 0, at = 0;
            const auto keep = [&](std::size_t from, std::size_t to) {
                if (to > from) out.push_back({part.codes.substr(from, to - from), part.first && from == 0});
            };
            for (std::size_t found; (found = part.codes.find(pattern, at)) != Codes::npos;) {
                const std::size_t end = found + pattern.size();
                if (behavior == Behavior::with_next) {
                    keep(begin, found);
                    begin = found;
                } else {
                    keep(begin, behavior == Behavior::with_previous ? end : found);
                    if (behavior == Behavior::isolated) keep(found, end);
                    begin = end;
                }
                at = end;
            }
            keep(begin, part.codes.size());
        }
        return out;
    };
}

Split metaspace(char32_t mark, Prefix prefix, bool split) {
    return [=](std::vector<Part> parts) {
        for (Part& part : parts) {
            std::ranges::replace(part.codes, U' ', mark);
            const bool wanted = prefix == Prefix::always || (prefix == Prefix::first && part.first);
            if (wanted && !part.codes.empty() && part.codes.front() != mark) part.codes.insert(part.codes.begin(), mark);
        }
        return split ? at_text(Codes(1, mark), Behavior::with_next)(std::move(parts)) : parts;
    };
}

char32_t byte_character(unsigned char byte) {
    static const std::array<char32_t, 256> table = [] {
        std::array<char32_t, 256> made{};
        char32_t next = 256;
        for (std::size_t b = 0; b < 256; ++b) {
            const bool seen = (b >= 0x21 && b <= 0x7e) || (b >= 0xa1 && b <= 0xac) || b >= 0xae;
            made[b] = seen ? static_cast<char32_t>(b) : next++;
        }
        return made;
    }();
    return table[byte];
}

int byte_of_character(char32_t code) {
    static const std::array<int, 324> table = [] {
        std::array<int, 324> made{};
        made.fill(-1);
        for (int b = 0; b < 256; ++b) made[byte_character(static_cast<unsigned char>(b))] = b;
        return made;
    }();
    return code < table.size() ? table[code] : -1;
}

Split byte_characters(bool add_blank_in_front) {
    return [add_blank_in_front](std::vector<Part> parts) {
        for (Part& part : parts) {
            std::string bytes = encode_utf8(part.codes);
            if (add_blank_in_front && !bytes.empty() && !bytes.starts_with(' ')) bytes.insert(bytes.begin(), ' ');
            part.codes.clear();
            for (const char byte : bytes) part.codes.push_back(byte_character(static_cast<unsigned char>(byte)));
        }
        return parts;
    };
}

}  // namespace bartizan::text
