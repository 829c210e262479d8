#include "scan/pickle/fold.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>

#include "scan/text/words.h"

namespace bartizan::scan::pickle {
namespace {

int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

/// Up to `count` digits (at most 8) behind `at`; -1: none.
std::int64_t hex_number(std::string_view text, std::size_t at, std::size_t count) {
    std::int64_t out = -1;
    for (std::size_t i = at; i < std::min(at + count, text.size()) && hex_digit(text[i]) >= 0; ++i)
        out = std::max<std::int64_t>(out, 0) * 16 + hex_digit(text[i]);
    return out;
}

void append_utf8(std::string& out, std::uint32_t code) {
    if (code < 0x80) {
        out += static_cast<char>(code);
    } else if (code < 0x800) {
        out += static_cast<char>(0xc0 | code >> 6);
        out += static_cast<char>(0x80 | (code & 0x3f));
    } else if (code < 0x10000) {
        out += static_cast<char>(0xe0 | code >> 12);
        out += static_cast<char>(0x80 | (code >> 6 & 0x3f));
        out += static_cast<char>(0x80 | (code & 0x3f));
    } else {
        out += static_cast<char>(0xf0 | (code >> 18 & 0x07));
        out += static_cast<char>(0x80 | (code >> 12 & 0x3f));
        out += static_cast<char>(0x80 | (code >> 6 & 0x3f));
        out += static_cast<char>(0x80 | (code & 0x3f));
    }
}

std::string rotated(std::string_view text) {
    std::string out(text);
    for (char& c : out) {
        if (c >= 'a' && c <= 'z') c = static_cast<char>('a' + (c - 'a' + 13) % 26);
        if (c >= 'A' && c <= 'Z') c = static_cast<char>('A' + (c - 'A' + 13) % 26);
    }
    return out;
}

/// Text of code points below 256 as the bytes of Latin-1.
std::string latin1(std::string_view utf8) {
    std::string out;
    for (std::size_t i = 0; i < utf8.size(); ++i) {
        const auto c = static_cast<unsigned char>(utf8[i]);
        if ((c == 0xc2 || c == 0xc3) && i + 1 < utf8.size())
            out += static_cast<char>((c & 3) << 6 | (static_cast<unsigned char>(utf8[++i]) & 0x3f));
        else
            out += static_cast<char>(c);
    }
    return out;
}

std::string codec_name(std::string_view text) {
    std::string out;
    for (const char c : text)
        if (c != '-' && c != '_' && c != ' ') out += static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
    if (out.ends_with("codec")) out.resize(out.size() - 5);
    return out;
}

std::optional<std::string> decoded(std::string_view bytes, std::string_view codec, Budget& budget) {
    const std::string name = codec_name(codec);
    if (name == "base64") return decode_base64(bytes);
    if (name == "hex") return from_hexadecimal(bytes);
    if (name == "zlib" || name == "zip") return inflated(bytes, budget);
    if (name == "rot13" || name == "rot") return rotated(bytes);
    if (name == "unicodeescape" || name == "stringescape") return unescape(bytes);
    if (name == "utf8" || name == "ascii" || name == "latin1" || name == "utf8sig" || name == "cp1252" ||
        name == "iso88591")
        return std::string(bytes);
    if (name.starts_with("utf16") || name.starts_with("utf32")) {
        std::string out;
        std::ranges::copy_if(bytes, std::back_inserter(out),
                             [](char c) { return c != '\0' && c != '\xff' && c != '\xfe'; });
        return out;
    }
    return std::nullopt;
}

/// A Python value in a string, as str() would write it.
std::optional<std::string> written(const Value& value) {
    if (value.is_string()) return std::string(value.text());
    if (value.is(Kind::integer)) return std::to_string(value.integer);
    if (value.is(Kind::none)) return "None";
    return std::nullopt;
}

std::optional<std::string> joined(std::string_view separator, const Value& parts, const Heap& heap) {
    if (parts.is(Kind::text)) {
        std::string out;
        for (const char c : parts.text()) {
            if (!out.empty()) out += separator;
            out += c;
        }
        return out;
    }
    if (!parts.is_node() || !heap.at(parts).complete || parts.kind > Kind::frozen_set) return std::nullopt;
    std::string out;
    bool first = true;
    for (const Value& item : heap.at(parts).items) {
        if (!item.is_string() || out.size() > kMaxFolded) return std::nullopt;
        if (!std::exchange(first, false)) out += separator;
        out += item.text();
    }
    return out;
}

/// "{}{1}{name}" of the arguments; what is within braces is a position or comes next.
std::optional<std::string> formatted(std::string_view pattern, std::span<const Value> args) {
    std::string out;
    std::size_t next = 0;
    for (std::size_t i = 0; i < pattern.size(); ++i) {
        const char c = pattern[i];
        if (c == '{' && i + 1 < pattern.size() && pattern[i + 1] != '{') {
            const std::size_t end = pattern.find('}', i);
            if (end == std::string_view::npos) return std::nullopt;
            const std::string_view field = pattern.substr(i + 1, end - i - 1);
            if (field.size() > 2 || !std::ranges::all_of(field, [](char d) { return d >= '0' && d <= '9'; }))
                return std::nullopt;
            const std::size_t at = field.empty() ? next++ : static_cast<std::size_t>(std::stoi(std::string(field)));
            const auto text = at < args.size() ? written(args[at]) : std::nullopt;
            if (!text || out.size() > kMaxFolded) return std::nullopt;
            out += *text;
            i = end;
            continue;
        }
        if (c == '{' || c == '}') ++i;
        out += c;
    }
    return out;
}

/// "%s.%s" % (a, b)
std::optional<std::string> percent(std::string_view pattern, const Value& values, const Heap& heap) {
    const bool several = values.is(Kind::tuple);
    const std::span<const Value> args = several ? std::span<const Value>(heap.at(values).items) : std::span(&values, 1);
    std::string out;
    std::size_t next = 0;
    for (std::size_t i = 0; i < pattern.size(); ++i) {
        if (pattern[i] != '%') {
            out += pattern[i];
            continue;
        }
        if (++i >= pattern.size()) return std::nullopt;
        if (pattern[i] == '%') {
            out += '%';
        } else if (next < args.size() && pattern[i] == 'c' && args[next].is(Kind::integer)) {
            append_utf8(out, static_cast<std::uint32_t>(args[next++].integer & 0x1fffff));
        } else {
            const auto text = next < args.size() ? written(args[next++]) : std::nullopt;
            if (!text || out.size() > kMaxFolded) return std::nullopt;
            out += *text;
        }
    }
    return out;
}

std::optional<std::string> replaced(std::string_view text, std::string_view from, std::string_view to) {
    if (from.empty()) return std::nullopt;
    std::string out;
    for (std::size_t at = 0; at <= text.size();) {
        const std::size_t hit = text.find(from, at);
        out += text.substr(at, hit == std::string_view::npos ? hit : hit - at);
        if (hit == std::string_view::npos || out.size() > kMaxFolded) break;
        out += to;
        at = hit + from.size();
    }
    return out.size() > kMaxFolded ? std::nullopt : std::optional(out);
}

std::string_view stripped(std::string_view text, std::string_view blanks, std::string_view sides) {
    while (sides != "rstrip" && !text.empty() && blanks.find(text.front()) != std::string_view::npos)
        text.remove_prefix(1);
    while (sides != "lstrip" && !text.empty() && blanks.find(text.back()) != std::string_view::npos)
        text.remove_suffix(1);
    return text;
}

template <class Change>
std::string changed(std::string_view text, Change change) {
    std::string out(text);
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = change(out[i], i);
    return out;
}
char lower(char c) { return static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c); }
char upper(char c) { return static_cast<char>(c >= 'a' && c <= 'z' ? c - 32 : c); }

/// A method of str or bytes.
std::optional<std::string> method(std::string_view name, std::span<const Value> args, const Heap& heap,
                                  Budget& budget) {
    if (args.empty() || !args[0].is_string()) return std::nullopt;
    const std::string_view text = args[0].text();
    const auto word = [&](std::size_t i) { return args.size() > i && args[i].is_string() ? args[i].text() : ""; };
    if (name == "join") return args.size() == 2 ? joined(text, args[1], heap) : std::nullopt;
    if (name == "format") return formatted(text, args.subspan(1));
    if (name == "__mod__") return args.size() == 2 ? percent(text, args[1], heap) : std::nullopt;
    if (name == "__add__") return std::string(text).append(word(1));
    if (name == "replace") return replaced(text, word(1), word(2));
    if (name == "lower" || name == "casefold") return changed(text, [](char c, std::size_t) { return lower(c); });
    if (name == "upper") return changed(text, [](char c, std::size_t) { return upper(c); });
    if (name == "swapcase")
        return changed(text, [](char c, std::size_t) { return lower(c) == c ? upper(c) : lower(c); });
    if (name == "capitalize" || name == "title")
        return changed(text, [](char c, std::size_t i) { return i == 0 ? upper(c) : lower(c); });
    if (name == "strip" || name == "lstrip" || name == "rstrip")
        return std::string(stripped(text, args.size() > 1 ? word(1) : " \t\r\n", name));
    if (name == "encode") return args.size() > 1 && codec_name(word(1)) == "latin1" ? latin1(text) : std::string(text);
    if (name == "decode") return decoded(text, args.size() > 1 ? word(1) : "utf-8", budget);
    return std::nullopt;
}

struct Folded {
    Kind kind = Kind::text;
    std::optional<std::string> text;
};

Folded folded(std::string_view function, std::span<const Value> args, const Heap& heap, Budget& budget) {
    const bool constant = !args.empty() && args[0].is_string();
    const std::string_view first = constant ? args[0].text() : std::string_view();
    if (function == "builtins.chr" && args.size() == 1 && args[0].is(Kind::integer)) {
        std::string out;
        append_utf8(out, static_cast<std::uint32_t>(args[0].integer & 0x1fffff));
        return {Kind::text, out};
    }
    if (function == "builtins.str" && args.size() == 1) return {Kind::text, written(args[0])};
    if (!constant) return {};
    if (function == "builtins.bytes.fromhex" || function == "builtins.bytearray.fromhex" ||
        function == "binascii.unhexlify" || function == "binascii.a2b_hex" || function == "base64.b16decode")
        return {Kind::bytes, from_hexadecimal(first)};
    if (function.starts_with("base64.") || function == "binascii.a2b_base64") {
        std::string standard(first);
        std::ranges::replace(standard, '-', '+');
        std::ranges::replace(standard, '_', '/');
        return {Kind::bytes, decode_base64(standard)};
    }
    if (function == "zlib.decompress") return {Kind::bytes, inflated(first, budget)};
    const std::string_view codec = args.size() > 1 && args[1].is(Kind::text) ? args[1].text() : "utf-8";
    if (function == "_codecs.encode" || function == "codecs.encode")
        return {Kind::bytes, codec_name(codec) == "latin1"  ? latin1(first)
                             : codec_name(codec) == "rot13" ? rotated(first)
                                                            : std::string(first)};
    if (function == "codecs.decode" || function == "_codecs.decode")
        return {codec_name(codec) == "base64" || codec_name(codec) == "hex" || codec_name(codec) == "zlib" ? Kind::bytes
                                                                                                           : Kind::text,
                decoded(first, codec, budget)};
    if (function == "builtins.bytes" && args.size() <= 2) return {Kind::bytes, latin1(first)};
    if (function == "operator.add" || function == "operator.concat")
        return {args[0].kind, method("__add__", args, heap, budget)};
    if (function == "operator.mod") return {Kind::text, method("__mod__", args, heap, budget)};
    for (const std::string_view type : {"builtins.str.", "builtins.bytes."})
        if (function.starts_with(type)) {
            const std::string_view name = function.substr(type.size());
            const Kind kind = name == "encode" ? Kind::bytes : name == "decode" ? Kind::text : args[0].kind;
            return {kind, method(name, args, heap, budget)};
        }
    return {};
}

}  // namespace

