#pragma once
/// The wire format of Protocol Buffers: read front to back out of a message that lies in pieces, without joining them;
/// written to a string. Source: protobuf.dev, "Encoding". Groups, which nobody writes any more, are refused.
/// Thread rule: one thread at a time; the pieces must outlive their reader.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "bartizan/result.h"

namespace bartizan::oip {

/// The first fault sticks; everything after it yields nothing.
class WireReader {
public:
    using Pieces = std::span<const std::string_view>;
    WireReader() = default;
    explicit WireReader(Pieces pieces);

    enum class Kind : std::uint8_t { varint = 0, fixed64 = 1, bytes = 2, fixed32 = 5 };
    struct Field {
        std::uint32_t number = 0;
        Kind kind = Kind::varint;
    };
    /// The next field; false at the end of the message and at a fault.
    bool next(Field& field);
    /// The value of the field at hand. What is of another kind than asked for is a fault.
    bool varint(Field field, std::uint64_t& out);
    /// At most `most` bytes of UTF-8.
    bool text(Field field, std::string& out, std::size_t most);
    /// A message, or bytes, inside of this one: `out` reads it; this reader is behind it.
    bool inside(Field field, WireReader& out);
    /// Passes over it.
    bool skip(Field field);

    // Values without a tag, as packed fields hold them.
    bool varint(std::uint64_t& out);
    /// The next `size` bytes.
    bool copy(void* out, std::size_t size);
    /// All that is left, at the end of `out`.
    void append_to(std::string& out);

    bool at_end() const { return left_ == 0 || failed(); }
    std::uint64_t left() const { return left_; }
    bool failed() const { return fault_ != nullptr; }
    /// Marks a fault at the place that was reached. Returns false.
    bool fail(const char* what);
    /// "byte 17: expected a text"
    Error error() const;

private:
    bool advance(std::uint64_t bytes);
    bool length(std::uint64_t& out);
    /// The rest of the piece at hand, as far as it belongs to this message; not empty while there is something left.
    std::string_view here();

    Pieces pieces_;
    std::size_t piece_ = 0, offset_ = 0;
    std::uint64_t left_ = 0;
    std::uint64_t position_ = 0;  ///< in the outermost message
    const char* fault_ = nullptr;
};

void append_varint(std::string& out, std::uint64_t value);
void append_tag(std::string& out, std::uint32_t number, WireReader::Kind kind);
/// Fields; those with the type's preset value (0, "") are left out, as proto3 does.
void append_number(std::string& out, std::uint32_t number, std::uint64_t value);
void append_bytes(std::string& out, std::uint32_t number, std::string_view value);
/// The same, where an empty one counts: an item of a list, a message.
void append_item(std::string& out, std::uint32_t number, std::string_view value);

}  // namespace bartizan::oip
