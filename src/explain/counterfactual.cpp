#include "explain/counterfactual.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <set>
#include <utility>

#include "core/random.h"
#include "model/shards.h"

namespace bartizan::explain {
namespace counterfactual_parts {
namespace {

using Row = std::vector<float>;

constexpr std::size_t kStarts = 12;      ///< seen rows that a search begins with
constexpr std::size_t kMostSteps = 12;   ///< columns that the search by single columns puts together
constexpr int kGrid = 32;                ///< points on the way back, twice
constexpr std::size_t kNoisy = 32;
constexpr double kNoise = 0.01;          ///< of a column's range
constexpr std::size_t kNeighbours = 5;
constexpr std::size_t kStrangenessRows = 2000;
constexpr double kFar = std::numeric_limits<double>::infinity();

/// How far the wanted answer leads, for many rows at once.
class Lead {
public:
    Lead(const model::Classifier& classifier, RunContext& ctx) : classifier_(classifier), ctx_(ctx) {}

    Result<NdArray> logits(std::span<const Row> rows) const {
        std::vector<float> flat;
        for (const Row& row : rows) flat.insert(flat.end(), row.begin(), row.end());
        const auto width = static_cast<std::int64_t>(flat.size() / std::max<std::size_t>(1, rows.size()));
        const NdArray x = BARTIZAN_TRY(NdArray::from<float>({std::ssize(rows), width}, flat));
        return model::predict(classifier_, x, ctx_);
    }

    static std::int64_t answer_of(std::span<const float> row) { return std::ranges::max_element(row) - row.begin(); }

    /// Of the wanted class over the best other one; without a wanted class, of the best other one over what was said.
    static double lead_of(std::span<const float> row, std::int64_t said, std::optional<std::int64_t> target) {
        const std::int64_t held = target.value_or(said);
        float other = -std::numeric_limits<float>::infinity();
        for (std::int64_t c = 0; c < std::ssize(row); ++c)
            if (c != held) other = std::max(other, row[static_cast<std::size_t>(c)]);
        const double lead = double{row[static_cast<std::size_t>(held)]} - other;
        return target ? lead : -lead;
    }

    Result<std::vector<double>> leads(std::span<const Row> rows, std::int64_t said,
                                      std::optional<std::int64_t> target) const {
        std::vector<double> out;
        if (rows.empty()) return out;
        const NdArray scores = BARTIZAN_TRY(logits(rows));
        const auto classes = static_cast<std::size_t>(scores.shape()[1]);
        for (std::size_t i = 0; i < rows.size(); ++i)
            out.push_back(lead_of(scores.values<float>().subspan(i * classes, classes), said, target));
        return out;
    }

private:
    const model::Classifier& classifier_;
    RunContext& ctx_;
};

/// The search for one item.
class Search {
public:
    Search(const TableSpace& space, const Lead& lead, const Row& x, std::int64_t said,
           std::optional<std::int64_t> target, double least)
        : space_(space), lead_(lead), x_(x), said_(said), target_(target), least_(least) {}

    /// All ways found, nearest first, each with columns of its own. `near`: seen rows with a wanted answer.
    Result<std::vector<Row>> ways(const std::vector<std::size_t>& near, std::size_t most) const {
        std::vector<Row> starts = neighbours(near);
        std::vector<std::uint8_t> taken(space_.features.size(), 0);
        // By single columns, then again without the column that helped most: another way.
        for (std::size_t way = 0; way < most; ++way) {
            const std::optional<Row> found = BARTIZAN_TRY(by_single_columns(taken));
            if (!found) break;
            const auto first = weightiest(*found);
            starts.push_back(*found);
            if (!first) break;
            taken[*first] = 1;
        }
        std::vector<Row> out;
        const std::vector<double> leads = BARTIZAN_TRY(this->leads(starts));
        for (std::size_t i = 0; i < starts.size(); ++i)
            if (leads[i] >= least_) out.push_back(BARTIZAN_TRY(smaller(std::move(starts[i]))));
        std::ranges::stable_sort(out, {}, [&](const Row& row) { return space_.distance(x_, row); });
        return different(std::move(out), most);
    }

private:
    Result<std::vector<double>> leads(std::span<const Row> rows) const { return lead_.leads(rows, said_, target_); }