Value fold(std::string_view function, std::span<const Value> args, Heap& heap, Budget& budget) {
    // bytes([99, 111]) and bytearray likewise
    if (args.size() == 1 && function == "builtins.bytes" && (args[0].is(Kind::list) || args[0].is(Kind::tuple))) {
        std::string out;
        for (const Value& item : heap.at(args[0]).items) out += static_cast<char>(item.integer);
        return heap.own(Kind::bytes, std::move(out));
    }
    Folded result = folded(function, args, heap, budget);
    if (!result.text || result.text->size() > kMaxFolded) return {};
    budget.steps -= std::min<std::uint64_t>(budget.steps, result.text->size() / 64);
    return heap.own(result.kind, *std::move(result.text));
}

std::string inflated(std::string_view packed, Budget& budget) {
    z_stream stream{};
    constexpr int kZlibOrGzip = 32 + MAX_WBITS;
    if (inflateInit2(&stream, kZlibOrGzip) != Z_OK) return {};
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
    stream.avail_in = static_cast<uInt>(std::min<std::size_t>(packed.size(), UINT32_MAX));
    std::string out;
    std::array<char, 4'096> chunk;
    int status = Z_OK;
    while (status == Z_OK && out.size() < kMaxFolded && budget.unpacked > 0) {
        stream.next_out = reinterpret_cast<Bytef*>(chunk.data());
        stream.avail_out = chunk.size();
        status = ::inflate(&stream, Z_NO_FLUSH);
        const std::size_t made = chunk.size() - stream.avail_out;
        out.append(chunk.data(), made);
        budget.unpacked -= std::min<std::uint64_t>(budget.unpacked, made);
        if (made == 0) break;
    }
    inflateEnd(&stream);
    return out;
}

