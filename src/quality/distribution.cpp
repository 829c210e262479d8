#include "quality/distribution.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <fmt/format.h>

#include "core/random.h"

namespace bartizan::quality {
namespace {

constexpr double kRare = 0.1;  ///< of the even share, as cleanlab's Datalab
constexpr int kPermutations = 99;
constexpr std::size_t kMostPairs = 20'000;
constexpr double kLeastEffect = 0.05;  ///< large sets make any trifle significant
constexpr double kRuns = 0.1;
constexpr std::size_t kBins = 10;
constexpr double kTelling = 0.5, kLeaking = 0.98;
constexpr std::size_t kLeastItems = 100;
constexpr std::uint32_t kOrderPurpose = 31;

std::vector<std::int64_t> class_counts(const Subject& subject) {
    std::vector<std::int64_t> counts(static_cast<std::size_t>(subject.classes), 0);
    for (const std::int64_t label : subject.labels)
        if (label >= 0) ++counts[static_cast<std::size_t>(label)];
    return counts;
}

/// Mean of log(1 + distance in the file) over pairs of neighbours, with the items moved to `place`.
double closeness(const std::vector<std::pair<std::int64_t, std::int64_t>>& pairs,
                 const std::vector<std::int64_t>& place) {
    double sum = 0;
    for (const auto& [a, b] : pairs) sum += std::log1p(std::abs(double(place[std::size_t(a)] - place[std::size_t(b)])));
    return sum / static_cast<double>(pairs.size());
}

void check_neighbours(const Neighbours& neighbours, std::uint64_t seed, std::vector<Issue>& out) {
    const std::size_t items = neighbours.items();
    const auto k = static_cast<std::size_t>(neighbours.k);
    const std::size_t step = std::max<std::size_t>(1, items / kMostPairs);
    std::vector<std::pair<std::int64_t, std::int64_t>> pairs;
    for (std::size_t i = 0; i < items; i += step) pairs.emplace_back(i, neighbours.index[i * k]);
    std::vector<std::int64_t> place(items);
    std::iota(place.begin(), place.end(), 0);
    const double observed = closeness(pairs, place);
    int below = 0;
    double mean = 0;
    for (int p = 0; p < kPermutations; ++p) {
        place = permutation(std::ssize(place), seed, kOrderPurpose + static_cast<std::uint32_t>(p));
        const double chance = closeness(pairs, place);
        below += chance <= observed ? 1 : 0;
        mean += chance / kPermutations;
    }
    if (below > 0 || observed > mean * (1 - kLeastEffect)) return;
    out.push_back({.kind = "order",
                   .severity = Severity::low,
                   .title = "Items that look alike stand together: the order is no accident",
                   .score = 1 - observed / mean,
                   .detail = fmt::format("permutation test over {} pairs, p = {}; shuffle before splitting or training",
                                         pairs.size(), 1.0 / (kPermutations + 1))});
}

void check_runs(const Subject& subject, std::vector<Issue>& out) {
    const auto& labels = subject.labels;
    if (labels.size() < kLeastItems || subject.classes < 2) return;
    double equal = 0, expected = 0;
    for (std::size_t i = 1; i < labels.size(); ++i) equal += labels[i] == labels[i - 1] ? 1 : 0;
    for (const std::int64_t count : class_counts(subject)) {
        const double part = static_cast<double>(count) / static_cast<double>(labels.size());
        expected += part * part;
    }
    const double observed = equal / static_cast<double>(labels.size() - 1);
    const double deviation = std::sqrt(expected * (1 - expected) / static_cast<double>(labels.size() - 1));
    if (observed - expected < kRuns || observed - expected < 4 * deviation) return;
    out.push_back({.kind = "order",
                   .severity = Severity::low,
                   .title = "Equal labels stand together: the set is sorted by class",
                   .score = (observed - expected) / (1 - expected),
                   .detail = fmt::format("{:.1f} % of neighbours in the file share their label, {:.1f} % by chance",
                                         100 * observed, 100 * expected)});
}

struct Figure {
    std::string name;
    std::vector<float> values;
};

/// Mean, spread, sharpness and border of each picture, and the share of each colour.
std::vector<Figure> picture_figures(const Subject& subject) {
    const Shape& shape = subject.info.item_shape;
    const bool last = shape.size() == 3 && shape[2] <= 4 && shape[0] > 4;
    const auto channels = shape.size() == 2 ? std::size_t{1} : static_cast<std::size_t>(last ? shape[2] : shape[0]);
    const auto height = static_cast<std::size_t>(shape[shape.size() == 3 && !last ? 1 : 0]);
    const auto width = static_cast<std::size_t>(shape[shape.size() == 3 && !last ? 2 : 1]);
    std::vector<Figure> figures = {{"brightness", {}}, {"contrast", {}}, {"sharpness", {}}, {"border", {}}};
    for (std::size_t c = 0; channels > 1 && c < channels; ++c) figures.push_back({fmt::format("colour {}", c), {}});
    for (std::size_t i = 0; i < subject.values.rows(); ++i) {
        const auto row = subject.values.row(i);
        const auto at = [&](std::size_t c, std::size_t y, std::size_t x) {
            return row[last ? (y * width + x) * channels + c : (c * height + y) * width + x];
        };
        std::vector<double> colour(channels, 0);
        double squares = 0, steps = 0, border = 0;
        for (std::size_t c = 0; c < channels; ++c)
            for (std::size_t y = 0; y < height; ++y)
                for (std::size_t x = 0; x < width; ++x) {
                    const float value = at(c, y, x);
                    colour[c] += value;
                    squares += value * value;
                    if (x > 0) steps += std::abs(value - at(c, y, x - 1));
                    if (x == 0 || y == 0 || x + 1 == width || y + 1 == height) border += value;
                }
        const auto count = static_cast<double>(row.size());
        const double mean = std::accumulate(colour.begin(), colour.end(), 0.0) / count;
        const double spread = std::sqrt(std::max(0.0, squares / count - mean * mean));
        const double values[] = {mean, spread, steps / count, border};
        for (std::size_t f = 0; f < 4; ++f) figures[f].values.push_back(static_cast<float>(values[f]));
        for (std::size_t c = 0; channels > 1 && c < channels; ++c)
            figures[4 + c].values.push_back(static_cast<float>(colour[c] / (mean * count + 1e-9)));
    }
    return figures;
}

}  // namespace

std::vector<Issue> label_issues(const Subject& subject) {
    std::vector<Issue> out;
    if (subject.labels.empty()) return out;
    std::vector<std::int64_t> unlabelled;
    for (std::size_t i = 0; i < subject.labels.size(); ++i)
        if (subject.labels[i] < 0) unlabelled.push_back(subject.ids[i]);
    const std::int64_t labelled = subject.items() - std::ssize(unlabelled);
    if (!unlabelled.empty())
        out.push_back({.kind = "missing_label",
                       .severity = Severity::medium,
                       .title = fmt::format("{} of {} items have no label", unlabelled.size(), subject.items()),
                       .indices = unlabelled,
                       .score = double(unlabelled.size()) / double(subject.items()),
                       .suspect = true});
    std::int64_t rarest = -1, classes = 0;
    const auto counts = class_counts(subject);
    for (std::size_t k = 0; k < counts.size(); ++k) {
        if (counts[k] == 0) continue;
        ++classes;
        if (rarest < 0 || counts[k] < counts[std::size_t(rarest)]) rarest = std::int64_t(k);
    }
    if (classes == 1)
        out.push_back(
            {.kind = "single_class",
             .severity = Severity::high,
             .title = fmt::format("all labels are '{}': there is nothing to learn", subject.class_name(rarest)),
             .score = 1});
    if (classes < 2) return out;
    const double part = double(counts[std::size_t(rarest)]) / double(labelled), even = 1 / double(classes);
    if (part < kRare * even)
        out.push_back({.kind = "class_imbalance",
                       .severity = Severity::medium,
                       .title = fmt::format("class '{}' is {:.2f} % of the items, an even share were {:.1f} %",
                                            subject.class_name(rarest), 100 * part, 100 * even),
                       .score = 1 - part / even});
    return out;
}

std::vector<Issue> order_issues(const Subject& subject, const Neighbours* neighbours, std::uint64_t seed) {
    std::vector<Issue> out;
    if (!subject.labels.empty()) check_runs(subject, out);
    if (out.empty() && neighbours != nullptr && neighbours->items() >= kLeastItems)
        check_neighbours(*neighbours, seed, out);
    return out;
}

namespace {

/// Whether the item teaches or is tried. Every other one would never do: labels may alternate.
bool teaches(std::size_t item) {
    std::uint64_t z = (item + 1) * 0x9e3779b97f4a7c15U;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    return (z >> 63) == 0;
}

}  // namespace

double telling(std::span<const float> figure, std::span<const std::int64_t> labels, std::int64_t classes) {
    std::vector<float> sorted;
    for (const float value : figure)
        if (std::isfinite(value)) sorted.push_back(value);
    if (sorted.size() < kLeastItems || classes < 2) return 0;
    std::ranges::sort(sorted);
    std::vector<float> cuts;
    for (std::size_t b = 1; b < kBins; ++b) cuts.push_back(sorted[b * sorted.size() / kBins]);
    const auto bin_of = [&](float value) {
        if (!std::isfinite(value)) return kBins;
        return static_cast<std::size_t>(std::ranges::upper_bound(cuts, value) - cuts.begin());
    };
    const auto width = static_cast<std::size_t>(classes);
    std::vector<std::int64_t> count((kBins + 1) * width, 0), tried(width, 0);
    for (std::size_t i = 0; i < figure.size(); ++i)
        if (labels[i] >= 0 && teaches(i)) ++count[bin_of(figure[i]) * width + std::size_t(labels[i])];
    double right = 0, total = 0;
    for (std::size_t i = 0; i < figure.size(); ++i) {
        if (labels[i] < 0 || teaches(i)) continue;
        const auto row = std::span(count).subspan(bin_of(figure[i]) * width, width);
        right += std::ranges::max_element(row) - row.begin() == labels[i] ? 1 : 0;
        ++tried[std::size_t(labels[i])];
        ++total;
    }
    if (total == 0) return 0;
    const double base = double(*std::ranges::max_element(tried)) / total;
    return base >= 1 ? 0 : std::clamp((right / total - base) / (1 - base), 0.0, 1.0);
}

std::vector<Issue> telling_issues(const Subject& subject) {
    std::vector<Issue> out;
    if (subject.labels.empty() || subject.items() < std::int64_t(kLeastItems)) return out;
    if (subject.pictures())
        for (const Figure& figure : picture_figures(subject))
            if (const double score = telling(figure.values, subject.labels, subject.classes); score > kTelling)
                out.push_back({.kind = "spurious_correlation",
                               .severity = Severity::medium,
                               .title = fmt::format("the {} of a picture alone gives its label away", figure.name),
                               .score = score,
                               .detail = "a model may learn it in place of what the picture shows"});
    for (const Column& column : subject.columns)
        if (const double score = telling(column.numbers, subject.labels, subject.classes); score > kLeaking)
            out.push_back({.kind = "label_leak",
                           .severity = Severity::high,
                           .title = fmt::format("column '{}' alone gives the label away", column.name),
                           .score = score,
                           .detail = "will it be known when the model is used?"});
    return out;
}

}  // namespace bartizan::quality
