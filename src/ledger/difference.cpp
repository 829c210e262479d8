#include "ledger/difference.h"

#include <algorithm>
#include <string_view>
#include <unordered_map>

namespace bartizan::ledger {
namespace {

constexpr std::uint64_t kNone = ~std::uint64_t{0};

/// Where each item of `after` stood in `before`; kNone for new ones and second occurrences.
std::vector<std::uint64_t> origins(std::span<const std::uint64_t> before, std::span<const std::uint64_t> after) {
    std::unordered_map<std::uint64_t, std::uint64_t> places;
    for (std::uint64_t i = 0; i < before.size(); ++i) places.emplace(before[i], i);
    std::vector<std::uint64_t> from(after.size(), kNone);
    for (std::size_t j = 0; j < after.size(); ++j)
        if (const auto place = places.find(after[j]); place != places.end()) {
            from[j] = place->second;
            places.erase(place);
        }
    return from;
}

/// Marks the longest increasing run of `from` (patience sorting), kNone left out.
std::vector<bool> in_order(const std::vector<std::uint64_t>& from) {
    std::vector<std::size_t> tops;  // the positions of the smallest ends, by length of run
    std::vector<std::size_t> previous(from.size(), kNone);
    for (std::size_t j = 0; j < from.size(); ++j) {
        if (from[j] == kNone) continue;
        const auto top = std::ranges::lower_bound(tops, from[j], {}, [&](std::size_t at) { return from[at]; });
        if (top != tops.begin()) previous[j] = *(top - 1);
        if (top == tops.end())
            tops.push_back(j);
        else
            *top = j;
    }
    std::vector<bool> kept(from.size());
    for (std::size_t j = tops.empty() ? kNone : tops.back(); j != kNone; j = previous[j]) kept[j] = true;
    return kept;
}

/// The gap before an item that kept its place: items that are no more against new ones.
void pair_gap(std::vector<std::uint64_t>& gone, std::vector<std::uint64_t>& fresh, std::vector<Difference>& out) {
    const std::size_t pairs = std::min(gone.size(), fresh.size());
    for (std::size_t i = 0; i < pairs; ++i) out.push_back({Change::changed, gone[i], fresh[i]});
    for (std::size_t i = pairs; i < gone.size(); ++i) out.push_back({Change::removed, gone[i], gone[i]});
    for (std::size_t i = pairs; i < fresh.size(); ++i) out.push_back({Change::added, fresh[i], fresh[i]});
    gone.clear();
    fresh.clear();
}

}  // namespace

std::string_view to_string(Change change) {
    constexpr std::string_view kWords[] = {"changed", "removed", "added", "moved"};
    return kWords[static_cast<std::size_t>(change)];
}

std::vector<Difference> differences(std::span<const std::uint64_t> before, std::span<const std::uint64_t> after) {
    const auto start = static_cast<std::size_t>(std::ranges::mismatch(before, after).in1 - before.begin());
    const auto from = origins(before.subspan(start), after.subspan(start));
    const auto kept = in_order(from);
    std::vector<bool> present(before.size() - start);
    for (const std::uint64_t place : from)
        if (place != kNone) present[place] = true;

    std::vector<Difference> out;
    std::vector<std::uint64_t> gone;
    std::vector<std::uint64_t> fresh;
    std::uint64_t i = 0;
    const auto pass_to = [&](std::uint64_t end) {
        for (; i < end; ++i)
            if (!present[i]) gone.push_back(start + i);
    };
    for (std::size_t j = 0; j < from.size(); ++j) {
        if (from[j] == kNone) fresh.push_back(start + j);
        if (from[j] != kNone && !kept[j]) out.push_back({Change::moved, start + from[j], start + j});
        if (!kept[j]) continue;
        pass_to(from[j]);
        pair_gap(gone, fresh, out);
        i = from[j] + 1;
    }
    pass_to(before.size() - start);
    pair_gap(gone, fresh, out);
    std::ranges::sort(out, {}, &Difference::index);
    return out;
}

}  // namespace bartizan::ledger
