#include "quality/check.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include <fmt/format.h>

#include "core/random.h"
#include "formats/npz.h"
#include "quality/columns.h"
#include "quality/distribution.h"
#include "quality/drift.h"
#include "quality/duplicates.h"
#include "quality/label_errors.h"
#include "quality/out_of_fold.h"
#include "quality/outliers.h"
#include "quality/personal_data.h"
#include "quality/representation.h"
#include "quality/resemblance.h"

namespace bartizan::quality {
namespace {

constexpr std::int64_t kLeastItems = 50;          ///< for a model of folds, and for distances
constexpr std::size_t kMostNeighbours = 100'000;  ///< items: beyond, a sample stands for them
constexpr std::size_t kMostPairs = 1'000'000;
constexpr int kHashBits = 3;
constexpr double kSamePixels = 0.02;  ///< mean difference of two pictures that are one, of the range of pixels
constexpr double kNearDistance = 0.13;
constexpr std::uint32_t kSamplePurpose = 41;

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

/// Two versions of the bytes of an item: what it looks like must agree too, not only its hash.
void keep_similar_pictures(const Matrix& x, Pairs& pairs) {
    std::erase_if(pairs, [&](const auto& pair) {
        const auto a = x.row(std::size_t(pair.first)), b = x.row(std::size_t(pair.second));
        const auto [low, high] = std::ranges::minmax(a);
        return mean_difference(a, b) > kSamePixels * std::max(1e-6, double(high) - double(low));
    });
}

class Checker {
public:
    Checker(Subject subject, const CheckOptions& options, const RunContext& run)
        : subject_(std::move(subject)), options_(options), run_(run) {
        report_.info = subject_.info;
        report_.items = subject_.items();
        report_.classes = subject_.classes;
        report_.class_names = subject_.class_names;
    }

    Result<CheckReport> run() {
        check_content();
        features_ = features_of(subject_);
        if (features_.width == 0) features_.values.clear();
        check_exact_duplicates();
        for (const std::string& other : options_.others)
            BARTIZAN_TRY_WITHIN(check_leaks(other), "--other '" + other + "'");
        if (!options_.against.empty())
            BARTIZAN_TRY_WITHIN(check_drift(), "--against '" + options_.against + "'");
        else
            skip("drift", "no earlier version was given with --against");
        if (options_.others.empty()) skip("leakage", "no other split was given with --other");
        for (const std::string& group : options_.groups)
            BARTIZAN_TRY_WITHIN(check_group(group), "--group '" + group + "'");
        if (options_.groups.empty()) skip("representation", "no groups were named with --group");
        BARTIZAN_TRY(check_neighbours());
        BARTIZAN_TRY(check_labels());
        return finish();
    }

private:
    void skip(std::string_view what, std::string reason) { report_.skipped.push_back({what, std::move(reason)}); }

    void take(const char* what, std::vector<Issue> issues) {
        if (report_.ran.empty() || report_.ran.back() != what) report_.ran.emplace_back(what);
        for (Issue& issue : issues) report_.issues.push_back(std::move(issue));
    }

    void check_content() {
        take("values", subject_.columns.empty() ? array_issues(subject_) : column_issues(subject_));
        const bool text = std::ranges::any_of(subject_.columns, [](const Column& c) { return !c.cells.empty(); });
        if (text)
            take("personal_data", personal_data_issues(subject_));
        else
            skip("personal_data", "there is no text in it");
        if (subject_.labels.empty()) {
            skip("labels", "there are no labels; name their column with --label");
            return;
        }
        take("labels", label_issues(subject_));
        if (subject_.items() >= 100)
            take("spurious_correlation", telling_issues(subject_));
        else
            skip("spurious_correlation", fmt::format("{} items are fewer than 100", subject_.items()));
    }

    /// The numbers and the words of every row, so that equal rows have equal bytes.
    Matrix comparable(const Subject& subject) const {
        if (subject.columns.empty()) return subject.values;
        Matrix out{{}, subject.columns.size() * 2};
        out.values.assign(std::size_t(subject.items()) * out.width, 0);
        for (std::size_t c = 0; c < subject.columns.size(); ++c) {
            const Column& column = subject.columns[c];
            for (std::size_t row = 0; row < column.numbers.size(); ++row)
                out.values[row * out.width + 2 * c] = std::isnan(column.numbers[row]) ? 0.5F : column.numbers[row];
            for (const Cell& cell : column.cells) {
                const std::size_t hash = std::hash<std::string_view>{}(column.text(cell));
                float* at = out.values.data() + cell.row * out.width + 2 * c;
                at[0] = static_cast<float>(hash & 0xffffffU);
                at[1] = static_cast<float>(hash >> 40);
            }
        }
        return out;
    }

