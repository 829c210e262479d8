#include "scan/text/template_lexer.h"

#include <algorithm>
#include <cctype>

namespace bartizan::scan {
namespace {

bool is_name(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || (c & 0x80) != 0; }

int hex_value(std::string_view digits) {
    int value = 0;
    for (const char c : digits) {
        if (std::isxdigit(static_cast<unsigned char>(c)) == 0) return -1;
        value = value * 16 + (c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
    }
    return digits.empty() ? -1 : value;
}

class Lexer {
public:
    Lexer(std::string_view text, std::size_t limit) : text_(text), limit_(limit) {}

    std::vector<Token> run() {
        while (at_ < text_.size() && tokens_.size() < limit_) {
            const std::size_t open = text_.find('{', at_);
            if (open == std::string_view::npos || open + 1 >= text_.size()) break;
            at_ = open + 2;
            const char mark = text_[open + 1];
            if (mark == '#')
                at_ = after("#}", at_);
            else if (mark == '{' || mark == '%')
                block(mark == '{' ? "}}" : "%}");
            else
                at_ = open + 1;
        }
        return std::move(tokens_);
    }

private:
    std::size_t after(std::string_view mark, std::size_t from) const {
        const std::size_t found = text_.find(mark, from);
        return found == std::string_view::npos ? text_.size() : found + mark.size();
    }

    void block(std::string_view close) {
        push(TokenKind::begin, std::string(close), at_);
        const std::size_t first = tokens_.size();
        int braces = 0;  // a dictionary's end is not the block's
        while (at_ < text_.size() && tokens_.size() < limit_) {
            const bool ends = text_.substr(at_).starts_with(close) && (close != "}}" || braces == 0);
            if (ends) break;
            token(braces);
        }
        at_ = std::min(at_ + close.size(), text_.size());
        push(TokenKind::end, std::string(close), at_);
        if (first + 1 < tokens_.size() && tokens_[first].text == "raw" && close == "%}") at_ = after("endraw", at_);
    }

    void token(int& braces) {
        const char c = text_[at_];
        if (std::isspace(static_cast<unsigned char>(c)) != 0) {
            ++at_;
        } else if (c == '"' || c == '\'') {
            string(c);
        } else if (is_name(c)) {
            const std::size_t begin = at_;
            while (at_ < text_.size() && is_name(text_[at_])) ++at_;
            const bool digit = std::isdigit(static_cast<unsigned char>(c)) != 0;
            push(digit ? TokenKind::number : TokenKind::name, std::string(text_.substr(begin, at_ - begin)), begin);
        } else {
            braces += c == '{' ? 1 : c == '}' ? -1 : 0;
            push(TokenKind::sign, std::string(1, c), at_++);
        }
    }

    void string(char quote) {
        const std::size_t begin = at_++;
        std::string value;
        while (at_ < text_.size() && text_[at_] != quote) {
            if (text_[at_] == '\\' && at_ + 1 < text_.size())
                escape(value);
            else
                value += text_[at_++];
        }
        ++at_;
        join_or_push(std::move(value), begin);
    }

    void escape(std::string& value) {
        const char kind = text_[at_ + 1];
        at_ += 2;
        const std::size_t digits = kind == 'x' ? 2 : kind == 'u' ? 4 : kind == 'U' ? 8 : 0;
        const int code = digits == 0 ? -1 : hex_value(text_.substr(std::min(at_, text_.size()), digits));
        if (code >= 0) {
            value += code < 0x80 ? static_cast<char>(code) : '?';
            at_ += digits;
        } else if (kind >= '0' && kind <= '7') {
            int octal = kind - '0';
            for (int i = 0; i < 2 && at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '7'; ++i)
                octal = octal * 8 + (text_[at_++] - '0');
            value += static_cast<char>(octal & 0x7f);
        } else if (kind == 'N' && text_.substr(std::min(at_, text_.size())).starts_with("{LOW LINE}")) {
            value += '_';
            at_ += 10;
        } else {
            value += kind == 'n' ? '\n' : kind == 't' ? '\t' : kind;
        }
    }

    /// "a" "b", "a" ~ "b" and "a" + "b" are one string.
    void join_or_push(std::string value, std::size_t begin) {
        const std::size_t count = tokens_.size();
        const bool after_sign = count >= 2 && (tokens_.back().text == "~" || tokens_.back().text == "+") &&
                                tokens_.back().kind == TokenKind::sign && tokens_[count - 2].kind == TokenKind::text;
        if (after_sign) tokens_.pop_back();
        if (after_sign || (count >= 1 && tokens_.back().kind == TokenKind::text)) {
            tokens_.back().text += value;
            tokens_.back().joined = true;
            return;
        }
        push(TokenKind::text, std::move(value), begin);
    }

    void push(TokenKind kind, std::string value, std::size_t at) { tokens_.push_back({kind, std::move(value), at}); }

    std::string_view text_;
    std::size_t limit_;
    std::size_t at_ = 0;
    std::vector<Token> tokens_;
};

}  // namespace

std::vector<Token> template_tokens(std::string_view text, std::size_t limit) { return Lexer(text, limit).run(); }

}  // namespace bartizan::scan
