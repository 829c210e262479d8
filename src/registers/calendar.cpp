#include "registers/calendar.h"

#include <algorithm>
#include <ctime>

#include <fmt/format.h>

namespace bartizan::registers {
namespace {

constexpr std::size_t kLineOctets = 75;  // RFC 5545, section 3.1
constexpr std::int64_t kDaySeconds = 86'400;

std::tm utc(std::int64_t at) {
    const auto time = static_cast<std::time_t>(std::max<std::int64_t>(0, at));
    std::tm out{};
    ::gmtime_r(&time, &out);
    return out;
}
std::string date(std::int64_t at) {
    const std::tm day = utc(at);
    return fmt::format("{:04}{:02}{:02}", day.tm_year + 1900, day.tm_mon + 1, day.tm_mday);
}
std::string moment(std::int64_t at) {
    const std::tm time = utc(at);
    return fmt::format("{}T{:02}{:02}{:02}Z", date(at), time.tm_hour, time.tm_min, time.tm_sec);
}

/// TEXT of section 3.3.11.
std::string escaped(const std::string& text) {
    std::string out;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '\n')
            out += "\\n";
        else if (c == '\\' || c == ';' || c == ',')
            (out += '\\') += c;
        else if (byte >= 0x20 && byte != 0x7f)
            out += c;
    }
    return out;
}

/// A content line, folded between characters: what follows begins with a space, which counts.
std::string line(const std::string& text) {
    std::string out;
    std::size_t used = 0;
    for (std::size_t at = 0; at < text.size();) {
        std::size_t length = 1;
        while (at + length < text.size() && (static_cast<unsigned char>(text[at + length]) & 0xc0U) == 0x80U) ++length;
        if (used + length > kLineOctets && used > 1) {
            out += "\r\n ";
            used = 1;
        }
        out.append(text, at, length);
        used += length;
        at += length;
    }
    return out + "\r\n";
}

std::string event(const DueDate& one, std::int64_t now) {
    std::string out = line("BEGIN:VEVENT") + line("UID:" + escaped(one.uid)) + line("DTSTAMP:" + moment(now)) +
                      line("DTSTART;VALUE=DATE:" + date(one.at)) +
                      line("DTEND;VALUE=DATE:" + date(one.at + kDaySeconds)) + line("SUMMARY:" + escaped(one.title));
    if (!one.text.empty()) out += line("DESCRIPTION:" + escaped(one.text));
    if (!one.category.empty()) out += line("CATEGORIES:" + escaped(one.category));
    return out + line("TRANSP:TRANSPARENT") + line("BEGIN:VALARM") + line("ACTION:DISPLAY") +
           line("DESCRIPTION:" + escaped(one.title)) + line("TRIGGER:-P7D") + line("END:VALARM") + line("END:VEVENT");
}

}  // namespace

std::string calendar_text(std::vector<DueDate> dates, std::int64_t now) {
    std::ranges::stable_sort(dates, {}, &DueDate::at);
    std::string out = line("BEGIN:VCALENDAR") + line("VERSION:2.0") + line("PRODID:-//Bartizan//Registers//EN") +
                      line("CALSCALE:GREGORIAN");
    for (const DueDate& one : dates) out += event(one, now);
    return out + line("END:VCALENDAR");
}

}  // namespace bartizan::registers