    /// Redundant items are the members of each group but the first.
    Issue group_issue(const char* kind, Severity severity, const std::string& what, std::vector<Group> groups) {
        Issue issue{.kind = kind, .severity = severity, .suspect = true};
        for (Group& group : groups) {
            for (std::int64_t& member : group) member = subject_.ids[std::size_t(member)];
            issue.indices.insert(issue.indices.end(), group.begin() + 1, group.end());
            if (issue.groups.size() < kMostGroups) issue.groups.push_back(std::move(group));
        }
        issue.title = fmt::format("{} items {} ({} groups)", issue.indices.size(), what, groups.size());
        issue.score = double(issue.indices.size()) / double(subject_.items());
        return issue;
    }

    void check_exact_duplicates() {
        const std::vector<Group> groups = exact_duplicates(comparable(subject_));
        std::vector<Group> agreeing, conflicting;
        for (const Group& group : groups) {
            const auto label = [&](std::int64_t i) {
                return subject_.labels.empty() ? 0 : subject_.labels[std::size_t(i)];
            };
            const bool same = std::ranges::all_of(group, [&](std::int64_t i) { return label(i) == label(group[0]); });
            (same ? agreeing : conflicting).push_back(group);
            for (std::size_t i = 1; i < group.size(); ++i) duplicates_.insert(group[i]);
        }
        std::vector<Issue> issues;
        if (!agreeing.empty()) {
            issues.push_back(group_issue("exact_duplicate", Severity::low, "repeat another one", std::move(agreeing)));
            if (issues.back().score > 0.01) issues.back().severity = Severity::medium;
        }
        if (!conflicting.empty()) {
            Issue issue = group_issue("conflicting_labels", Severity::medium, "repeat another one under another label",
                                      std::move(conflicting));
            issue.indices.clear();
            for (const Group& group : issue.groups)
                issue.indices.insert(issue.indices.end(), group.begin(), group.end());
            if (issue.score > 0.01) issue.severity = Severity::high;
            issues.push_back(std::move(issue));
        }
        take("duplicates", std::move(issues));
    }

    /// Items of both that resemble each other, not equal ones: (of this, of the other).
    Pairs near_leaks(const Subject& other) const {
        const std::int64_t mine = subject_.items();
        Pairs pairs;
        if (subject_.pictures() && other.info.item_shape == subject_.info.item_shape) {
            Matrix both = subject_.values;
            both.values.insert(both.values.end(), other.values.values.begin(), other.values.values.end());
            pairs = similar_hashes(picture_hashes(both, subject_.info.item_shape), kHashBits, kMostPairs);
            std::erase_if(pairs, [&](const auto& pair) { return pair.first >= mine || pair.second < mine; });
            keep_similar_pictures(both, pairs);
        } else if (!subject_.columns.empty()) {
            std::vector<Parts> both = parts_of(subject_);
            for (Parts& parts : parts_of(other)) both.push_back(std::move(parts));
            pairs = resembling(both, kResembles, kMostPairs);
            std::erase_if(pairs, [&](const auto& pair) { return pair.first >= mine || pair.second < mine; });
        }
        for (auto& pair : pairs) pair.second -= mine;
        return pairs;
    }

    Issue leak_issue(const char* kind, Severity severity, const char* how, const Pairs& pairs,
                     const std::string& name) {
        std::set<std::int64_t> items;
        for (const auto& pair : pairs) items.insert(subject_.ids[std::size_t(pair.first)]);
        Issue issue{.kind = kind,
                    .severity = severity,
                    .title = fmt::format("{} items are {} '{}' too", items.size(), how, name),
                    .indices = {items.begin(), items.end()},
                    .score = double(items.size()) / double(subject_.items()),
                    .detail = "what is in both splits makes a test too easy",
                    .suspect = true};
        for (const auto& [a, b] : pairs)
            if (issue.groups.size() < kMostGroups) issue.groups.push_back({subject_.ids[std::size_t(a)], b});
        return issue;
    }

