/// `bartizan evaluate MODEL --data D`: clean accuracy with its interval, per class, calibration, confusion.
#include <fmt/format.h>

#include "apps/engine/handlers.h"
#include "apps/engine/inputs.h"
#include "apps/engine/text_inputs.h"
#include "audit/evaluation.h"
#include "cli/output.h"
#include "core/file.h"

namespace bartizan::engine {
namespace evaluating {
namespace {

Json as_json(const cli::Invocation& invocation, const audit::Evaluation& result) {
    Json json = cli::document(invocation);
    json["accuracy"] = result.accuracy;
    json["accuracy_interval"] = {result.interval.low, result.interval.high};
    json["samples"] = result.samples;
    json["correct"] = result.correct;
    json["expected_calibration_error"] = result.expected_calibration_error;
    json["mean_confidence"] = result.mean_confidence;
    json["negative_log_likelihood"] = result.negative_log_likelihood;
    Json classes = Json::array();
    for (const audit::ClassScore& one : result.classes)
        classes.push_back({{"name", one.name},
                           {"samples", one.samples},
                           {"correct", one.correct},
                           {"predicted", one.predicted},
                           {"interval", {one.interval.low, one.interval.high}}});
    json["classes"] = classes;
    json["confusion"] = result.confusion;
    return json;
}

std::string as_text(const audit::Evaluation& result) {
    std::string text =
        fmt::format("accuracy     {:.2f} %  ({:.2f} to {:.2f} %, {} of {} samples)\n", 100 * result.accuracy,
                    100 * result.interval.low, 100 * result.interval.high, result.correct, result.samples);
    text += fmt::format("calibration  off by {:.2f} % on average, mean confidence {:.2f} %\n",
                        100 * result.expected_calibration_error, 100 * result.mean_confidence);
    text += fmt::format("\n{:<24} {:>8} {:>9} {:>18} {:>10}\n", "class", "samples", "accuracy", "95 % interval",
                        "predicted");
    for (const audit::ClassScore& one : result.classes) {
        if (one.samples == 0 && one.predicted == 0) continue;
        const double accuracy =
            one.samples == 0 ? 0 : static_cast<double>(one.correct) / static_cast<double>(one.samples);
        text +=
            fmt::format("{:<24} {:>8} {:>7.1f} % {:>8.1f} to {:>5.1f} % {:>10}\n", cli::printable(one.name),
                        one.samples, 100 * accuracy, 100 * one.interval.low, 100 * one.interval.high, one.predicted);
    }
    return text;
}

}  // namespace
}  // namespace evaluating

Result<int> evaluate(const cli::Invocation& invocation, RunContext& ctx) {
    if (invocation.has("out")) BARTIZAN_TRY(cli::check_writable_file(invocation.text("out")));
    const Inputs inputs = BARTIZAN_TRY(asks_for_text(invocation)
                                           ? as_inputs(invocation, BARTIZAN_TRY(open_text_inputs(invocation)))
                                           : open_inputs(invocation));
    const audit::Evaluation result =
        BARTIZAN_TRY(audit::evaluate(*inputs.classifier, inputs.batch, inputs.class_names, ctx));
    const Json json = evaluating::as_json(invocation, result);
    if (invocation.has("out")) BARTIZAN_TRY(write_file_atomically(invocation.text("out"), to_text(json)));
    BARTIZAN_TRY(cli::print(invocation, json, evaluating::as_text(result)));
    return 0;
}

}  // namespace bartizan::engine
