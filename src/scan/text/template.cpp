#include "scan/text/template.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <set>
#include <string>

#include "scan/say.h"
#include "scan/text/template_lexer.h"

namespace bartizan::scan {
namespace {

/// Attributes without underscores on both sides by which one gets at frames, functions and processes.
constexpr std::array kEscapes = {"mro",          "func_globals", "func_code",     "gi_frame", "gi_code",
                                 "cr_frame",     "ag_frame",     "f_globals",     "f_locals", "f_builtins",
                                 "f_back",       "tb_frame",     "popen",         "system",   "Popen",
                                 "check_output", "environ",      "import_module", "eval",     "exec",
                                 "subclasses",   "execfile",     "getattr",       "os",       "subprocess"};
/// Python functions that a template has only by an escape or a careless environment.
constexpr std::array kFunctions = {"getattr", "setattr", "eval",   "exec",  "open",     "compile", "globals",
                                   "locals",  "vars",    "import", "input", "execfile", "chr",     "breakpoint"};
/// Objects of Jinja and Flask that serve as a way in. Templates of chat models need none.
constexpr std::array kWaysIn = {
    "cycler", "joiner", "lipsum", "self", "request", "url_for", "g", "session", "get_flashed_messages"};
constexpr std::array kStatements = {"import", "include", "extends", "from"};

template <std::size_t N>
bool is_one_of(std::string_view text, const std::array<const char*, N>& list) {
    return std::ranges::find(list, text) != list.end();
}

/// "__x__", wherever in the text: what Python keeps for itself.
bool has_dunder(std::string_view text) {
    for (std::size_t at = text.find("__"); at != std::string_view::npos; at = text.find("__", at + 1)) {
        std::size_t end = at + 2;
        while (end < text.size() && (std::isalnum(static_cast<unsigned char>(text[end])) != 0)) ++end;
        if (end > at + 2 && text.substr(end).starts_with("__")) return true;
    }
    return false;
}

/// The attributes that every escape goes through; other words between underscores are ordinary text.
bool names_escape(std::string_view text) {
    constexpr std::array kParts = {"__class__",   "__globals__", "__builtins__", "__import__",     "__init__",
                                   "__mro__",     "__base__",    "__bases__",    "__subclasses__", "__getattribute__",
                                   "__dict__",    "__code__",    "__reduce",     "__getitem__",    "__loader__",
                                   "__closure__", "__self__",    "__module__",   "__wrapped__"};
    return std::ranges::any_of(kParts, [&](const char* part) { return text.find(part) != std::string_view::npos; });
}

bool only_underscores(std::string_view text) {
    return !text.empty() && text.find_first_not_of('_') == std::string_view::npos;
}

class TemplateJudge {
public:
    TemplateJudge(std::string_view text, const Context& context, std::uint64_t offset)
        : text_(text), context_(context), offset_(offset), tokens_(template_tokens(text, kMaxTemplateTokens)) {}

    void run() {
        for (std::size_t i = 0; i < tokens_.size(); ++i) {
            const Token& token = tokens_[i];
            if (token.kind == TokenKind::name) judge_name(i);
            if (token.kind == TokenKind::text) judge_string(i);
        }
        if (tokens_.size() >= kMaxTemplateTokens)
            context_.incomplete("a template that is too long to be judged", offset_);
    }

private:
    std::string_view sign(std::size_t i) const {
        return i < tokens_.size() && tokens_[i].kind == TokenKind::sign ? std::string_view(tokens_[i].text) : "";
    }
    std::string_view before(std::size_t i) const { return i == 0 ? "" : sign(i - 1); }

    void harm(std::string title, const Token& token) {
        if (!said_.insert(title).second) return;
        malicious(context_, rule::kTemplateEscape, std::move(title), offset_ + token.at, line_at(token.at));
    }
    void doubt(std::string title, const Token& token) {
        if (!said_.insert(title).second) return;
        unproven(context_, rule::kTemplateEscape, std::move(title), offset_ + token.at, line_at(token.at));
    }
    std::string line_at(std::size_t at) const {
        const std::size_t open = text_.rfind('{', at);
        return excerpt(text_.substr(open == std::string_view::npos || at - open > 200 ? at : open - (open > 0 ? 1 : 0)),
                       240);
    }

    void judge_name(std::size_t i) {
        const Token& token = tokens_[i];
        const bool attribute = before(i) == ".";
        const bool filter = before(i) == "|";
        const bool called = sign(i + 1) == "(";
        if (has_dunder(token.text))
            harm("a template reaches for Python's own attributes", token);
        else if (attribute && is_one_of(token.text, kEscapes))
            harm("a template reaches for a function of the system", token);
        else if (attribute && token.text.starts_with('_'))
            doubt("a template reads a private attribute", token);
        else if (filter && token.text == "attr")
            judge_attr(i);
        else if (!attribute && !filter && called && is_one_of(token.text, kFunctions))
            harm("a template calls a Python function that it should not have", token);
        else if (!attribute && is_one_of(token.text, kWaysIn) && (sign(i + 1) == "." || sign(i + 1) == "["))
            doubt("a template uses an object by which sandboxes are left", token);
        else if (i > 0 && tokens_[i - 1].kind == TokenKind::begin && tokens_[i - 1].text == "%}" &&
                 is_one_of(token.text, kStatements))
            doubt("a template loads another one", token);
    }

    /// x|attr('name'): harmless only with a plain name.
    void judge_attr(std::size_t i) {
        const bool plain = sign(i + 1) == "(" && i + 3 < tokens_.size() && tokens_[i + 2].kind == TokenKind::text &&
                           sign(i + 3) == ")" && !tokens_[i + 2].joined &&
                           tokens_[i + 2].text.find('_') == std::string::npos;
        if (plain)
            doubt("a template reads an attribute by the filter attr", tokens_[i]);
        else
            harm("a template reads an attribute whose name it hides", tokens_[i]);
    }

    void judge_string(std::size_t i) {
        const Token& token = tokens_[i];
        const bool subscript = before(i) == "[" && i >= 2 && is_value_end(i - 2);
        if (names_escape(token.text))
            harm("a template names Python's own attributes in a string", token);
        else if (subscript && (has_dunder(token.text) || is_one_of(token.text, kEscapes)))
            harm("a template reaches for Python's own attributes", token);
        else if (subscript && (token.joined || sign(i + 1) == "~" || sign(i + 1) == "|" || sign(i + 1) == "%"))
            doubt("a template puts a key together while it runs", token);
        else if (only_underscores(token.text) && (sign(i + 1) == "*" || token.text.size() == 2))
            harm("a template puts Python's own names together from parts", token);
        else if (token.text == "attr" && before(i) == "(")
            doubt("a template reads attributes by map", token);
    }

    bool is_value_end(std::size_t i) const {
        const Token& token = tokens_[i];
        return token.kind == TokenKind::name || token.kind == TokenKind::text || token.text == ")" || token.text == "]";
    }

    std::string_view text_;
    const Context& context_;
    std::uint64_t offset_;
    std::vector<Token> tokens_;
    std::set<std::string> said_;
};

}  // namespace

bool looks_like_template(std::string_view text) {
    return text.find("{{") != std::string_view::npos || text.find("{%") != std::string_view::npos;
}

void judge_template(std::string_view text, const Context& context, std::uint64_t offset) {
    TemplateJudge(text, context, offset).run();
}

}  // namespace bartizan::scan
