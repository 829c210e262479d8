#include "defences/poison_check.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <map>

#include <ATen/core/Tensor.h>

#include "defences/beatrix.h"
#include "defences/features.h"
#include "defences/neighbours.h"
#include "defences/spectral.h"
#include "defences/strip.h"
#include "model/feature_view.h"
#include "model/shards.h"
#include "model/tensors.h"

namespace bartizan::defences {
namespace poison_check {
namespace {

/// Sizes, and labels that the model has a class for.
Result<void> check(const model::Classifier& classifier, const Labelled& items, const char* name) {
    const auto rows = static_cast<std::int64_t>(items.y.size());
    if (rows == 0 || items.x.rank() < 2 || items.x.dtype() != DType::f32 || items.x.shape()[0] != rows)
        return invalid_input(std::string("the ") + name + " data needs float32 items and a label for each, not " +
                             bartizan::to_string(items.x.shape()) + " and " + std::to_string(rows) + " labels");
    for (const std::int64_t label : items.y)
        if (label < 0 || label >= classifier.classes())
            return invalid_input(std::string("the ") + name + " data has a label " + std::to_string(label) +
                                     ", the model has " + std::to_string(classifier.classes()) + " classes",
                                 "is this the data that the model was made for?");
    return {};
}

/// The first `most` items of each class.
Result<Labelled> at_most(const Labelled& items, std::int64_t most) {
    std::map<std::int64_t, std::int64_t> held;
    std::vector<std::size_t> rows;
    for (std::size_t i = 0; i < items.y.size(); ++i)
        if (held[items.y[i]]++ < most) rows.push_back(i);
    Shape shape = items.x.shape();
    shape[0] = std::ssize(rows);
    Labelled out{BARTIZAN_TRY(NdArray::zeros(DType::f32, shape)), {}};
    const std::span<const float> from = items.x.values<float>();
    const std::size_t length = from.size() / items.y.size();
    float* to = out.x.mutable_values<float>().data();
    for (const std::size_t row : rows) {
        to = std::ranges::copy(from.subspan(row * length, length), to).out;
        out.y.push_back(items.y[row]);
    }
    return out;
}

double seconds_since(std::chrono::steady_clock::time_point begin, const RunContext& ctx) {
    return std::chrono::duration<double>(ctx.now() - begin).count();
}

/// Mean over the classes of how much of each is read right, from 0 (by chance) to 1. `logits`: [n, classes].
double skill(const NdArray& logits, std::span<const std::int64_t> labels) {
    std::map<std::int64_t, std::pair<double, double>> right_of_all;
    const auto classes = static_cast<std::size_t>(logits.shape()[1]);
    for (std::size_t i = 0; i < labels.size(); ++i) {
        const std::span<const float> row = logits.values<float>().subspan(i * classes, classes);
        auto& [right, all] = right_of_all[labels[i]];
        right += std::ranges::max_element(row) - row.begin() == labels[i] ? 1 : 0;
        ++all;
    }
    if (right_of_all.size() < 2) return 1;
    double recall = 0;
    for (const auto& [label, counts] : right_of_all) recall += counts.first / counts.second;
    const auto present = static_cast<double>(right_of_all.size());
    return (recall / present - 1 / present) / (1 - 1 / present);
}

/// Below it a network's features say nothing of its classes: what lies apart in them is no sign of poison.
constexpr double kLeastSkill = 0.2;

class Check {
public:
    Check(const PoisonModel& model, const Labelled& suspect, const PoisonOptions& options, const RunContext& ctx)
        : model_(model), suspect_(suspect), options_(options), ctx_(ctx) {}

    /// Rankings alone.
    Result<PoisonReport> without_verdict(const std::string& reason) {
        for (const char* detector : {"scan", "neighbours", "beatrix", "strip"}) skip(detector, reason);
        report_.scan.reason = reason;
        BARTIZAN_TRY(read_features(nullptr));
        BARTIZAN_TRY(rank());
        return finish({});
    }

