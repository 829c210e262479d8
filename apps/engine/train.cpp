/// `bartizan train ARCH --data D --out F.onnx`: trains a reference model and writes it with its sidecar.
#include <fmt/format.h>

#include "apps/engine/epochs.h"
#include "apps/engine/handlers.h"
#include "apps/engine/inputs.h"
#include "apps/engine/private_hardening.h"
#include "apps/engine/text_inputs.h"
#include "cli/output.h"
#include "core/progress.h"
#include "training/architecture.h"
#include "training/standardise.h"
#include "training/trainer.h"

namespace bartizan::engine {
namespace training_command {
namespace {

Result<training::Options> options_of(const cli::Invocation& invocation, const training::Architecture& architecture) {
    training::Options options;
    options.epochs = static_cast<int>(invocation.integer("epochs", options.epochs));
    options.batch_size = invocation.integer("batch-size", options.batch_size);
    options.learning_rate = invocation.number("lr", architecture.learning_rate);
    if (invocation.flag("adversarial"))
        options.objective = {.method = training::Method::pgd,
                             .adversary = {.eps = invocation.number("eps", 8.0 / 255),
                                           .steps = static_cast<int>(invocation.integer("steps", 7))}};
    return options;
}

std::string as_text(const training::Outcome& outcome, const std::string& out) {
    std::string text = fmt::format("{:>5} {:>9} {:>20} {:>20} {:>9}\n", "epoch", "loss", "validation accuracy",
                                   "robust (PGD)", "time");
    for (const training::Epoch& epoch : outcome.epochs)
        text += fmt::format(
            "{:>5} {:>9.4f} {:>18.2f} % {:>20} {:>9}{}\n", epoch.number, epoch.loss, 100 * epoch.validation_accuracy,
            epoch.validation_robust_accuracy ? fmt::format("{:.2f} %", 100 * *epoch.validation_robust_accuracy) : "-",
            human_duration(epoch.seconds), epoch.number == outcome.best_epoch ? "  kept" : "");
    return text + fmt::format("written: {}\n", cli::printable(out));
}

/// What is trained, on what.
struct Work {
    const training::Architecture& architecture;
    std::shared_ptr<model::Model> model;
    const model::Classifier& classifier;
    const data::Dataset& dataset;
    const data::InputContract& contract;
};

Result<int> train_with_privacy(const cli::Invocation& invocation, const Work& work, RunContext& ctx) {
    if (invocation.flag("adversarial"))
        return invalid_input("--adversarial and --dp-epsilon are not to be had together", "choose one of the two");
    training::PrivateOptions options;
    options.epochs = static_cast<int>(invocation.integer("epochs", options.epochs));
    options.batch_size = invocation.integer("batch-size", options.batch_size);
    options.learning_rate = invocation.number("lr", options.learning_rate);
    options.epsilon = invocation.number("dp-epsilon", options.epsilon);
    options.delta = invocation.number("dp-delta", options.delta);
    options.clip = invocation.number("dp-clip", options.clip);
    const std::string out = invocation.text("out");
    const auto outcome =
        BARTIZAN_TRY(training::train_privately(*work.model, work.classifier, work.dataset, options, ctx));
    BARTIZAN_TRY(work.model->save_onnx(out));
    BARTIZAN_TRY(data::write_sidecar(out, work.contract));
    Json json = cli::document(invocation);
    json["schema"] = "bartizan.train-private/1";
    json["architecture"] = work.architecture.name;
    json["out"] = out;
    json["privacy"] = private_json(outcome, options);
    BARTIZAN_TRY(cli::print(invocation, json,
                            private_text(outcome, options) + fmt::format("written: {}\n", cli::printable(out))));
    return static_cast<int>(outcome.epochs.size()) < options.epochs ? kIncomplete : 0;
}

}  // namespace
}  // namespace training_command

Result<int> train(const cli::Invocation& invocation, RunContext& ctx) {
    using namespace training_command;
    const std::string out = invocation.text("out");
    BARTIZAN_TRY(cli::check_writable_file(out));
    if (invocation.positional(0) == "text-cnn") return train_text(invocation, ctx);
    const training::Architecture* architecture = BARTIZAN_TRY(training::find_architecture(invocation.positional(0)));
    const auto dataset = BARTIZAN_TRY(open_data(invocation));
    const data::Info& info = dataset->info();
    const Shape input = training::network_input(info.item_shape, info.kind == data::Kind::image);
    graph::Graph graph = BARTIZAN_TRY(architecture->build(input, info.classes, ctx.seed()));
    // Means and deviations are answers about the rows: private training must not give them away.
    if (info.kind == data::Kind::table && !invocation.has("dp-epsilon"))
        BARTIZAN_TRY(training::standardise(graph, BARTIZAN_TRY(training::column_statistics(*dataset))));
    std::shared_ptr<model::Model> model = BARTIZAN_TRY(model::from_graph(std::move(graph)));
    data::InputContract contract;
    contract.class_names = info.class_names;
    if (input.size() == 3) contract.layout = "nchw";
    const auto classifier = BARTIZAN_TRY(model::make_classifier(model, info.item_shape, contract));
    if (invocation.has("dp-epsilon"))
        return train_with_privacy(invocation, {*architecture, model, *classifier, *dataset, contract}, ctx);
    const training::Options options = BARTIZAN_TRY(options_of(invocation, *architecture));
    const training::Outcome outcome = BARTIZAN_TRY(training::train(*model, *classifier, *dataset, options, ctx));
    BARTIZAN_TRY(model->save_onnx(out));
    BARTIZAN_TRY(data::write_sidecar(out, contract));
    Json json = cli::document(invocation);
    json["architecture"] = architecture->name;
    json["out"] = out;
    json["best_epoch"] = outcome.best_epoch;
    json["epochs"] = epochs_json(outcome);
    BARTIZAN_TRY(cli::print(invocation, json, as_text(outcome, out)));
    return static_cast<int>(outcome.epochs.size()) < options.epochs ? kIncomplete : 0;
}

}  // namespace bartizan::engine
