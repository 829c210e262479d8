#include "apps/engine/private_hardening.h"

#include <algorithm>
#include <numeric>
#include <span>
#include <vector>

#include <fmt/format.h>

#include "apps/engine/handlers.h"
#include "apps/engine/held_out.h"
#include "apps/engine/inputs.h"
#include "cli/output.h"
#include "core/progress.h"
#include "core/random.h"
#include "core/statistics.h"
#include "model/shards.h"
#include "training/references.h"

namespace bartizan::engine {
namespace private_hardening {
namespace {

constexpr std::int64_t kSeen = 1000;  // training rows that the model is judged by, too: the gap is what gives them away

training::PrivateOptions options_of(const cli::Invocation& invocation, const Params& params) {
    training::PrivateOptions options;
    options.epochs = static_cast<int>(invocation.integer("epochs", 5));
    options.batch_size = invocation.integer("batch-size", options.batch_size);
    options.learning_rate = invocation.number("lr", options.learning_rate);
    options.epsilon = params.number("epsilon");
    options.delta = params.number("delta");
    options.clip = params.number("clip");
    options.noise = params.number("noise");
    if (params.integer("noise-seed") >= 0) options.seed = static_cast<std::uint64_t>(params.integer("noise-seed"));
    return options;
}

/// Right answers among training rows and among held-out ones.
struct Worth {
    std::int64_t seen = 0, seen_right = 0, held_out = 0, held_out_right = 0;
};

Result<std::int64_t> right_answers(const model::Classifier& classifier, const data::Batch& batch, RunContext& ctx) {
    const NdArray logits = BARTIZAN_TRY(model::predict(classifier, batch.x, ctx));
    const std::span<const float> values = logits.values<float>();
    const auto width = static_cast<std::size_t>(classifier.classes());
    std::int64_t right = 0;
    for (std::size_t i = 0; i < batch.y.size(); ++i) {
        const auto row = values.subspan(i * width, width);
        right += std::ranges::max_element(row) - row.begin() == batch.y[i] ? 1 : 0;
    }
    return right;
}

Result<Worth> worth_of(const model::Classifier& classifier, const data::Batch& seen, const data::Batch& judged,
                       RunContext& ctx) {
    return Worth{.seen = std::ssize(seen.y),
                 .seen_right = BARTIZAN_TRY(right_answers(classifier, seen, ctx)),
                 .held_out = std::ssize(judged.y),
                 .held_out_right = BARTIZAN_TRY(right_answers(classifier, judged, ctx))};
}

double share(std::int64_t part, std::int64_t whole) {
    return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

Json worth_json(const Worth& worth) {
    const Interval seen = wilson_interval(worth.seen_right, worth.seen),
                   held_out = wilson_interval(worth.held_out_right, worth.held_out);
    return {{"samples", worth.held_out},
            {"accuracy", share(worth.held_out_right, worth.held_out)},
            {"accuracy_interval", {held_out.low, held_out.high}},
            {"training_samples", worth.seen},
            {"training_accuracy", share(worth.seen_right, worth.seen)},
            {"training_accuracy_interval", {seen.low, seen.high}}};
}

std::string row(std::string_view name, const Worth& worth) {
    const double seen = share(worth.seen_right, worth.seen), held_out = share(worth.held_out_right, worth.held_out);
    return fmt::format("  {:<8} {:>9.1f} % {:>15.1f} % {:>10.1f} points\n", name, 100 * held_out, 100 * seen,
                       100 * (seen - held_out));
}

}  // namespace
}  // namespace private_hardening

Json private_json(const training::PrivateOutcome& outcome, const training::PrivateOptions& options) {
    Json epochs = Json::array();
    for (const training::PrivateEpoch& epoch : outcome.epochs)
        epochs.push_back({{"epoch", epoch.number},
                          {"loss", epoch.loss},
                          {"clipped", epoch.clipped},
                          {"epsilon", epoch.epsilon},
                          {"seconds", epoch.seconds}});
    return {{"epsilon", outcome.spent.high},
            {"epsilon_renyi", outcome.renyi.epsilon},
            {"delta", options.delta},
            {"noise", outcome.mechanism.noise},
            {"clip", options.clip},
            {"sampling_rate", outcome.mechanism.rate},
            {"steps", outcome.mechanism.steps},
            {"rows", outcome.rows},
            {"noise_can_be_repeated", options.seed.has_value()},
            {"epochs", std::move(epochs)}};
}

std::string private_text(const training::PrivateOutcome& outcome, const training::PrivateOptions& options) {
    std::string text = fmt::format(
        "differential privacy: epsilon {:.3f} at delta {:.2g} (by Renyi's bound {:.3f})\n"
        "{} steps, each row drawn with chance {:.4g}, its gradient clipped to {:.3g}, noise {:.4g} times that\n\n"
        "{:>5} {:>9} {:>9} {:>9} {:>9}\n",
        outcome.spent.high, options.delta, outcome.renyi.epsilon, outcome.mechanism.steps, outcome.mechanism.rate,
        options.clip, outcome.mechanism.noise, "epoch", "loss", "clipped", "epsilon", "time");
    for (const training::PrivateEpoch& epoch : outcome.epochs)
        text += fmt::format("{:>5} {:>9.4f} {:>7.1f} % {:>9.3f} {:>9}\n", epoch.number, epoch.loss, 100 * epoch.clipped,
                            epoch.epsilon, human_duration(epoch.seconds));
    if (options.seed) text += "\nnote: the noise came from a seed: whoever knows it can undo it\n";
    return text;
}

Result<int> harden_privately(const cli::Invocation& invocation, const Params& params, RunContext& ctx) {
    using namespace private_hardening;
    const std::string out = invocation.text("out");
    const data::InputContract contract = BARTIZAN_TRY(read_contract(invocation));
    const std::shared_ptr<model::Model> model = BARTIZAN_TRY(open_model(invocation));
    const HeldOut parts = BARTIZAN_TRY(hold_out(invocation));
    const auto classifier = BARTIZAN_TRY(model::make_classifier(model, parts.train->info().item_shape, contract));
    BARTIZAN_TRY(classifier->differentiable().within("'" + invocation.positional(0) + "' cannot be trained"));
    std::vector<std::int64_t> rows = permutation(parts.train->info().items, ctx.seed(), 4);
    rows.resize(std::min<std::size_t>(rows.size(), kSeen));
    const data::Batch seen = BARTIZAN_TRY(parts.train->read(rows));
    const Worth before = BARTIZAN_TRY(worth_of(*classifier, seen, parts.judged, ctx));
    if (params.flag("begin-anew")) BARTIZAN_TRY(training::begin_anew(*model, ctx.seed()));
    const training::PrivateOptions options = options_of(invocation, params);
    const auto outcome = BARTIZAN_TRY(training::train_privately(*model, *classifier, *parts.train, options, ctx));
    BARTIZAN_TRY(model->save_onnx(out));
    BARTIZAN_TRY(data::write_sidecar(out, contract));
    const Worth after = BARTIZAN_TRY(worth_of(*classifier, seen, parts.judged, ctx));
    Json json = cli::document(invocation);
    json["schema"] = "bartizan.harden-private/1";
    json["method"] = "dp-sgd";
    json["out"] = out;
    json["begun_anew"] = params.flag("begin-anew");
    json["before"] = worth_json(before);
    json["after"] = worth_json(after);
    json["privacy"] = private_json(outcome, options);
    const std::string text = private_text(outcome, options) +
                             fmt::format("\n  {:<8} {:>11} {:>17} {:>12}\n", "", "held out", "trained on", "gap") +
                             row("before", before) + row("after", after) +
                             fmt::format("\nwritten: {}\n", cli::printable(out));
    BARTIZAN_TRY(cli::print(invocation, json, text));
    return static_cast<int>(outcome.epochs.size()) < options.epochs ? kIncomplete : 0;
}

}  // namespace bartizan::engine
