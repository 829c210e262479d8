#include "defences/trojan_verdict.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "defences/margin_scan.h"
#include "defences/trigger.h"

namespace bartizan::defences {
namespace trojan_verdict {
namespace {

// Ratios to clean models: from the first on a class is suspect, from the second on it is called a target.
constexpr double kSuspectRatio = 1.5;
constexpr double kTrojanRatio = 2;
// Without clean models: the thresholds of the two papers, and a trigger must work.
constexpr double kPublishedIndex = 2;
constexpr double kPublishedP = 0.05;
constexpr double kWorks = 0.75;
constexpr double kLeast = 1e-6;

double median_of(std::vector<double> values) {
    std::ranges::sort(values);
    return quantile(values, 0.5);
}

/// Divided by their median: a model that was trained longer has larger margins everywhere.
std::vector<double> relative(const std::vector<double>& values) {
    const double median = std::max(median_of(values), kLeast);
    std::vector<double> parts;
    for (const double value : values) parts.push_back(std::max(value / median, kLeast));
    return parts;
}

/// For each class the median over the models that `take` is true for.
std::vector<double> usual(const std::vector<std::vector<double>>& models, std::size_t left_out) {
    std::vector<double> medians;
    for (std::size_t c = 0; c < models.front().size(); ++c) {
        std::vector<double> of_class;
        for (std::size_t i = 0; i < models.size(); ++i)
            if (i != left_out) of_class.push_back(models[i][c]);
        medians.push_back(of_class.empty() ? 1 : median_of(of_class));
    }
    return medians;
}

/// Scores of the classes of one model against the models at hand; `left_out` is not one of them.
std::vector<ClassScore> scores_of(const ClassStatistics& model, const std::vector<std::vector<double>>& margins,
                                  const std::vector<std::vector<double>>& sizes, std::size_t left_out) {
    const std::size_t classes = model.margins.size();
    std::vector<ClassScore> scores(classes);
    const std::vector<double> own = relative(model.margins);
    const std::vector<double> others = margins.empty() ? std::vector<double>(classes, 1) : usual(margins, left_out);
    for (std::size_t c = 0; c < classes; ++c) scores[c].margin_ratio = own[c] / others[c];
    if (!model.sizes.empty()) {
        const std::vector<double> own_sizes = relative(model.sizes), indices = anomaly_indices(model.sizes);
        const std::vector<double> other_sizes =
            sizes.empty() ? std::vector<double>(classes, 1) : usual(sizes, left_out);
        for (std::size_t c = 0; c < classes; ++c) {
            scores[c].size_ratio = other_sizes[c] / own_sizes[c];
            scores[c].anomaly = indices[c];
        }
    }
    for (ClassScore& one : scores) one.score = std::max(one.margin_ratio, one.size_ratio);
    return scores;
}

std::size_t largest(const std::vector<ClassScore>& scores) {
    return static_cast<std::size_t>(std::ranges::max_element(scores, {}, &ClassScore::score) - scores.begin());
}

Result<void> check(const ClassStatistics& model, const std::vector<ClassStatistics>& references) {
    if (model.margins.size() < 2) return invalid_input("a classifier needs two classes at the least");
    const auto fits = [&](const ClassStatistics& one) {
        return one.margins.size() == model.margins.size() && one.sizes.size() == model.sizes.size() &&
               one.successes.size() == one.sizes.size() &&
               (one.sizes.empty() || one.sizes.size() == one.margins.size());
    };
    if (!fits(model)) return internal_error("statistics of different classes");
    for (const ClassStatistics& one : references)
        if (!fits(one))
            return invalid_input("a reference model has " + std::to_string(one.margins.size()) +
                                     " classes, the model has " + std::to_string(model.margins.size()),
                                 "references are clean models of the same task");
    return {};
}

Verdict by_published_thresholds(const ClassStatistics& model, Judgement& judgement) {
    // Both of one class: the class whose margin is largest must be the one whose trigger is unusually small.
    const auto by_margin = std::ranges::max_element(model.margins) - model.margins.begin();
    const auto by_size = model.sizes.empty() ? by_margin : std::ranges::min_element(model.sizes) - model.sizes.begin();
    const bool margin = judgement.margin_p < kPublishedP;
    const auto at = static_cast<std::size_t>(by_size);
    const bool size =
        !model.sizes.empty() && judgement.classes[at].anomaly > kPublishedIndex && model.successes[at] >= kWorks;
    if (!margin && !size) return Verdict::clean;
    judgement.target = size ? by_size : by_margin;
    judgement.score = judgement.classes[static_cast<std::size_t>(judgement.target)].score;
    return margin && size && by_margin == by_size ? Verdict::trojaned : Verdict::suspect;
}

}  // namespace
}  // namespace trojan_verdict

std::string_view to_string(Verdict verdict) {
    switch (verdict) {
        case Verdict::clean:
            return "clean";
        case Verdict::suspect:
            return "suspect";
        case Verdict::trojaned:
            return "trojaned";
    }
    return "suspect";
}

Result<Judgement> judge(const ClassStatistics& model, const std::vector<ClassStatistics>& references) {
    using namespace trojan_verdict;
    BARTIZAN_TRY(check(model, references));
    std::vector<std::vector<double>> margins, sizes;
    for (const ClassStatistics& one : references) {
        margins.push_back(relative(one.margins));
        if (!one.sizes.empty()) sizes.push_back(relative(one.sizes));
    }
    Judgement judgement{.calibrated = !references.empty(), .margin_p = margin_p_value(model.margins)};
    judgement.classes = scores_of(model, margins, sizes, references.size());
    const std::size_t first = largest(judgement.classes);
    judgement.target = static_cast<std::int64_t>(first);
    judgement.score = judgement.classes[first].score;
    judgement.threshold = kSuspectRatio;
    if (references.empty()) {
        judgement.verdict = by_published_thresholds(model, judgement);
        return judgement;
    }
    if (references.size() > 1) {
        judgement.references = static_cast<std::int64_t>(references.size());
        for (std::size_t i = 0; i < references.size(); ++i) {
            const std::vector<ClassScore> scores = scores_of(references[i], margins, sizes, i);
            judgement.references_flagged += scores[largest(scores)].score >= kSuspectRatio ? 1 : 0;
        }
        judgement.false_positive_rate = wilson_interval(judgement.references_flagged, judgement.references);
    }
    if (judgement.score >= kTrojanRatio)
        judgement.verdict = Verdict::trojaned;
    else if (judgement.score >= kSuspectRatio)
        judgement.verdict = Verdict::suspect;
    return judgement;
}

}  // namespace bartizan::defences
