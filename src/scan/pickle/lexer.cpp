#include "scan/pickle/lexer.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstring>

namespace bartizan::scan::pickle {

/// What is taken next lies behind the end of the frame, or across it.
void Lexer::leave_frame() {
    if (at_ < frame_end_) {
        straddled_ = true;
        if (frames_ == Frames::dropping) at_ = frame_end_;
    }
    frame_end_ = 0;
}

bool Lexer::take_line(std::string_view& out) {
    std::size_t end = stream_.find('\n', static_cast<std::size_t>(at_));
    searched_ += std::min<std::uint64_t>(end, stream_.size()) - at_;
    if (frame_end_ != 0 && at_ < frame_end_ && end >= frame_end_) {
        straddled_ = true;
        if (frames_ == Frames::dropping) {
            at_ = frame_end_;
            end = stream_.find('\n', static_cast<std::size_t>(at_));
        }
        frame_end_ = 0;
    }
    if (end == std::string_view::npos) return false;
    out = stream_.substr(static_cast<std::size_t>(at_), end - static_cast<std::size_t>(at_));
    at_ = end + 1;
    return true;
}

template <std::unsigned_integral T>
bool Lexer::take_number(std::int64_t& out) {
    std::string_view raw;
    if (!take(sizeof(T), raw)) return false;
    T value = 0;
    std::memcpy(&value, raw.data(), sizeof value);
    if constexpr (std::endian::native == std::endian::big) {
        T turned = 0;
        for (std::size_t i = sizeof(T); i-- > 0;)
            turned = static_cast<T>(turned << 8 | static_cast<unsigned char>(raw[i]));
        value = turned;
    }
    out = static_cast<std::int64_t>(value);
    return true;
}

template <std::unsigned_integral T>
Lexed Lexer::counted(Token& token) {
    if (!take_number<T>(token.integer)) return Lexed::cut;
    if (token.integer < 0) return Lexed::malformed;
    return take(static_cast<std::uint64_t>(token.integer), token.text) ? Lexed::token : Lexed::cut;
}

/// INT, LONG, GET and PUT: Python's int() takes blanks around the digits and a sign; LONG may end in L.
Lexed Lexer::decimal(Token& token) {
    if (!take_line(token.text)) return Lexed::cut;
    std::string_view digits = token.text;
    while (!digits.empty() && (digits.front() == ' ' || digits.front() == '+')) digits.remove_prefix(1);
    while (!digits.empty() && (digits.back() == ' ' || digits.back() == 'L' || digits.back() == '\r'))
        digits.remove_suffix(1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), token.integer);
    if (error == std::errc::result_out_of_range && end == digits.data() + digits.size()) {
        token.integer = -1;  // a large number; its digits are in the text
        return Lexed::token;
    }
    return error == std::errc() && end == digits.data() + digits.size() ? Lexed::token : Lexed::malformed;
}

Lexed Lexer::enter_frame(Token& token) {
    if (!take_number<std::uint64_t>(token.integer)) return Lexed::cut;
    const auto length = static_cast<std::uint64_t>(token.integer);
    if (frame_end_ != 0 && at_ < frame_end_ && length > frame_end_ - at_) {
        straddled_ = true;
        if (frames_ == Frames::dropping) at_ = frame_end_;
    }
    // A frame longer than the stream: readers stop here.
    if (length > stream_.size() - at_) return Lexed::cut;
    frame_end_ = at_ + length;
    return Lexed::token;
}

Lexed Lexer::argument(Argument kind, Token& token) {
    const auto number = [&]<class T>(T) { return take_number<T>(token.integer) ? Lexed::token : Lexed::cut; };
    switch (kind) {
        case Argument::invalid:
            return Lexed::no_opcode;
        case Argument::none:
            return Lexed::token;
        case Argument::unsigned1:
            return number(std::uint8_t{});
        case Argument::unsigned2:
            return number(std::uint16_t{});
        case Argument::unsigned4:
            return number(std::uint32_t{});
        case Argument::signed4: {
            const Lexed lexed = number(std::uint32_t{});
            token.integer = static_cast<std::int32_t>(token.integer);
            return lexed;
        }
        case Argument::unsigned8:
            return enter_frame(token);
        case Argument::float8:
            return number(std::uint64_t{});
        case Argument::counted1:
            return counted<std::uint8_t>(token);
        case Argument::counted4:
            return counted<std::uint32_t>(token);
        case Argument::counted4_signed: {
            const Lexed lexed = counted<std::uint32_t>(token);
            return token.integer > INT32_MAX ? Lexed::malformed : lexed;
        }
        case Argument::counted8:
            return counted<std::uint64_t>(token);
        case Argument::decimal_line:
            return decimal(token);
        case Argument::line:
        case Argument::float_line:
            return take_line(token.text) ? Lexed::token : Lexed::cut;
        case Argument::quoted_line: {
            if (!take_line(token.text)) return Lexed::cut;
            std::string_view& text = token.text;
            if (text.ends_with('\r')) text.remove_suffix(1);
            const bool quoted = text.size() >= 2 && text.front() == text.back() && (text[0] == '\'' || text[0] == '"');
            if (!quoted) return Lexed::malformed;
            text = text.substr(1, text.size() - 2);
            return Lexed::token;
        }
        case Argument::two_lines:
            return take_line(token.text) && take_line(token.second) ? Lexed::token : Lexed::cut;
    }
    return Lexed::no_opcode;
}

Lexed Lexer::next(Token& token) {
    const std::uint64_t begin = at_;
    std::string_view byte;
    if (at_ >= stream_.size() || !take(1, byte)) return Lexed::end;
    const auto code = static_cast<std::uint8_t>(byte[0]);
    token.op = static_cast<Op>(code);
    token.at = at_ - 1;
    const Lexed lexed = argument(opcode(code).argument, token);
    if (lexed != Lexed::token) at_ = begin;
    return lexed;
}

}  // namespace bartizan::scan::pickle
