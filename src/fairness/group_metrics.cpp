#include "fairness/group_metrics.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <optional>

#include <fmt/format.h>

#include "core/random.h"

namespace bartizan::fairness {
namespace {

constexpr double kUndefined = std::numeric_limits<double>::quiet_NaN();

constexpr std::size_t kBins = 10;

/// All that the figures need of a group.
struct Counts {
    std::int64_t tp = 0, fp = 0, fn = 0, tn = 0;
    double scores = 0;
    std::array<double, kBins> excess{};  ///< per bin of the score: scores less labels

    void add(bool label, bool predicted, double score) {
        ++(label ? (predicted ? tp : fn) : (predicted ? fp : tn));
        scores += score;
        if (std::isnan(score)) return;
        const auto bin = static_cast<std::size_t>(std::clamp(score * double{kBins}, 0.0, kBins - 1.0));
        excess[bin] += score - (label ? 1 : 0);
    }
    std::int64_t all() const { return tp + fp + fn + tn; }
};

double ratio(double above, double below) { return below == 0 ? kUndefined : above / below; }
double share(std::int64_t part, std::int64_t whole) {
    return ratio(static_cast<double>(part), static_cast<double>(whole));
}

double base_rate(const Counts& c) { return share(c.tp + c.fn, c.all()); }
double selection(const Counts& c) { return share(c.tp + c.fp, c.all()); }
double tpr(const Counts& c) { return share(c.tp, c.tp + c.fn); }
double fpr(const Counts& c) { return share(c.fp, c.fp + c.tn); }
double ppv(const Counts& c) { return share(c.tp, c.tp + c.fp); }
double npv(const Counts& c) { return share(c.tn, c.tn + c.fn); }
double accuracy(const Counts& c) { return share(c.tp + c.tn, c.all()); }
double calibration(const Counts& c) { return ratio(c.scores, static_cast<double>(c.all())) - base_rate(c); }

double calibration_error(const Counts& c) {
    if (std::isnan(c.scores)) return kUndefined;
    double sum = 0;
    for (const double excess : c.excess) sum += std::abs(excess);
    return ratio(sum, static_cast<double>(c.all()));
}

using Rate = double (*)(const Counts&);

struct Spread {
    double low = kUndefined, high = kUndefined;
    std::size_t least = 0, most = 0;