    Result<void> check_leaks(const std::string& name) {
        data::OpenOptions open = options_.open;
        open.limit = open.sample = std::nullopt;
        const Subject other = BARTIZAN_TRY(read_subject(name, open));
        if (other.columns.size() != subject_.columns.size() || other.values.width != subject_.values.width) {
            skip("leakage", "'" + name + "' has items of another form");
            return {};
        }
        const Pairs exact = exact_leaks(comparable(subject_), comparable(other));
        Pairs near = near_leaks(other);
        const std::set<std::int64_t> equal = [&] {
            std::set<std::int64_t> out;
            for (const auto& pair : exact) out.insert(pair.second);
            return out;
        }();
        std::erase_if(near, [&](const auto& pair) { return equal.contains(pair.second); });
        std::vector<Issue> issues;
        if (!exact.empty()) issues.push_back(leak_issue("leak", Severity::high, "in", exact, name));
        if (!near.empty())
            issues.push_back(leak_issue("near_leak", Severity::medium, "nearly the same in", near, name));
        take("leakage", std::move(issues));
        return {};
    }

    Result<void> check_drift() {
        data::OpenOptions open = options_.open;
        open.limit = open.sample = std::nullopt;
        take("drift", drift_issues(subject_, BARTIZAN_TRY(read_subject(options_.against, open))));
        return {};
    }

    Result<void> check_group(const std::string& group) {
        data::Batch batch;
        batch.ids = subject_.ids;
        std::string file = options_.group_file;
        if (file.empty() && subject_.info.format == "csv") file = subject_.info.path;
        if (file.empty() && !subject_.columns.empty()) {
            batch.x = BARTIZAN_TRY(NdArray::zeros(DType::f32, {subject_.items(), std::ssize(subject_.columns)}));
            const std::span<float> x = batch.x.mutable_values<float>();
            for (std::size_t c = 0; c < subject_.columns.size(); ++c)
                for (std::size_t row = 0; row < subject_.columns[c].numbers.size(); ++row)
                    x[row * subject_.columns.size() + c] = subject_.columns[c].numbers[row];
        }
        const data::Grouping grouping = BARTIZAN_TRY(data::read_grouping(subject_.info, batch, group, file));
        take("representation", representation_issues(subject_, grouping));
        return {};
    }

    /// The rows that stand for all where there are too many.
    std::vector<std::int64_t> rows_for_neighbours() const {
        std::vector<std::int64_t> rows(features_.rows());
        std::iota(rows.begin(), rows.end(), 0);
        if (rows.size() <= kMostNeighbours) return rows;
        rows = permutation(std::ssize(rows), run_.seed(), kSamplePurpose);
        rows.resize(kMostNeighbours);
        std::ranges::sort(rows);
        return rows;
    }

    Result<void> check_neighbours() {
        if (subject_.items() < kLeastItems || features_.width == 0) {
            const std::string reason = features_.width == 0
                                           ? std::string("there is nothing to measure distances by")
                                           : fmt::format("{} items are fewer than {}", subject_.items(), kLeastItems);
            for (const char* what : {"outliers", "near_duplicates"}) skip(what, reason);
            take("order", order_issues(subject_, nullptr, run_.seed()));
            return {};
        }
        const std::vector<std::int64_t> rows = rows_for_neighbours();
        Matrix projected = project(features_, run_.seed());
        if (rows.size() < features_.rows()) {
            Matrix part{{}, projected.width};
            for (const std::int64_t row : rows) {
                const auto values = projected.row(std::size_t(row));
                part.values.insert(part.values.end(), values.begin(), values.end());
            }
            projected = std::move(part);
            skip("outliers", fmt::format("of {} items a sample of {} was compared", subject_.items(), rows.size()));
        }
        Neighbours neighbours = BARTIZAN_TRY(nearest(projected, kNeighbours, run_));
        std::vector<std::int64_t> ids;
        for (const std::int64_t row : rows) ids.push_back(subject_.ids[std::size_t(row)]);
        take("outliers", outlier_issues(neighbours, ids));
        check_near_duplicates(neighbours, rows);
        take("order", order_issues(subject_, rows.size() == features_.rows() ? &neighbours : nullptr, run_.seed()));
        return {};
    }

