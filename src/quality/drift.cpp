#include "quality/drift.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include <fmt/format.h>

namespace bartizan::quality {
namespace {

constexpr double kFar = 0.1;           ///< a distance of distributions that matters
constexpr double kSignificant = 1.63;  ///< KS at 1 %, times sqrt((n + m) / (n m))
constexpr double kBeyond = 0.1;        ///< of the old range
constexpr std::size_t kMostKinds = 1'000;
constexpr std::size_t kMostNamed = 20;
constexpr std::size_t kFiguresOfPicture = 10'000;

const Column* find(const Subject& subject, const std::string& name) {
    const auto found = std::ranges::find(subject.columns, name, &Column::name);
    return found == subject.columns.end() ? nullptr : &*found;
}

Issue schema(Severity severity, std::string title, std::string detail = {}) {
    return {.kind = "schema_drift",
            .severity = severity,
            .title = std::move(title),
            .score = 1,
            .detail = std::move(detail)};
}

struct Range {
    float low = 0, high = 0;
    bool any = false;
};
Range range_of(const Column& column) {
    Range range;
    for (const float value : column.numbers) {
        if (!std::isfinite(value)) continue;
        range.low = range.any ? std::min(range.low, value) : value;
        range.high = range.any ? std::max(range.high, value) : value;
        range.any = true;
    }
    return range;
}

void compare_ranges(const Subject& now, const Column& column, const Column& before, std::vector<Issue>& out) {
    const Range old = range_of(before), fresh = range_of(column);
    if (!old.any || !fresh.any) return;
    const double slack = kBeyond * (double(old.high) - double(old.low));
    std::vector<std::int64_t> rows;
    for (std::size_t i = 0; i < column.numbers.size(); ++i) {
        const double value = column.numbers[i];
        if (value < old.low - slack || value > old.high + slack) rows.push_back(now.ids[i]);
    }
    if (rows.empty()) return;
    const double share = double(rows.size()) / double(now.items());
    out.push_back({.kind = "range_drift",
                   .severity = share > 0.01 ? Severity::medium : Severity::low,
                   .title = fmt::format("column '{}' leaves its earlier range in {} rows", column.name, rows.size()),
                   .indices = std::move(rows),
                   .score = share,
                   .detail = fmt::format("{:g} to {:g}, was {:g} to {:g}", fresh.low, fresh.high, old.low, old.high),
                   .suspect = share <= 0.01,
                   .column = column.name});
}

bool significant(double distance, std::size_t a, std::size_t b) {
    if (a == 0 || b == 0) return false;
    return distance > kFar && distance > kSignificant * std::sqrt(double(a + b) / (double(a) * double(b)));
}

Issue distribution(std::string title, double distance, std::string detail) {
    return {.kind = "distribution_drift",
            .severity = distance > 0.3 ? Severity::high : Severity::medium,
            .title = std::move(title),
            .score = distance,
            .detail = std::move(detail)};
}

std::map<std::string, double> shares_of(const Column& column) {
    std::map<std::string, double> shares;
    for (const Cell& cell : column.cells) {
        shares[std::string(column.text(cell))] += 1.0 / double(column.cells.size());
        if (shares.size() > kMostKinds) return {};
    }
    return shares;
}

/// Total variation, and what is new.
template <class Key>
double variation(const std::map<Key, double>& a, const std::map<Key, double>& b, std::vector<Key>& fresh) {
    double sum = 0;
    for (const auto& [key, share] : a) {
        const auto other = b.find(key);
        if (other == b.end()) fresh.push_back(key);
        sum += std::abs(share - (other == b.end() ? 0 : other->second));
    }
    for (const auto& [key, share] : b)
        if (!a.contains(key)) sum += share;
    return sum / 2;
}

void compare_words(const Column& column, const Column& before, std::vector<Issue>& out) {
    const auto now = shares_of(column), old = shares_of(before);
    if (now.empty() || old.empty()) return;  // free text
    std::vector<std::string> fresh;
    const double distance = variation(now, old, fresh);
    if (!fresh.empty() && old.size() < 100)
        out.push_back(schema(
            Severity::medium, fmt::format("column '{}' has {} words it had not before", column.name, fresh.size()),
            fmt::format(
                "{}", fmt::join(fresh.begin(), fresh.begin() + std::min(std::ssize(fresh), std::ptrdiff_t(kMostNamed)),
                                ", "))));
    if (significant(distance, column.cells.size(), before.cells.size()))
        out.push_back(distribution(fmt::format("the words of column '{}' are distributed otherwise", column.name),
                                   distance, fmt::format("total variation {:.3f}", distance)));
}

void compare_column(const Subject& now, const Column& column, const Column& before, std::vector<Issue>& out) {
    if (column.count() == 0 || before.count() == 0) {
        if (column.count() != before.count())
            out.push_back(schema(
                Severity::medium,
                fmt::format("column '{}' {}", column.name, column.count() == 0 ? "is empty now" : "was empty before")));
        return;
    }
    if (column.numeric() != before.numeric()) {
        out.push_back(schema(Severity::high, fmt::format("column '{}' holds {} now, it held {}", column.name,
                                                         column.numeric() ? "numbers" : "words",
                                                         before.numeric() ? "numbers" : "words")));
        return;
    }
    if (!column.numeric()) return compare_words(column, before, out);
    compare_ranges(now, column, before, out);
    const double distance = ks_distance(column.numbers, before.numbers);
    if (significant(distance, column.numbers.size(), before.numbers.size()))
        out.push_back(distribution(fmt::format("the numbers of column '{}' are distributed otherwise", column.name),
                                   distance, fmt::format("Kolmogorov-Smirnov distance {:.3f}", distance)));
}

void compare_columns(const Subject& now, const Subject& before, std::vector<Issue>& out) {
    std::vector<std::string> gone, added, order_now, order_before;
    for (const Column& column : before.columns)
        if (find(now, column.name) == nullptr)
            gone.push_back(column.name);
        else
            order_before.push_back(column.name);
    for (const Column& column : now.columns) {
        const Column* old = find(before, column.name);
        if (old == nullptr) {
            added.push_back(column.name);
            continue;
        }
        order_now.push_back(column.name);
        compare_column(now, column, *old, out);
    }
    if (!gone.empty())
        out.push_back(schema(Severity::high, fmt::format("{} columns are gone", gone.size()),
                             fmt::format("{}", fmt::join(gone, ", "))));
    if (!added.empty())
        out.push_back(schema(Severity::medium, fmt::format("{} columns are new", added.size()),
                             fmt::format("{}", fmt::join(added, ", "))));
    if (order_now != order_before)
        out.push_back(schema(Severity::medium, "the columns stand in another order",
                             "whoever reads them by position reads others"));
}

std::map<std::int64_t, double> class_shares(const Subject& subject) {
    std::map<std::int64_t, double> shares;
    for (const std::int64_t label : subject.labels) shares[label] += 1.0 / double(subject.labels.size());
    shares.erase(-1);
    return shares;
}

std::map<std::string, double> named_class_shares(const Subject& subject) {
    std::map<std::string, double> shares;
    for (const auto& [label, share] : class_shares(subject)) shares[subject.class_name(label)] += share;
    return shares;
}

void compare_labels(const Subject& now, const Subject& before, std::vector<Issue>& out) {
    if (now.labels.empty() || before.labels.empty()) {
        if (now.labels.empty() != before.labels.empty())
            out.push_back(schema(Severity::high, now.labels.empty() ? "the labels are gone" : "labels are new"));
        return;
    }
    std::vector<std::string> fresh, gone;
    const auto shares = named_class_shares(now), old = named_class_shares(before);
    const double distance = variation(shares, old, fresh);
    variation(old, shares, gone);
    if (!fresh.empty())
        out.push_back(schema(Severity::high, fmt::format("{} classes are new", fresh.size()),
                             fmt::format("{}", fmt::join(fresh, ", "))));
    if (!gone.empty())
        out.push_back(schema(Severity::medium, fmt::format("{} classes are gone", gone.size()),
                             fmt::format("{}", fmt::join(gone, ", "))));
    if (significant(distance, now.labels.size(), before.labels.size()))
        out.push_back(distribution("the classes are distributed otherwise", distance,
                                   fmt::format("total variation {:.3f}", distance)));
}

std::vector<float> means_of(const Subject& subject) {
    std::vector<float> means;
    const std::size_t step = std::max<std::size_t>(1, subject.values.rows() / kFiguresOfPicture);
    for (std::size_t i = 0; i < subject.values.rows(); i += step) {
        double sum = 0;
        for (const float value : subject.values.row(i)) sum += value;
        means.push_back(static_cast<float>(sum / double(subject.values.width)));
    }
    return means;
}

void compare_arrays(const Subject& now, const Subject& before, std::vector<Issue>& out) {
    if (now.info.item_shape != before.info.item_shape) {
        out.push_back(
            schema(Severity::high, fmt::format("items have shape {} now, they had {}", to_string(now.info.item_shape),
                                               to_string(before.info.item_shape))));
        return;
    }
    const auto a = means_of(now), b = means_of(before);
    const double distance = ks_distance(a, b);
    if (significant(distance, a.size(), b.size()))
        out.push_back(distribution("the items are brighter or darker than they were", distance,
                                   fmt::format("Kolmogorov-Smirnov distance {:.3f} of their means", distance)));
}

}  // namespace

double ks_distance(std::vector<float> a, std::vector<float> b) {
    const auto unknown = [](float value) { return std::isnan(value); };
    std::erase_if(a, unknown);
    std::erase_if(b, unknown);
    if (a.empty() || b.empty()) return 0;
    std::ranges::sort(a);
    std::ranges::sort(b);
    double most = 0;
    for (std::size_t i = 0, k = 0; i < a.size() && k < b.size();) {
        const float value = std::min(a[i], b[k]);
        while (i < a.size() && a[i] == value) ++i;
        while (k < b.size() && b[k] == value) ++k;
        most = std::max(most, std::abs(double(i) / double(a.size()) - double(k) / double(b.size())));
    }
    return most;
}

std::vector<Issue> drift_issues(const Subject& now, const Subject& before) {
    std::vector<Issue> out;
    if (now.columns.empty() != before.columns.empty()) {
        out.push_back(schema(Severity::high, "one version is a table, the other is none"));
        return out;
    }
    compare_labels(now, before, out);
    if (now.columns.empty())
        compare_arrays(now, before, out);
    else
        compare_columns(now, before, out);
    return out;
}

}  // namespace bartizan::quality
