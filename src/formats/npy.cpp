#include "formats/npy.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <optional>

namespace bartizan::formats {
namespace {

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr std::size_t kMaxHeader = 1 << 20;
constexpr std::size_t kMaxRank = 32;
constexpr std::int64_t kMaxTextItems = 1'000'000;
constexpr std::size_t kMaxTextWidth = 4096;
constexpr std::size_t kAlignment = 64;

struct Header {
    std::string descr;
    bool fortran = false;
    Shape shape;
};

/// Reads the header's Python literal: a dict of a string, a bool and a tuple of numbers, in any order.
class Literal {
public:
    explicit Literal(std::string_view text) : text_(text) {}

    Result<Header> header() {
        Header header;
        bool has_descr = false, has_order = false, has_shape = false;
        if (!take('{')) return bad("'{' is missing");
        while (!take('}')) {
            const auto key = quoted();
            if (!key || !take(':')) return bad("a quoted key is missing");
            if (*key == "descr") {
                const auto value = quoted();
                if (!value) return unsupported("record arrays are not read", "save plain arrays of numbers");
                header.descr = *value;
                has_descr = true;
            } else if (*key == "fortran_order") {
                if (word("True"))
                    header.fortran = true;
                else if (!word("False"))
                    return bad("fortran_order is neither True nor False");
                has_order = true;
            } else if (*key == "shape") {
                header.shape = BARTIZAN_TRY(tuple());
                has_shape = true;
            } else {
                return bad("unknown key '" + *key + "'");
            }
            take(',');
        }
        if (!has_descr || !has_order || !has_shape) return bad("descr, fortran_order or shape is missing");
        return header;
    }

private:
    Error bad(const std::string& what) const {
        return invalid_input("bad .npy header at character " + std::to_string(at_) + ": " + what);
    }
    void skip_spaces() {
        while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n')) ++at_;
    }
    bool take(char c) {
        skip_spaces();
        if (at_ >= text_.size() || text_[at_] != c) return false;
        ++at_;
        return true;
    }
    bool word(std::string_view wanted) {
        skip_spaces();
        if (!text_.substr(at_).starts_with(wanted)) return false;
        at_ += wanted.size();
        return true;
    }
    std::optional<std::string> quoted() {
        skip_spaces();
        if (at_ >= text_.size() || (text_[at_] != '\'' && text_[at_] != '"')) return std::nullopt;
        const std::size_t end = text_.find(text_[at_], at_ + 1);
        if (end == std::string_view::npos) return std::nullopt;
        std::string value(text_.substr(at_ + 1, end - at_ - 1));
        at_ = end + 1;
        return value;
    }
    Result<Shape> tuple() {
        Shape shape;
        if (!take('(')) return bad("shape is not a tuple");
        while (!take(')')) {
            skip_spaces();
            std::int64_t value = 0;
            const auto [end, error] = std::from_chars(text_.data() + at_, text_.data() + text_.size(), value);
            if (error != std::errc() || value < 0) return bad("a dimension is not a number");
            at_ = static_cast<std::size_t>(end - text_.data());
            if (at_ < text_.size() && text_[at_] == 'L') ++at_;  // written by Python 2
            shape.push_back(value);
            if (shape.size() > kMaxRank) return bad("more than 32 dimensions");
            take(',');
        }
        return shape;
    }

