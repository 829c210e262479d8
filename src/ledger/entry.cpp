#include "ledger/entry.h"

#include <algorithm>
#include <ctime>

#include <fmt/format.h>

#include "ledger/canonical.h"

namespace bartizan::ledger {
namespace {

constexpr std::size_t kLongestIndex = 16;  // 2^53
constexpr std::string_view kMembers[] = {"actor", "asset", "details", "index", "kind", "time"};

std::size_t depth_of(const Json& value) {
    if (!value.is_structured()) return 0;
    std::size_t deepest = 0;
    for (const Json& member : value) deepest = std::max(deepest, depth_of(member));
    return 1 + deepest;
}

Result<Entry> entry_of(const Json& json) {
    if (!json.is_object() || json.size() != std::size(kMembers)) return invalid_input("not an entry of a ledger");
    for (const std::string_view member : kMembers)
        if (!json.contains(member)) return invalid_input("an entry without '" + std::string(member) + "'");
    for (const char* member : {"actor", "asset", "kind", "time"})
        if (!json[member].is_string()) return invalid_input("'" + std::string(member) + "' of an entry is not text");
    if (!json["index"].is_number_unsigned()) return invalid_input("'index' of an entry is not a number");
    if (!json["details"].is_object()) return invalid_input("'details' of an entry is not an object");
    return Entry{json["index"], json["time"], {json["kind"], json["actor"], json["asset"], json["details"]}};
}

}  // namespace

Result<EntryText> EntryText::make(const Event& event, std::string_view time) {
    if (event.kind.empty()) return invalid_input("an event needs a kind");
    if (!event.details.is_object()) return invalid_input("the details of an event are not an object");
    if (depth_of(event.details) >= kDeepestEntry) return invalid_input("the details of an event are nested too deep");
    const auto text = [](std::string_view word) { return canonical(Json(word)); };
    EntryText entry;
    entry.before_ = R"({"actor":)" + BARTIZAN_TRY(text(event.actor)) + R"(,"asset":)" +
                    BARTIZAN_TRY(text(event.asset)) + R"(,"details":)" + BARTIZAN_TRY(canonical(event.details)) +
                    R"(,"index":)";
    entry.after_ = R"(,"kind":)" + BARTIZAN_TRY(text(event.kind)) + R"(,"time":)" + BARTIZAN_TRY(text(time)) + "}";
    if (entry.before_.size() + kLongestIndex + entry.after_.size() > kLongestEntry)
        return invalid_input("an event is longer than 65,535 bytes",
                             "put what is large into a blob and name its digest");
    return entry;
}

std::string EntryText::with_index(std::uint64_t index) const { return before_ + std::to_string(index) + after_; }

Result<Entry> parse_entry(std::string_view line) {
    const Json json = BARTIZAN_TRY(parse_json(line, {.bytes = kLongestEntry, .depth = kDeepestEntry + 1}));
    Entry entry = BARTIZAN_TRY(entry_of(json));
    if (BARTIZAN_TRY(canonical(json)) != line) return invalid_input("an entry that is not spelled canonically");
    return entry;
}

std::string time_text(std::int64_t microseconds) {
    constexpr std::int64_t kSecond = 1'000'000;
    const std::int64_t fraction = ((microseconds % kSecond) + kSecond) % kSecond;
    const std::time_t seconds = (microseconds - fraction) / kSecond;
    std::tm parts{};
    ::gmtime_r(&seconds, &parts);
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z", parts.tm_year + 1900, parts.tm_mon + 1,
                       parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec, fraction);
}

}  // namespace bartizan::ledger
