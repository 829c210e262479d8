#pragma once
/// Due dates as an iCalendar file (RFC 5545): one event of a whole day each, with a reminder. Pure.

#include <cstdint>
#include <string>
#include <vector>

namespace bartizan::registers {

struct DueDate {
    std::string uid = {};  ///< the same for the same thing, so that a calendar moves what it has
    std::int64_t at = 0;   ///< seconds since 1970; its day in UTC is meant
    std::string title = {};
    std::string text = {};
    std::string category = {};  ///< "audit", "risk", "vendor", "training", "budget"
};

/// Lines end in CR LF and have at most 75 octets (section 3.1); texts are escaped (3.3.11); control characters are left
/// out. `now` is when it was written.
std::string calendar_text(std::vector<DueDate> dates, std::int64_t now);

}  // namespace bartizan::registers
