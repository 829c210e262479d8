#include "scan/text/json_events.h"

#include <cctype>

namespace bartizan::scan {
namespace {

void append_utf8(std::string& out, unsigned code) {
    if (code < 0x80) {
        out += static_cast<char>(code);
    } else if (code < 0x800) {
        out += static_cast<char>(0xc0 | (code >> 6));
        out += static_cast<char>(0x80 | (code & 0x3f));
    } else {
        out += static_cast<char>(0xe0 | (code >> 12));
        out += static_cast<char>(0x80 | ((code >> 6) & 0x3f));
        out += static_cast<char>(0x80 | (code & 0x3f));
    }
}

class Reader {
public:
    Reader(std::string_view text, std::size_t at, JsonEvents& events) : text_(text), at_(at), events_(events) {}

    JsonEnd run() {
        do {
            if (!step()) return {at_, fault_};
        } while (!open_.empty());
        return {at_, {}};
    }

private:
    bool fail(std::string_view why) {
        fault_ = why;
        return false;
    }
    char peek() {
        while (at_ < text_.size() &&
               (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\r' || text_[at_] == '\t'))
            ++at_;
        return at_ < text_.size() ? text_[at_] : '\0';
    }

    /// One value, or the end of what is open; commas and keys before it.
    bool step() {
        char next = peek();
        if (!open_.empty()) {
            if (next == (open_.back() == '{' ? '}' : ']')) return close();
            if (after_value_) {
                if (next != ',') return fail("a comma is missing");
                ++at_;
                next = peek();
                if (next == (open_.back() == '{' ? '}' : ']')) return close();
            }
            if (open_.back() == '{') {
                if (next != '"') return fail("a key is missing");
                const std::size_t begin = at_;
                if (!read_string()) return false;
                events_.key(value_, begin);
                if (peek() != ':') return fail("a colon is missing");
                ++at_;
                next = peek();
            }
        }
        return value(next);
    }

    bool close() {
        events_.end(at_++);
        open_.pop_back();
        after_value_ = true;
        return true;
    }

    bool value(char next) {
        const std::size_t begin = at_;
        if (next == '{' || next == '[') {
            if (open_.size() >= kMaxJsonDepth) return fail("nested too deep");
            open_ += next;
            after_value_ = false;
            ++at_;
            events_.begin(next == '{', begin);
            return true;
        }
        after_value_ = true;
        if (next == '"') {
            if (!read_string()) return false;
            events_.string(value_, begin);
            return true;
        }
        while (at_ < text_.size() && (std::isalnum(static_cast<unsigned char>(text_[at_])) != 0 || text_[at_] == '-' ||
                                      text_[at_] == '+' || text_[at_] == '.'))
            ++at_;
        if (at_ == begin) return fail(at_ >= text_.size() ? "it breaks off" : "a value is missing");
        events_.plain(text_.substr(begin, at_ - begin), begin);
        return true;
    }

    bool read_string() {
        value_.clear();
        ++at_;
        for (;;) {
            const std::size_t end = text_.find_first_of("\"\\", at_);
            if (end == std::string_view::npos) {
                at_ = text_.size();
                return fail("a string without an end");
            }
            append(text_.substr(at_, end - at_));
            at_ = end + 1;
            if (text_[end] == '"') return true;
            escape();
        }
    }

    void append(std::string_view part) {
        if (value_.size() < kMaxJsonString) value_.append(part.substr(0, kMaxJsonString - value_.size()));
    }

    void escape() {
        const char kind = at_ < text_.size() ? text_[at_++] : '\0';
        if (kind != 'u') {
            append(kind == 'n' ? "\n" : kind == 't' ? "\t" : kind == 'r' ? "\r" : std::string_view(&kind, 1));
            return;
        }
        unsigned code = 0;
        for (int i = 0; i < 4 && at_ < text_.size() && std::isxdigit(static_cast<unsigned char>(text_[at_])) != 0;
             ++i) {
            const char c = text_[at_++];
            code = code * 16 + static_cast<unsigned>(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
        }
        std::string bytes;
        append_utf8(bytes, code);
        append(bytes);
    }

    std::string_view text_;
    std::size_t at_;
    JsonEvents& events_;
    std::string open_;  ///< the brackets
    bool after_value_ = false;
    std::string value_;
    std::string_view fault_;
};

}  // namespace

JsonEnd read_json(std::string_view text, std::size_t at, JsonEvents& events) { return Reader(text, at, events).run(); }

}  // namespace bartizan::scan
