#include "lineage/json_line.h"

#include <charconv>

namespace bartizan::lineage {
namespace {

void append_utf8(std::string& out, std::uint32_t code) {
    const auto tail = [&](int shift) { out += static_cast<char>(0x80 | ((code >> shift) & 0x3f)); };
    if (code < 0x80) {
        out += static_cast<char>(code);
    } else if (code < 0x800) {
        out += static_cast<char>(0xc0 | (code >> 6));
        tail(0);
    } else if (code < 0x10000) {
        out += static_cast<char>(0xe0 | (code >> 12));
        tail(6);
        tail(0);
    } else {
        out += static_cast<char>(0xf0 | (code >> 18));
        tail(12);
        tail(6);
        tail(0);
    }
}

/// What stands for itself behind a backslash, or the control character meant; 0 for anything else.
char simple_escape(char c) {
    switch (c) {
        case '"':
        case '\\':
        case '/':
            return c;
        case 'b':
            return '\b';
        case 'f':
            return '\f';
        case 'n':
            return '\n';
        case 'r':
            return '\r';
        case 't':
            return '\t';
        default:
            return 0;
    }
}

bool plain(char c) { return c != '"' && c != '\\' && static_cast<unsigned char>(c) >= 0x20; }

}  // namespace

Error JsonLine::wrong(std::string_view what) const {
    return invalid_input(std::string(what) + " at byte " + std::to_string(at_ + 1));
}

void JsonLine::skip_blanks() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t')) ++at_;
}

bool JsonLine::take(char c) {
    skip_blanks();
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
}

Result<void> JsonLine::expect(char c) {
    if (take(c)) return {};
    return wrong(std::string("'") + c + "' is missing");
}

Result<void> JsonLine::expect_end() {
    skip_blanks();
    if (at_ == text_.size()) return {};
    return wrong("something follows the item");
}

Result<std::string> JsonLine::string(std::size_t longest) {
    if (!take('"')) return wrong("a string is missing");
    std::string out;
    while (true) {
        const std::size_t from = at_;
        while (at_ < text_.size() && plain(text_[at_])) ++at_;
        out.append(text_.substr(from, at_ - from));
        if (out.size() > longest) return wrong("a text of more than " + std::to_string(longest) + " bytes");
        if (at_ == text_.size()) return wrong("a string does not end");
        if (text_[at_] == '"') break;
        if (text_[at_] != '\\') return wrong("a control character in a string");
        ++at_;
        BARTIZAN_TRY(escape(out));
    }
    ++at_;
    return out;
}

Result<std::uint32_t> JsonLine::four_digits() {
    std::uint32_t code = 0;
    const std::string_view digits = text_.substr(at_, 4);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), code, 16);
    if (digits.size() != 4 || error != std::errc{} || end != digits.data() + 4) return wrong("an escape is broken");
    at_ += 4;
    return code;
}

Result<void> JsonLine::escape(std::string& out) {
    if (at_ == text_.size()) return wrong("a string does not end");
    const char kind = text_[at_++];
    if (const char c = simple_escape(kind)) {
        out += c;
        return {};
    }
    if (kind != 'u') return wrong("an unknown escape");
    std::uint32_t code = BARTIZAN_TRY(four_digits());
    if (code >= 0xd800 && code < 0xdc00 && text_.substr(at_, 2) == "\\u") {
        at_ += 2;
        const std::uint32_t low = BARTIZAN_TRY(four_digits());
        if (low < 0xdc00 || low >= 0xe000) return wrong("half a surrogate pair");
        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    }
    if (code >= 0xd800 && code < 0xe000) return wrong("half a surrogate pair");
    append_utf8(out, code);
    return {};
}

template <class Number>
Result<Number> JsonLine::whole_number() {
    skip_blanks();
    Number value = 0;
    const char* from = text_.data() + at_;
    const char* last = text_.data() + text_.size();
    const auto [end, error] = std::from_chars(from, last, value);
    if (error == std::errc::result_out_of_range) return wrong("a number out of range");
    if (error != std::errc{}) return wrong("a whole number is missing");
    if (end != last && (*end == '.' || *end == 'e' || *end == 'E')) return wrong("a number that is not whole");
    const char* digits = *from == '-' ? from + 1 : from;
    if (*digits == '0' && end != digits + 1) return wrong("a number with a leading zero");
    at_ += static_cast<std::size_t>(end - from);
    return value;
}

Result<std::uint64_t> JsonLine::number() { return whole_number<std::uint64_t>(); }
Result<std::int64_t> JsonLine::signed_number() { return whole_number<std::int64_t>(); }

void append_json_string(std::string& out, std::string_view text) {
    constexpr char kDigits[] = "0123456789abcdef";
    out += '"';
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            out += {'\\', c};
        } else if (byte < 0x20) {
            out += "\\u00";
            out += {kDigits[byte >> 4], kDigits[byte & 15]};
        } else {
            out += c;
        }
    }
    out += '"';
}

}  // namespace bartizan::lineage
