#include "oip/json_reader.h"

#include <algorithm>

namespace bartizan::oip {
namespace {

bool digit(char c) { return c >= '0' && c <= '9'; }

void append_utf8(std::string& out, std::uint32_t code) {
    const auto add = [&out](std::uint32_t byte) { out += static_cast<char>(byte); };
    if (code < 0x80) return add(code);
    if (code < 0x800) {
        add(0xc0 | (code >> 6));
    } else if (code < 0x10000) {
        add(0xe0 | (code >> 12));
        add(0x80 | ((code >> 6) & 0x3f));
    } else {
        add(0xf0 | (code >> 18));
        add(0x80 | ((code >> 12) & 0x3f));
        add(0x80 | ((code >> 6) & 0x3f));
    }
    add(0x80 | (code & 0x3f));
}

/// Bytes of the UTF-8 sequence at the front of `text` (RFC 3629); 0: it is none.
std::size_t utf8_length(std::string_view text) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char lead = byte(0);
    if (lead < 0x80) return 1;
    const std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if (lead < 0xc2 || lead > 0xf4 || text.size() < length) return 0;
    for (std::size_t i = 1; i < length; ++i)
        if ((byte(i) & 0xc0) != 0x80) return 0;
    if ((lead == 0xe0 && byte(1) < 0xa0) || (lead == 0xed && byte(1) > 0x9f) || (lead == 0xf0 && byte(1) < 0x90) ||
        (lead == 0xf4 && byte(1) > 0x8f))
        return 0;
    return length;
}

}  // namespace

void JsonReader::blanks() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\r' || text_[at_] == '\t'))
        ++at_;
}

bool JsonReader::fail(const char* what) {
    if (fault_ == nullptr) fault_ = what;
    return false;
}

Error JsonReader::error() const {
    return invalid_input("JSON, byte " + std::to_string(at_) + ": " + (fault_ == nullptr ? "is broken" : fault_));
}

bool JsonReader::expect(char c, const char* what) {
    if (failed()) return false;
    blanks();
    if (at_ >= text_.size() || text_[at_] != c) return fail(what);
    ++at_;
    return true;
}

JsonReader::Kind JsonReader::peek() {
    if (failed()) return Kind::fault;
    blanks();
    if (at_ >= text_.size()) {
        fail("ends too early");
        return Kind::fault;
    }
    switch (text_[at_]) {
        case '{':
            return Kind::object;
        case '[':
            return Kind::array;
        case '"':
            return Kind::string;
        case 't':
        case 'f':
            return Kind::boolean;
        case 'n':
            return Kind::null;
        default:
            break;
    }
    if (text_[at_] == '-' || digit(text_[at_])) return Kind::number;
    fail("expected a value");
    return Kind::fault;
}

bool JsonReader::begin_object() {
    first_ = true;
    return expect('{', "expected an object");
}

bool JsonReader::next_key(std::string& key) {
    if (failed()) return false;
    blanks();
    const bool first = std::exchange(first_, false);
    if (at_ < text_.size() && text_[at_] == '}') {
        ++at_;
        return false;
    }
    if (!first && !expect(',', "expected ',' or '}'")) return false;
    return string(key, 1024) && expect(':', "expected ':'");
}

bool JsonReader::begin_array() {
    first_ = true;
    return expect('[', "expected an array");
}

bool JsonReader::next_item() {
    if (failed()) return false;
    blanks();
    const bool first = std::exchange(first_, false);
    if (at_ < text_.size() && text_[at_] == ']') {
        ++at_;
        return false;
    }
    return first || expect(',', "expected ',' or ']'");
}

bool JsonReader::unicode(std::uint32_t& out) {
    out = 0;
    for (int i = 0; i < 4; ++i, ++at_) {
        if (at_ >= text_.size()) return fail("an escape is cut short");
        const char c = text_[at_];
        const char small = static_cast<char>(c | 0x20);
        if (!digit(c) && (small < 'a' || small > 'f')) return fail("an escape without four digits");
        out = out * 16 + static_cast<std::uint32_t>(digit(c) ? c - '0' : small - 'a' + 10);
    }
    return true;
}