std::string from_hexadecimal(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
        while (i + 2 < text.size() && text[i] == ' ') ++i;
        const int high = hex_digit(text[i]), low = hex_digit(text[i + 1]);
        if (high < 0 || low < 0) return {};
        out += static_cast<char>(high << 4 | low);
    }
    return out;
}

std::string unescape(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '\\' || i + 1 >= text.size()) {
            out += text[i];
            continue;
        }
        const char c = text[++i];
        constexpr std::string_view kLetters = "abfnrtv", kMeant = "\a\b\f\n\r\t\v";
        if (const std::size_t at = kLetters.find(c); at != std::string_view::npos) {
            out += kMeant[at];
        } else if (c == 'x') {
            const auto code = static_cast<int>(hex_number(text, i + 1, 2));
            out += static_cast<char>(code);
            i += code < 0 ? 0 : 2;
        } else if (c >= '0' && c <= '7') {
            int code = 0;
            std::size_t end = i;
            for (; end < std::min(i + 3, text.size()) && text[end] >= '0' && text[end] <= '7'; ++end)
                code = code * 8 + (text[end] - '0');
            out += static_cast<char>(code);
            i = end - 1;
        } else if (c == 'u' && hex_number(text, i + 1, 4) >= 0) {
            append_utf8(out, static_cast<std::uint32_t>(hex_number(text, i + 1, 4)));
            i += 4;
        } else if (c != '\n') {
            out += c;
        }
    }
    return out;
}

std::string unescape_unicode(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool escaped = text[i] == '\\' && i + 1 < text.size() && (text[i + 1] == 'u' || text[i + 1] == 'U');
        const std::size_t digits = escaped && text[i + 1] == 'U' ? 8 : 4;
        if (!escaped || i + 2 + digits > text.size() || hex_number(text, i + 2, digits) < 0) {
            out += text[i];
            continue;
        }
        append_utf8(out, static_cast<std::uint32_t>(hex_number(text, i + 2, digits)));
        i += 1 + digits;
    }
    return out;
}

}  // namespace bartizan::scan::pickle
