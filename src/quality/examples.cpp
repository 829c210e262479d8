#include "quality/examples.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "core/utf8.h"
#include "quality/personal_data.h"

namespace bartizan::quality {
namespace {

constexpr std::size_t kShownGroups = 3;
constexpr std::size_t kSearched = 4'096;  ///< bytes of a cell that are searched for what must be masked

/// Whole letters of at most kLongestShown bytes, without what a terminal or a page would take amiss.
std::string shown(std::string_view text) {
    std::string out;
    while (!text.empty() && out.size() < kLongestShown) {
        const std::size_t length = utf8_length(text);
        const bool plain =
            length > 1 || (length == 1 && static_cast<unsigned char>(text[0]) >= 0x20 && text[0] != 0x7f);
        out += plain ? std::string(text.substr(0, length)) : "?";
        text.remove_prefix(std::max<std::size_t>(1, length));
    }
    return text.empty() ? out : out + "...";
}

std::string without_personal_data(std::string_view text) {
    std::string out;
    std::size_t at = 0;
    for (const Sighting& sighting : find_personal_data(text)) {
        out += text.substr(at, sighting.offset - at);
        out += masked(text.substr(sighting.offset, sighting.length));
        at = sighting.offset + sighting.length;
    }
    out += text.substr(at);
    return out;
}

std::string cell_text(const Column& column, std::int64_t row) {
    const auto cell = std::ranges::lower_bound(column.cells, static_cast<std::uint32_t>(row), {}, &Cell::row);
    if (cell != column.cells.end() && cell->row == row) {
        const std::string_view text = column.text(*cell);
        return shown(without_personal_data(text.substr(0, kSearched))) + (text.size() > kSearched ? "..." : "");
    }
    const float number = column.numbers[static_cast<std::size_t>(row)];
    return std::isnan(number) ? "" : fmt::format("{}", number);
}

}  // namespace

std::string row_text(const Subject& subject, std::int64_t row, std::string_view first_column) {
    if (subject.columns.size() == 1 && subject.info.format == "text") return cell_text(subject.columns[0], row);
    std::vector<const Column*> order;
    for (const Column& column : subject.columns)
        order.insert(column.name == first_column ? order.begin() : order.end(), &column);
    std::string out;
    for (std::size_t i = 0; i < std::min(order.size(), kShownColumns); ++i)
        out += fmt::format("{}{}={}", i == 0 ? "" : ", ", shown(order[i]->name), cell_text(*order[i], row));
    return order.size() > kShownColumns ? out + ", ..." : out;
}

void add_examples(const Subject& subject, Issue& issue) {
    if (subject.columns.empty()) return;
    std::vector<std::int64_t> items;
    const bool across = issue.kind == "leak" || issue.kind == "near_leak";  // their partners are elsewhere
    if (issue.groups.empty() || across)
        items.assign(issue.indices.begin(),
                     issue.indices.begin() + std::ptrdiff_t(std::min(kMostExamples, issue.indices.size())));
    else
        for (std::size_t g = 0; g < std::min(kShownGroups, issue.groups.size()); ++g)
            items.insert(items.end(), issue.groups[g].begin(), issue.groups[g].begin() + 2);
    for (const std::int64_t item : items) {
        const auto found = std::ranges::lower_bound(subject.ids, item);
        if (found == subject.ids.end() || *found != item) continue;
        const std::int64_t row = found - subject.ids.begin();
        std::string label = subject.labels.empty() ? "" : shown(subject.class_name(subject.labels[std::size_t(row)]));
        issue.examples.push_back({item, std::move(label), row_text(subject, row, issue.column)});
    }
}

}  // namespace bartizan::quality
