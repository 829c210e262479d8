#include "quality/repeats.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include <fmt/format.h>

#include "quality/duplicates.h"
#include "quality/resemblance.h"

namespace bartizan::quality {
namespace {

constexpr std::size_t kMostPairs = 1'000'000;
constexpr int kHashBits = 3;
constexpr double kSamePixels = 0.02;  ///< mean difference of two pictures that are one, of the range of pixels
constexpr double kNearDistance = 0.13;
constexpr double kManyRepeats = 0.01;

using Pairs = std::vector<std::pair<std::int64_t, std::int64_t>>;

double mean_difference(std::span<const float> a, std::span<const float> b) {
    double sum = 0;
    for (std::size_t i = 0; i < a.size(); ++i) sum += std::abs(a[i] - b[i]);
    return sum / static_cast<double>(std::max<std::size_t>(1, a.size()));
}

double distance(std::span<const float> a, std::span<const float> b) {
    double sum = 0;
    for (std::size_t i = 0; i < a.size(); ++i) sum += (double(a[i]) - b[i]) * (double(a[i]) - b[i]);
    return std::sqrt(sum);
}

/// What it looks like must agree too, not only its hash.
void keep_similar_pictures(const Matrix& x, Pairs& pairs) {
    std::erase_if(pairs, [&](const auto& pair) {
        const auto a = x.row(std::size_t(pair.first)), b = x.row(std::size_t(pair.second));
        const auto [low, high] = std::ranges::minmax(a);
        return mean_difference(a, b) > kSamePixels * std::max(1e-6, double(high) - double(low));
    });
}

/// Equal items have equal bytes: pixels, or the fingerprints of rows.
Matrix comparable(const Subject& subject) {
    if (subject.columns.empty()) return subject.values;
    constexpr std::size_t kWidth = sizeof(Fingerprint) / sizeof(float);
    Matrix out{std::vector<float>(subject.fingerprints.size() * kWidth), kWidth};
    std::memcpy(out.values.data(), subject.fingerprints.data(), subject.fingerprints.size() * sizeof(Fingerprint));
    return out;
}

/// Redundant items are the members of each group but the first.
Issue group_issue(const Subject& subject, const char* kind, Severity severity, const std::string& what,
                  std::vector<Group> groups) {
    Issue issue{.kind = kind, .severity = severity, .suspect = true};
    for (Group& group : groups) {
        for (std::int64_t& member : group) member = subject.ids[std::size_t(member)];
        issue.indices.insert(issue.indices.end(), group.begin() + 1, group.end());
        if (issue.groups.size() < kMostGroups) issue.groups.push_back(std::move(group));
    }
    issue.title = fmt::format("{} items {} ({} groups)", issue.indices.size(), what, groups.size());
    issue.score = double(issue.indices.size()) / double(subject.items());
    return issue;
}

/// Which of them has the right label is not known: all members are named.
Issue conflict_issue(const Subject& subject, const std::vector<Group>& groups) {
    Issue issue =
        group_issue(subject, "conflicting_labels", Severity::medium, "repeat another one under another label", groups);
    issue.indices.clear();
    for (const Group& group : groups)
        for (const std::int64_t member : group) issue.indices.push_back(subject.ids[std::size_t(member)]);
    if (issue.score > kManyRepeats) issue.severity = Severity::high;
    return issue;
}

Pairs close_pairs(const Matrix& features, const Neighbours& neighbours, const std::vector<std::int64_t>& rows,
                  const RowSet& repeated) {
    const auto k = static_cast<std::size_t>(neighbours.k);
    std::vector<double> nearest;
    for (std::size_t i = 0; i < neighbours.items(); ++i)
        nearest.push_back(distance(features.row(std::size_t(rows[i])),
                                   features.row(std::size_t(rows[std::size_t(neighbours.index[i * k])]))));
    std::vector<double> sorted = nearest;
    std::ranges::nth_element(sorted, sorted.begin() + std::ssize(sorted) / 2);
    const double bar = kNearDistance * sorted[sorted.size() / 2];
    Pairs close;
    for (std::size_t i = 0; i < nearest.size(); ++i) {
        const std::int64_t a = rows[i], b = rows[std::size_t(neighbours.index[i * k])];
        if (nearest[i] < bar && !repeated.contains(a) && !repeated.contains(b))
            close.emplace_back(std::min(a, b), std::max(a, b));
    }
    return close;
}

/// Items of both that resemble each other: (of `subject`, of `other`).
Pairs near_leaks(const Subject& subject, const Subject& other) {
    const std::int64_t mine = subject.items();
    Pairs pairs;
    const auto within_one = [&](const auto& pair) { return pair.first >= mine || pair.second < mine; };
    if (subject.pictures() && other.info.item_shape == subject.info.item_shape) {
        Matrix both = subject.values;
        both.values.insert(both.values.end(), other.values.values.begin(), other.values.values.end());
        pairs = similar_hashes(picture_hashes(both, subject.info.item_shape), kHashBits, kMostPairs);
        std::erase_if(pairs, within_one);
        keep_similar_pictures(both, pairs);
    } else if (!subject.columns.empty()) {
        std::vector<Parts> both = parts_of(subject);
        for (Parts& parts : parts_of(other)) both.push_back(std::move(parts));
        pairs = resembling(both, kResembles, kMostPairs);
        std::erase_if(pairs, within_one);
    }
    for (auto& pair : pairs) pair.second -= mine;
    return pairs;
}

Issue leak_issue(const Subject& subject, const char* kind, Severity severity, const char* how, const Pairs& pairs,
                 const std::string& name) {
    RowSet items;
    for (const auto& pair : pairs) items.insert(subject.ids[std::size_t(pair.first)]);
    Issue issue{.kind = kind,
                .severity = severity,
                .title = fmt::format("{} items are {} '{}' too", items.size(), how, name),
                .indices = {items.begin(), items.end()},
                .score = double(items.size()) / double(subject.items()),
                .detail = "what is in both splits makes a test too easy",
                .suspect = true};
    for (const auto& [a, b] : pairs)
        if (issue.groups.size() < kMostGroups) issue.groups.push_back({subject.ids[std::size_t(a)], b});
    return issue;
}

std::set<std::string_view> names_of(const Subject& subject) {
    std::set<std::string_view> names;
    for (const Column& column : subject.columns) names.insert(column.name);
    return names;
}

bool same_form(const Subject& a, const Subject& b) {
    return a.values.width == b.values.width && names_of(a) == names_of(b);
}

}  // namespace

std::vector<Issue> exact_duplicate_issues(const Subject& subject, RowSet& repeated) {
    std::vector<Group> agreeing, conflicting;
    const auto label = [&](std::int64_t i) { return subject.labels.empty() ? 0 : subject.labels[std::size_t(i)]; };
    for (const Group& group : exact_duplicates(comparable(subject))) {
        const bool same = std::ranges::all_of(group, [&](std::int64_t i) { return label(i) == label(group[0]); });
        (same ? agreeing : conflicting).push_back(group);
        repeated.insert(group.begin() + 1, group.end());
    }
    std::vector<Issue> issues;
    if (!agreeing.empty()) {
        issues.push_back(
            group_issue(subject, "exact_duplicate", Severity::low, "repeat another one", std::move(agreeing)));
        if (issues.back().score > kManyRepeats) issues.back().severity = Severity::medium;
    }
    if (!conflicting.empty()) issues.push_back(conflict_issue(subject, conflicting));
    return issues;
}

std::vector<Issue> near_duplicate_issues(const Subject& subject, const Matrix& features, const Neighbours& neighbours,
                                         const std::vector<std::int64_t>& rows, const RowSet& repeated) {
    Pairs pairs = close_pairs(features, neighbours, rows, repeated);
    Pairs more;
    if (subject.pictures()) {
        more = similar_hashes(picture_hashes(subject.values, subject.info.item_shape), kHashBits, kMostPairs);
        keep_similar_pictures(subject.values, more);
    } else if (!subject.columns.empty()) {
        more = resembling(parts_of(subject), kResembles, kMostPairs);
    }
    for (const auto& pair : more)
        if (!repeated.contains(pair.first) && !repeated.contains(pair.second)) pairs.push_back(pair);
    if (pairs.empty()) return {};
    return {group_issue(subject, "near_duplicate", Severity::low, "are nearly the same as another one",
                        grouped(std::size_t(subject.items()), pairs))};
}

std::optional<std::vector<Issue>> leak_issues(const Subject& subject, const Subject& other, const std::string& name) {
    if (!same_form(subject, other)) return std::nullopt;
    const Pairs exact = exact_leaks(comparable(subject), comparable(other));
    Pairs near = near_leaks(subject, other);
    RowSet equal;
    for (const auto& pair : exact) equal.insert(pair.second);
    std::erase_if(near, [&](const auto& pair) { return equal.contains(pair.second); });
    std::vector<Issue> issues;
    if (!exact.empty()) issues.push_back(leak_issue(subject, "leak", Severity::high, "in", exact, name));
    if (!near.empty())
        issues.push_back(leak_issue(subject, "near_leak", Severity::medium, "nearly the same in", near, name));
    return issues;
}

}  // namespace bartizan::quality
