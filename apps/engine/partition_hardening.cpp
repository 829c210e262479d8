#include "apps/engine/partition_hardening.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numeric>
#include <span>
#include <vector>

#include <fmt/format.h>

#include "apps/engine/held_out.h"
#include "apps/engine/inputs.h"
#include "cli/output.h"
#include "core/file.h"
#include "core/progress.h"
#include "core/statistics.h"
#include "model/shards.h"
#include "report/html_style.h"
#include "report/plot.h"
#include "training/partitions.h"
#include "training/vote.h"
#include "training/vote_graph.h"

namespace bartizan::engine {
namespace partition_hardening {
namespace {

constexpr std::int64_t kBatch = 32;  // parts are small: a step needs few items
constexpr int kEpochs = 20;
constexpr std::size_t kPrinted = 12;  // points of the curve, in text

training::PartitionOptions options_of(const cli::Invocation& invocation, const Params& params) {
    training::PartitionOptions options;
    options.parts = params.integer("partitions");
    options.training.epochs = static_cast<int>(invocation.integer("epochs", kEpochs));
    options.training.batch_size = invocation.integer("batch-size", kBatch);
    options.training.learning_rate = invocation.number("lr", options.training.learning_rate);
    return options;
}

std::size_t best(std::span<const float> row) {
    return static_cast<std::size_t>(std::ranges::max_element(row) - row.begin());
}

Result<std::int64_t> right_answers(const model::Classifier& classifier, const data::Batch& batch, RunContext& ctx) {
    const NdArray logits = BARTIZAN_TRY(model::predict(classifier, batch.x, ctx));
    const auto width = static_cast<std::size_t>(classifier.classes());
    std::int64_t right = 0;
    for (std::size_t i = 0; i < batch.y.size(); ++i)
        right += best(logits.values<float>().subspan(i * width, width)) == static_cast<std::size_t>(batch.y[i]) ? 1 : 0;
    return right;
}

/// What the networks are worth, each and together.
struct Worth {
    std::int64_t samples = 0, before = 0;
    std::vector<std::int64_t> certified;  ///< right whatever 0, 1, ... networks say
    std::vector<double> single;           ///< accuracy of each network

