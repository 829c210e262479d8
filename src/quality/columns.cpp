#include "quality/columns.h"

#include <algorithm>
#include <cmath>
#include <map>

#include <fmt/format.h>

#include "core/statistics.h"
#include "core/utf8.h"

namespace bartizan::quality {
namespace {

constexpr double kFarFence = 10;           ///< interquartile ranges beyond the quartiles
constexpr double kMostOutOfRange = 0.001;  ///< more is a long tail, not a slip
constexpr std::int64_t kLeastForRange = 50;
constexpr double kMuchMissing = 0.2;
constexpr std::size_t kMostNamed = 20;

using Rows = std::vector<std::int64_t>;

template <class Test>
Rows rows_where(const Subject& subject, const Column& column, Test test) {
    Rows rows;
    for (std::size_t i = 0; i < column.numbers.size(); ++i)
        if (test(column.numbers[i])) rows.push_back(subject.ids[i]);
    return rows;
}

Rows missing_rows(const Subject& subject, const Column& column) {
    Rows rows;
    std::size_t cell = 0;
    for (std::size_t i = 0; i < column.numbers.size(); ++i) {
        const bool text = cell < column.cells.size() && column.cells[cell].row == i;
        cell += text ? 1 : 0;
        if (std::isnan(column.numbers[i]) && !text) rows.push_back(subject.ids[i]);
    }
    return rows;
}

double share(std::int64_t part, std::int64_t whole) {
    return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

void check_missing(const Subject& subject, const Column& column, std::vector<Issue>& out) {
    if (column.missing == 0) return;
    const std::int64_t items = subject.items();
    if (column.missing == items) {
        out.push_back({.kind = "empty_column",
                       .severity = Severity::medium,
                       .title = fmt::format("column '{}' has no value at all", column.name),
                       .score = 1,
                       .column = column.name});
        return;
    }
    const double part = share(column.missing, items);
    out.push_back({.kind = "missing_values",
                   .severity = part > kMuchMissing ? Severity::medium : Severity::low,
                   .title = fmt::format("column '{}' lacks {} of {} values", column.name, column.missing, items),
                   .indices = missing_rows(subject, column),
                   .score = part,
                   .column = column.name});
}

bool constant(const Column& column) {
    if (column.count() < 2) return false;
    if (column.words == column.count()) {
        const std::string_view first = column.text(column.cells.front());
        return std::ranges::all_of(column.cells, [&](const Cell& cell) { return column.text(cell) == first; });
    }
    if (column.words > 0) return false;
    if (!column.cells.empty()) {  // long numbers, of which a float does not hold all digits
        const std::string_view text = column.text(column.cells.front());
        return std::ssize(column.cells) == column.count() &&
               std::ranges::all_of(column.cells, [&](const Cell& cell) { return column.text(cell) == text; });
    }
    const auto present = [](float value) { return !std::isnan(value); };
    const float first = *std::ranges::find_if(column.numbers, present);
    return std::ranges::all_of(column.numbers, [&](float value) { return !present(value) || value == first; });
}

void check_types(const Subject& subject, const Column& column, std::vector<Issue>& out) {
    const std::int64_t numbers = column.count() - column.words;
    const std::int64_t fewer = std::min(numbers, column.words);
    if (fewer == 0 || share(fewer, column.count()) > 0.3) return;  // free text and codes mix by nature
    Rows rows;
    if (column.numeric()) {
        for (const Cell& cell : column.cells)
            if (std::isnan(column.numbers[cell.row])) rows.push_back(subject.ids[cell.row]);
    } else {
        rows = rows_where(subject, column, [](float value) { return !std::isnan(value); });
    }
    out.push_back({.kind = "mixed_types",
                   .severity = Severity::medium,
                   .title = fmt::format("column '{}' has {} {} among {} {}", column.name, fewer,
                                        column.numeric() ? "words" : "numbers", column.count() - fewer,
                                        column.numeric() ? "numbers" : "words"),
                   .indices = std::move(rows),
                   .score = share(fewer, column.count()),
                   .suspect = column.numeric(),
                   .column = column.name});
}

void check_range(const Subject& subject, const Column& column, std::vector<Issue>& out) {
    const Rows infinite = rows_where(subject, column, [](float value) { return std::isinf(value); });
    if (!infinite.empty())
        out.push_back({.kind = "infinite_values",
                       .severity = Severity::high,
                       .title = fmt::format("column '{}' is infinite in {} rows", column.name, infinite.size()),
                       .indices = infinite,
                       .score = share(std::ssize(infinite), subject.items()),
                       .suspect = true,
                       .column = column.name});
    std::vector<double> sorted;
    for (const float value : column.numbers)
        if (std::isfinite(value)) sorted.push_back(value);
    if (std::ssize(sorted) < kLeastForRange) return;
    std::ranges::sort(sorted);
    const double low = quantile(sorted, 0.25), high = quantile(sorted, 0.75);
    if (!(high > low)) return;
    const double floor = low - kFarFence * (high - low), ceiling = high + kFarFence * (high - low);
    Rows rows = rows_where(subject, column, [&](float v) { return std::isfinite(v) && (v < floor || v > ceiling); });
    const auto allowed = std::max<std::int64_t>(1, static_cast<std::int64_t>(kMostOutOfRange * double(sorted.size())));
    if (rows.empty() || std::ssize(rows) > allowed) return;
    out.push_back({.kind = "out_of_range",
                   .severity = Severity::medium,
                   .title = fmt::format("column '{}' has {} values far outside the others", column.name, rows.size()),
                   .indices = std::move(rows),
                   .score = 1 - share(std::ssize(rows), subject.items()),
                   .detail = fmt::format("from {:g} to {:g}, the middle half lies in {:g} to {:g}", sorted.front(),
                                         sorted.back(), low, high),
                   .suspect = true,
                   .column = column.name});
}

/// Text that was saved in another encoding: a model sees other letters than a person does.
void check_encoding(const Subject& subject, const Column& column, std::vector<Issue>& out) {
    Rows rows;
    for (const Cell& cell : column.cells)
        if (!is_utf8(column.text(cell))) rows.push_back(subject.ids[cell.row]);
    if (rows.empty()) return;
    const double part = share(std::ssize(rows), subject.items());
    out.push_back({.kind = "mixed_encoding",
                   .severity = Severity::medium,
                   .title = fmt::format("column '{}' has {} values that are no UTF-8", column.name, rows.size()),
                   .indices = std::move(rows),
                   .score = part,
                   .detail = "saved in another encoding, or damaged",
                   .suspect = part < 0.5,
                   .column = column.name});
}

/// Whole numbers, each once, in rising order: a row number that a model may learn the order from.
bool identifies(const Column& column) {
    if (column.words > 0 || column.missing > 0 || std::ssize(column.numbers) < kLeastForRange) return false;
    for (std::size_t i = 0; i < column.numbers.size(); ++i) {
        if (column.numbers[i] != std::floor(column.numbers[i])) return false;
        if (i > 0 && column.numbers[i] != column.numbers[i - 1] + 1) return false;
    }
    return true;
}

/// Columns with the same fault, as one issue.
void named_together(const char* kind, const char* what, const std::vector<std::string>& names,
                    std::vector<Issue>& out) {
    if (names.empty()) return;
    const std::size_t shown = std::min(names.size(), kMostNamed);
    out.push_back({.kind = kind,
                   .severity = Severity::low,
                   .title = fmt::format("{} column{} {}", names.size(), names.size() == 1 ? "" : "s", what),
                   .score = 1,
                   .detail = fmt::format("{}{}", fmt::join(names.begin(), names.begin() + std::ptrdiff_t(shown), ", "),
                                         shown < names.size() ? ", ..." : "")});
}

}  // namespace

std::vector<Issue> column_issues(const Subject& subject) {
    std::vector<Issue> out;
    std::vector<std::string> constants, identifiers;
    for (const Column& column : subject.columns) {
        check_missing(subject, column, out);
        if (column.count() == 0) continue;
        if (constant(column)) constants.push_back(column.name);
        check_types(subject, column, out);
        check_encoding(subject, column, out);
        if (column.numeric()) check_range(subject, column, out);
        if (identifies(column)) identifiers.push_back(column.name);
    }
    std::map<std::string_view, int> times;
    std::vector<std::string> repeated;
    for (const Column& column : subject.columns)
        if (++times[column.name] == 2) repeated.push_back(column.name);
    named_together("repeated_name", "that share their name with another", repeated, out);
    named_together("constant_column", "with one value only", constants, out);
    named_together("identifier_column", "that only count the rows", identifiers, out);
    return out;
}

std::vector<Issue> array_issues(const Subject& subject) {
    Rows missing, infinite, outside, blank;
    const Matrix& x = subject.values;
    double within = 0;
    for (std::size_t i = 0; i < x.rows(); ++i) {
        const auto row = x.row(i);
        const auto any = [&](auto test) { return std::ranges::any_of(row, test); };
        if (any([](float v) { return std::isnan(v); })) missing.push_back(subject.ids[i]);
        if (any([](float v) { return std::isinf(v); })) infinite.push_back(subject.ids[i]);
        const bool out = any([](float v) { return v < 0 || v > 1; });
        if (out) outside.push_back(subject.ids[i]);
        within += out ? 0 : 1;
        if (std::ranges::all_of(row, [&](float v) { return v == row.front(); })) blank.push_back(subject.ids[i]);
    }
    std::vector<Issue> issues;
    const auto tell = [&](const char* kind, Severity severity, const char* what, Rows& rows) {
        if (rows.empty()) return;
        const double part = share(std::ssize(rows), subject.items());
        issues.push_back({.kind = kind,
                          .severity = severity,
                          .title = fmt::format("{} items {}", rows.size(), what),
                          .indices = std::move(rows),
                          .score = part,
                          .suspect = true});
    };
    tell("missing_values", Severity::high, "hold NaN", missing);
    tell("infinite_values", Severity::high, "hold infinity", infinite);
    if (within > 0.99 * static_cast<double>(x.rows()))
        tell("out_of_range", Severity::medium, "leave the range 0 to 1 of all others", outside);
    tell("blank_item", Severity::low, "are of one value throughout", blank);
    return issues;
}

}  // namespace bartizan::quality
