#include "defences/beatrix.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <string>

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/bmm.h>
#include <ATen/ops/median.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/topk.h>

#include "defences/features.h"

namespace bartizan::defences {
namespace beatrix {

struct ClassUsual {
    at::Tensor middle, width;  ///< of each entry
};
using UsualByLabel = std::map<std::int64_t, ClassUsual>;

namespace {

constexpr int kMostOrders = 9;
constexpr std::size_t kFolds = 5;
constexpr std::int64_t kRowsAtOnce = 512;
constexpr std::int64_t kMostPlaces = 4096;
constexpr double kFloor = 0.3;     // of an entry's deviation over all classes
constexpr double kMostEntry = 10;  // one entry alone is no verdict
constexpr double kTiny = 1e-12;

Result<void> check(const at::Tensor& layer, std::span<const std::int64_t> labels, const char* name) {
    if (layer.dim() != 3 || layer.size(1) < 1 || layer.size(2) < 1 || layer.size(2) > kMostPlaces)
        return invalid_input("Beatrix takes layers [n, channels, places] of at most " + std::to_string(kMostPlaces) +
                             " places");
    return check_features(layer.flatten(1), labels, name);
}

/// The channels that vary most, in their order.
at::Tensor chosen_channels(const at::Tensor& layer, std::int64_t most) {
    const at::Tensor spread = layer.var(at::IntArrayRef({0, 2}), false, false);
    return std::get<0>(std::get<1>(at::topk(spread, std::min(most, spread.size(0)))).sort());
}

/// The upper triangles of the Gram matrices of one order, [n, entries].
at::Tensor gram(const at::Tensor& v, int order) {
    const at::Tensor powers = order == 1 ? v : v.pow(order);
    const at::Tensor whole = at::bmm(powers, powers.transpose(1, 2));
    const at::Tensor upper = at::ones({v.size(1), v.size(1)}, at::kBool).triu().flatten().nonzero().flatten();
    const at::Tensor entries = whole.flatten(1).index_select(1, upper);
    if (order == 1) return entries;
    return entries.sign() * entries.abs().pow(1.0 / order);
}

at::Tensor median_of(const at::Tensor& x) { return std::get<0>(at::median(x, 0)); }

UsualByLabel usual_of(const at::Tensor& grams, const RowsByLabel& rows, const at::Tensor& floor) {
    UsualByLabel out;
    for (const auto& [label, at_rows] : rows) {
        const at::Tensor members = pick_rows(grams, at_rows);
        const at::Tensor middle = median_of(members);
        out[label] = {middle, median_of((members - middle).abs()) + floor};
    }
    return out;
}

/// Mean deviations of rows from every class, [n, classes].
at::Tensor deviations(const at::Tensor& grams, const UsualByLabel& usual) {
    std::vector<at::Tensor> columns;
    for (const auto& [label, one] : usual)
        columns.push_back(((grams - one.middle).abs() / one.width).clamp_max(kMostEntry).mean(1));
    return at::stack(columns, 1);
}

/// log own - log the least of the others, for rows labelled `labels`.
void add_contrasts(const at::Tensor& sums, std::span<const std::int64_t> labels, const UsualByLabel& usual,
                   std::vector<double>& out) {
    const at::Tensor values = sums.to(at::kDouble).contiguous();
    const auto classes = static_cast<std::size_t>(values.size(1));
    for (std::size_t i = 0; i < labels.size(); ++i) {
        const double* row = values.data_ptr<double>() + i * classes;
        const auto own = static_cast<std::size_t>(std::distance(usual.begin(), usual.find(labels[i])));
        double least = std::numeric_limits<double>::infinity();
        for (std::size_t k = 0; k < classes; ++k)
            if (k != own) least = std::min(least, row[k]);
        out.push_back(std::log(row[own] + kTiny) - std::log(least + kTiny));
    }
}

}  // namespace
}  // namespace beatrix

struct Beatrix::Usual {
    at::Tensor channels;
    int orders = 1;
    std::int64_t width = 0, places = 0;          ///< of the layer that was fitted
    std::vector<beatrix::UsualByLabel> by_order;  ///< of all trusted items
    std::vector<double> clean_scores;
};

Result<Beatrix> Beatrix::fit(const at::Tensor& clean, std::span<const std::int64_t> labels,
                             const BeatrixOptions& options) {
    using namespace beatrix;
    if (options.orders < 1 || options.orders > kMostOrders || options.most_channels < 1)
        return invalid_input("Beatrix takes orders 1 to 9 and at least one channel");
    BARTIZAN_TRY(check(clean, labels, "clean"));
    const RowsByLabel rows = rows_by_label(labels);
    if (rows.size() < 2) return invalid_input("the trusted items have one label only");
    for (const auto& [label, at_rows] : rows)
        if (static_cast<std::int64_t>(at_rows.size()) < kBeatrixLeastClean)
            return invalid_input("class " + std::to_string(label) + " has " + std::to_string(at_rows.size()) +
                                     " trusted items, Beatrix needs " + std::to_string(kBeatrixLeastClean),
                                 "give more trusted items");
    auto usual = std::make_shared<Usual>();
    usual->channels = chosen_channels(clean, options.most_channels);
    usual->width = clean.size(1);
    usual->places = clean.size(2);
    usual->orders = clean.size(2) == 1 ? 1 : options.orders;
    const at::Tensor layer = clean.index_select(1, usual->channels);
    std::vector<at::Tensor> sums(kFolds);
    RowsByLabel kept[kFolds];
    std::vector<std::int64_t> of_fold[kFolds], labels_of_fold[kFolds];
    for (const auto& [label, at_rows] : rows)
        for (std::size_t i = 0; i < at_rows.size(); ++i) {
            of_fold[i % kFolds].push_back(at_rows[i]);
            labels_of_fold[i % kFolds].push_back(label);
            for (std::size_t fold = 0; fold < kFolds; ++fold)
                if (fold != i % kFolds) kept[fold][label].push_back(at_rows[i]);
        }
    for (int order = 1; order <= usual->orders; ++order) {
        const at::Tensor grams = gram(layer, order);
        const at::Tensor floor = grams.std(0) * kFloor + kTiny;
        usual->by_order.push_back(usual_of(grams, rows, floor));
        for (std::size_t fold = 0; fold < kFolds; ++fold) {
            const at::Tensor part = deviations(pick_rows(grams, of_fold[fold]), usual_of(grams, kept[fold], floor));
            sums[fold] = order == 1 ? part : sums[fold] + part;
        }
    }
    usual->clean_scores.resize(labels.size());
    for (std::size_t fold = 0; fold < kFolds; ++fold) {
        std::vector<double> found;
        add_contrasts(sums[fold], labels_of_fold[fold], usual->by_order.front(), found);
        for (std::size_t i = 0; i < found.size(); ++i)
            usual->clean_scores[static_cast<std::size_t>(of_fold[fold][i])] = found[i];
    }
    return Beatrix(std::move(usual));
}

Result<std::vector<double>> Beatrix::scores(const at::Tensor& layer, std::span<const std::int64_t> labels) const {
    using namespace beatrix;
    BARTIZAN_TRY(check(layer, labels, "suspect"));
    if (layer.size(1) != usual_->width || layer.size(2) != usual_->places)
        return invalid_input("the layer has another shape than that of the trusted items");
    for (const std::int64_t label : labels)
        if (!usual_->by_order.front().contains(label))
            return invalid_input("class " + std::to_string(label) + " has no trusted items");
    std::vector<double> out;
    for (std::int64_t begin = 0; begin < layer.size(0); begin += kRowsAtOnce) {
        const std::int64_t count = std::min(kRowsAtOnce, layer.size(0) - begin);
        const at::Tensor part = layer.narrow(0, begin, count).index_select(1, usual_->channels);
        at::Tensor sum;
        for (int order = 1; order <= usual_->orders; ++order) {
            const at::Tensor found = deviations(gram(part, order), usual_->by_order[static_cast<std::size_t>(order - 1)]);
            sum = order == 1 ? found : sum + found;
        }
        add_contrasts(sum, labels.subspan(static_cast<std::size_t>(begin), static_cast<std::size_t>(count)),
                      usual_->by_order.front(), out);
    }
    return out;
}

const std::vector<double>& Beatrix::clean_scores() const { return usual_->clean_scores; }

}  // namespace bartizan::defences
