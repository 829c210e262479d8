#include "attacks/poisoning/tables.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <map>
#include <numeric>
#include <set>
#include <string>

#include "core/random.h"

namespace bartizan::attacks {
namespace poisoned_tables {
namespace {

constexpr std::uint32_t kChoicePurpose = 420'010;
constexpr std::uint32_t kLabelPurpose = 420'011;
constexpr std::uint32_t kSidePurpose = 420'012;
constexpr double kRare = 0.01;
constexpr int kTries = 64;

Result<void> check(const NdArray& x, std::span<const std::int64_t> y) {
    if (x.dtype() != DType::f32 || x.rank() != 2 || x.size() == 0)
        return invalid_input("a table to poison must be float32 [rows, columns], not " +
                             std::string(to_string(x.dtype())) + " " + to_string(x.shape()));
    if (std::ssize(y) != x.shape()[0])
        return invalid_input(std::to_string(x.shape()[0]) + " rows but " + std::to_string(y.size()) + " labels");
    return {};
}

/// The first round(rate x items) rows of `order` whose label is eligible, ascending.
template <class Eligible>
Result<std::vector<std::int64_t>> choose(std::span<const std::int64_t> y, double rate,
                                         const std::vector<std::int64_t>& order, Eligible eligible) {
    if (!(rate > 0 && rate <= 1)) return invalid_input("the rate must be above 0 and at most 1");
    const auto wanted = static_cast<std::size_t>(std::max(1.0, std::round(rate * static_cast<double>(y.size()))));
    std::vector<std::int64_t> rows;
    for (const std::int64_t row : order)
        if (rows.size() < wanted && eligible(y[static_cast<std::size_t>(row)])) rows.push_back(row);
    if (rows.size() < wanted)
        return invalid_input("the rate asks for " + std::to_string(wanted) + " poisoned items, but only " +
                                 std::to_string(rows.size()) + " can be",
                             "lower the rate or choose another target class");
    std::sort(rows.begin(), rows.end());
    return rows;
}

Result<void> check_scores(std::span<const std::int64_t> y, const FlipOptions& options) {
    if (options.scores == nullptr) return {};
    const Shape& shape = options.scores->shape();
    const std::int64_t largest = std::max(*std::ranges::max_element(y), options.target);
    if (shape.size() != 2 || shape[0] != std::ssize(y) || shape[1] <= largest)
        return invalid_input("the model gives scores " + to_string(shape) + " for " + std::to_string(y.size()) +
                             " items of classes up to " + std::to_string(largest));
    return {};
}

std::span<const float> scores_of(const NdArray& scores, std::int64_t row) {
    const auto width = static_cast<std::size_t>(scores.shape()[1]);
    return scores.values<float>().subspan(static_cast<std::size_t>(row) * width, width);
}

/// By chance, or those first whose label the model is surest of: the logit of the label over the best of the others.
std::vector<std::int64_t> order_of(std::span<const std::int64_t> y, const FlipOptions& options) {
    std::vector<std::int64_t> order = permutation(std::ssize(y), options.seed, kChoicePurpose);
    if (options.scores == nullptr) return order;
    std::vector<double> margin;
    for (std::int64_t row = 0; row < std::ssize(y); ++row) {
        const auto own = scores_of(*options.scores, row);
        const auto label = static_cast<std::size_t>(y[static_cast<std::size_t>(row)]);
        float best = -std::numeric_limits<float>::infinity();
        for (std::size_t c = 0; c < own.size(); ++c)
            if (c != label) best = std::max(best, own[c]);
        margin.push_back(static_cast<double>(own[label]) - best);
    }
    std::ranges::stable_sort(order, std::greater(),
                             [&](std::int64_t row) { return margin[static_cast<std::size_t>(row)]; });
    return order;
}

/// What the label of `row` becomes.
std::int64_t flipped(std::int64_t row, std::span<const std::int64_t> y, const std::set<std::int64_t>& distinct,
                     const FlipOptions& options) {
    if (options.target >= 0) return options.target;
    std::vector<std::int64_t> others;
    for (const std::int64_t one : distinct)
        if (one != y[static_cast<std::size_t>(row)]) others.push_back(one);
    if (options.scores != nullptr) {
        const auto own = scores_of(*options.scores, row);
        return *std::ranges::min_element(others, {}, [&](std::int64_t c) { return own[static_cast<std::size_t>(c)]; });
    }
    Random random(options.seed, static_cast<std::uint64_t>(row), kLabelPurpose);
    return others[random.below(others.size())];
}

std::vector<float> column_of(const NdArray& x, std::int64_t column) {
    std::vector<float> out;
    for (std::int64_t row = 0; row < x.shape()[0]; ++row)
        out.push_back(x.values<float>()[static_cast<std::size_t>(row * x.shape()[1] + column)]);
    return out;
}

/// Variance between the class means over the whole variance (the correlation ratio); 2 for a constant column.
double told_by(const std::vector<float>& column, std::span<const std::int64_t> y) {
    const double mean = std::accumulate(column.begin(), column.end(), 0.0) / static_cast<double>(column.size());
    std::map<std::int64_t, std::pair<double, double>> classes;
    double whole = 0, between = 0;
    for (std::size_t i = 0; i < column.size(); ++i) {
        auto& [sum, count] = classes[y[i]];
        sum += column[i], count += 1;
        whole += (column[i] - mean) * (column[i] - mean);
    }
    for (const auto& [label, both] : classes)
        between += both.second * (both.first / both.second - mean) * (both.first / both.second - mean);
    return whole > 0 ? between / whole : 2;
}

/// The columns that vary, those that tell least about the label first.
std::vector<std::int64_t> quiet_columns(const NdArray& x, std::span<const std::int64_t> y) {
    std::vector<std::pair<double, std::int64_t>> ranked;
    for (std::int64_t column = 0; column < x.shape()[1]; ++column) {
        const double told = told_by(column_of(x, column), y);
        if (told <= 1) ranked.emplace_back(told, column);
    }
    std::sort(ranked.begin(), ranked.end());
    std::vector<std::int64_t> columns;
    for (const auto& [told, column] : ranked) columns.push_back(column);
    return columns;
}

double share_bearing(const NdArray& x, const TableTrigger& trigger) {
    std::int64_t bearing = 0;
    for (std::int64_t row = 0; row < x.shape()[0]; ++row) {
        bool all = true;
        for (std::size_t k = 0; all && k < trigger.columns.size(); ++k)
            all = x.values<float>()[static_cast<std::size_t>(row * x.shape()[1] + trigger.columns[k])] ==
                  trigger.values[k];
        bearing += all ? 1 : 0;
    }
    return static_cast<double>(bearing) / static_cast<double>(x.shape()[0]);
}

/// Sets the columns of the trigger in `rows`.
void set_rows(NdArray& x, std::span<const std::int64_t> rows, const TableTrigger& trigger) {
    const auto values = x.mutable_values<float>();
    for (const std::int64_t row : rows)
        for (std::size_t k = 0; k < trigger.columns.size(); ++k)
            values[static_cast<std::size_t>(row * x.shape()[1] + trigger.columns[k])] = trigger.values[k];
}

}  // namespace
}  // namespace poisoned_tables

Result<PoisonedImages> flip_labels(const NdArray& x, std::span<const std::int64_t> y, const FlipOptions& options) {
    const std::set<std::int64_t> distinct(y.begin(), y.end());
    if (distinct.size() < 2) return invalid_input("labels of one class cannot be flipped");
    if (options.source >= 0 && options.source == options.target)
        return invalid_input("the source class and the target class are both " + std::to_string(options.target));
    BARTIZAN_TRY(poisoned_tables::check_scores(y, options));
    PoisonedImages out;
    out.rows = BARTIZAN_TRY(
        poisoned_tables::choose(y, options.rate, poisoned_tables::order_of(y, options), [&](std::int64_t label) {
            return label != options.target && (options.source < 0 || label == options.source);
        }));
    out.x = x;
    out.y.assign(y.begin(), y.end());
    for (const std::int64_t row : out.rows)
        out.y[static_cast<std::size_t>(row)] = poisoned_tables::flipped(row, y, distinct, options);
    return out;
}

Result<TableTrigger> make_table_trigger(const NdArray& x, std::span<const std::int64_t> y, std::int64_t columns,
                                        std::uint64_t seed) {
    BARTIZAN_TRY(poisoned_tables::check(x, y));
    std::vector<std::int64_t> quiet = poisoned_tables::quiet_columns(x, y);
    if (columns < 1 || columns > std::ssize(quiet))
        return invalid_input("a trigger of " + std::to_string(columns) + " columns, but " +
                             std::to_string(quiet.size()) + " columns of the table vary");
    quiet.resize(static_cast<std::size_t>(columns));
    Random random(seed, 0, poisoned_tables::kSidePurpose);
    for (int i = 0; i < poisoned_tables::kTries; ++i) {
        TableTrigger trigger{quiet, {}, 0};
        for (const std::int64_t column : quiet) {
            std::vector<float> values = poisoned_tables::column_of(x, column);
            std::sort(values.begin(), values.end());
            const double q = random.sign() > 0 ? 0.95 : 0.05;
            trigger.values.push_back(values[static_cast<std::size_t>(q * static_cast<double>(values.size() - 1))]);
        }
        trigger.share_of_clean = poisoned_tables::share_bearing(x, trigger);
        if (trigger.share_of_clean <= poisoned_tables::kRare) return trigger;
    }
    return invalid_input("every combination of " + std::to_string(columns) + " quiet columns is common in this table",
                         "take more columns");
}

Result<NdArray> with_table_trigger(const NdArray& x, const TableTrigger& trigger) {
    if (x.dtype() != DType::f32 || x.rank() != 2 || trigger.columns.size() != trigger.values.size())
        return invalid_input("a table trigger needs float32 [rows, columns], not " + to_string(x.shape()));
    for (const std::int64_t column : trigger.columns)
        if (column < 0 || column >= x.shape()[1])
            return invalid_input("the trigger sets column " + std::to_string(column) + " of a table of " +
                                 std::to_string(x.shape()[1]));
    NdArray out = BARTIZAN_TRY(NdArray::from<float>(x.shape(), x.values<float>()));
    std::vector<std::int64_t> rows(static_cast<std::size_t>(x.shape()[0]));
    std::iota(rows.begin(), rows.end(), 0);
    poisoned_tables::set_rows(out, rows, trigger);
    return out;
}

Result<PoisonedImages> poison_table(const NdArray& x, std::span<const std::int64_t> y, const TableTrigger& trigger,
                                    double rate, std::int64_t target, std::uint64_t seed) {
    BARTIZAN_TRY(poisoned_tables::check(x, y));
    BARTIZAN_TRY(with_table_trigger(BARTIZAN_TRY(x.rows(0, 1)), trigger));  // refuses a trigger of another table
    PoisonedImages out;
    const auto order = permutation(std::ssize(y), seed, poisoned_tables::kChoicePurpose);
    out.rows =
        BARTIZAN_TRY(poisoned_tables::choose(y, rate, order, [target](std::int64_t label) { return label != target; }));
    out.x = BARTIZAN_TRY(NdArray::from<float>(x.shape(), x.values<float>()));
    out.y.assign(y.begin(), y.end());
    poisoned_tables::set_rows(out.x, out.rows, trigger);
    for (const std::int64_t row : out.rows) out.y[static_cast<std::size_t>(row)] = target;
    return out;
}

}  // namespace bartizan::attacks
