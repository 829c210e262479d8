/// `attack`, `train` and `harden` on texts.
#include <fmt/format.h>

#include "apps/engine/handlers.h"
#include "apps/engine/text_inputs.h"
#include "cli/output.h"
#include "core/file.h"
#include "core/progress.h"
#include "core/statistics.h"
#include "text/normaliser.h"
#include "textattacks/choose.h"
#include "textattacks/report.h"
#include "training/text_cnn.h"
#include "training/trainer.h"

namespace bartizan::engine {
namespace text_commands {
namespace {

constexpr std::int64_t kHeldOutShare = 10;  ///< every tenth text is judged on
constexpr double kLearningRate = 0.2;

/// The tokenizer given, else one learnt from the texts; written beside the model.
Result<text::Tokenizer> tokenizer_for(const cli::Invocation& invocation, const data::TextRows& texts) {
    const std::string path = invocation.text("out") + ".tokenizer.json";
    std::string content;
    if (invocation.has("tokenizer")) {
        const std::string given = invocation.text("tokenizer");
        text::Tokenizer tokenizer = BARTIZAN_TRY(text::Tokenizer::open(given));
        content = BARTIZAN_TRY(read_file(given, text::kMostTokenizerBytes));
        if (!content.starts_with('{'))
            return tokenizer;  // a vocab.txt or a SentencePiece model: named again with --tokenizer when it is used
        BARTIZAN_TRY(write_file_atomically(path, content));
        return tokenizer;
    }
    content = BARTIZAN_TRY(text::train_byte_bpe(texts.texts, invocation.integer("vocabulary", 4000), true));
    BARTIZAN_TRY(write_file_atomically(path, content));
    return text::Tokenizer::from_json(content);
}

std::int64_t classes_of(const data::TextRows& texts) {
    std::int64_t classes = std::ssize(texts.class_names);
    for (const std::int64_t label : texts.labels) classes = std::max(classes, label + 1);
    return classes;
}

}  // namespace
}  // namespace text_commands

Result<int> train_text(const cli::Invocation& invocation, RunContext& ctx) {
    using namespace text_commands;
    const std::string out = invocation.text("out");
    if (!invocation.has("label")) return invalid_input("text-cnn needs labels", "name their column with --label");
    if (invocation.flag("adversarial") || invocation.has("dp-epsilon"))
        return unsupported("text-cnn is trained plainly: no --adversarial, no --dp-epsilon");
    const data::TextRows texts =
        BARTIZAN_TRY_WITHIN(data::read_texts(invocation.text("data"), textattacks::text_options(invocation)),
                            "data '" + invocation.text("data") + "'");
    const text::Tokenizer tokenizer = BARTIZAN_TRY(tokenizer_for(invocation, texts));
    const Encoding encoding{tokenizer, invocation.integer("length", 64), tokenizer.padding().value_or(0)};
    const auto dataset = BARTIZAN_TRY(
        data::token_dataset(texts, BARTIZAN_TRY(encoding.rows(texts.texts)), encoding.length));
    graph::Graph graph = BARTIZAN_TRY(training::build_text_cnn(
        {.vocabulary = tokenizer.size(), .length = encoding.length, .classes = classes_of(texts), .seed = ctx.seed()}));
    const std::shared_ptr<model::Model> model = BARTIZAN_TRY(model::from_graph(std::move(graph)));
    const auto classifier = BARTIZAN_TRY(model::make_classifier(model, {encoding.length}, {}));
    training::Options options;
    options.epochs = static_cast<int>(invocation.integer("epochs", options.epochs));
    options.batch_size = invocation.integer("batch-size", 64);
    options.learning_rate = invocation.number("lr", kLearningRate);
    options.validation_share = 0.05;
    const training::Outcome outcome = BARTIZAN_TRY(training::train(*model, *classifier, *dataset, options, ctx));
    BARTIZAN_TRY(model->save_onnx(out));
    BARTIZAN_TRY(data::write_sidecar(out, {.class_names = texts.class_names}));
    Json json = cli::document(invocation);
    json["architecture"] = "text-cnn";
    json["out"] = out;
    json["tokens"] = tokenizer.size();
    json["best_epoch"] = outcome.best_epoch;
    json["epochs"] = Json::array();
    std::string text;
    for (const training::Epoch& epoch : outcome.epochs) {
        json["epochs"].push_back({{"epoch", epoch.number},
                                  {"loss", epoch.loss},
                                  {"validation_accuracy", epoch.validation_accuracy},
                                  {"seconds", epoch.seconds}});
        text += fmt::format("epoch {:>3}  loss {:.4f}  validation {:.2f} %  {}\n", epoch.number, epoch.loss,
                            100 * epoch.validation_accuracy, human_duration(epoch.seconds));
    }
    text += fmt::format("kept epoch {}; written: {}, {} tokens\n", outcome.best_epoch, cli::printable(out), tokenizer.size());
    BARTIZAN_TRY(cli::print(invocation, json, text));
    return static_cast<int>(outcome.epochs.size()) < options.epochs ? kIncomplete : 0;
}

Result<int> attack_text(const cli::Invocation& invocation, RunContext& ctx) {
    const textattacks::Choice choice = BARTIZAN_TRY(textattacks::choose(invocation.text("attack"), invocation));
    if (!asks_for_text(invocation))
        return invalid_input(fmt::format("attack '{}' needs texts", choice.spec->name), "name their column with --text");
    if (invocation.text("goal") != "label")
        return invalid_input("a classifier answers with a label: --goal " + invocation.text("goal") + " is for services");
    if (invocation.has("out")) BARTIZAN_TRY(cli::check_writable_file(invocation.text("out")));
    const TextInputs inputs = BARTIZAN_TRY(open_text_inputs(invocation));
    ClassifierOracle oracle(*inputs.classifier, inputs.encoding);
    const textattacks::TextRun result =
        BARTIZAN_TRY(textattacks::carry_out(choice, oracle, rows_of(inputs.texts), nullptr, ctx));
    ctx.progress_finish();
    if (invocation.has("out")) BARTIZAN_TRY(write_file_atomically(invocation.text("out"), textattacks::as_lines(result)));
    Json json = cli::document(invocation);
    json["attack"] = choice.spec->name;
    json["model"] = invocation.positional(0);
    json["data"] = invocation.text("data");
    json["goal"] = "label";
    json["defended"] = choice.policy.has_value();
    textattacks::add_to(json, result, choice.budget());
    json["seed"] = invocation.integer("seed", 0);
    const std::string head = fmt::format("{} on {}: {} texts of {}{}", choice.spec->name, cli::printable(invocation.positional(0)),
                                         result.rows.size(), cli::printable(invocation.text("data")),
                                         choice.policy ? ", behind the normaliser" : "");
    BARTIZAN_TRY(cli::print(invocation, json, textattacks::as_text(result, head)));
    return result.complete ? 0 : kIncomplete;
}

}  // namespace bartizan::engine