    std::string_view text_;
    std::size_t at_ = 0;
};

struct Kind {
    std::string_view code;
    DType dtype;
};
constexpr Kind kKinds[] = {
    {"b1", DType::boolean}, {"u1", DType::u8},  {"i1", DType::i8},  {"u2", DType::u16},
    {"i2", DType::i16},     {"u4", DType::u32}, {"i4", DType::i32}, {"u8", DType::u64},
    {"i8", DType::i64},     {"f2", DType::f16}, {"f4", DType::f32}, {"f8", DType::f64},
};

/// The bytes of every element turned round.
void swap_bytes(std::span<std::byte> bytes, std::size_t item) {
    for (std::size_t at = 0; at < bytes.size(); at += item) std::ranges::reverse(bytes.subspan(at, item));
}

/// Column-major to row-major.
Result<NdArray> from_fortran(const NdArray& array) {
    NdArray out = BARTIZAN_TRY(NdArray::zeros(array.dtype(), array.shape()));
    const std::size_t item = size_of(array.dtype());
    const Shape& shape = array.shape();
    Shape index(shape.size(), 0);
    std::byte* target = out.mutable_bytes().data();
    for (std::int64_t i = 0; i < array.size(); ++i) {
        std::int64_t source = 0, step = 1;
        for (std::size_t d = 0; d < shape.size(); ++d) {
            source += index[d] * step;
            step *= shape[d];
        }
        std::memcpy(target, array.bytes().data() + static_cast<std::size_t>(source) * item, item);
        target += item;
        for (std::size_t d = shape.size(); d-- > 0;) {
            if (++index[d] < shape[d]) break;
            index[d] = 0;
        }
    }
    return out;
}

void append_utf8(std::string& out, std::uint32_t c) {
    if (c < 0x80) {
        out += static_cast<char>(c);
    } else if (c < 0x800) {
        out += static_cast<char>(0xc0 | (c >> 6));
        out += static_cast<char>(0x80 | (c & 0x3f));
    } else if (c < 0x10000) {
        out += static_cast<char>(0xe0 | (c >> 12));
        out += static_cast<char>(0x80 | ((c >> 6) & 0x3f));
        out += static_cast<char>(0x80 | (c & 0x3f));
    } else {
        out += static_cast<char>(0xf0 | ((c >> 18) & 7));
        out += static_cast<char>(0x80 | ((c >> 12) & 0x3f));
        out += static_cast<char>(0x80 | ((c >> 6) & 0x3f));
        out += static_cast<char>(0x80 | (c & 0x3f));
    }
}

Result<TextArray> text_array(const Header& header, Bytes data) {
    const bool wide = header.descr[1] == 'U';
    std::size_t width = 0;
    const std::string_view digits = std::string_view(header.descr).substr(2);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), width);
    if (error != std::errc() || end != digits.data() + digits.size() || width > kMaxTextWidth)
        return unsupported("text of type '" + header.descr + "' is not read");
    const std::int64_t count = BARTIZAN_TRY(element_count(header.shape, kMaxTextItems));
    const std::size_t item = wide ? 4 * width : width;
    if (data.size() != static_cast<std::size_t>(count) * item)
        return invalid_input("text array of shape " + to_string(header.shape) + " needs " +
                             std::to_string(static_cast<std::size_t>(count) * item) + " bytes, found " +
                             std::to_string(data.size()));
    const std::endian order = header.descr[0] == '>' ? std::endian::big : std::endian::little;
    TextArray text{header.shape, {}};
    for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
        std::string value;
        for (std::size_t c = 0; c < width; ++c) {
            const std::uint32_t code = wide ? *read_number<std::uint32_t>(data, i * item + 4 * c, order)
                                            : std::to_integer<std::uint32_t>(data[i * item + c]);
            if (code > 0x10ffff) return invalid_input("text item " + std::to_string(i) + " is not Unicode");
            append_utf8(value, code);
        }
        value.erase(value.find_last_not_of('\0') + 1);
        text.values.push_back(std::move(value));
    }
    return text;
}

Result<NdArray> number_array(const Header& header, Bytes data, std::shared_ptr<const void> owner) {
    const auto kind = std::ranges::find(kKinds, std::string_view(header.descr).substr(1), &Kind::code);
    if (kind == std::end(kKinds) || std::string_view("<>|=").find(header.descr[0]) == std::string_view::npos)
        return unsupported("arrays of type '" + header.descr + "' are not read", "save plain arrays of numbers");
    const std::size_t item = size_of(kind->dtype);
    Shape stored = header.shape;
    NdArray array = BARTIZAN_TRY(NdArray::view(kind->dtype, stored, data, std::move(owner)));
    const bool misaligned = reinterpret_cast<std::uintptr_t>(data.data()) % item != 0;
    if ((header.descr[0] == '>' && item > 1) || misaligned) {
        NdArray turned = BARTIZAN_TRY(NdArray::zeros(kind->dtype, stored));
        if (!data.empty()) std::memcpy(turned.mutable_bytes().data(), data.data(), data.size());
        if (header.descr[0] == '>') swap_bytes(turned.mutable_bytes(), item);
        array = std::move(turned);
    }
    if (kind->dtype == DType::boolean)
        for (const std::byte byte : array.bytes())
            if (byte > std::byte{1}) return invalid_input("a bool array holds a byte that is neither 0 nor 1");
    return header.fortran && header.shape.size() > 1 ? from_fortran(array) : Result<NdArray>(array);
}

}  // namespace

