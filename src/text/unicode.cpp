#include "text/unicode.h"

#include <algorithm>

#include <fmt/format.h>
#include <utf8proc.h>

#include "text/confusables.h"

namespace bartizan::text {
namespace {

utf8proc_category_t category(char32_t code) { return utf8proc_category(static_cast<utf8proc_int32_t>(code)); }

/// Bytes of the sequence that `lead` begins; 0: it begins none.
std::size_t sequence_length(unsigned char lead) {
    if (lead < 0x80) return 1;
    if (lead >= 0xc2 && lead < 0xe0) return 2;
    if (lead >= 0xe0 && lead < 0xf0) return 3;
    return lead >= 0xf0 && lead < 0xf5 ? 4 : 0;
}

bool is_scalar(char32_t code, std::size_t length) {
    constexpr char32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
    return code >= kLeast[length] && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
}

Error not_utf8(std::size_t at) {
    return invalid_input(fmt::format("not valid UTF-8 at byte {}", at), "store the text as UTF-8");
}

}  // namespace

Result<std::u32string> decode_utf8(std::string_view bytes) {
    if (bytes.size() > kMostTextBytes)
        return exhausted(fmt::format("a text of {} bytes, at most {} are taken", bytes.size(), kMostTextBytes));
    std::u32string out;
    out.reserve(bytes.size());
    for (std::size_t at = 0; at < bytes.size();) {
        const auto lead = static_cast<unsigned char>(bytes[at]);
        const std::size_t length = sequence_length(lead);
        if (length == 0 || at + length > bytes.size()) return not_utf8(at);
        char32_t code = length == 1 ? lead : lead & (0xffU >> (length + 1));
        for (std::size_t i = 1; i < length; ++i) {
            const auto next = static_cast<unsigned char>(bytes[at + i]);
            if ((next & 0xc0U) != 0x80U) return not_utf8(at);
            code = (code << 6U) | (next & 0x3fU);
        }
        if (!is_scalar(code, length)) return not_utf8(at);
        out.push_back(code);
        at += length;
    }
    return out;
}

void append_utf8(std::string& out, char32_t code) {
    const auto byte = [&](char32_t value) { out.push_back(static_cast<char>(static_cast<unsigned char>(value))); };
    if (code < 0x80) return byte(code);
    if (code < 0x800) {
        byte(0xc0 | (code >> 6U));
    } else {
        if (code < 0x10000) {
            byte(0xe0 | (code >> 12U));
        } else {
            byte(0xf0 | (code >> 18U));
            byte(0x80 | ((code >> 12U) & 0x3f));
        }
        byte(0x80 | ((code >> 6U) & 0x3f));
    }
    byte(0x80 | (code & 0x3f));
}

std::string encode_utf8(std::u32string_view codes) {
    std::string out;
    out.reserve(codes.size());
    for (const char32_t code : codes) append_utf8(out, code);
    return out;
}

std::u32string normal_form(std::u32string_view codes, Form form) {
    int options = UTF8PROC_STABLE;
    options |= form == Form::nfc || form == Form::nfkc ? UTF8PROC_COMPOSE : UTF8PROC_DECOMPOSE;
    if (form == Form::nfkc || form == Form::nfkd) options |= UTF8PROC_COMPAT;
    std::u32string out;
    const auto flags = static_cast<utf8proc_option_t>(options);
    // A code point has at most 18 of them as its decomposition (U+FDFA).
    for (const char32_t code : codes) {
        utf8proc_int32_t parts[32];
        int boundary = 0;
        const auto count = utf8proc_decompose_char(static_cast<utf8proc_int32_t>(code), parts, 32, flags, &boundary);
        if (count < 0 || count > 32) return std::u32string(codes);
        for (utf8proc_ssize_t i = 0; i < count; ++i) out.push_back(static_cast<char32_t>(parts[i]));
        if (out.size() > kMostTextBytes) return std::u32string(codes);
    }
    // Canonical order: marks sort by their class, stably, between two characters of class 0.
    const auto rank = [](char32_t code) {
        return utf8proc_get_property(static_cast<utf8proc_int32_t>(code))->combining_class;
    };
    for (auto begin = out.begin(); begin != out.end();) {
        const auto end = std::find_if(begin, out.end(), [&](char32_t code) { return rank(code) == 0; });
        std::ranges::stable_sort(begin, end, {}, rank);
        begin = end == out.end() ? end : end + 1;
    }
    if (form == Form::nfd || form == Form::nfkd) return out;
    static_assert(sizeof(char32_t) == sizeof(utf8proc_int32_t));
    const auto length = utf8proc_normalize_utf32(reinterpret_cast<utf8proc_int32_t*>(out.data()),
                                                 static_cast<utf8proc_ssize_t>(out.size()), flags);
    if (length >= 0) out.resize(static_cast<std::size_t>(length));
    return out;
}

bool is_letter(char32_t code) {
    const auto kind = category(code);
    return kind >= UTF8PROC_CATEGORY_LU && kind <= UTF8PROC_CATEGORY_LO;
}
bool is_upper(char32_t code) { return category(code) == UTF8PROC_CATEGORY_LU; }
bool is_mark(char32_t code) {
    const auto kind = category(code);
    return kind >= UTF8PROC_CATEGORY_MN && kind <= UTF8PROC_CATEGORY_ME;
}
bool is_nonspacing_mark(char32_t code) { return category(code) == UTF8PROC_CATEGORY_MN; }
bool is_number(char32_t code) {
    const auto kind = category(code);
    return kind >= UTF8PROC_CATEGORY_ND && kind <= UTF8PROC_CATEGORY_NO;
}
bool is_punctuation(char32_t code) {
    const auto kind = category(code);
    return kind >= UTF8PROC_CATEGORY_PC && kind <= UTF8PROC_CATEGORY_PO;
}
bool is_other(char32_t code) {
    const auto kind = category(code);
    return kind >= UTF8PROC_CATEGORY_CC || kind == UTF8PROC_CATEGORY_CN;
}
bool is_space(char32_t code) {
    if (code >= 9 && code <= 13) return true;
    if (code == 0x85) return true;
    const auto kind = category(code);
    return kind >= UTF8PROC_CATEGORY_ZS && kind <= UTF8PROC_CATEGORY_ZP;
}
bool is_word(char32_t code) {
    return is_letter(code) || is_mark(code) || is_number(code) || category(code) == UTF8PROC_CATEGORY_PC;
}

char32_t lower_case(char32_t code) {
    return static_cast<char32_t>(utf8proc_tolower(static_cast<utf8proc_int32_t>(code)));
}
char32_t upper_case(char32_t code) {
    return static_cast<char32_t>(utf8proc_toupper(static_cast<utf8proc_int32_t>(code)));
}

std::u32string lower_case(std::u32string_view codes) {
    std::u32string out;
    out.reserve(codes.size());
    for (const char32_t code : codes) {
        if (code == 0x130)
            out += U"i\u0307";
        else
            out.push_back(lower_case(code));
    }
    return out;
}

std::string made_visible(std::string_view text) {
    const auto codes = decode_utf8(text);
    if (!codes.ok()) return "<not UTF-8>";
    std::string out;
    for (const char32_t code : *codes) {
        const bool hidden = (is_other(code) && code != '\n') || is_ignorable(code);
        if (!hidden) append_utf8(out, code);
        if (hidden || look_alike_of(code) != 0) out += fmt::format("<U+{:04X}>", static_cast<std::uint32_t>(code));
    }
    return out;
}

}  // namespace bartizan::text