    Result<PoisonReport> with(const Labelled& all_trusted) {
        const Labelled trusted = BARTIZAN_TRY(at_most(all_trusted, options_.most_clean));
        report_.trusted = std::ssize(trusted.y);
        const NdArray logits = BARTIZAN_TRY(model::predict(*model_.classifier, trusted.x, ctx_));
        if (skill(logits, trusted.y) < kLeastSkill)
            return without_verdict("the model reads the trusted items hardly better than chance: it has not learnt them");
        BARTIZAN_TRY(read_features(&trusted));
        std::vector<Scores> scores;
        if (model_.features != nullptr) {
            BARTIZAN_TRY(run_scan(trusted));
            BARTIZAN_TRY(rank());
            BARTIZAN_TRY(run_neighbours(trusted, scores));
            BARTIZAN_TRY(run_beatrix(trusted, scores));
        }
        BARTIZAN_TRY(run_strip(trusted, scores));
        if (scores.size() == 1) skip("votes", "they count in pairs, and only " + scores[0].name + " could run");
        if (Result<Votes> votes = calibrate_together(std::move(scores), options_.rate); votes.ok())
            report_.votes = std::move(votes).value();
        else
            BARTIZAN_TRY(skip_or_fail("votes", votes.error()));
        return finish(trusted.y);
    }

private:
    void skip(std::string_view detector, std::string reason) {
        report_.not_applicable.push_back({detector, std::move(reason)});
    }
    /// What a detector cannot do with this data is told; anything else ends the check.
    Result<void> skip_or_fail(std::string_view detector, const Error& error) {
        if (error.code() != Errc::invalid_input && error.code() != Errc::unsupported) return error;
        skip(detector, error.line());
        return {};
    }

    Result<void> read_features(const Labelled* trusted) {
        if (model_.features == nullptr) {
            for (const char* detector : {"scan", "clusters", "neighbours", "beatrix"}) skip(detector, model_.no_features);
            report_.scan.reason = model_.no_features;
            return {};
        }
        const auto begin = ctx_.now();
        const NdArray suspect = BARTIZAN_TRY(model::predict(*model_.features, suspect_.x, ctx_));
        features_ = BARTIZAN_TRY(model::to_tensor(suspect));
        if (trusted != nullptr) {
            const NdArray clean = BARTIZAN_TRY(model::predict(*model_.features, trusted->x, ctx_));
            clean_ = BARTIZAN_TRY(model::to_tensor(clean));
        }
        report_.feature_seconds = seconds_since(begin, ctx_);
        return {};
    }

    Result<void> run_scan(const Labelled& trusted) {
        const auto begin = ctx_.now();
        Result<ScanResult> found = scan_classes(features_, suspect_.y, clean_, trusted.y, {.seed = ctx_.seed()});
        report_.scan_seconds = seconds_since(begin, ctx_);
        if (!found.ok()) {
            report_.scan.reason = found.error().line();
            return skip_or_fail("scan", found.error());
        }
        report_.scan = std::move(found).value();
        if (!report_.scan.reason.empty()) skip("scan", report_.scan.reason);
        return {};
    }

    /// Rankings that need no trusted items.
    Result<void> rank() {
        if (model_.features == nullptr) return {};
        report_.spectral = BARTIZAN_TRY(spectral_scores(features_, suspect_.y));
        report_.clusters = BARTIZAN_TRY(activation_clusters(features_, suspect_.y, ctx_.seed()));
        return {};
    }

    Result<void> run_neighbours(const Labelled& trusted, std::vector<Scores>& out) {
        Result<std::vector<double>> clean = label_contrast(clean_, trusted.y, clean_, trusted.y);
        if (!clean.ok()) return skip_or_fail("neighbours", clean.error());
        Result<std::vector<double>> found = label_contrast(features_, suspect_.y, clean_, trusted.y);
        if (!found.ok()) return skip_or_fail("neighbours", found.error());
        out.push_back({"neighbours", std::move(found).value(), std::move(clean).value()});
        return {};
    }

    Result<void> run_beatrix(const Labelled& trusted, std::vector<Scores>& out) {
        const Result<Beatrix> usual = Beatrix::fit(clean_.unsqueeze(2), trusted.y);
        if (!usual.ok()) return skip_or_fail("beatrix", usual.error());
        Result<std::vector<double>> found = usual->scores(features_.unsqueeze(2), suspect_.y);
        if (!found.ok()) return skip_or_fail("beatrix", found.error());
        out.push_back({"beatrix", std::move(found).value(), usual->clean_scores()});
        return {};
    }

