#include "oip/grpc_contents.h"

#include <cstring>
#include <limits>

namespace bartizan::oip {
namespace grpc_contents {
namespace {

using Kind = WireReader::Kind;

/// The number of the type's list; 0: it has none.
std::uint32_t list_of(Datatype type) {
    switch (type) {
        case Datatype::boolean:
            return 1;
        case Datatype::i8:
        case Datatype::i16:
        case Datatype::i32:
            return 2;
        case Datatype::i64:
            return 3;
        case Datatype::u8:
        case Datatype::u16:
        case Datatype::u32:
            return 4;
        case Datatype::u64:
            return 5;
        case Datatype::fp32:
            return 6;
        case Datatype::fp64:
            return 7;
        case Datatype::bytes:
            return 8;
        case Datatype::fp16:
        case Datatype::bf16:
            break;
    }
    return 0;
}

Kind kind_of(Datatype type) {
    if (type == Datatype::bytes) return Kind::bytes;
    if (type == Datatype::fp32) return Kind::fixed32;
    return type == Datatype::fp64 ? Kind::fixed64 : Kind::varint;
}

template <class T>
bool put(std::string& out, T value) {
    char bytes[sizeof value];
    std::memcpy(bytes, &value, sizeof value);
    out.append(bytes, sizeof value);
    return true;
}

/// An int32 comes with its sign in all 64 bits; of what does not fit in 32 Protocol Buffers takes the lowest.
template <class T>
bool put_signed(std::string& out, std::uint64_t value, WireReader& reader) {
    const auto number = static_cast<std::int32_t>(static_cast<std::uint32_t>(value));
    if (number < std::numeric_limits<T>::min() || number > std::numeric_limits<T>::max())
        return reader.fail("a value that the datatype cannot hold");
    return put(out, static_cast<T>(number));
}
template <class T>
bool put_unsigned(std::string& out, std::uint64_t value, WireReader& reader) {
    const auto number = static_cast<std::uint32_t>(value);
    if (number > std::numeric_limits<T>::max()) return reader.fail("a value that the datatype cannot hold");
    return put(out, static_cast<T>(number));
}

bool whole(std::string& out, WireReader& reader, Datatype type) {
    std::uint64_t value = 0;
    if (!reader.varint(value)) return false;
    switch (type) {
        case Datatype::boolean:
            return put(out, static_cast<char>(value != 0));
        case Datatype::i8:
            return put_signed<std::int8_t>(out, value, reader);
        case Datatype::i16:
            return put_signed<std::int16_t>(out, value, reader);
        case Datatype::i32:
            return put_signed<std::int32_t>(out, value, reader);
        case Datatype::u8:
            return put_unsigned<std::uint8_t>(out, value, reader);
        case Datatype::u16:
            return put_unsigned<std::uint16_t>(out, value, reader);
        case Datatype::u32:
            return put_unsigned<std::uint32_t>(out, value, reader);
        default:
            return put(out, value);
    }
}

/// One value, or, where they are packed, all of them.
class Lists {
public:
    Lists(std::string& out, Datatype type, std::uint64_t most_bytes)
        : out_(out), type_(type), most_(out.size() + most_bytes) {}

    Result<void> read(WireReader contents) {
        WireReader::Field field;
        while (contents.next(field)) {
            const bool known = field.number >= 1 && field.number <= 8;
            if (known && field.number != list_of(type_))
                return invalid_input("values in another list than that of " + std::string(to_string(type_)));
            if (!(known ? take(contents, field) : contents.skip(field))) break;
        }
        if (full_) return exhausted("the tensors have too many bytes");
        if (contents.failed()) return contents.error();
        return {};
    }

private:
    bool room(std::uint64_t bytes, WireReader& reader) {
        if (bytes <= most_ - out_.size()) return true;
        full_ = true;
        return reader.fail("too many bytes");
    }