    /// A nearest neighbour within 0.13 of the median distance to the nearest, in all columns, not only the projected.
    Pairs close_pairs(const Neighbours& neighbours, const std::vector<std::int64_t>& rows) const {
        const auto k = static_cast<std::size_t>(neighbours.k);
        std::vector<double> nearest;
        Pairs pairs;
        for (std::size_t i = 0; i < neighbours.items(); ++i) {
            const auto a = rows[i], b = rows[std::size_t(neighbours.index[i * k])];
            const double d = distance(features_.row(std::size_t(a)), features_.row(std::size_t(b)));
            nearest.push_back(d);
            if (!duplicates_.contains(a) && !duplicates_.contains(b))
                pairs.emplace_back(std::min(a, b), std::max(a, b));
            else
                pairs.emplace_back(-1, -1);
        }
        std::vector<double> sorted = nearest;
        std::ranges::nth_element(sorted, sorted.begin() + std::ssize(sorted) / 2);
        const double bar = kNearDistance * sorted[sorted.size() / 2];
        Pairs close;
        for (std::size_t i = 0; i < pairs.size(); ++i)
            if (pairs[i].first >= 0 && nearest[i] < bar) close.push_back(pairs[i]);
        return close;
    }

    void check_near_duplicates(const Neighbours& neighbours, const std::vector<std::int64_t>& rows) {
        Pairs pairs = close_pairs(neighbours, rows);
        Pairs more;
        if (subject_.pictures()) {
            more = similar_hashes(picture_hashes(subject_.values, subject_.info.item_shape), kHashBits, kMostPairs);
            keep_similar_pictures(subject_.values, more);
        } else if (!subject_.columns.empty()) {
            more = resembling(parts_of(subject_), kResembles, kMostPairs);
        }
        for (const auto& pair : more)
            if (!duplicates_.contains(pair.first) && !duplicates_.contains(pair.second)) pairs.push_back(pair);
        std::vector<Issue> issues;
        if (!pairs.empty())
            issues.push_back(group_issue("near_duplicate", Severity::low, "are nearly the same as another one",
                                         grouped(std::size_t(subject_.items()), pairs)));
        take("near_duplicates", std::move(issues));
    }

    Result<std::vector<float>> given_probabilities() const {
        const formats::Npz npz = BARTIZAN_TRY(formats::Npz::open(options_.probabilities));
        const std::string name = npz.has("pred_probs") ? "pred_probs" : npz.names().size() == 1 ? npz.names()[0] : "";
        if (name.empty()) return invalid_input("no array called 'pred_probs'", "store it under that name");
        const NdArray array = BARTIZAN_TRY(npz.array(name));
        if (array.rank() != 2 || array.shape()[1] < subject_.classes ||
            array.shape()[0] <= (subject_.ids.empty() ? 0 : subject_.ids.back()))
            return invalid_input(fmt::format("probabilities of shape {} for {} items of {} classes",
                                             to_string(array.shape()), subject_.items(), subject_.classes),
                                 "give one row an item and one column a class");
        const auto width = std::size_t(array.shape()[1]);
        std::vector<float> out;
        out.reserve(subject_.ids.size() * width);
        const auto copy = [&]<class T>(std::span<const T> values) {
            for (const std::int64_t id : subject_.ids)
                for (const T value : values.subspan(std::size_t(id) * width, width)) out.push_back(float(value));
        };
        if (array.dtype() == DType::f32)
            copy(array.values<float>());
        else if (array.dtype() == DType::f64)
            copy(array.values<double>());
        else
            return unsupported("probabilities of " + std::string(to_string(array.dtype())), "store them as float32");
        return out;
    }

    /// Why no label can be doubted; empty: it can.
    std::string no_label_check() const {
        if (subject_.labels.empty()) return "there are no labels";
        const std::set<std::int64_t> seen(subject_.labels.begin(), subject_.labels.end());
        if (std::ssize(seen) - (seen.contains(-1) ? 1 : 0) < 2) return "there is one class only";
        if (subject_.classes > std::max<std::int64_t>(2, subject_.items() / 2))
            return "nearly every item has a class of its own";
        if (!options_.probabilities.empty()) return {};
        if (subject_.items() < kLeastItems)
            return fmt::format("{} items are fewer than {}", subject_.items(), kLeastItems);
        if (features_.width == 0) return "there are no features to learn from";
        return {};
    }

