#pragma once
/// Reads JSON (RFC 8259) front to back without building a document: for requests whose bulk is numbers. The first fault
/// sticks; everything after it yields nothing.
/// Thread rule: one thread at a time; views of the text must not outlive it.

#include <cstdint>
#include <string>
#include <string_view>

#include "bartizan/result.h"

namespace bartizan::oip {

class JsonReader {
public:
    explicit JsonReader(std::string_view text) : text_(text) {}

    enum class Kind { object, array, string, number, boolean, null, fault };
    /// What comes next.
    Kind peek();

    /// '{', then `next_key` until it is false (the '}' is taken).
    bool begin_object();
    bool next_key(std::string& key);
    /// '[', then `next_item` before each value until it is false (the ']' is taken).
    bool begin_array();
    bool next_item();

    /// At most `most` bytes once decoded.
    bool string(std::string& out, std::size_t most);
    /// The characters of a number that follows JSON's grammar.
    bool number(std::string_view& out);
    bool boolean(bool& out);
    bool null();
    /// Passes over any value; gives its text.
    bool skip(std::string_view& out);
    /// Succeeds only if nothing but white space is left.
    bool at_end();

    bool failed() const { return fault_ != nullptr; }
    /// Marks a fault at the place that was reached. Returns false.
    bool fail(const char* what);
    /// "byte 17: expected a number"
    Error error() const;
    std::size_t position() const { return at_; }

    static constexpr int kMostDepth = 32;

private:
    void blanks();
    bool expect(char c, const char* what);
    bool literal(std::string_view word);
    bool escape(std::string& out);
    bool unicode(std::uint32_t& out);
    bool skip_value(int depth);

    std::string_view text_;
    std::size_t at_ = 0;
    bool first_ = false;  ///< the next item or key is the first one: no comma before it
    const char* fault_ = nullptr;
};

/// Appends `text` as a JSON string, quotes included. Bytes that are no UTF-8 become U+FFFD.
void append_json_string(std::string& out, std::string_view text);

}  // namespace bartizan::oip
