#include "scan/pickle/sketch.h"

#include <algorithm>
#include <cctype>

#include "scan/pickle/known.h"
#include "scan/pickle/lexer.h"

namespace bartizan::scan::pickle {
namespace {

/// What runs so long is one.
constexpr int kMostOpcodes = 4'096;
/// Shorter ones must end with the content, or every text that begins with "N." would be one.
constexpr int kFewOpcodes = 4;
constexpr std::size_t kMaxMarks = 4'096;
constexpr std::size_t kLongestName = 128;

bool is_name_character(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '.'; }

bool is_name(std::string_view name) {
    return !name.empty() && std::isdigit(static_cast<unsigned char>(name[0])) == 0 &&
           std::ranges::all_of(name,
                               [](unsigned char c) { return is_name_character(static_cast<char>(c)) || c >= 0x80; });
}

/// The height of the stack through a stream.
class Sketch {
public:
    bool step(const Token& token) {
        switch (token.op) {
            case Op::mark:
                marks_.push_back(height_);
                return marks_.size() < kMaxMarks;
            case Op::proto:
            case Op::frame:
            case Op::readonly_buffer:
                return true;
            case Op::memoize:
            case Op::put:
            case Op::binput:
            case Op::long_binput:
                return room(1);
            case Op::pop:
                if (height_ > fence()) return change(1, 0);
                if (marks_.empty()) return false;
                marks_.pop_back();
                return true;
            case Op::dup:
                return change(1, 2);
            case Op::pop_mark:
                return to_mark(0);
            case Op::tuple:
            case Op::list:
            case Op::dict:
            case Op::frozenset:
                return to_mark(1);
            case Op::appends:
            case Op::setitems:
            case Op::additems:
                return to_mark(0) && room(1);
            case Op::inst:
                if (!is_name(token.text) || !is_name(token.second) || !to_mark(1)) return false;
                ran_ = true;
                return true;
            case Op::obj:
                return ran(to_mark(1));
            case Op::global:
                if (!is_name(token.text) || !is_name(token.second)) return false;
                imported_ = true;
                harm_ = harm_ || look_up(canonical_name(token.text, token.second)).stance == Stance::danger;
                return change(0, 1);
            case Op::stack_global:
                imported_ = true;
                return change(2, 1);
            case Op::reduce:
            case Op::newobj:
                return ran(change(2, 1));
            case Op::newobj_ex:
                return ran(change(3, 1));
            case Op::build:
            case Op::append:
                return change(2, 1);
            case Op::setitem:
                return change(3, 1);
            case Op::persid:
                return std::ranges::all_of(token.text, [](char c) { return c >= 0x20 && c < 0x7f; }) && change(0, 1);
            case Op::binpersid:
            case Op::tuple1:
                return change(1, 1);
            case Op::tuple2:
                return change(2, 1);
            case Op::tuple3:
                return change(3, 1);
            default:
                return change(0, 1);
        }
    }
    bool ran() const { return ran_ || harm_; }
    bool has_value() const { return height_ > fence(); }

private:
    /// A call takes effect if the stack holds for it and something was imported.
    bool ran(bool holds) {
        ran_ = ran_ || (holds && imported_);
        return holds;
    }
    int fence() const { return marks_.empty() ? 0 : marks_.back(); }
    bool room(int values) const { return height_ - fence() >= values; }
    bool change(int taken, int given) {
        if (!room(taken)) return false;
        height_ += given - taken;
        return true;
    }
    bool to_mark(int given) {
        if (marks_.empty()) return false;
        height_ = marks_.back() + given;
        marks_.pop_back();
        return true;
    }

    std::vector<int> marks_;
    int height_ = 0;
    bool imported_ = false;
    bool ran_ = false;
    bool harm_ = false;
};

bool is_padding(std::string_view text) {
    return text.find_first_not_of(std::string_view("\0 \t\r\n", 5)) == std::string_view::npos;
}

/// "cmodule\nname\n" or "imodule\nname\n" around the line feed at `at`.
void old_imports(std::string_view text, std::size_t at, std::vector<std::size_t>& out) {
    std::size_t second = at + 1;
    while (second < text.size() && second - at < kLongestName && is_name_character(text[second])) ++second;
    if (second == at + 1 || second >= text.size() || text[second] != '\n') return;
    std::size_t begin = at;
    while (begin > 0 && at - begin < kLongestName && is_name_character(text[begin - 1])) --begin;
    for (std::size_t i = begin; i + 1 < at; ++i)
        if ((text[i] == 'c' || text[i] == 'i') && is_name(text.substr(i + 1, at - i - 1))) out.push_back(i);
}

/// A short string that is a name: the module of a STACK_GLOBAL.
bool is_short_name(std::string_view text, std::size_t at) {
    if (at + 2 >= text.size()) return false;
    const auto size = static_cast<unsigned char>(text[at + 1]);
    const std::string_view name = text.substr(at + 2, size);
    if (size < 2 || name.size() < size || at + 2 + size >= text.size() || !is_name(name)) return false;
    const char next = text[at + 2 + size];
    return next == '\x8c' || next == '\x94' || next == 'X' || next == 'q';
}

}  // namespace

bool runs_as_pickle(Bytes content) {
    Lexer lexer(content, 0, Frames::linear);
    Sketch sketch;
    for (int opcodes = 1; opcodes <= kMostOpcodes; ++opcodes) {
        Token token;
        if (lexer.next(token) != Lexed::token) return sketch.ran();
        if (token.op == Op::stop)
            return sketch.has_value() && (opcodes >= kFewOpcodes || sketch.ran() || is_padding(lexer.rest()));
        if (!sketch.step(token)) return sketch.ran();
    }
    return true;
}

std::vector<std::size_t> candidates(std::string_view text, std::size_t from, std::size_t end) {
    std::vector<std::size_t> out;
    const std::string_view window = text.substr(0, end);
    for (std::size_t at = window.find('\x80', from); at != std::string_view::npos; at = window.find('\x80', at + 1)) {
        const bool proto = at + 2 < text.size() && text[at + 1] >= 0 && text[at + 1] <= 5;
        if (proto && opcode(static_cast<std::uint8_t>(text[at + 2])).argument != Argument::invalid) out.push_back(at);
    }
    for (std::size_t at = window.find('\n', from); at != std::string_view::npos; at = window.find('\n', at + 1))
        old_imports(text, at, out);
    for (std::size_t at = window.find('\x8c', from); at != std::string_view::npos; at = window.find('\x8c', at + 1))
        if (is_short_name(text, at)) out.push_back(at);
    std::ranges::sort(out);
    return out;
}

}  // namespace bartizan::scan::pickle
