#include "defences/trojan_verdict.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "defences/margin_scan.h"
#include "defences/trigger.h"

namespace bartizan::defences {
namespace trojan_verdict {
namespace {

/// From the first score on a class is suspect, from the second on it is called a target.
constexpr double kSuspect = 1, kTrojaned = 1.5;
// Without clean models: the thresholds of the two papers, and a trigger must work.
constexpr double kPublishedIndex = 2;
constexpr double kPublishedP = 0.05;
constexpr double kWorks = 0.75;
/// The lowest loss of a universal change lies so many times below the median class, and so many times below that of
/// every other class. Clean residual networks have several classes that are easy to reach, a trojan opens one.
constexpr double kReach = 4;
constexpr double kLead = 3;
constexpr double kLeastLoss = 1e-3;
constexpr double kLeast = 1e-6;

/// One statistic: how it is made comparable, and from where on it counts.
struct Family {
    Measure measure;
    std::vector<double> ClassStatistics::*values;
    int sign;          ///< +1: large is easy to reach; -1: small is
    double floor;      ///< smaller values are all alike
    double deviation;  ///< usual deviation of a clean model from the median of others, of the logarithm
    double limit;      ///< deviations that make a class suspect
};

// Deviations and limits: from clean models that the benchmark's own are not among (docs/benchmarks.md), limits at about
// twice what the largest of ten classes, or of ninety pairs, reached in them. Of a pair that falls below a fifth of a nat
// nothing more is to be learned: some are there in clean models.
constexpr Family kFamilies[] = {
    {Measure::margin, &ClassStatistics::margins, 1, kLeast, 0.15, 5},
    {Measure::trigger_size, &ClassStatistics::sizes, -1, kLeast, 0.1, 5},
    {Measure::universal_change, &ClassStatistics::universal, -1, 0.01, 0.12, 6},
    {Measure::stripes, &ClassStatistics::striped, -1, 0.01, 0.15, 6},
    {Measure::paired_change, &ClassStatistics::paired, -1, 0.2, 0.15, 8},
};
constexpr double kDeviationWeight = 10;  // what is usual counts as so many observations beside the references' own

using Cells = std::vector<double>;

double median_of(Cells values) {
    std::ranges::sort(values);
    return quantile(values, 0.5);
}

/// Logarithms, large where a class is easy to reach, less their median: a model that was trained longer has larger
/// margins everywhere.
Cells ease_of(const Family& family, const Cells& values) {
    Cells ease;
    for (const double value : values) ease.push_back(family.sign * std::log(std::max(value, family.floor)));
    const double median = ease.empty() ? 0 : median_of(ease);
    for (double& one : ease) one -= median;
    return ease;
}

/// For each cell the median over the models but those left out; 0 where there are none.
Cells usual(const std::vector<Cells>& models, std::size_t cells, std::initializer_list<std::size_t> left_out) {
    Cells medians;
    for (std::size_t c = 0; c < cells; ++c) {
        Cells of_cell;
        for (std::size_t i = 0; i < models.size(); ++i)
            if (std::ranges::find(left_out, i) == left_out.end()) of_cell.push_back(models[i][c]);
        medians.push_back(of_cell.empty() ? 0 : median_of(of_cell));
    }
    return medians;
}

/// How far a clean model lies from the median of the others: of the references, drawn to what is usual.
double deviation_of(const Family& family, const std::vector<Cells>& models, std::size_t left_out) {
    double squares = kDeviationWeight * family.deviation * family.deviation, count = kDeviationWeight;
    const std::size_t others = models.size() - (left_out < models.size() ? 1 : 0);
    if (others < 2) return family.deviation;
    for (std::size_t i = 0; i < models.size(); ++i) {
        if (i == left_out) continue;
        const Cells expected = usual(models, models[i].size(), {i, left_out});
        for (std::size_t c = 0; c < expected.size(); ++c) {
            squares += (models[i][c] - expected[c]) * (models[i][c] - expected[c]);
            ++count;
        }
    }
    return std::sqrt(squares / count);
}

/// Source and target of a cell; all but pairs have no source.
struct Pair {
    std::optional<std::int64_t> source;
    std::size_t target = 0;
};

Pair pair_at(const Family& family, std::size_t cell, std::size_t classes) {
    if (family.measure != Measure::paired_change) return {std::nullopt, cell % classes};
    const std::size_t source = cell / (classes - 1), place = cell % (classes - 1);
    return {static_cast<std::int64_t>(source), place < source ? place : place + 1};
}

/// The models at hand, one statistic.
struct Usual {
    const Family* family;
    std::vector<Cells> models;
};

void add_scores(const Usual& known, const Cells& values, std::size_t left_out, std::vector<ClassScore>& scores) {
    const Family& family = *known.family;
    const Cells ease = ease_of(family, values), expected = usual(known.models, values.size(), {left_out});
    const double unit = family.limit * deviation_of(family, known.models, left_out);
    for (std::size_t cell = 0; cell < ease.size(); ++cell) {
        const Pair pair = pair_at(family, cell, scores.size());
        ClassScore& one = scores[pair.target];
        const double excess = ease[cell] - expected[cell];
        if (family.measure == Measure::margin) one.margin_ratio = std::exp(excess);
        if (family.measure == Measure::trigger_size) one.size_ratio = std::exp(excess);
        if (excess / unit <= one.score) continue;
        one.score = excess / unit;
        one.by = family.measure;
        one.source = pair.source;
    }
}

/// Scores of the classes of one model against the models at hand; `left_out` is not one of them.
std::vector<ClassScore> scores_of(const ClassStatistics& model, const std::vector<Usual>& known, std::size_t left_out) {
    std::vector<ClassScore> scores(model.margins.size());
    for (const Usual& one : known) add_scores(one, model.*one.family->values, left_out, scores);
    if (model.sizes.empty()) return scores;
    const std::vector<double> indices = anomaly_indices(model.sizes);
    for (std::size_t c = 0; c < scores.size(); ++c) scores[c].anomaly = indices[c];
    return scores;
}

std::size_t largest(const std::vector<ClassScore>& scores) {
    return static_cast<std::size_t>(std::ranges::max_element(scores, {}, &ClassScore::score) - scores.begin());
}

Result<void> check(const ClassStatistics& model, const std::vector<ClassStatistics>& references) {
    const std::size_t classes = model.margins.size();
    if (classes < 2) return invalid_input("a classifier needs two classes at the least");
    const auto whole = [](const ClassStatistics& one) {
        const std::size_t all = one.margins.size();
        const auto none_or = [](const Cells& cells, std::size_t count) {
            return cells.empty() || cells.size() == count;
        };
        return none_or(one.sizes, all) && one.successes.size() == one.sizes.size() && none_or(one.universal, all) &&
               none_or(one.striped, 2 * all) && none_or(one.paired, all * (all - 1));
    };
    if (!whole(model)) return internal_error("statistics of different classes");
    for (const ClassStatistics& one : references) {
        if (one.margins.size() != classes)
            return invalid_input("a reference model has " + std::to_string(one.margins.size()) +
                                     " classes, the model has " + std::to_string(classes),
                                 "references are clean models of the same task");
        if (!whole(one)) return internal_error("statistics of different classes");
        for (const Family& family : kFamilies)
            if ((one.*family.values).size() != (model.*family.values).size())
                return invalid_input("a reference was measured in other ways than the model",
                                     "measure both with the same data and options");
    }
    return {};
}

/// How many times the lowest loss of a universal change lies below that of the median class; 0: not measured.
double reach_of(const ClassStatistics& model) {
    if (model.universal.empty()) return 0;
    return median_of(model.universal) / std::max(std::ranges::min(model.universal), kLeastLoss);
}

/// How many times the lowest loss of a universal change lies below the second lowest.
double lead_of(const ClassStatistics& model) {
    if (model.universal.size() < 2) return 0;
    Cells losses = model.universal;
    std::ranges::sort(losses);
    return losses[1] / std::max(losses[0], kLeastLoss);
}

/// Without references: three statistics, each of which names the class that stands out. The published two flag clean
/// models often, so one of them alone is nothing where there are others.
Verdict without_references(const ClassStatistics& model, Judgement& judgement) {
    const auto by_margin = static_cast<std::size_t>(std::ranges::max_element(model.margins) - model.margins.begin());
    const bool margin = judgement.margin_p < kPublishedP;
    const auto named = [&](std::size_t at) {
        judgement.target = static_cast<std::int64_t>(at);
        judgement.score = judgement.classes[at].score;
    };
    if (model.sizes.empty()) {
        named(by_margin);
        return margin ? Verdict::suspect : Verdict::clean;
    }
    const auto by_size = static_cast<std::size_t>(std::ranges::min_element(model.sizes) - model.sizes.begin());
    const bool size = judgement.classes[by_size].anomaly > kPublishedIndex && model.successes[by_size] >= kWorks;
    const auto by_change =
        model.universal.empty()
            ? by_size
            : static_cast<std::size_t>(std::ranges::min_element(model.universal) - model.universal.begin());
    const bool change = judgement.reach >= kReach && lead_of(model) >= kLead;
    const bool published = margin && size && by_margin == by_size;
    if (change || published) named(change ? by_change : by_size);
    if (published || (change && ((margin && by_margin == by_change) || (size && by_size == by_change))))
        return Verdict::trojaned;
    return change ? Verdict::suspect : Verdict::clean;
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

std::string_view to_string(Measure measure) {
    switch (measure) {
        case Measure::margin:
            return "margin";
        case Measure::trigger_size:
            return "trigger-size";
        case Measure::universal_change:
            return "universal-change";
        case Measure::stripes:
            return "stripes";
        case Measure::paired_change:
            return "paired-change";
    }
    return "margin";
}

Result<Judgement> judge(const ClassStatistics& model, const std::vector<ClassStatistics>& references) {
    using namespace trojan_verdict;
    BARTIZAN_TRY(check(model, references));
    std::vector<Usual> known;
    for (const Family& family : kFamilies) {
        Usual& one = known.emplace_back(Usual{&family, {}});
        for (const ClassStatistics& reference : references)
            one.models.push_back(ease_of(family, reference.*family.values));
    }
    Judgement judgement{
        .calibrated = !references.empty(), .margin_p = margin_p_value(model.margins), .reach = reach_of(model)};
    judgement.classes = scores_of(model, known, references.size());
    const std::size_t first = largest(judgement.classes);
    judgement.target = static_cast<std::int64_t>(first);
    judgement.score = judgement.classes[first].score;
    judgement.threshold = kSuspect;
    if (references.empty()) {
        judgement.verdict = without_references(model, judgement);
        return judgement;
    }
    if (references.size() > 1) {
        judgement.references = static_cast<std::int64_t>(references.size());
        for (std::size_t i = 0; i < references.size(); ++i) {
            const std::vector<ClassScore> scores = scores_of(references[i], known, i);
            judgement.references_flagged += scores[largest(scores)].score >= kSuspect ? 1 : 0;
        }
        judgement.false_positive_rate = wilson_interval(judgement.references_flagged, judgement.references);
    }
    if (judgement.score >= kTrojaned)
        judgement.verdict = Verdict::trojaned;
    else if (judgement.score >= kSuspect)
        judgement.verdict = Verdict::suspect;
    return judgement;
}

}  // namespace bartizan::defences
