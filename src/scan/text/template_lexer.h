#pragma once
/// The tokens of a template's expressions and statements; text between them and comments are left out.
/// Thread rule: pure functions.

#include <string>
#include <string_view>
#include <vector>

namespace bartizan::scan {

enum class TokenKind { name, text, number, sign, begin, end };

struct Token {
    TokenKind kind = TokenKind::sign;
    std::string text;  ///< of a string: without quotes, escapes resolved, joined with what is added to it
    std::size_t at = 0;
    bool joined = false;  ///< a string made of several by + or ~
};

/// At most `limit` tokens. `begin` and `end` stand for "{{" or "{%" and their ends.
std::vector<Token> template_tokens(std::string_view text, std::size_t limit);

}  // namespace bartizan::scan