    double difference() const { return high - low; }
    /// Nobody gets it: nobody is treated worse. NaN stays what it is.
    double quotient() const { return high == 0 ? 1 : low / high; }
};

/// Over the groups in which the rate is defined; undefined with fewer than two.
Spread spread(std::span<const Counts> groups, Rate rate) {
    Spread out;
    int defined = 0;
    for (std::size_t i = 0; i < groups.size(); ++i) {
        const double value = rate(groups[i]);
        if (std::isnan(value)) continue;
        if (++defined == 1 || value < out.low) out.low = value, out.least = i;
        if (defined == 1 || value > out.high) out.high = value, out.most = i;
    }
    return defined >= 2 ? out : Spread();
}

struct Figure {
    double value;
    std::size_t least, most;
};
Figure difference(const Spread& s) { return {s.difference(), s.least, s.most}; }
Figure quotient(const Spread& s) { return {s.quotient(), s.least, s.most}; }
bool beyond(double a, double b) { return std::isnan(b) || a > b; }

Figure equalized_odds_difference(std::span<const Counts> groups) {
    const Figure a = difference(spread(groups, tpr)), b = difference(spread(groups, fpr));
    return beyond(a.value, b.value) ? a : b;
}
Figure equalized_odds_ratio(std::span<const Counts> groups) {
    const Figure a = quotient(spread(groups, tpr)), b = quotient(spread(groups, fpr));
    return beyond(b.value, a.value) ? a : b;
}
Figure average_odds_difference(std::span<const Counts> groups) {
    const Figure a = difference(spread(groups, tpr)), b = difference(spread(groups, fpr));
    return {(a.value + b.value) / 2, a.least, a.most};
}

struct Definition {
    std::string_view name;
    Figure (*of)(std::span<const Counts>);
};
template <Rate rate>
Figure difference_of(std::span<const Counts> groups) {
    return difference(spread(groups, rate));
}
template <Rate rate>
Figure ratio_of(std::span<const Counts> groups) {
    return quotient(spread(groups, rate));
}

constexpr Definition kDefinitions[] = {
    {"demographic_parity_difference", difference_of<selection>},
    {"disparate_impact_ratio", ratio_of<selection>},
    {"equal_opportunity_difference", difference_of<tpr>},
    {"equal_opportunity_ratio", ratio_of<tpr>},
    {"false_positive_rate_difference", difference_of<fpr>},
    {"equalized_odds_difference", equalized_odds_difference},
    {"equalized_odds_ratio", equalized_odds_ratio},
    {"average_odds_difference", average_odds_difference},
    {"predictive_parity_difference", difference_of<ppv>},
    {"negative_predictive_value_difference", difference_of<npv>},
    {"accuracy_difference", difference_of<accuracy>},
    {"calibration_gap_difference", difference_of<calibration>},
    {"calibration_error_difference", difference_of<calibration_error>},
};

/// The rows of the groups that are large enough.
struct Members {
    std::vector<std::vector<std::size_t>> rows;
    std::vector<std::string> names, too_small;
};

Result<void> check(const Answers& answers) {
    const std::size_t rows = answers.labels.size();
    if (answers.predictions.size() != rows || answers.groups.size() != rows ||
        (!answers.scores.empty() && answers.scores.size() != rows))
        return invalid_input(fmt::format("{} labels, {} predictions, {} group members and {} scores", rows,
                                         answers.predictions.size(), answers.groups.size(), answers.scores.size()));
    for (const std::int32_t group : answers.groups)
        if (group < -1 || group >= std::ssize(answers.group_names))
            return invalid_input(fmt::format("group {} has no name", group));
    return {};
}

Result<Members> members_of(const Answers& answers, const Options& options) {
    BARTIZAN_TRY(check(answers));
    std::vector<std::vector<std::size_t>> all(answers.group_names.size());
    for (std::size_t row = 0; row < answers.groups.size(); ++row)
        if (answers.groups[row] >= 0) all[static_cast<std::size_t>(answers.groups[row])].push_back(row);
    Members out;
    for (std::size_t i = 0; i < all.size(); ++i) {
        if (std::ssize(all[i]) < options.least_group) {
            if (!all[i].empty()) out.too_small.push_back(fmt::format("{} ({})", answers.group_names[i], all[i].size()));
            continue;
        }
        out.rows.push_back(std::move(all[i]));
        out.names.push_back(answers.group_names[i]);
    }
    if (out.rows.size() < 2)
        return invalid_input(fmt::format("{} of {} groups have {} members or more: two are needed", out.rows.size(),
                                         answers.group_names.size(), options.least_group),
                             "give more data, or other groups");
    return out;
}

double score_of(const Answers& answers, std::size_t row) {
    return answers.scores.empty() ? kUndefined : answers.scores[row];
}

Counts count(const Answers& answers, std::span<const std::size_t> rows) {
    Counts out;
    for (const std::size_t row : rows)
        out.add(answers.labels[row] != 0, answers.predictions[row] != 0, score_of(answers, row));
    return out;
}

/// As many rows of the group as it has, drawn with replacement.
Counts resampled(const Answers& answers, std::span<const std::size_t> rows, Random& random) {
    Counts out;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const std::size_t row = rows[static_cast<std::size_t>(random.below(rows.size()))];
        out.add(answers.labels[row] != 0, answers.predictions[row] != 0, score_of(answers, row));
    }
    return out;
}

GroupRates rates_of(std::string name, const Counts& c) {
    return {.name = std::move(name),
            .samples = c.all(),
            .base_rate = base_rate(c),
            .selection_rate = selection(c),
            .true_positive_rate = tpr(c),
            .false_positive_rate = fpr(c),
            .positive_predictive_value = ppv(c),
            .negative_predictive_value = npv(c),
            .accuracy = accuracy(c),
            .calibration_gap = calibration(c),
            .calibration_error = calibration_error(c),
            .true_positives = c.tp,
            .false_positives = c.fp,
            .false_negatives = c.fn,
            .true_negatives = c.tn,
            .selection_interval = wilson_interval(c.tp + c.fp, c.all()),
            .true_positive_interval = wilson_interval(c.tp, c.tp + c.fn),
            .false_positive_interval = wilson_interval(c.fp, c.fp + c.tn),
            .predictive_interval = wilson_interval(c.tp, c.tp + c.fp),
            .accuracy_interval = wilson_interval(c.tp + c.tn, c.all())};
}

Interval middle_of(std::vector<double> values) {
    std::erase_if(values, [](double value) { return std::isnan(value); });
    std::ranges::sort(values);
    return {quantile(values, 0.025), quantile(values, 0.975)};
}

/// Mean of b/mu ln(b/mu) over the benefits b = prediction - label + 1 (Speicher et al. 2018, alpha 1).
double theil(std::span<const Counts> groups) {
    double n = 0, sum = 0, false_positives = 0, right = 0;
    for (const Counts& c : groups) {
        n += static_cast<double>(c.all());
        right += static_cast<double>(c.tp + c.tn);
        false_positives += static_cast<double>(c.fp);
    }
    sum = right + 2 * false_positives;
    if (sum == 0) return kUndefined;
    const double mean = sum / n;
    const auto part = [&](double benefit, double times) { return times * (benefit / mean) * std::log(benefit / mean); };
    return (part(1, right) + part(2, false_positives)) / n;
}

}  // namespace

const Disparity* Fairness::find(std::string_view name) const {
    const auto found = std::ranges::find(disparities, name, &Disparity::name);
    return found == disparities.end() ? nullptr : &*found;
}

Result<Fairness> measure(const Answers& answers, const Options& options) {
    const Members members = BARTIZAN_TRY(members_of(answers, options));
    std::vector<Counts> counts;
    for (const auto& rows : members.rows) counts.push_back(count(answers, rows));
    Fairness out{.too_small = members.too_small, .theil_index = theil(counts)};
    for (std::size_t i = 0; i < counts.size(); ++i) out.groups.push_back(rates_of(members.names[i], counts[i]));

    std::array<std::vector<double>, std::size(kDefinitions)> drawn;
    std::vector<double> theils;
    std::vector<Counts> again(counts.size());
    for (int round = 0; round < options.resamples; ++round) {
        Random random(options.seed, static_cast<std::uint64_t>(round));
        for (std::size_t i = 0; i < counts.size(); ++i) again[i] = resampled(answers, members.rows[i], random);
        for (std::size_t k = 0; k < drawn.size(); ++k) drawn[k].push_back(kDefinitions[k].of(again).value);
        theils.push_back(theil(again));
    }
    out.theil_interval = middle_of(std::move(theils));
    for (std::size_t k = 0; k < drawn.size(); ++k) {
        const Figure figure = kDefinitions[k].of(counts);
        out.disparities.push_back({kDefinitions[k].name, figure.value, middle_of(drawn[k]), members.names[figure.least],
                                   members.names[figure.most]});
    }
    return out;
}

}  // namespace bartizan::fairness
