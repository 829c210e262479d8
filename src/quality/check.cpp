#include "quality/check.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <fmt/format.h>

#include "core/random.h"
#include "quality/columns.h"
#include "quality/distribution.h"
#include "quality/drift.h"
#include "quality/examples.h"
#include "quality/label_check.h"
#include "quality/out_of_fold.h"
#include "quality/outliers.h"
#include "quality/personal_data.h"
#include "quality/repeats.h"
#include "quality/representation.h"

namespace bartizan::quality {
namespace {

constexpr std::size_t kMostNeighbours = 100'000;  ///< items: beyond, a sample stands for them
constexpr std::uint32_t kStandInPurpose = 41;

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
        check_features();
        take("duplicates", exact_duplicate_issues(subject_, repeated_));
        for (const std::string& other : options_.others)
            BARTIZAN_TRY_WITHIN(check_leaks(other), "--other '" + other + "'");
        if (options_.others.empty()) skip("leakage", "no other split was given with --other");
        if (!options_.against.empty())
            BARTIZAN_TRY_WITHIN(check_drift(), "--against '" + options_.against + "'");
        else
            skip("drift", "no earlier version was given with --against");
        for (const std::string& group : options_.groups)
            BARTIZAN_TRY_WITHIN(check_group(group), "--group '" + group + "'");
        if (options_.groups.empty()) skip("representation", "no groups were named with --group");
        BARTIZAN_TRY(check_neighbours());
        LabelVerdict verdict = BARTIZAN_TRY(check_labels(subject_, std::move(features_), options_.probabilities, run_));
        report_.model_accuracy = verdict.accuracy;
        if (verdict.reason.empty())
            take("label_errors", std::move(verdict.issues));
        else
            skip("label_errors", std::move(verdict.reason));
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

    void check_features() {
        Features features = features_of(subject_);
        features_ = std::move(features.matrix);
        if (features_.width == 0) features_.values.clear();
        const auto& out = features.left_out;
        if (!out.empty())
            skip("features", fmt::format("{} columns from '{}' on are left out of distances and of the small network: "
                                         "there is no room",
                                         out.size(), out.front()));
    }

    Result<void> check_leaks(const std::string& name) {
        data::OpenOptions open = options_.open;
        open.limit = open.sample = std::nullopt;
        auto issues = leak_issues(subject_, BARTIZAN_TRY(read_subject(name, open)), name);
        if (issues)
            take("leakage", *std::move(issues));
        else
            skip("leakage", "'" + name + "' has items of another form");
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
        rows = permutation(std::ssize(rows), run_.seed(), kStandInPurpose);
        rows.resize(kMostNeighbours);
        std::ranges::sort(rows);
        return rows;
    }

    Result<void> check_neighbours() {
        if (subject_.items() < kLeastLearnt || features_.width == 0) {
            const std::string reason = features_.width == 0
                                           ? std::string("there is nothing to measure distances by")
                                           : fmt::format("{} items are fewer than {}", subject_.items(), kLeastLearnt);
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
        if (auto outliers = outlier_issues(neighbours, ids))
            take("outliers", *std::move(outliers));
        else
            skip("outliers", "the middle half of the items are equally far from their neighbours");
        take("near_duplicates", near_duplicate_issues(subject_, features_, neighbours, rows, repeated_));
        take("order", order_issues(subject_, rows.size() == features_.rows() ? &neighbours : nullptr, run_.seed()));
        return {};
    }

    CheckReport finish() {
        std::vector<std::int64_t>& suspects = report_.suspects;
        for (Issue& issue : report_.issues) {
            if (issue.suspect) suspects.insert(suspects.end(), issue.indices.begin(), issue.indices.end());
            add_examples(subject_, issue);
        }
        std::ranges::sort(suspects);
        suspects.erase(std::unique(suspects.begin(), suspects.end()), suspects.end());
        std::ranges::stable_sort(report_.issues, [](const Issue& a, const Issue& b) {
            return a.severity != b.severity ? a.severity > b.severity : a.score > b.score;
        });
        return std::move(report_);
    }

    Subject subject_;
    const CheckOptions& options_;
    const RunContext& run_;
    Matrix features_;
    RowSet repeated_;  ///< rows that repeat an earlier one
    CheckReport report_;
};

}  // namespace

Result<CheckReport> check(const std::string& spec, const CheckOptions& options, const RunContext& run) {
    Subject subject = BARTIZAN_TRY(read_subject(spec, options.open));
    return Checker(std::move(subject), options, run).run();
}

}  // namespace bartizan::quality