Result<NpyContent> parse_npy(Bytes bytes, std::shared_ptr<const void> owner) {
    const auto magic = part(bytes, 0, 8);
    if (!magic || as_text(*magic).substr(0, 6) != kMagic) return invalid_input("not a .npy file");
    const auto version = std::to_integer<int>(bytes[6]);
    if (version < 1 || version > 3) return unsupported(".npy version " + std::to_string(version) + " is not read");
    const std::uint64_t start = version == 1 ? 10 : 12;
    const std::uint64_t size = version == 1 ? read_number<std::uint16_t>(bytes, 8).value_or(0xffff)
                                            : read_number<std::uint32_t>(bytes, 8).value_or(0xffffffff);
    const auto text = part(bytes, start, size);
    if (!text || size > kMaxHeader) return invalid_input(".npy header reaches past the end of the file");
    const Header header = BARTIZAN_TRY(Literal(as_text(*text)).header());
    if (header.descr.size() < 2) return invalid_input("bad .npy type '" + header.descr + "'");
    const Bytes data = bytes.subspan(static_cast<std::size_t>(start + size));
    const char code = header.descr[1];
    if (code == 'O')
        return unsupported("an object array holds pickled Python objects, which are never loaded",
                           "save plain arrays of numbers");
    if (code == 'U' || code == 'S') return NpyContent(BARTIZAN_TRY(text_array(header, data)));
    return NpyContent(BARTIZAN_TRY(number_array(header, data, std::move(owner))));
}

Result<NdArray> parse_npy_array(Bytes bytes, std::shared_ptr<const void> owner) {
    NpyContent content = BARTIZAN_TRY(parse_npy(bytes, std::move(owner)));
    if (!std::holds_alternative<NdArray>(content)) return invalid_input("an array of text where numbers are needed");
    return std::get<NdArray>(std::move(content));
}

namespace {

std::string with_header(const std::string& descr, const Shape& shape) {
    std::string tuple = "(";
    for (const std::int64_t dimension : shape) tuple += std::to_string(dimension) + ", ";
    tuple += ")";
    std::string header = "{'descr': '" + descr + "', 'fortran_order': False, 'shape': " + tuple + ", }";
    header.append(kAlignment - 1 - (10 + header.size()) % kAlignment, ' ');
    header += '\n';
    std::string out(kMagic);
    out += '\x01';
    out += '\x00';
    out += static_cast<char>(header.size() & 0xff);
    out += static_cast<char>(header.size() >> 8);
    return out + header;
}

}  // namespace

Result<std::string> make_npy(const NdArray& array) {
    const auto kind = std::ranges::find(kKinds, array.dtype(), &Kind::dtype);
    if (kind == std::end(kKinds)) return unsupported(std::string(to_string(array.dtype())) + " has no .npy form");
    std::string out = with_header((size_of(array.dtype()) == 1 ? "|" : "<") + std::string(kind->code), array.shape());
    out += as_text(array.bytes());
    return out;
}

std::string make_npy_text(const std::vector<std::string>& values) {
    // UTF-8 to UTF-32; a byte that begins no character stands for itself.
    std::vector<std::u32string> wide;
    std::size_t width = 1;
    for (const std::string& value : values) {
        std::u32string text;
        for (std::size_t i = 0; i < value.size();) {
            const auto lead = static_cast<unsigned char>(value[i]);
            const std::size_t length = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
            char32_t code = length == 1 ? lead : lead & (0xff >> (length + 1));
            for (std::size_t k = 1; k < length && i + k < value.size(); ++k)
                code = (code << 6) | (static_cast<unsigned char>(value[i + k]) & 0x3f);
            text += code;
            i += length;
        }
        width = std::max(width, text.size());
        wide.push_back(std::move(text));
    }
    std::string out = with_header("<U" + std::to_string(width), {static_cast<std::int64_t>(values.size())});
    for (const std::u32string& text : wide)
        for (std::size_t i = 0; i < width; ++i) {
            const std::uint32_t code = i < text.size() ? static_cast<std::uint32_t>(text[i]) : 0;
            for (int shift = 0; shift < 32; shift += 8) out += static_cast<char>((code >> shift) & 0xff);
        }
    return out;
}

}  // namespace bartizan::formats