    double share(std::int64_t part) const {
        return samples == 0 ? 0 : static_cast<double>(part) / static_cast<double>(samples);
    }
    /// The most changes after which at least half of all answers are right for sure.
    std::int64_t median() const {
        std::int64_t out = 0;
        for (std::size_t r = 0; r < certified.size(); ++r)
            if (2 * certified[r] >= samples) out = static_cast<std::int64_t>(r);
        return out;
    }
};

Result<void> judge(Worth& worth, const std::vector<training::Part>& parts, const graph::Graph& whole,
                   const data::InputContract& contract, const data::Batch& judged, RunContext& ctx) {
    const Shape item(judged.x.shape().begin() + 1, judged.x.shape().end());
    for (const training::Part& part : parts) {
        std::shared_ptr<model::Model> model = BARTIZAN_TRY(model::from_graph(part.graph));
        const auto one = BARTIZAN_TRY(model::make_classifier(std::move(model), item, contract));
        worth.single.push_back(worth.share(BARTIZAN_TRY(right_answers(*one, judged, ctx))));
    }
    std::shared_ptr<model::Model> model = BARTIZAN_TRY(model::from_graph(whole));
    const auto vote = BARTIZAN_TRY(model::make_classifier(std::move(model), item, contract));
    const NdArray counted = BARTIZAN_TRY(model::predict(*vote, judged.x, ctx));
    const auto width = static_cast<std::size_t>(vote->classes());
    std::vector<training::Vote> votes;
    for (std::size_t i = 0; i < judged.y.size(); ++i) {
        std::vector<std::int64_t> counts;
        for (const float count : counted.values<float>().subspan(i * width, width))
            counts.push_back(std::llround(count));
        votes.push_back(training::decide(counts));
    }
    worth.certified = training::certified_counts(votes, judged.y);
    return {};
}

Json accuracy_json(const Worth& worth, std::int64_t right) {
    const Interval interval = wilson_interval(right, worth.samples);
    return {{"samples", worth.samples},
            {"accuracy", worth.share(right)},
            {"accuracy_interval", {interval.low, interval.high}}};
}

Json as_json(const cli::Invocation& invocation, const training::PartitionOptions& options,
             const std::vector<training::Part>& parts, const Worth& worth, double seconds) {
    const auto [least, most] = std::ranges::minmax(parts, {}, &training::Part::items);
    Json json = cli::document(invocation);
    json["schema"] = "bartizan.harden-partition/1";
    json["method"] = "partition";
    json["out"] = invocation.text("out");
    json["partitions"] = options.parts;
    json["items"] = {{"least", least.items}, {"most", most.items}};
    json["untrained"] = std::ranges::count_if(parts, [](const training::Part& part) { return !part.trained; });
    json["before"] = accuracy_json(worth, worth.before);
    json["after"] = accuracy_json(worth, worth.certified.front());
    const auto [lowest, highest] = std::ranges::minmax(worth.single);
    json["single"] = {
        {"mean", std::accumulate(worth.single.begin(), worth.single.end(), 0.0) / static_cast<double>(parts.size())},
        {"least", lowest},
        {"most", highest}};
    json["certified_median"] = worth.median();
    json["curve"] = Json::array();
    for (std::size_t r = 0; r < worth.certified.size(); ++r) {
        const Interval interval = wilson_interval(worth.certified[r], worth.samples);
        json["curve"].push_back({{"poisoned", r},
                                 {"right", worth.certified[r]},
                                 {"certified_accuracy", worth.share(worth.certified[r])},
                                 {"interval", {interval.low, interval.high}}});
    }
    json["training_seconds"] = seconds;
    return json;
}

std::string as_text(const Json& json, const Worth& worth) {
    const auto percent = [](const Json& value) { return 100 * value.get<double>(); };
    std::string text = fmt::format(
        "a vote of {} networks, each learnt from {} to {} items; judged on {} held-out items\n\n"
        "  {:<32} {:>7.1f} %\n  {:<32} {:>7.1f} %\n  {:<32} {:>7.1f} %\n",
        json["partitions"].get<std::int64_t>(), json["items"]["least"].get<std::int64_t>(),
        json["items"]["most"].get<std::int64_t>(), worth.samples, "accuracy of the model given",
        percent(json["before"]["accuracy"]), "accuracy of the vote", percent(json["after"]["accuracy"]),
        "accuracy of one network, mean", percent(json["single"]["mean"]));
    if (json["untrained"].get<std::int64_t>() > 0)
        text += fmt::format("  {} parts had too little to learn from: their networks guess\n",
                            json["untrained"].get<std::int64_t>());
    text += "\n  poisoned items   right for sure\n";
    const std::size_t points = worth.certified.size();
    const std::size_t step = std::max<std::size_t>(1, (points + kPrinted - 1) / kPrinted);
    for (std::size_t r = 0; r < points; r += step)
        text += fmt::format("  {:>14} {:>12.1f} %\n", r, 100 * worth.share(worth.certified[r]));
    return text + fmt::format(
                      "\nhalf of the answers or more stay right whatever {} items are put in, taken out or relabelled\n"
                      "written: {}\n",
                      worth.median(), cli::printable(json["out"].get<std::string>()));
}

/// The curve as a page of its own.
std::string as_html(const Worth& worth) {
    Curve curve{.title = "Answers that are right whatever the poison",
                .x_label = "poisoned items",
                .y_label = "certified accuracy",
                .series = {{.name = "vote"}}};
    for (std::size_t r = 0; r < worth.certified.size(); ++r) {
        const Interval interval = wilson_interval(worth.certified[r], worth.samples);
        curve.series[0].points.push_back(
            {static_cast<double>(r), worth.share(worth.certified[r]), interval.low, interval.high});
    }
    return fmt::format(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
        "content=\"width=device-width\"><title>Certified accuracy under poisoning</title><style>{}</style></head>"
        "<body><main class=\"page\">{}</main></body></html>\n",
        report::stylesheet(), report::curve_figure(curve));
}

}  // namespace
}  // namespace partition_hardening

Result<int> harden_by_partitions(const cli::Invocation& invocation, const Params& params, RunContext& ctx) {
    using namespace partition_hardening;
    const std::string out = invocation.text("out");
    const training::PartitionOptions options = options_of(invocation, params);
    training::Network network{.graph = {}, .contract = BARTIZAN_TRY(read_contract(invocation))};
    const std::shared_ptr<model::Model> model = BARTIZAN_TRY(open_model(invocation));
    if (model->graph() == nullptr)
        return unsupported("'" + invocation.positional(0) + "' is not an ONNX file", "export the model to ONNX first");
    network.graph = *model->graph();
    const HeldOut held = BARTIZAN_TRY(hold_out(invocation));
    const auto classifier =
        BARTIZAN_TRY(model::make_classifier(model, held.train->info().item_shape, network.contract));
    BARTIZAN_TRY(classifier->differentiable().within("'" + invocation.positional(0) + "' cannot be trained"));
    network.classes = classifier->classes();
    // Refuses a graph that cannot vote before the networks are trained, not after.
    BARTIZAN_TRY(training::vote_graph(std::vector{network.graph}, network.classes)
                     .within("'" + invocation.positional(0) + "' cannot be put to the vote"));
    const data::Batch pool = BARTIZAN_TRY(data::read_all(*held.train));
    if (pool.y.empty()) return invalid_input("the data has no labels", "training needs labelled data");
    Worth worth{.samples = std::ssize(held.judged.y)};
    worth.before = BARTIZAN_TRY(right_answers(*classifier, held.judged, ctx));
    const auto begin = ctx.now();
    const auto parts = BARTIZAN_TRY(training::train_partitions(network, pool, options, ctx));
    const double seconds = std::chrono::duration<double>(ctx.now() - begin).count();
    std::vector<graph::Graph> graphs;
    for (const training::Part& part : parts) graphs.push_back(part.graph);
    graph::Graph whole = BARTIZAN_TRY(training::vote_graph(graphs, network.classes));
    whole.metadata["bartizan.method"] = "deep partition aggregation";
    whole.metadata["bartizan.partitions"] = std::to_string(options.parts);
    BARTIZAN_TRY(judge(worth, parts, whole, network.contract, held.judged, ctx));
    BARTIZAN_TRY(graph::save_onnx(whole, out));
    BARTIZAN_TRY(data::write_sidecar(out, network.contract));
    BARTIZAN_TRY(write_file_atomically(out + ".certificate.html", as_html(worth)));
    const Json json = as_json(invocation, options, parts, worth, seconds);
    BARTIZAN_TRY(cli::print(invocation, json, as_text(json, worth)));
    return 0;
}

}  // namespace bartizan::engine
