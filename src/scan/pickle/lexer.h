#pragma once
/// Cuts a pickle stream into opcodes with their arguments, without copying: each length is checked against the bytes
/// that are left. A FRAME can be read in two ways when an argument straddles its end: most readers go on (linear);
/// CPython's reader of files drops what is left of the frame and takes the argument from behind it (cpython#154848).
/// Thread rule: one object, one thread.

#include <concepts>
#include <cstdint>
#include <string_view>

#include "scan/judge.h"
#include "scan/pickle/opcode.h"

namespace bartizan::scan::pickle {

enum class Frames : std::uint8_t { linear, dropping };

struct Token {
    Op op = Op::stop;
    std::uint64_t at = 0;          ///< of the opcode
    std::int64_t integer = 0;      ///< of numeric arguments; floats as their bits; counted ones: the length
    std::string_view text = {};    ///< counted arguments and lines, without the line feed; the module
    std::string_view second = {};  ///< the name
};

enum class Lexed : std::uint8_t { token, end, no_opcode, cut, malformed };

class Lexer final {
public:
    Lexer(Bytes stream, std::uint64_t at, Frames frames)
        : stream_(reinterpret_cast<const char*>(stream.data()), stream.size()), at_(at), frames_(frames) {}

    /// Anything but `token`: there is no next opcode, `position` stays at it.
    Lexed next(Token& token);
    std::uint64_t position() const { return at_; }
    std::string_view rest() const { return stream_.substr(static_cast<std::size_t>(at_)); }
    Bytes between(std::uint64_t from, std::uint64_t to) const {
        return std::as_bytes(std::span(stream_))
            .subspan(static_cast<std::size_t>(from), static_cast<std::size_t>(to - from));
    }
    void skip(std::uint64_t bytes) { at_ += bytes; }
    /// An argument lay across the end of a frame: the two readings differ.
    bool straddled() const { return straddled_; }
    /// Bytes searched for the ends of lines, so that a stream without them cannot cost more than its budget.
    std::uint64_t searched() const { return searched_; }

private:
    bool take(std::uint64_t count, std::string_view& out) {
        if (frame_end_ != 0 && count > 0 && (at_ >= frame_end_ || count > frame_end_ - at_)) leave_frame();
        if (count > stream_.size() - at_) return false;
        out = stream_.substr(static_cast<std::size_t>(at_), static_cast<std::size_t>(count));
        at_ += count;
        return true;
    }
    void leave_frame();
    bool take_line(std::string_view& out);
    template <std::unsigned_integral T>
    bool take_number(std::int64_t& out);
    Lexed argument(Argument kind, Token& token);
    template <std::unsigned_integral T>
    Lexed counted(Token& token);
    Lexed decimal(Token& token);
    Lexed enter_frame(Token& token);

    std::string_view stream_;
    std::uint64_t at_;
    std::uint64_t frame_end_ = 0;  ///< 0: in none
    Frames frames_;
    bool straddled_ = false;
    std::uint64_t searched_ = 0;
};

}  // namespace bartizan::scan::pickle
