#include "quality/label_check.h"

#include <algorithm>
#include <cmath>
#include <set>

#include <fmt/format.h>

#include "formats/npz.h"
#include "quality/label_errors.h"
#include "quality/out_of_fold.h"
#include "quality/outliers.h"

namespace bartizan::quality {
namespace {

constexpr double kManyErrors = 0.05;

/// Those that have a label, with what is known of them.
struct Labelled {
    std::vector<std::int64_t> rows, labels, ids;
    std::vector<float> probabilities;  ///< [rows, classes]
    std::int64_t classes = 0;
};

Labelled labelled(const Subject& subject) {
    Labelled out{.classes = subject.classes};
    for (std::size_t i = 0; i < subject.labels.size(); ++i) {
        if (subject.labels[i] < 0) continue;
        out.rows.push_back(std::int64_t(i));
        out.labels.push_back(subject.labels[i]);
        out.ids.push_back(subject.ids[i]);
    }
    return out;
}

std::string why_not(const Subject& subject, const Labelled& items, const Matrix& features, bool given) {
    if (subject.labels.empty()) return "there are no labels";
    if (std::set<std::int64_t>(items.labels.begin(), items.labels.end()).size() < 2) return "there is one class only";
    if (subject.classes > std::max<std::int64_t>(2, subject.items() / 2))
        return "nearly every item has a class of its own";
    if (given) return {};
    if (std::ssize(items.rows) < kLeastLearnt)
        return fmt::format("{} items are fewer than {}", items.rows.size(), kLeastLearnt);
    if (features.width == 0) return "there are no features to learn from";
    return {};
}

/// The rows of the labelled items.
Result<void> read_probabilities(const Subject& subject, const std::string& path, Labelled& items) {
    const formats::Npz npz = BARTIZAN_TRY(formats::Npz::open(path));
    const std::string name = npz.has("pred_probs") ? "pred_probs" : npz.names().size() == 1 ? npz.names()[0] : "";
    if (name.empty()) return invalid_input("no array called 'pred_probs'", "store it under that name");
    const NdArray array = BARTIZAN_TRY(npz.array(name));
    if (array.rank() != 2 || array.shape()[1] < subject.classes ||
        array.shape()[0] <= (subject.ids.empty() ? 0 : subject.ids.back()))
        return invalid_input(fmt::format("probabilities of shape {} for {} items of {} classes",
                                         to_string(array.shape()), subject.items(), subject.classes),
                             "give one row an item and one column a class");
    items.classes = array.shape()[1];
    const auto width = std::size_t(items.classes);
    items.probabilities.reserve(items.ids.size() * width);
    const auto copy = [&]<class T>(std::span<const T> values) {
        for (const std::int64_t id : items.ids)
            for (const T value : values.subspan(std::size_t(id) * width, width))
                items.probabilities.push_back(float(value));
    };
    if (array.dtype() == DType::f32)
        copy(array.values<float>());
    else if (array.dtype() == DType::f64)
        copy(array.values<double>());
    else
        return unsupported("probabilities of " + std::string(to_string(array.dtype())), "store them as float32");
    return {};
}

Result<double> learn(const Subject& subject, Matrix features, Labelled& items, const RunContext& run) {
    if (items.rows.size() < features.rows()) {
        Matrix part{{}, features.width};
        for (const std::int64_t row : items.rows) {
            const auto values = features.row(std::size_t(row));
            part.values.insert(part.values.end(), values.begin(), values.end());
        }
        features = std::move(part);
    }
    if (subject.pictures())
        standardise_as_one(features);
    else
        standardise(features);
    OutOfFold folds = BARTIZAN_TRY(out_of_fold(features, items.labels, items.classes, run));
    items.probabilities = std::move(folds.probabilities);
    return folds.accuracy;
}

/// Why the network's answers say nothing about labels; empty: they do. Mean recall over the classes, which does not
/// flatter a network that always names the largest, must lie beyond chance by two deviations.
std::string knows_nothing(const Labelled& items) {
    const auto width = std::size_t(items.classes);
    std::vector<double> of_class(width, 0), right(width, 0);
    for (std::size_t i = 0; i < items.labels.size(); ++i) {
        const auto row = std::span(items.probabilities).subspan(i * width, width);
        const auto label = std::size_t(items.labels[i]);
        ++of_class[label];
        right[label] += std::ranges::max_element(row) - row.begin() == items.labels[i] ? 1 : 0;
    }
    double classes = 0, recall = 0, variance = 0;
    for (std::size_t k = 0; k < width; ++k) {
        if (of_class[k] == 0) continue;
        ++classes;
        recall += right[k] / of_class[k];
        variance += 0.25 / of_class[k];
    }
    recall /= classes;
    if (recall > 1 / classes + 2 * std::sqrt(variance) / classes) return {};
    return fmt::format(
        "a small network names {:.0f} % of each class, {:.0f} % are chance: it learnt nothing from the features",
        100 * recall, 100 / classes);
}

Issue label_error_issue(const LabelErrors& errors, const Labelled& items, double accuracy) {
    const double share = double(errors.items.size()) / double(items.ids.size());
    const bool given = accuracy < 0;  // a small network's own errors stop no pipeline
    Issue issue{.kind = "label_error",
                .severity = share > kManyErrors && given ? Severity::high : Severity::medium,
                .title = fmt::format("{} labels are probably wrong", errors.items.size()),
                .score = share,
                .detail = given ? std::string("by the probabilities given")
                                : fmt::format("by a small network that agrees with {:.1f} % of the labels that it did "
                                              "not see; better probabilities can be given with --probabilities",
                                              100 * accuracy),
                .suspect = true,
                .suggested = errors.suggested};
    for (const std::int64_t item : errors.items) issue.indices.push_back(items.ids[std::size_t(item)]);
    return issue;
}

}  // namespace

Result<LabelVerdict> check_labels(const Subject& subject, Matrix features, const std::string& probabilities,
                                  const RunContext& run) {
    const bool given = !probabilities.empty();
    Labelled items = labelled(subject);
    LabelVerdict verdict{.reason = why_not(subject, items, features, given)};
    if (!verdict.reason.empty()) return verdict;
    if (given)
        BARTIZAN_TRY_WITHIN(read_probabilities(subject, probabilities, items),
                            "--probabilities '" + probabilities + "'");
    else
        verdict.accuracy = BARTIZAN_TRY(learn(subject, std::move(features), items, run));
    if (!given && !(verdict.reason = knows_nothing(items)).empty()) return verdict;
    const LabelErrors errors = BARTIZAN_TRY(find_label_errors(items.probabilities, items.labels, items.classes));
    verdict.issues = ambiguity_issues(items.probabilities, items.classes, items.ids);
    if (!errors.items.empty()) verdict.issues.push_back(label_error_issue(errors, items, verdict.accuracy));
    return verdict;
}

}  // namespace bartizan::quality
