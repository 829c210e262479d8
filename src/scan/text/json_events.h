#pragma once
/// JSON as a row of events, in constant memory: every key is seen, the first of two and the last. It reads what
/// Python's json module reads (NaN, Infinity, text behind the document is told) and goes on where it can. Thread rule:
/// one reader, one thread.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace bartizan::scan {

inline constexpr std::size_t kMaxJsonDepth = 512;
/// Longer strings are given by their beginning.
inline constexpr std::size_t kMaxJsonString = std::size_t{4} << 20;

class JsonEvents {
public:
    virtual ~JsonEvents() = default;
    virtual void begin(bool is_object, std::size_t at) = 0;
    virtual void end(std::size_t at) = 0;
    virtual void key(std::string_view text, std::size_t at) = 0;
    virtual void string(std::string_view text, std::size_t at) = 0;
    /// A number, true, false, null, NaN.
    virtual void plain(std::string_view text, std::size_t at) = 0;
};

struct JsonEnd {
    std::size_t at = 0;           ///< where reading ended
    std::string_view fault = {};  ///< empty: a whole document
};

/// Reads one document from `at`.
JsonEnd read_json(std::string_view text, std::size_t at, JsonEvents& events);

}  // namespace bartizan::scan