    static void copy(const TableFeature& feature, std::span<const float> from, Row& to) {
        for (const std::size_t column : feature.columns) to[column] = from[column];
    }
    double away(std::size_t feature, const Row& row) const {
        return space_.distance(space_.features[feature], x_, row);
    }

    /// The item with everything that may change as in a seen row.
    std::vector<Row> neighbours(const std::vector<std::size_t>& near) const {
        std::vector<std::pair<double, Row>> found;
        for (const std::size_t i : near) {
            Row row = x_;
            for (const TableFeature& feature : space_.features)
                if (space_.allows(feature, x_, space_.row(i))) copy(feature, space_.row(i), row);
            const double distance = space_.distance(x_, row);
            found.emplace_back(distance, std::move(row));
        }
        const std::size_t kept = std::min(kStarts, found.size());
        std::ranges::partial_sort(found, found.begin() + static_cast<std::ptrdiff_t>(kept), {},
                                  &std::pair<double, Row>::first);
        std::vector<Row> out;
        for (std::size_t i = 0; i < kept; ++i) out.push_back(std::move(found[i].second));
        return out;
    }

    /// Puts single features to seen values, the most lead for the distance first, until the answer is there.
    Result<std::optional<Row>> by_single_columns(const std::vector<std::uint8_t>& taken) const {
        Row row = x_;
        double lead = BARTIZAN_TRY(leads(std::span(&row, 1)))[0];
        for (std::size_t step = 0; step < kMostSteps && lead < least_; ++step) {
            std::vector<Row> tried;
            for (std::size_t f = 0; f < space_.features.size(); ++f) {
                if (taken[f] != 0) continue;
                for (const std::vector<float>& values : space_.features[f].seen) {
                    Row other = row;
                    for (std::size_t k = 0; k < values.size(); ++k) other[space_.features[f].columns[k]] = values[k];
                    if (other != row && space_.allows(space_.features[f], x_, other)) tried.push_back(std::move(other));
                }
            }
            const std::vector<double> found = BARTIZAN_TRY(leads(tried));
            std::size_t best = tried.size();
            double best_worth = 0;
            for (std::size_t i = 0; i < tried.size(); ++i) {
                // No more is needed than to get there.
                const double gain = std::min(found[i], least_) - lead;
                const double worth = gain / (space_.distance(row, tried[i]) + 0.01);
                if (gain > 0 && worth > best_worth) best = i, best_worth = worth;
            }
            if (best == tried.size()) return std::optional<Row>();
            row = tried[best];
            lead = found[best];
        }
        return lead >= least_ ? std::optional(row) : std::nullopt;
    }

    std::optional<std::size_t> weightiest(const Row& row) const {
        std::optional<std::size_t> out;
        for (std::size_t f = 0; f < space_.features.size(); ++f)
            if (away(f, row) > 0 && (!out || away(f, row) > away(*out, row))) out = f;
        return out;
    }

    Result<Row> smaller(Row row) const {
        row = BARTIZAN_TRY(taken_back(std::move(row)));
        for (int round = 0; round < 2; ++round) row = BARTIZAN_TRY(shortened(std::move(row)));
        return taken_back(std::move(row));
    }

    /// As long as a whole feature can go back to what it was, that which saves most does.
    Result<Row> taken_back(Row row) const {
        while (true) {
            std::vector<Row> tried;
            for (std::size_t f = 0; f < space_.features.size(); ++f) {
                if (away(f, row) == 0) continue;
                tried.push_back(row);
                copy(space_.features[f], x_, tried.back());
            }
            const std::vector<double> found = BARTIZAN_TRY(leads(tried));
            std::size_t best = tried.size();
            for (std::size_t i = 0; i < tried.size(); ++i)
                if (found[i] >= least_ &&
                    (best == tried.size() || space_.distance(x_, tried[i]) < space_.distance(x_, tried[best])))
                    best = i;
            if (best == tried.size()) return row;
            row = std::move(tried[best]);
        }
    }

