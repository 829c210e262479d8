/// `bartizan harden MODEL --method smoothing`: what randomized smoothing certifies, as a curve.
#include <algorithm>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "apps/engine/inputs.h"
#include "apps/engine/wrapping_setting.h"
#include "cli/output.h"
#include "defences/smoothing.h"

namespace bartizan::engine {
namespace smoothing {
namespace {

constexpr int kPoints = 8;  // of the curve, beside 0

Json answers_json(const std::vector<defences::SmoothedAnswer>& answers, const data::Batch& judged) {
    Json rows = Json::array();
    for (std::size_t row = 0; row < answers.size(); ++row)
        rows.push_back({{"id", judged.ids[row]},
                        {"label", judged.y[row]},
                        {"predicted", answers[row].label},
                        {"radius", answers[row].radius},
                        {"votes", answers[row].votes}});
    return rows;
}

/// Shares of the items that are called what they are, for sure at least as far as each radius.
Json curve_json(const std::vector<defences::SmoothedAnswer>& answers, const data::Batch& judged, double furthest) {
    Json curve = Json::array();
    for (int i = 0; i <= kPoints; ++i) {
        const double radius = furthest * i / kPoints;
        std::int64_t held = 0;
        for (std::size_t row = 0; row < answers.size(); ++row)
            held += answers[row].label == judged.y[row] && answers[row].radius >= radius ? 1 : 0;
        curve.push_back({{"radius", radius}, {"certified", wrapping::share_json(held, std::ssize(answers))}});
    }
    return curve;
}

Result<data::Batch> first_rows(const data::Batch& judged, std::int64_t most) {
    const std::int64_t rows = std::min<std::int64_t>(most, std::ssize(judged.y));
    data::Batch out{.x = BARTIZAN_TRY(judged.x.rows(0, rows)), .y = judged.y, .ids = judged.ids};
    out.y.resize(static_cast<std::size_t>(rows));
    out.ids.resize(static_cast<std::size_t>(rows));
    return out;
}

}  // namespace
}  // namespace smoothing

Result<int> harden_by_smoothing(const cli::Invocation& invocation, const Params& params, RunContext& ctx) {
    const wrapping::Setting setting = BARTIZAN_TRY(wrapping::setting_of(invocation));
    const defences::Smoothing options{.sigma = params.number("sigma"),
                                      .samples = params.integer("samples"),
                                      .alpha = params.number("alpha")};
    const graph::Graph graph =
        BARTIZAN_TRY(defences::smoothed_graph(*setting.model->graph(), setting.contract, options.sigma,
                                              params.integer("copies"), setting.classifier->classes()));
    BARTIZAN_TRY(wrapping::written(setting, graph, setting.contract));
    const data::Batch judged = BARTIZAN_TRY(smoothing::first_rows(setting.parts.judged, params.integer("items")));
    const auto answers =
        BARTIZAN_TRY(defences::certify_smoothed(*setting.classifier, judged.x, judged.ids, options, ctx));
    const auto abstained = std::ranges::count(answers, -1, &defences::SmoothedAnswer::label);
    const double furthest = defences::smoothed_radius(
        defences::lower_bound_of_share(options.samples, options.samples, options.alpha), options.sigma);
    Json json = wrapping::document(invocation, "bartizan.harden-smoothing/1", "smoothing", setting);
    json["sigma"] = options.sigma;
    json["samples"] = options.samples;
    json["selecting"] = options.selecting;
    json["alpha"] = options.alpha;
    json["seed"] = ctx.seed();
    json["norm"] = "l2";
    json["abstained"] = wrapping::share_json(abstained, std::ssize(answers));
    json["curve"] = smoothing::curve_json(answers, judged, furthest);
    json["items"] = smoothing::answers_json(answers, judged);
    std::string text = fmt::format(
        "noise of deviation {:.4g}, {} copies an item; each certificate is wrong with a chance of at most {:.2g}\n\n",
        options.sigma, options.samples, options.alpha);
    for (const Json& point : json["curve"])
        text += wrapping::share_line(fmt::format("right for sure within l2 radius {:.4f}", point["radius"].get<double>()),
                                     point["certified"]);
    text += wrapping::share_line("abstained", json["abstained"]) +
            fmt::format("\nwritten: {}: answers with the shares of {} noisy copies\n", cli::printable(setting.out),
                        params.integer("copies"));
    BARTIZAN_TRY(cli::print(invocation, json, text));
    return 0;
}

}  // namespace bartizan::engine
