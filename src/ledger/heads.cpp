#include "ledger/heads.h"

namespace bartizan::ledger {
namespace {

constexpr std::string_view kSigned = "\n\n\u2014 ";
constexpr std::string_view kGap = "\n\n";

bool is_checkpoint(std::string_view note) {
    const auto parsed = parse_note(note);
    return parsed.ok() && parse_checkpoint(parsed->text).ok();
}

}  // namespace

std::optional<HeadRecord> first_record(std::string_view text) {
    text = text.substr(0, kLongestNote);
    const std::size_t signatures = text.find(kSigned);
    if (signatures == std::string_view::npos) return std::nullopt;
    const std::size_t end = text.find(kGap, signatures + kGap.size());
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view note = text.substr(0, end + 1);
    if (!is_checkpoint(note)) return std::nullopt;
    return HeadRecord{note, end + kGap.size()};
}

std::string head_record(std::string_view note) { return std::string(note) + '\n'; }

// Backwards over the empty lines: a record ends at one and begins behind the last but one before it (the one between
// its text and its signatures lies in the middle).
LastHead last_record(std::string_view end) {
    std::size_t stop = end.rfind(kGap);
    while (stop != std::string_view::npos && stop > 0) {
        const std::size_t middle = end.rfind(kGap, stop - 1);
        if (middle == std::string_view::npos) break;
        const std::size_t before = middle == 0 ? std::string_view::npos : end.rfind(kGap, middle - 1);
        const std::size_t begin = before == std::string_view::npos ? 0 : before + kGap.size();
        const std::string_view note = end.substr(begin, stop + 1 - begin);
        if (is_checkpoint(note)) return {std::string(note), end.size() - stop - kGap.size()};
        stop = middle;
    }
    return {{}, end.size()};
}

}  // namespace bartizan::ledger
