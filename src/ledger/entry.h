#pragma once
/// What the ledger remembers: one event a line, as canonical JSON with the members actor, asset, details, index, kind,
/// time. The index stands in the entry, so that an entry in another place betrays itself. Pure; plain values.

#include <cstdint>
#include <string>
#include <string_view>

#include "bartizan/result.h"
#include "core/json.h"

namespace bartizan::ledger {

/// The most that an entry of C2SP's tlog-tiles can have.
inline constexpr std::size_t kLongestEntry = 65535;
inline constexpr std::size_t kDeepestEntry = 32;

/// One thing that happened.
struct Event {
    std::string kind;   ///< "access.denied", "model.promote"
    std::string actor;  ///< who
    std::string asset;  ///< on what
    Json details = Json::object();
};

struct Entry {
    std::uint64_t index = 0;
    std::string time;  ///< "2026-11-23T10:15:00.123456Z"
    Event event;
};

/// The line of an event, but for its index, which only the ledger knows.
class EntryText {
public:
    /// Fails with `invalid_input` for an event without a kind, details that are no object or have no canonical
    /// spelling, and one that is too long or too deep.
    static Result<EntryText> make(const Event& event, std::string_view time);
    /// Without a line break.
    std::string with_index(std::uint64_t index) const;

private:
    std::string before_;
    std::string after_;
};

/// Reads a line. Fails with `invalid_input` for anything but the canonical spelling of an entry.
Result<Entry> parse_entry(std::string_view line);

/// Microseconds since 1970 in the form of `Entry::time`.
std::string time_text(std::int64_t microseconds);

}  // namespace bartizan::ledger