bool JsonReader::escape(std::string& out) {
    if (at_ >= text_.size()) return fail("a string has no end");
    const char c = text_[at_++];
    static constexpr std::string_view kFrom = "\"\\/bfnrt", kTo = "\"\\/\b\f\n\r\t";
    if (const std::size_t found = kFrom.find(c); found != std::string_view::npos) {
        out += kTo[found];
        return true;
    }
    if (c != 'u') return fail("an unknown escape");
    std::uint32_t code = 0;
    if (!unicode(code)) return false;
    if (code >= 0xdc00 && code < 0xe000) return fail("half of a surrogate pair");
    if (code >= 0xd800 && code < 0xdc00) {
        std::uint32_t low = 0;
        if (text_.substr(at_, 2) != "\\u") return fail("half of a surrogate pair");
        at_ += 2;
        if (!unicode(low)) return false;
        if (low < 0xdc00 || low >= 0xe000) return fail("half of a surrogate pair");
        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    }
    append_utf8(out, code);
    return true;
}

bool JsonReader::string(std::string& out, std::size_t most) {
    out.clear();
    first_ = false;
    if (!expect('"', "expected a string")) return false;
    while (at_ < text_.size()) {
        const auto c = static_cast<unsigned char>(text_[at_]);
        if (c == '"') {
            ++at_;
            return true;
        }
        if (out.size() > most) return fail("a string is too long");
        if (c < 0x20) return fail("a control character in a string");
        if (c == '\\') {
            ++at_;
            if (!escape(out)) return false;
            continue;
        }
        const std::size_t length = utf8_length(text_.substr(at_, 4));
        if (length == 0) return fail("a string that is no UTF-8");
        out.append(text_, at_, length);
        at_ += length;
    }
    return fail("a string has no end");
}

bool JsonReader::number(std::string_view& out) {
    if (failed()) return false;
    blanks();
    first_ = false;
    const std::size_t begin = at_;
    const auto digits = [this] {
        const std::size_t start = at_;
        while (at_ < text_.size() && digit(text_[at_])) ++at_;
        return at_ > start;
    };
    const auto next_is = [this](char a, char b) { return at_ < text_.size() && (text_[at_] == a || text_[at_] == b); };
    if (next_is('-', '-')) ++at_;
    if (next_is('0', '0'))
        ++at_;
    else if (!digits())
        return fail("expected a number");
    if (next_is('.', '.')) {
        ++at_;
        if (!digits()) return fail("a number ends in '.'");
    }
    if (next_is('e', 'E')) {
        ++at_;
        if (next_is('+', '-')) ++at_;
        if (!digits()) return fail("an exponent without digits");
    }
    if (at_ < text_.size() && digit(text_[at_])) return fail("a number begins with 0");
    out = text_.substr(begin, at_ - begin);
    return true;
}

bool JsonReader::literal(std::string_view word) {
    blanks();
    first_ = false;
    if (failed() || text_.substr(at_, word.size()) != word) return false;
    at_ += word.size();
    return true;
}

bool JsonReader::boolean(bool& out) {
    if (literal("true")) {
        out = true;
        return true;
    }
    out = false;
    return literal("false") || fail("expected true or false");
}

bool JsonReader::null() { return literal("null") || fail("expected null"); }

bool JsonReader::skip_value(int depth) {
    if (depth > kMostDepth) return fail("nested too deep");
    std::string text;
    std::string_view characters;
    bool flag = false;
    switch (peek()) {
        case Kind::object:
            begin_object();
            while (next_key(text))
                if (!skip_value(depth + 1)) return false;
            return !failed();
        case Kind::array:
            begin_array();
            while (next_item())
                if (!skip_value(depth + 1)) return false;
            return !failed();
        case Kind::string:
            return string(text, text_.size());
        case Kind::number:
            return number(characters);
        case Kind::boolean:
            return boolean(flag);
        case Kind::null:
            return null();
        case Kind::fault:
            break;
    }
    return false;
}

bool JsonReader::skip(std::string_view& out) {
    if (failed()) return false;
    blanks();
    const std::size_t begin = at_;
    if (!skip_value(0)) return false;
    out = text_.substr(begin, at_ - begin);
    return true;
}

bool JsonReader::at_end() {
    if (failed()) return false;
    blanks();
    return at_ == text_.size() || fail("text behind the end");
}

void append_json_string(std::string& out, std::string_view text) {
    static constexpr char kDigits[] = "0123456789abcdef";
    out += '"';
    for (std::size_t i = 0; i < text.size();) {
        const char c = text[i];
        if (c == '"' || c == '\\') {
            (out += '\\') += c;
        } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
            out.append("\\u00") += kDigits[(c >> 4) & 0xf];
            out += kDigits[c & 0xf];
        } else if (const std::size_t length = utf8_length(text.substr(i, 4)); length == 0) {
            out.append("\xef\xbf\xbd");
        } else {
            out.append(text, i, length);
            i += length;
            continue;
        }
        ++i;
    }
    out += '"';
}

}  // namespace bartizan::oip