    Result<void> check_labels() {
        if (std::string reason = no_label_check(); !reason.empty()) {
            skip("label_errors", std::move(reason));
            return {};
        }
        std::vector<std::int64_t> rows, labels;
        for (std::size_t i = 0; i < subject_.labels.size(); ++i)
            if (subject_.labels[i] >= 0) {
                rows.push_back(std::int64_t(i));
                labels.push_back(subject_.labels[i]);
            }
        std::vector<std::int64_t> ids;
        for (const std::int64_t row : rows) ids.push_back(subject_.ids[std::size_t(row)]);
        std::int64_t classes = subject_.classes;
        std::vector<float> probabilities;
        if (!options_.probabilities.empty()) {
            const auto all =
                BARTIZAN_TRY_WITHIN(given_probabilities(), "--probabilities '" + options_.probabilities + "'");
            classes = std::ssize(all) / subject_.items();
            for (const std::int64_t row : rows)
                probabilities.insert(probabilities.end(), all.begin() + row * classes,
                                     all.begin() + (row + 1) * classes);
        } else {
            probabilities = BARTIZAN_TRY(learn(rows, labels));
        }
        const LabelErrors errors = BARTIZAN_TRY(find_label_errors(probabilities, labels, classes));
        std::vector<Issue> issues = ambiguity_issues(probabilities, classes, ids);
        if (!errors.items.empty()) issues.push_back(label_error_issue(errors, ids));
        take("label_errors", std::move(issues));
        return {};
    }

    Result<std::vector<float>> learn(const std::vector<std::int64_t>& rows, const std::vector<std::int64_t>& labels) {
        Matrix features = rows.size() == features_.rows() ? std::move(features_) : Matrix{{}, features_.width};
        if (features.values.empty())
            for (const std::int64_t row : rows) {
                const auto values = features_.row(std::size_t(row));
                features.values.insert(features.values.end(), values.begin(), values.end());
            }
        standardise(features);
        OutOfFold folds = BARTIZAN_TRY(out_of_fold(features, labels, subject_.classes, run_));
        report_.model_accuracy = folds.accuracy;
        return std::move(folds.probabilities);
    }

    Issue label_error_issue(const LabelErrors& errors, const std::vector<std::int64_t>& ids) const {
        const double share = double(errors.items.size()) / double(ids.size());
        const bool given = !options_.probabilities.empty();  // a small model's own errors stop no pipeline
        Issue issue{
            .kind = "label_error",
            .severity = share > 0.05 && given ? Severity::high : Severity::medium,
            .title = fmt::format("{} labels are probably wrong", errors.items.size()),
            .score = share,
            .detail = given
                          ? std::string("by the probabilities given")
                          : fmt::format("by a linear model that is right on {:.1f} % of what it did not see; better "
                                        "probabilities can be given with --probabilities",
                                        100 * report_.model_accuracy),
            .suspect = true,
            .suggested = errors.suggested};
        for (const std::int64_t item : errors.items) issue.indices.push_back(ids[std::size_t(item)]);
        return issue;
    }

    CheckReport finish() {
        std::set<std::int64_t> suspects;
        for (Issue& issue : report_.issues) {
            if (issue.suspect) suspects.insert(issue.indices.begin(), issue.indices.end());
            if (issue.indices.size() <= kMostIndices) continue;
            issue.indices.resize(kMostIndices);
            issue.suggested.resize(std::min(issue.suggested.size(), kMostIndices));
        }
        report_.suspects.assign(suspects.begin(), suspects.end());
        std::ranges::stable_sort(report_.issues, [](const Issue& a, const Issue& b) {
            return a.severity != b.severity ? a.severity > b.severity : a.score > b.score;
        });
        return std::move(report_);
    }

    Subject subject_;
    const CheckOptions& options_;
    const RunContext& run_;
    Matrix features_;
    std::set<std::int64_t> duplicates_;  ///< rows that repeat an earlier one
    CheckReport report_;
};

}  // namespace

Result<CheckReport> check(const std::string& spec, const CheckOptions& options, const RunContext& run) {
    Subject subject = BARTIZAN_TRY(read_subject(spec, options.open));
    return Checker(std::move(subject), options, run).run();
}

}  // namespace bartizan::quality
