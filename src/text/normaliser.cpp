#include "text/normaliser.h"

#include <algorithm>
#include <vector>

#include "core/json.h"
#include "text/bidi.h"
#include "text/confusables.h"
#include "text/unicode.h"

namespace bartizan::text {
namespace {

constexpr char32_t kJoiner = 0x200d, kNonJoiner = 0x200c;
constexpr char32_t kBackspace = 8, kDelete = 0x7f;

bool is_picture(char32_t code) {
    return (code >= 0x1f000 && code <= 0x1faff) || (code >= 0x2190 && code <= 0x2bff) || code == 0x3030 ||
           code == 0x303d || code == 0x3297 || code == 0x3299 || code == 0xa9 || code == 0xae ||
           (code >= 0xfe00 && code <= 0xfe0f);
}
bool is_joining_script(char32_t code) {  // Arabic and its kin, and the scripts of India and its neighbours
    return (code >= 0x600 && code <= 0x109f) || (code >= 0x1780 && code <= 0x1aff) || (code >= 0xfb50 && code <= 0xfeff);
}
/// Scripts that write no blanks between words: U+200B tells where a line may break.
bool is_unspaced_script(char32_t code) {
    return (code >= 0xe00 && code <= 0xfff) || (code >= 0x1000 && code <= 0x109f) || (code >= 0x1780 && code <= 0x17ff);
}
bool is_keycap_base(char32_t code) { return (code >= U'0' && code <= U'9') || code == U'#' || code == U'*'; }

/// Does honest text have this invisible character between these two?
bool belongs(char32_t code, char32_t before, char32_t after) {
    if (code == kJoiner && is_picture(before) && is_picture(after)) return true;
    if (code == 0x200b) return is_unspaced_script(before) || is_unspaced_script(after);
    if (code == kJoiner || code == kNonJoiner)
        return is_joining_script(before) && (is_joining_script(after) || after == 0 || is_space(after));
    if (code >= 0xfe00 && code <= 0xfe0f)
        return is_picture(before) || (before >= 0x3400 && before <= 0x9fff) || is_joining_script(before) ||
               (code == 0xfe0f && is_keycap_base(before) && after == 0x20e3);
    if (code >= 0xe0100 && code <= 0xe01ef) return before >= 0x3400;          // forms of ideographs
    if (code >= 0xe0020 && code <= 0xe007f) return before == 0x1f3f4 || (before >= 0xe0020 && before <= 0xe007f);
    if (code >= 0x180b && code <= 0x180f) return before >= 0x1800 && before <= 0x18af;
    return false;
}

bool is_direction_mark(char32_t code) { return code == 0x200e || code == 0x200f || code == 0x61c; }

std::u32string without_invisible(const std::u32string& codes, std::int64_t& count) {
    std::u32string out;
    const bool right_to_left =
        std::ranges::any_of(codes, [](char32_t code) { return code >= 0x590 && code <= 0x8ff && is_letter(code); });
    for (std::size_t i = 0; i < codes.size(); ++i) {
        if (!is_ignorable(codes[i]) || is_bidi_control(codes[i])) {
            out.push_back(codes[i]);
            continue;
        }
        const char32_t before = out.empty() ? 0 : out.back(), after = i + 1 < codes.size() ? codes[i + 1] : 0;
        const bool honest_mark =
            right_to_left && is_direction_mark(codes[i]) && !(before < 0x80 && is_letter(before) && is_letter(after));
        if (honest_mark || belongs(codes[i], before, after))
            out.push_back(codes[i]);
        else
            ++count;
    }
    return out;
}

/// Backspaces take away what stands before them; a mark goes with its letter.
std::u32string without_deletions(const std::u32string& codes, std::int64_t& count) {
    std::u32string out;
    for (const char32_t code : codes) {
        if (code == kBackspace || code == kDelete) {
            ++count;
            while (out.size() > 1 && is_mark(out.back())) out.pop_back();
            if (!out.empty() && out.back() != U'\n') out.pop_back();
        } else if (code < 0x20 && code != U'\t' && code != U'\n' && code != U'\r') {
            ++count;
        } else {
            out.push_back(code);
        }
    }
    return out;
}

bool is_ascii_letter(char32_t code) { return (code >= U'a' && code <= U'z') || (code >= U'A' && code <= U'Z'); }
bool is_ascii_digit(char32_t code) { return code >= U'0' && code <= U'9'; }
/// The letter or digit that `code` looks like; 0: none.
char32_t letter_like(char32_t code) {
    const char32_t ascii = look_alike_of(code);
    return is_ascii_letter(ascii) || is_ascii_digit(ascii) ? ascii : 0;
}
bool in_word(char32_t code) {
    return is_letter(code) || is_mark(code) || is_number(code) || letter_like(code) != 0;
}

/// What the letters of a stretch say about each other.
struct Letters {
    std::int64_t latin = 0;   ///< ASCII letters
    bool look_alike = false;  ///< something beyond ASCII that looks like an ASCII letter or digit
    bool marked = false;      ///< something beyond ASCII that looks like none: the word is what it seems
    std::vector<int> honest;  ///< scripts, beyond Latin, of which it has letters that look like nothing else
};

void take(Letters& letters, char32_t code) {
    if (is_ascii_letter(code)) ++letters.latin;
    if (code < 0x80) return;
    if (letter_like(code) != 0)
        letters.look_alike = true;
    else if (is_letter(code))
        letters.marked = true;
    if (letter_like(code) == 0 && is_letter(code) && script_of(code) != kLatin) letters.honest.push_back(script_of(code));
}

constexpr std::int64_t kLettersAroundASymbol = 3;  ///< less is a formula

/// Look-alikes are mapped in words that hold ASCII letters too, and, if they are letters, in words of nothing but
/// look-alikes where the text has Latin words and not one letter that only the look-alikes' own script has.
std::u32string without_look_alikes(const std::u32string& codes, std::int64_t& count) {
    Letters all;
    for (const char32_t code : codes) take(all, code);
    if (!all.look_alike) return codes;
    std::ranges::sort(all.honest);
    const auto foreign = [&](char32_t code) { return std::ranges::binary_search(all.honest, script_of(code)); };
    std::u32string out = codes;
    for (std::size_t at = 0; at < out.size();) {
        std::size_t end = at;
        Letters word;
        for (; end < out.size() && in_word(out[end]); ++end) take(word, out[end]);
        for (; at < end; ++at) {
            const char32_t ascii = letter_like(out[at]);
            if (ascii == 0) continue;
            const bool written = is_letter(out[at]) || is_number(out[at]);
            const bool mixed = word.latin >= (written ? 1 : kLettersAroundASymbol);
            const bool alone = is_letter(out[at]) && word.latin == 0 && !word.marked && all.latin > 0 && !foreign(out[at]);
            if (!mixed && !alone) continue;
            out[at] = ascii;
            ++count;
        }
        at = std::max(end, at + 1);
    }
    return out;
}

std::u32string pass(std::u32string codes, const NormalisePolicy& policy, NormaliseCounts& counts) {
    if (policy.direction) {
        counts.direction += std::ranges::count_if(codes, is_bidi_control);
        codes = resolve_overrides(codes);
    }
    if (policy.deletions) codes = without_deletions(codes, counts.deletions);
    if (policy.invisible) codes = without_invisible(codes, counts.invisible);
    if (policy.look_alikes) codes = without_look_alikes(codes, counts.look_alikes);
    return codes;
}

}  // namespace

Result<std::string> normalise(std::string_view text, const NormalisePolicy& policy, NormaliseCounts* counts) {
    const std::u32string given = BARTIZAN_TRY(decode_utf8(text));
    NormaliseCounts done;
    std::u32string codes = pass(given, policy, done);
    // What one step takes away can uncover work for another: again, until nothing changes. Each round shortens the text
    // or maps a look-alike, and three are enough but for texts made to need more.
    for (int round = 0; round < 8 && done.total() > 0; ++round) {
        std::u32string next = pass(codes, policy, done);
        if (next == codes) break;
        codes = std::move(next);
    }
    if (counts != nullptr) *counts = done;
    return encode_utf8(codes);
}

std::string to_json(const NormalisePolicy& policy) {
    return to_text(Json{{"schema", "bartizan.text-policy/1"},
                        {"invisible", policy.invisible},
                        {"look_alikes", policy.look_alikes},
                        {"direction", policy.direction},
                        {"deletions", policy.deletions}});
}

Result<NormalisePolicy> parse_policy(std::string_view json) {
    const Json document = BARTIZAN_TRY(parse_json(json, {.bytes = 1 << 16, .depth = 4, .keys = 16}));
    if (!document.is_object() || document.value("schema", Json()) != "bartizan.text-policy/1")
        return invalid_input("this is no text policy", "`bartizan harden --method text-normalise` writes one");
    NormalisePolicy policy;
    for (const auto& [key, value] : document.items()) {
        if (key == "schema") continue;
        bool* setting = key == "invisible"     ? &policy.invisible
                        : key == "look_alikes" ? &policy.look_alikes
                        : key == "direction"   ? &policy.direction
                        : key == "deletions"   ? &policy.deletions
                                               : nullptr;
        if (setting == nullptr) return invalid_input("no setting called '" + key.substr(0, 40) + "'");
        if (!value.is_boolean()) return invalid_input("'" + key + "' is true or false");
        *setting = value.get<bool>();
    }
    return policy;
}

}  // namespace bartizan::text
