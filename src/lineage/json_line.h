#pragma once
/// Reads JSON text piece by piece, without building a tree: manifests have millions of lines. Only what manifests are
/// made of: objects, lists, strings and whole numbers. Every failure names the byte.
/// Thread rule: one thread at a time; the text must outlive the reader.

#include <cstdint>
#include <string>
#include <string_view>

#include "bartizan/result.h"

namespace bartizan::lineage {

class JsonLine {
public:
    explicit JsonLine(std::string_view text) : text_(text) {}

    /// Takes `c` if it comes next.
    bool take(char c);
    Result<void> expect(char c);
    /// Nothing but blanks is left.
    Result<void> expect_end();
    /// A string, its escapes resolved; fails beyond `longest` bytes, or for escapes that are no characters.
    Result<std::string> string(std::size_t longest);
    /// A whole number from 0, or below it where it is signed; no fraction, no exponent.
    Result<std::uint64_t> number();
    Result<std::int64_t> signed_number();

    Error wrong(std::string_view what) const;

private:
    void skip_blanks();
    Result<void> escape(std::string& out);
    Result<std::uint32_t> four_digits();
    template <class Number>
    Result<Number> whole_number();

    std::string_view text_;
    std::size_t at_ = 0;
};

/// Appends `text` as a JSON string. Bytes that are not UTF-8 must not be in it.
void append_json_string(std::string& out, std::string_view text);

}  // namespace bartizan::lineage
