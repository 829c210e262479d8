#include "explain/training_influence.h"

#include <algorithm>
#include <string>
#include <utility>

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/isfinite.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/one_hot.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

#include "core/random.h"

namespace bartizan::explain {
namespace training_influence {
namespace {

constexpr int kFitSteps = 200;    // from nothing: what was learnt from items that are gone is not unlearnt by itself
constexpr double kMomentum = 0.9;
constexpr double kDecay = 1e-4;   // keeps separable classes from growing for ever
constexpr std::uint32_t kControlPurpose = 430'000;

Result<void> check(const LastLayer& items, const char* name) {
    const auto rows = static_cast<std::int64_t>(items.labels.size());
    const bool fits = items.features.dim() == 2 && items.logits.dim() == 2 && rows > 0 &&
                      items.features.size(0) == rows && items.logits.size(0) == rows && items.logits.size(1) > 1 &&
                      items.features.size(1) > 0;
    if (!fits)
        return invalid_input(std::string("the ") + name + " items need features [n, width], logits [n, classes] and n labels");
    const std::int64_t classes = items.logits.size(1);
    if (std::ranges::any_of(items.labels, [&](std::int64_t label) { return label < 0 || label >= classes; }))
        return invalid_input(std::string("a label of the ") + name + " items is no class of the model");
    if (!at::isfinite(items.features).all().item<bool>() || !at::isfinite(items.logits).all().item<bool>())
        return invalid_input(std::string("features or logits of the ") + name + " items hold NaN or infinity");
    return {};
}

Result<void> check(const LastLayer& training, const LastLayer& asked) {
    BARTIZAN_TRY(check(training, "training"));
    BARTIZAN_TRY(check(asked, "asked"));
    if (training.features.size(1) != asked.features.size(1) || training.logits.size(1) != asked.logits.size(1))
        return invalid_input("training and asked items differ in the width of features or logits");
    return {};
}

/// softmax - one-hot, [n, classes].
at::Tensor errors_of(const LastLayer& items) {
    const at::Tensor answers = items.logits.softmax(1);
    return answers - at::one_hot(at::tensor(items.labels), items.logits.size(1)).to(answers.scalar_type());
}

/// The `count` rows with the largest values, best first; equal ones in their order.
std::vector<std::int64_t> largest(std::span<const float> values, std::int64_t count) {
    std::vector<std::int64_t> order(values.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = static_cast<std::int64_t>(i);
    const auto middle = order.begin() + std::min<std::ptrdiff_t>(count, std::ssize(order));
    std::partial_sort(order.begin(), middle, order.end(), [&](std::int64_t a, std::int64_t b) {
        const float x = values[static_cast<std::size_t>(a)], y = values[static_cast<std::size_t>(b)];
        return x != y ? x > y : a < b;
    });
    order.erase(middle, order.end());
    return order;
}

std::span<const float> values_of(const at::Tensor& row) {
    return {row.data_ptr<float>(), static_cast<std::size_t>(row.numel())};
}

/// Influence and likeness of all training items on one asked item.
class Pairs {
public:
    Pairs(const LastLayer& training, const LastLayer& asked)
        : errors_(errors_of(training)), asked_errors_(errors_of(asked)), features_(training.features),
          asked_features_(asked.features), lengths_(features_.square().sum(1).sqrt().clamp_min(1e-12)) {}

    void look_at(std::int64_t row) {
        const at::Tensor inner = at::matmul(features_, asked_features_.select(0, row));
        influence_ = (at::matmul(errors_, asked_errors_.select(0, row)) * (inner + 1)).contiguous();
        likeness_ = (inner / lengths_ / asked_features_.select(0, row).square().sum().sqrt().clamp_min(1e-12)).contiguous();
    }
    TrainingItem item(std::int64_t row) const {
        const auto at = static_cast<std::size_t>(row);
        return {row, values_of(influence_)[at], values_of(likeness_)[at]};
    }
    std::vector<TrainingItem> items(const at::Tensor& by, std::int64_t count) const {
        std::vector<TrainingItem> out;
        for (const std::int64_t row : largest(values_of(by), count)) out.push_back(item(row));
        return out;
    }
    const at::Tensor& influence() const { return influence_; }
    const at::Tensor& likeness() const { return likeness_; }

private:
    at::Tensor errors_, asked_errors_, features_, asked_features_, lengths_, influence_, likeness_;
};

/// Softmax regression on the features, by gradient steps with momentum.
class Head {
public:
    explicit Head(const LastLayer& training)
        : scale_(training.features.square().mean().sqrt().clamp_min(1e-12)), inputs_(with_one(training.features)),
          labels_(at::one_hot(at::tensor(training.labels), training.logits.size(1)).to(at::kFloat)),
          weights_(at::zeros({inputs_.size(1), training.logits.size(1)}, at::kFloat)) {
        // Of softmax regression the curvature is at most half the mean square length of an input.
        rate_ = 1.0 / (0.5 * inputs_.square().sum(1).mean().item<double>() + kDecay);
    }

    /// Without the rows whose `kept` is 0.
    void fit(int steps, const at::Tensor& kept) {
        at::Tensor speed = at::zeros_like(weights_);
        const double items = std::max(1.0, kept.sum().item<double>());
        for (int step = 0; step < steps; ++step) {
            const at::Tensor ahead = weights_ + speed * kMomentum;
            const at::Tensor errors = (at::matmul(inputs_, ahead).softmax(1) - labels_) * kept.unsqueeze(1);
            const at::Tensor gradient = at::matmul(inputs_.t(), errors) / items + ahead * kDecay;
            speed = speed * kMomentum - gradient * rate_;
            weights_ = weights_ + speed;
        }
    }
    double probability(const at::Tensor& features, std::int64_t label) const {
        return at::matmul(with_one(features.unsqueeze(0)), weights_).softmax(1)[0][label].item<double>();
    }

private:
    at::Tensor with_one(const at::Tensor& features) const {
        return at::cat({features / scale_, at::ones({features.size(0), 1}, at::kFloat)}, 1);
    }

    at::Tensor scale_, inputs_, labels_, weights_;
    double rate_ = 1;
};

/// As many other rows with the same labels, where there are so many.
std::vector<std::int64_t> control(const LastLayer& training, const std::vector<std::int64_t>& rows, std::uint64_t seed,
                                  std::int64_t asked) {
    std::vector<std::int64_t> wanted(static_cast<std::size_t>(training.logits.size(1)), 0);
    for (const std::int64_t row : rows) ++wanted[static_cast<std::size_t>(training.labels[static_cast<std::size_t>(row)])];
    std::vector<std::int64_t> out;
    for (const std::int64_t row : permutation(std::ssize(training.labels), seed, kControlPurpose + static_cast<std::uint32_t>(asked))) {
        std::int64_t& left = wanted[static_cast<std::size_t>(training.labels[static_cast<std::size_t>(row)])];
        if (left == 0 || std::ranges::find(rows, row) != rows.end()) continue;
        --left;
        out.push_back(row);
    }
    return out;
}

/// Of the asked class, by a last layer that was taught without `rows`.
double probability_without(Head head, const std::vector<std::int64_t>& rows, const LastLayer& training,
                           const at::Tensor& asked, std::int64_t label) {
    at::Tensor kept = at::ones({static_cast<std::int64_t>(training.labels.size())}, at::kFloat);
    for (const std::int64_t row : rows) kept.data_ptr<float>()[row] = 0;
    head.fit(kFitSteps, kept);
    return head.probability(asked, label);
}

}  // namespace
}  // namespace training_influence

Result<std::vector<Influences>> training_influences(const LastLayer& training, const LastLayer& asked,
                                                    std::int64_t shown, const RunContext& ctx) {
    using namespace training_influence;
    BARTIZAN_TRY(check(training, asked));
    Pairs pairs(training, asked);
    std::vector<Influences> out;
    for (std::int64_t row = 0; row < asked.features.size(0); ++row) {
        BARTIZAN_TRY(ctx.checkpoint());
        pairs.look_at(row);
        Influences one{pairs.items(pairs.influence(), shown), pairs.items(-pairs.influence(), shown),
                       pairs.items(pairs.likeness(), shown)};
        std::erase_if(one.helpful, [](const TrainingItem& item) { return item.influence <= 0; });
        std::erase_if(one.harmful, [](const TrainingItem& item) { return item.influence >= 0; });
        out.push_back(std::move(one));
    }
    return out;
}

Result<std::vector<double>> self_influences(const LastLayer& training) {
    using namespace training_influence;
    BARTIZAN_TRY(check(training, "training"));
    const at::Tensor values =
        (errors_of(training).square().sum(1) * (training.features.square().sum(1) + 1)).contiguous();
    const std::span<const float> found = values_of(values);
    return std::vector<double>(found.begin(), found.end());
}

Result<std::vector<double>> removal_lifts(const LastLayer& training, const LastLayer& asked, std::int64_t removed,
                                          const RunContext& ctx) {
    using namespace training_influence;
    BARTIZAN_TRY(check(training, asked));
    const auto rows = static_cast<std::int64_t>(training.labels.size());
    if (removed < 1 || removed >= rows)
        return invalid_input(std::to_string(removed) + " of " + std::to_string(rows) + " training items cannot be left out");
    const Head untaught(training);
    const std::vector<Influences> found = BARTIZAN_TRY(training_influences(training, asked, removed, ctx));
    std::vector<double> out;
    for (std::int64_t i = 0; i < asked.features.size(0); ++i) {
        BARTIZAN_TRY(ctx.checkpoint());
        std::vector<std::int64_t> helpful;
        for (const TrainingItem& item : found[static_cast<std::size_t>(i)].helpful) helpful.push_back(item.row);
        const at::Tensor features = asked.features.select(0, i);
        const std::int64_t label = asked.labels[static_cast<std::size_t>(i)];
        out.push_back(probability_without(untaught, control(training, helpful, ctx.seed(), i), training, features, label) -
                      probability_without(untaught, helpful, training, features, label));
        ctx.progress({"removal", static_cast<std::uint64_t>(i + 1), static_cast<std::uint64_t>(asked.features.size(0)), "inputs"});
    }
    return out;
}

}  // namespace bartizan::explain
