#include "text/confusables.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "text/confusables_table.h"
#include "text/unicode.h"

namespace bartizan::text {
namespace {

using Entry = std::pair<char32_t, char32_t>;  ///< look-alike, ASCII

const std::vector<Entry>& by_look_alike() {
    static const std::vector<Entry> entries = [] {
        std::vector<Entry> made;
        for (const LookAlikes& row : kLookAlikes)
            for (const char32_t code : row.codes) made.emplace_back(code, row.ascii);
        std::ranges::sort(made);
        return made;
    }();
    return entries;
}

struct Range {
    char32_t low, high;
    int script;
};

// Blocks of the scripts that share shapes with Latin; any other letter's script is its block of 256 code points.
constexpr Range kScripts[] = {
    {U'A', U'Z', kLatin},       {U'a', U'z', kLatin},      {0xc0, 0x24f, kLatin},     {0x250, 0x2af, kLatin},
    {0x370, 0x3ff, 2},          {0x400, 0x52f, 3},         {0x531, 0x58f, 4},         {0x590, 0x5ff, 5},
    {0x600, 0x6ff, 6},          {0x750, 0x77f, 6},         {0x8a0, 0x8ff, 6},         {0x13a0, 0x13ff, 7},
    {0x1c80, 0x1c8f, 3},        {0x1d00, 0x1d7f, kLatin},  {0x1e00, 0x1eff, kLatin},  {0x1f00, 0x1fff, 2},
    {0x2c60, 0x2c7f, kLatin},   {0x2c80, 0x2cff, 8},       {0xa640, 0xa69f, 3},       {0xa720, 0xa7ff, kLatin},
    {0xab30, 0xab6f, kLatin},   {0xab70, 0xabbf, 7},       {0xff21, 0xff5a, kLatin},  {0x1d400, 0x1d7ff, 9},
};

constexpr Range kIgnorable[] = {
    {0xad, 0xad, 0},       {0x34f, 0x34f, 0},     {0x61c, 0x61c, 0},     {0x115f, 0x1160, 0},   {0x17b4, 0x17b5, 0},
    {0x180b, 0x180f, 0},   {0x200b, 0x200f, 0},   {0x202a, 0x202e, 0},   {0x2060, 0x206f, 0},   {0x3164, 0x3164, 0},
    {0xfe00, 0xfe0f, 0},   {0xfeff, 0xfeff, 0},   {0xffa0, 0xffa0, 0},   {0xfff0, 0xfff8, 0},   {0x1bca0, 0x1bca3, 0},
    {0x1d173, 0x1d17a, 0}, {0xe0000, 0xe0fff, 0},
};

template <std::size_t n>
const Range* range_of(const Range (&ranges)[n], char32_t code) {
    for (const Range& range : ranges)
        if (code >= range.low && code <= range.high) return &range;
    return nullptr;
}

}  // namespace

char32_t look_alike_of(char32_t code) {
    if (code < 0x80) return 0;
    const auto& entries = by_look_alike();
    const auto found = std::ranges::lower_bound(entries, code, {}, &Entry::first);
    return found != entries.end() && found->first == code ? found->second : 0;
}

std::u32string_view look_alikes_of(char32_t ascii) {
    for (const LookAlikes& row : kLookAlikes)
        if (row.ascii == ascii) return row.codes;
    return {};
}

bool is_ignorable(char32_t code) { return range_of(kIgnorable, code) != nullptr; }

bool is_bidi_control(char32_t code) {
    return (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
}

int script_of(char32_t code) {
    if (!is_letter(code)) return 0;
    if (const Range* range = range_of(kScripts, code)) return range->script;
    return 100 + static_cast<int>(code >> 8U);
}

}  // namespace bartizan::text
