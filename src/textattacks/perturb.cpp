#include "textattacks/perturb.h"

#include <algorithm>

#include "text/confusables.h"
#include "text/unicode.h"

namespace bartizan::textattacks {
namespace {

constexpr char32_t kInvisible[] = {0x200b, 0x200c, 0x200d, 0x2060};
constexpr char32_t kMarks[] = {0x323, 0x331, 0x32d, 0x330};  // dot, line, circumflex, tilde below
constexpr char32_t kBackspace = 8;
constexpr std::size_t kMostLookAlikes = 8;  ///< of a character: the commonest alphabets, which fonts show alike

template <class List>
char32_t chosen(const List& list, double choice) {
    const auto count = std::size(list);
    return list[std::min(count - 1, static_cast<std::size_t>(choice * static_cast<double>(count)))];
}

struct Twin {
    char32_t from;
    std::u32string_view to;
};
constexpr Twin kTwins[] = {{U'l', U"I"},  {U'I', U"l"}, {U'O', U"0"},  {U'0', U"O"},  {U'1', U"l"},
                           {U'm', U"rn"}, {U'w', U"vv"}, {U'd', U"cl"}, {U'i', U"l"}, {U'o', U"0"}};

std::u32string twin_of(char32_t code) {
    for (const Twin& twin : kTwins)
        if (twin.from == code) return std::u32string(twin.to);
    return {};
}

/// Two neighbours in the other order, shown in the old one: a right-to-left override around isolates of each.
std::u32string swapped(char32_t first, char32_t second) {
    return {0x202d, 0x2066, 0x202e, 0x2066, second, 0x2069, 0x2066, first, 0x2069, 0x202c, 0x2069, 0x202c};
}

/// What becomes of one code point.
struct Place {
    std::u32string before, instead;
    bool changed = false;
};

bool apply(const Perturbation& one, const std::u32string& text, std::vector<Place>& places) {
    const std::size_t at = one.position;
    if (at >= text.size()) return false;
    Place& place = places[at];
    const auto replace = [&](std::u32string with) {
        if (place.changed || with.empty()) return false;
        place.instead = std::move(with);
        return place.changed = true;
    };
    switch (one.kind) {
        case Kind::invisible:
            place.before.push_back(chosen(kInvisible, one.choice));
            return true;
        case Kind::look_alike: {
            const std::u32string_view all = text::look_alikes_of(text[at]).substr(0, kMostLookAlikes);
            return !all.empty() && replace(std::u32string(1, chosen(all, one.choice)));
        }
        case Kind::reorder: {
            if (at + 1 >= text.size() || place.changed || places[at + 1].changed || text[at] == U'\n') return false;
            places[at + 1].changed = true;
            places[at + 1].instead.clear();
            return replace(swapped(text[at], text[at + 1]));
        }
        case Kind::deletion:
            place.before.push_back(static_cast<char32_t>(33 + static_cast<int>(one.choice * 94)));
            place.before.push_back(kBackspace);
            return true;
        case Kind::ascii:
            return replace(twin_of(text[at]));
        case Kind::mark:
            return text::is_letter(text[at]) && replace({text[at], chosen(kMarks, one.choice)});
    }
    return false;
}

}  // namespace

std::u32string perturb(const std::u32string& text, std::span<const Perturbation> perturbations, std::int64_t& applied) {
    std::vector<Place> places(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) places[i].instead = std::u32string(1, text[i]);
    applied = 0;
    for (const Perturbation& one : perturbations) applied += apply(one, text, places) ? 1 : 0;
    std::u32string out;
    for (const Place& place : places) out += place.before + place.instead;
    return out;
}

}  // namespace bartizan::textattacks
