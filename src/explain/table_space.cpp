#include "explain/table_space.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <set>

namespace bartizan::explain {
namespace table_space_parts {
namespace {

/// Columns of a table are looked for by eye: names that nobody gave are numbers.
std::string name_of(const std::vector<std::string>& names, std::size_t column) {
    return column < names.size() && !names[column].empty() ? names[column] : "column " + std::to_string(column);
}

Result<std::size_t> column_of(const std::string& wanted, const std::vector<std::string>& names, std::size_t width) {
    const auto found = std::ranges::find(names, wanted);
    if (found != names.end() && static_cast<std::size_t>(found - names.begin()) < width)
        return static_cast<std::size_t>(found - names.begin());
    std::size_t number = 0;
    const auto [end, error] = std::from_chars(wanted.data(), wanted.data() + wanted.size(), number);
    if (!wanted.empty() && error == std::errc() && end == wanted.data() + wanted.size() && number < width) return number;
    std::string some;
    for (std::size_t i = 0; i < std::min<std::size_t>(width, 8); ++i) some += (i == 0 ? "" : ", ") + name_of(names, i);
    return invalid_input("there is no column '" + wanted + "'", "there are " + some + (width > 8 ? ", ..." : ""));
}

double median(std::vector<double> values) {
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::ranges::nth_element(values, middle);
    return *middle;
}

double scale_of(const std::vector<double>& values) {
    const double centre = median(values);
    std::vector<double> away;
    double mean = 0;
    for (const double value : values) {
        away.push_back(std::abs(value - centre));
        mean += away.back() / static_cast<double>(values.size());
    }
    const double robust = median(away);
    if (robust > 0) return robust;
    return mean > 0 ? mean : 1;
}

TableColumn column_from(const NdArray& rows, std::size_t at, std::size_t width, std::vector<float>& sorted) {
    const std::span<const float> all = rows.values<float>();
    sorted.clear();
    for (std::size_t i = at; i < all.size(); i += width) sorted.push_back(all[i]);
    std::ranges::sort(sorted);
    TableColumn out{.name = {}, .low = sorted.front(), .high = sorted.back()};
    out.whole = std::ranges::all_of(sorted, [](float value) { return std::floor(value) == value; });
    out.fixed = out.low == out.high;
    out.scale = scale_of(std::vector<double>(sorted.begin(), sorted.end()));
    return out;
}

/// Quantiles, each once; whole numbers as they were seen.
std::vector<std::vector<float>> values_of(const std::vector<float>& sorted) {
    std::set<float> out;
    for (std::size_t i = 0; i < kSeenValues; ++i) out.insert(sorted[i * (sorted.size() - 1) / (kSeenValues - 1)]);
    std::vector<std::vector<float>> values;
    for (const float value : out) values.push_back({value});
    return values;
}

TableFeature group_from(const NdArray& rows, const std::vector<std::size_t>& columns, std::size_t width) {
    std::set<std::vector<float>> seen;
    const std::span<const float> all = rows.values<float>();
    for (std::size_t row = 0; row < all.size() / width; ++row) {
        std::vector<float> values;
        for (const std::size_t column : columns) values.push_back(all[row * width + column]);
        seen.insert(std::move(values));
    }
    return {columns, {seen.begin(), seen.end()}};
}

}  // namespace
}  // namespace table_space_parts

double TableSpace::distance(const TableFeature& feature, std::span<const float> a, std::span<const float> b) const {
    double out = 0;
    for (const std::size_t column : feature.columns)
        out += std::abs(double{a[column]} - b[column]) / columns[column].scale;
    return out;
}

double TableSpace::distance(std::span<const float> a, std::span<const float> b) const {
    double out = 0;
    for (std::size_t column = 0; column < columns.size(); ++column)
        out += std::abs(double{a[column]} - b[column]) / columns[column].scale;
    return out;
}

bool TableSpace::allows(const TableFeature& feature, std::span<const float> from, std::span<const float> to) const {
    std::vector<float> together;
    for (const std::size_t at : feature.columns) {
        const TableColumn& column = columns[at];
        together.push_back(to[at]);
        if (to[at] == from[at]) continue;
        const bool inside = to[at] >= column.low && to[at] <= column.high;
        const bool whole = !column.whole || std::floor(to[at]) == to[at];
        if (column.fixed || !inside || !whole) return false;
        if ((column.direction > 0 && to[at] < from[at]) || (column.direction < 0 && to[at] > from[at])) return false;
    }
    return feature.columns.size() == 1 || std::ranges::find(feature.seen, together) != feature.seen.end();
}

Result<TableSpace> table_space(const NdArray& rows, const std::vector<std::string>& names, const TableRules& rules) {
    using namespace table_space_parts;
    if (rows.rank() != 2 || rows.shape()[0] < 2 || rows.shape()[1] < 1)
        return invalid_input("two rows of a table at least are needed to see how far its columns range");
    const auto width = static_cast<std::size_t>(rows.shape()[1]);
    TableSpace out;
    out.rows.assign(rows.values<float>().begin(), rows.values<float>().end());
    std::vector<TableFeature> single(width);
    std::vector<float> sorted;
    for (std::size_t at = 0; at < width; ++at) {
        out.columns.push_back(column_from(rows, at, width, sorted));
        out.columns.back().name = name_of(names, at);
        single[at] = {{at}, values_of(sorted)};
    }
    for (const std::string& name : rules.immutable)
        out.columns[BARTIZAN_TRY(column_of(name, names, width))].fixed = true;
    for (const auto& [list, direction] : {std::pair(&rules.increase, 1), {&rules.decrease, -1}})
        for (const std::string& name : *list) {
            TableColumn& column = out.columns[BARTIZAN_TRY(column_of(name, names, width))];
            if (column.direction == -direction)
                return invalid_input("column '" + name + "' may only grow and only fall: that is immutable");
            column.direction = direction;
        }
    std::vector<std::uint8_t> grouped(width, 0);
    for (const auto& group : rules.one_of) {
        std::vector<std::size_t> columns;
        bool fixed = false;
        for (const std::string& name : group) {
            const std::size_t at = BARTIZAN_TRY(column_of(name, names, width));
            if (grouped[at] != 0) return invalid_input("column '" + name + "' is in a one-of group twice");
            grouped[at] = 1;
            columns.push_back(at);
            // A value of the group that was never seen does not keep the others from changing.
            fixed = fixed || std::ranges::find(rules.immutable, name) != rules.immutable.end();
        }
        if (columns.size() < 2) return invalid_input("a one-of group has two columns at least", "write one-of=red+green+blue");
        if (!fixed) out.features.push_back(group_from(rows, columns, width));
    }
    for (std::size_t at = 0; at < width; ++at)
        if (grouped[at] == 0 && !out.columns[at].fixed) out.features.push_back(std::move(single[at]));
    if (out.features.empty()) return invalid_input("no column may change");
    return out;
}

}  // namespace bartizan::explain