    bool take(WireReader& contents, WireReader::Field field) {
        WireReader values;
        if (type_ == Datatype::bytes) return contents.inside(field, values) && string(contents, values);
        if (field.kind == kind_of(type_)) return one(contents);
        if (!contents.inside(field, values)) return false;
        if (type_ == Datatype::fp32 || type_ == Datatype::fp64) return floats(contents, values);
        while (!values.at_end())
            if (!one(values)) return contents.fail(full_ ? "too many bytes" : "values that are no list of the type's");
        return !values.failed();
    }

    bool one(WireReader& reader) {
        if (!room(size_of(type_), reader)) return false;
        if (kind_of(type_) == Kind::varint) return whole(out_, reader, type_);
        char bytes[8];
        if (!reader.copy(bytes, size_of(type_))) return false;
        out_.append(bytes, size_of(type_));
        return true;
    }

    bool floats(WireReader& contents, WireReader values) {
        if (values.left() % size_of(type_) != 0) return contents.fail("a list of numbers that ends within one");
        if (!room(values.left(), contents)) return false;
        values.append_to(out_);
        return true;
    }

    bool string(WireReader& contents, WireReader value) {
        if (!room(value.left() + 4, contents)) return false;
        put(out_, static_cast<std::uint32_t>(value.left()));
        value.append_to(out_);
        return true;
    }

    std::string& out_;
    Datatype type_;
    std::uint64_t most_;
    bool full_ = false;
};

template <class T>
T value_at(std::string_view bytes, std::size_t at) {
    T value;
    std::memcpy(&value, bytes.data() + at, sizeof value);
    return value;
}

/// Signed types with their sign in all 64 bits.
std::uint64_t whole_at(const Tensor& tensor, std::size_t at) {
    const std::string_view bytes = tensor.bytes();
    const auto extended = [](auto value) { return static_cast<std::uint64_t>(static_cast<std::int64_t>(value)); };
    switch (tensor.type) {
        case Datatype::i8:
            return extended(value_at<std::int8_t>(bytes, at));
        case Datatype::i16:
            return extended(value_at<std::int16_t>(bytes, at));
        case Datatype::i32:
            return extended(value_at<std::int32_t>(bytes, at));
        case Datatype::u16:
            return value_at<std::uint16_t>(bytes, at);
        case Datatype::u32:
            return value_at<std::uint32_t>(bytes, at);
        case Datatype::i64:
        case Datatype::u64:
            return value_at<std::uint64_t>(bytes, at);
        default:
            return value_at<std::uint8_t>(bytes, at);
    }
}

}  // namespace
}  // namespace grpc_contents

bool has_contents(Datatype type) { return grpc_contents::list_of(type) != 0; }

Result<void> append_contents(std::string& out, WireReader contents, Datatype type, std::uint64_t most_bytes) {
    if (!has_contents(type)) return unsupported(std::string(to_string(type)) + " goes as raw contents alone");
    return grpc_contents::Lists(out, type, most_bytes).read(contents);
}

bool no_contents(WireReader contents) {
    WireReader::Field field;
    WireReader inner;
    while (contents.next(field)) {
        if (field.number < 1 || field.number > 8) {
            if (!contents.skip(field)) return false;
        } else if (field.number == 8 || !contents.inside(field, inner) || inner.left() > 0) {
            return false;
        }
    }
    return !contents.failed();
}

std::string contents_of(const Tensor& tensor) {
    const std::uint32_t list = grpc_contents::list_of(tensor.type);
    std::string out;
    std::string_view bytes = tensor.bytes();
    if (bytes.empty()) return out;
    if (tensor.type == Datatype::bytes) {
        while (bytes.size() >= 4) {
            const auto length =
                std::min<std::size_t>(grpc_contents::value_at<std::uint32_t>(bytes, 0), bytes.size() - 4);
            append_item(out, list, bytes.substr(4, length));
            bytes.remove_prefix(4 + length);
        }
        return out;
    }
    if (tensor.type == Datatype::fp32 || tensor.type == Datatype::fp64) {
        append_item(out, list, bytes);
        return out;
    }
    std::string packed;
    for (std::size_t at = 0; at + size_of(tensor.type) <= bytes.size(); at += size_of(tensor.type))
        append_varint(packed, grpc_contents::whole_at(tensor, at));
    append_item(out, list, packed);
    return out;
}

}  // namespace bartizan::oip
