#include "quality/representation.h"

#include <algorithm>

#include <fmt/format.h>

#include "core/statistics.h"

namespace bartizan::quality {
namespace {

constexpr double kFew = 0.2;
constexpr double kGap = 0.1;

struct Counts {
    std::vector<std::int64_t> items;                  ///< per group
    std::vector<std::vector<std::int64_t>> of_class;  ///< per group and class
    std::int64_t unknown = 0;
};

Counts count(const Subject& subject, const data::Grouping& grouping) {
    Counts counts{.items = std::vector<std::int64_t>(grouping.groups.size(), 0)};
    counts.of_class.assign(grouping.groups.size(), std::vector<std::int64_t>(std::size_t(subject.classes), 0));
    for (std::size_t i = 0; i < grouping.of_item.size(); ++i) {
        if (grouping.of_item[i] < 0) {
            ++counts.unknown;
            continue;
        }
        const auto group = static_cast<std::size_t>(grouping.of_item[i]);
        ++counts.items[group];
        if (!subject.labels.empty() && subject.labels[i] >= 0) ++counts.of_class[group][std::size_t(subject.labels[i])];
    }
    return counts;
}

/// The groups with the lowest and the highest share of a class, if their intervals lie kGap apart.
void compare_class(const Subject& subject, const data::Grouping& grouping, const Counts& counts, std::size_t k,
                   std::vector<Issue>& out) {
    std::size_t lowest = 0, highest = 0;
    Interval low{1, 1}, high{0, 0};
    for (std::size_t g = 0; g < counts.items.size(); ++g) {
        if (counts.items[g] < kLeastOfGroup) continue;
        const Interval share = wilson_interval(counts.of_class[g][k], counts.items[g]);
        if (share.high < low.high) low = share, lowest = g;
        if (share.low > high.low) high = share, highest = g;
    }
    if (high.low - low.high <= kGap) return;
    const auto percent = [&](std::size_t g) { return 100.0 * double(counts.of_class[g][k]) / double(counts.items[g]); };
    out.push_back(
        {.kind = "label_gap",
         .severity = Severity::medium,
         .title = fmt::format("label '{}': {:.1f} % of '{}', {:.1f} % of '{}'", subject.class_name(std::int64_t(k)),
                              percent(highest), grouping.groups[highest], percent(lowest), grouping.groups[lowest]),
         .score = high.low - low.high,
         .detail = fmt::format("by '{}'; a model will learn the difference", grouping.name)});
}

}  // namespace

std::vector<Issue> representation_issues(const Subject& subject, const data::Grouping& grouping) {
    std::vector<Issue> out;
    const Counts counts = count(subject, grouping);
    const std::int64_t known = std::ssize(grouping.of_item) - counts.unknown;
    std::string table;
    std::vector<std::string> few;
    for (std::size_t g = 0; g < grouping.groups.size(); ++g) {
        const double share = known == 0 ? 0 : double(counts.items[g]) / double(known);
        table +=
            fmt::format("{}{}: {} ({:.1f} %)", g == 0 ? "" : ", ", grouping.groups[g], counts.items[g], 100 * share);
        if (counts.items[g] < kLeastOfGroup || share * double(grouping.groups.size()) < kFew)
            few.push_back(fmt::format("{} ({})", grouping.groups[g], counts.items[g]));
    }
    if (counts.unknown > 0) table += fmt::format(", unknown: {}", counts.unknown);
    out.push_back({.kind = "group_shares",
                   .severity = Severity::info,
                   .title = fmt::format("'{}' has {} groups", grouping.name, grouping.groups.size()),
                   .detail = table});
    if (!few.empty())
        out.push_back({.kind = "underrepresented_group",
                       .severity = Severity::medium,
                       .title = fmt::format("{} groups of '{}' are hardly there", few.size(), grouping.name),
                       .score = double(few.size()) / double(grouping.groups.size()),
                       .detail = fmt::format("{}", fmt::join(few, ", "))});
    // Of two classes one says it all.
    for (std::size_t k = subject.classes == 2 ? 1 : 0; k < std::size_t(subject.classes); ++k)
        compare_class(subject, grouping, counts, k, out);
    return out;
}

}  // namespace bartizan::quality