    /// Each changed column, the farthest first, goes back as far as the answer holds: a grid, and a finer one.
    Result<Row> shortened(Row row) const {
        std::vector<std::size_t> order;
        for (std::size_t f = 0; f < space_.features.size(); ++f)
            if (space_.features[f].columns.size() == 1 && away(f, row) > 0) order.push_back(f);
        std::ranges::stable_sort(order, std::ranges::greater(), [&](std::size_t f) { return away(f, row); });
        for (const std::size_t f : order) {
            const std::size_t column = space_.features[f].columns[0];
            double from = x_[column], to = row[column];
            for (int pass = 0; pass < 2; ++pass) {
                std::vector<Row> tried;
                for (int k = 1; k <= kGrid; ++k) {
                    double value = from + (to - from) * k / kGrid;
                    if (space_.columns[column].whole) value = to > from ? std::ceil(value) : std::floor(value);
                    Row other = row;
                    other[column] = static_cast<float>(value);
                    if (space_.allows(space_.features[f], x_, other)) tried.push_back(std::move(other));
                }
                const std::vector<double> found = BARTIZAN_TRY(leads(tried));
                const auto first = std::ranges::find_if(found, [&](double lead) { return lead >= least_; });
                if (first == found.end()) break;
                const auto at = static_cast<std::size_t>(first - found.begin());
                if (at > 0) from = tried[at - 1][column];
                to = tried[at][column];
                row = std::move(tried[at]);
            }
        }
        return row;
    }

    std::vector<Row> different(std::vector<Row> rows, std::size_t most) const {
        std::vector<Row> out;
        std::set<std::vector<std::size_t>> known;
        for (Row& row : rows) {
            std::vector<std::size_t> changed;
            for (std::size_t c = 0; c < row.size(); ++c)
                if (row[c] != x_[c]) changed.push_back(c);
            // More columns than another way needs is no other way.
            const bool more = std::ranges::any_of(known, [&](const auto& other) {
                return std::ranges::includes(changed, other);
            });
            if (changed.empty() || more) continue;
            known.insert(changed);
            out.push_back(std::move(row));
            if (out.size() == most) break;
        }
        return out;
    }

