#pragma once
/// The file of signed tree heads: every checkpoint that was ever acknowledged, in order, each a signed note followed by
/// an empty line. Pure.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "bartizan/result.h"
#include "ledger/note.h"

namespace bartizan::ledger {

/// One record at the front of a text: its note, and how much of the text it takes with the empty line.
struct HeadRecord {
    std::string_view note;
    std::size_t taken;
};
/// Nothing when the text ends before the record does, or what is there is no checkpoint.
std::optional<HeadRecord> first_record(std::string_view text);

std::string head_record(std::string_view note);

/// The last whole record of the file's end, and what is torn behind it.
struct LastHead {
    std::string note;      ///< empty: there is none
    std::size_t torn = 0;  ///< bytes behind the last whole record
};
/// `end` is the file, or at least its last 128 KiB.
LastHead last_record(std::string_view end);

}  // namespace bartizan::ledger