    Result<void> run_strip(const Labelled& trusted, std::vector<Scores>& out) {
        if (options_.blends == 0) {
            skip("strip", "it was turned off");
            return {};
        }
        std::int64_t done = 0;
        const Forward forward = [&](const NdArray& x) -> Result<NdArray> {
            BARTIZAN_TRY(ctx_.checkpoint());
            done += x.shape()[0] / options_.blends;
            ctx_.progress({"poison: strip", static_cast<std::uint64_t>(done), suspect_.y.size() + trusted.y.size()});
            return model::predict(*model_.classifier, x, ctx_);
        };
        const StripOptions strip{.blends = options_.blends, .seed = ctx_.seed()};
        Scores scores{"strip", BARTIZAN_TRY(strip_entropies(suspect_.x, trusted.x, forward, strip)),
                      BARTIZAN_TRY(strip_entropies(trusted.x, trusted.x, forward, strip))};
        for (std::vector<double>* values : {&scores.suspect, &scores.clean})
            for (double& value : *values) value = -value;
        out.push_back(std::move(scores));
        return {};
    }

    /// Two and more for SCAn, one for each vote, and below that how far up the neighbours' ranking the item is.
    void weigh() {
        report_.suspicion.assign(suspect_.y.size(), 0);
        for (const std::int64_t row : report_.scan.suspects) report_.suspicion[static_cast<std::size_t>(row)] += 2;
        for (const Vote& vote : report_.votes.votes) {
            const auto [low, high] = std::ranges::minmax(vote.scores);
            const double width = std::max(high - low, std::numeric_limits<double>::min());
            for (std::size_t i = 0; i < vote.scores.size(); ++i)
                report_.suspicion[i] += (vote.scores[i] > vote.threshold ? 1 : 0) +
                                        0.9 * (vote.scores[i] - low) / width /
                                            static_cast<double>(report_.votes.votes.size());
        }
    }

    /// `trusted`: labels.
    PoisonReport finish(std::span<const std::int64_t> trusted) {
        report_.fused = fuse(report_.scan, report_.votes, suspect_.y, trusted);
        weigh();
        ctx_.progress_finish();
        return std::move(report_);
    }

    const PoisonModel& model_;
    const Labelled& suspect_;
    const PoisonOptions& options_;
    const RunContext& ctx_;
    at::Tensor features_, clean_;
    PoisonReport report_;
};

}  // namespace
}  // namespace poison_check

Result<PoisonReport> check_poison(const PoisonModel& model, const Labelled& suspect, const Labelled* trusted,
                                  const PoisonOptions& options, const RunContext& ctx) {
    BARTIZAN_TRY(poison_check::check(*model.classifier, suspect, "training"));
    poison_check::Check run(model, suspect, options, ctx);
    if (trusted == nullptr) return run.without_verdict("no trusted items were given, and it needs them");
    BARTIZAN_TRY(poison_check::check(*model.classifier, *trusted, "trusted"));
    if (!std::equal(suspect.x.shape().begin() + 1, suspect.x.shape().end(), trusted->x.shape().begin() + 1,
                    trusted->x.shape().end()))
        return invalid_input("the trusted data holds items of shape " + bartizan::to_string(trusted->x.shape()) +
                             ", the training data of " + bartizan::to_string(suspect.x.shape()));
    return run.with(*trusted);
}

PoisonModel poison_model(std::shared_ptr<const model::Model> model,
                         std::shared_ptr<const model::Classifier> classifier, const data::InputContract& contract) {
    PoisonModel out{std::move(classifier), nullptr};
    const Shape item_shape = out.classifier->item_shape();
    auto features = model::feature_view(model, item_shape, contract, out.classifier->classes());
    if (!features.ok()) {
        out.no_features = features.error().line();
        return out;
    }
    out.features = features->features;
    return out;
}

}  // namespace bartizan::defences