    const TableSpace& space_;
    const Lead& lead_;
    const Row& x_;
    std::int64_t said_;
    std::optional<std::int64_t> target_;
    double least_;
};

/// Distance to the fifth nearest seen row, itself left out.
double sparseness(const TableSpace& space, std::span<const float> row, std::size_t rows) {
    std::vector<double> distances;
    for (std::size_t i = 0; i < rows; ++i) {
        const double distance = space.distance(row, space.row(i));
        if (distance > 0) distances.push_back(distance);
    }
    if (distances.empty()) return 0;
    const std::size_t at = std::min(kNeighbours, distances.size()) - 1;
    std::ranges::nth_element(distances, distances.begin() + static_cast<std::ptrdiff_t>(at));
    return distances[at];
}

double usual_sparseness(const TableSpace& space, std::size_t rows) {
    std::vector<double> found;
    const std::size_t looked = std::min<std::size_t>(rows, 200);
    for (std::size_t i = 0; i < looked; ++i) found.push_back(sparseness(space, space.row(i * rows / looked), rows));
    const auto middle = found.begin() + static_cast<std::ptrdiff_t>(found.size() / 2);
    std::ranges::nth_element(found, middle);
    return std::max(*middle, 1e-12);
}

std::vector<Row> noisy_copies(const TableSpace& space, const Row& row, std::uint64_t seed) {
    std::vector<Row> out;
    Random random(seed, 0, 503);
    for (std::size_t n = 0; n < kNoisy; ++n) {
        Row other = row;
        for (const TableFeature& feature : space.features) {
            const TableColumn& column = space.columns[feature.columns[0]];
            if (feature.columns.size() > 1 || column.whole) continue;
            const float step = static_cast<float>(kNoise) * (column.high - column.low);
            other[feature.columns[0]] += step * (2 * random.uniform() - 1);
        }
        out.push_back(std::move(other));
    }
    return out;
}

double median_lead(const NdArray& logits) {
    const auto classes = static_cast<std::size_t>(logits.shape()[1]);
    std::vector<double> leads;
    for (std::size_t i = 0; i < static_cast<std::size_t>(logits.shape()[0]); ++i) {
        const auto row = logits.values<float>().subspan(i * classes, classes);
        leads.push_back(Lead::lead_of(row, 0, Lead::answer_of(row)));
    }
    const auto middle = leads.begin() + static_cast<std::ptrdiff_t>(leads.size() / 2);
    std::ranges::nth_element(leads, middle);
    return *middle;
}

}  // namespace
}  // namespace counterfactual_parts

Result<std::vector<Counterfactuals>> counterfactuals(const std::shared_ptr<const model::Classifier>& classifier,
                                                     const NdArray& x, const TableSpace& space,
                                                     const CounterfactualOptions& options, RunContext& ctx) {
    using namespace counterfactual_parts;
    if (options.target && *options.target >= classifier->classes())
        return invalid_input("there is no class " + std::to_string(*options.target) + ", the model has " +
                             std::to_string(classifier->classes()));
    if (x.rank() != 2 || static_cast<std::size_t>(x.shape()[1]) != space.width())
        return invalid_input("the rows have other columns than those that were seen");
    const Lead lead(*classifier, ctx);
    const NdArray seen = BARTIZAN_TRY(NdArray::from<float>(
        {static_cast<std::int64_t>(space.count()), static_cast<std::int64_t>(space.width())}, space.rows));
    const NdArray seen_logits = BARTIZAN_TRY(model::predict(*classifier, seen, ctx));
    const NdArray logits = BARTIZAN_TRY(model::predict(*classifier, x, ctx));
    const auto classes = static_cast<std::size_t>(logits.shape()[1]);
    const double least = std::max(options.margin * median_lead(seen_logits), 1e-9);
    const std::size_t compared = std::min(space.count(), kStrangenessRows);
    const double usual = usual_sparseness(space, compared);

    std::vector<Counterfactuals> out;
    for (std::size_t i = 0; i < static_cast<std::size_t>(x.shape()[0]); ++i) {
        BARTIZAN_TRY(ctx.checkpoint());
        const std::span<const float> given = x.values<float>().subspan(i * space.width(), space.width());
        const Row row(given.begin(), given.end());
        Counterfactuals one{.said = Lead::answer_of(logits.values<float>().subspan(i * classes, classes)),
                            .ways = {},
                            .neighbour = kFar};
        std::vector<std::size_t> near;
        for (std::size_t j = 0; j < space.count(); ++j)
            if (Lead::lead_of(seen_logits.values<float>().subspan(j * classes, classes), one.said, options.target) > 0) {
                near.push_back(j);
                one.neighbour = std::min(one.neighbour, space.distance(row, space.row(j)));
            }
        if (one.said != options.target.value_or(-1)) {
            const Search search(space, lead, row, one.said, options.target, least);
            for (Row& found : BARTIZAN_TRY(search.ways(near, options.ways))) {
                Counterfactual way{.row = std::move(found)};
                for (std::size_t c = 0; c < row.size(); ++c)
                    if (way.row[c] != row[c]) way.changed.push_back(c);
                way.distance = space.distance(row, way.row);
                const NdArray scores = BARTIZAN_TRY(lead.logits(std::span(&way.row, 1)));
                way.answer = Lead::answer_of(scores.values<float>());
                const auto noisy = BARTIZAN_TRY(
                    lead.leads(noisy_copies(space, way.row, ctx.seed()), one.said, options.target));
                way.stability = static_cast<double>(std::ranges::count_if(noisy, [](double l) { return l > 0; })) /
                                static_cast<double>(noisy.size());
                way.strangeness = sparseness(space, way.row, compared) / usual;
                one.ways.push_back(std::move(way));
            }
        }
        out.push_back(std::move(one));
        ctx.progress({"searching counterfactuals", i + 1, static_cast<std::size_t>(x.shape()[0]), "inputs"});
    }
    ctx.progress_finish();
    return out;
}

}  // namespace bartizan::explain
