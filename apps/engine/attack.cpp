/// `bartizan attack MODEL --data D --attack NAME`: one attack, its numbers, and its arrays with --out.
#include <algorithm>
#include <numeric>

#include <fmt/format.h>

#include "apps/engine/handlers.h"
#include "apps/engine/inputs.h"
#include "apps/engine/text_inputs.h"
#include "attacks/runner.h"
#include "audit/plan.h"
#include "catalog/attacks.h"
#include "cli/output.h"
#include "core/file.h"
#include "core/progress.h"
#include "core/statistics.h"
#include "formats/npz.h"

namespace bartizan::engine {
namespace attacking {
namespace {

/// Options with a name of their own that are parameters of attacks.
constexpr std::string_view kParameterOptions[] = {"steps", "restarts", "queries"};

Result<std::map<std::string, std::string>> given_parameters(const cli::Invocation& invocation) {
    std::map<std::string, std::string> given;
    for (const std::string_view name : kParameterOptions)
        if (invocation.has(name)) given.emplace(name, invocation.text(name));
    for (const std::string& pair : invocation.list("param")) {
        const std::size_t equals = pair.find('=');
        if (equals == 0 || equals == std::string::npos)
            return invalid_input(fmt::format("--param: '{}' is not NAME=VALUE", pair), "write --param rho=0.75");
        const auto [place, fresh] = given.emplace(pair.substr(0, equals), pair.substr(equals + 1));
        if (!fresh) return invalid_input(fmt::format("parameter '{}' is given twice", place->first));
    }
    return given;
}

Result<attacks::ThreatModel> threat_model(const cli::Invocation& invocation, const data::Info& info) {
    attacks::ThreatModel threat;
    threat.norm = BARTIZAN_TRY(catalog::norm_from(invocation.text("norm")));
    threat.eps = invocation.has("eps") ? invocation.number("eps", 0) : audit::reference_eps(info, threat.norm);
    threat.targeted = invocation.flag("targeted");
    return threat;
}

/// With --targeted, the class to reach: the one after the true one.
data::Batch job_batch(const Inputs& inputs, const attacks::ThreatModel& threat) {
    data::Batch batch = inputs.batch;
    if (threat.targeted)
        for (std::int64_t& label : batch.y) label = (label + 1) % inputs.classifier->classes();
    return batch;
}

/// Positions in the batch of the samples that were finished.
std::vector<std::size_t> finished_rows(const data::Batch& batch, const attacks::RunResult& result) {
    std::vector<std::size_t> rows;
    for (std::size_t row = 0; row < batch.y.size() && rows.size() < result.ids.size(); ++row) {
        const std::int64_t id = row < batch.ids.size() ? batch.ids[row] : static_cast<std::int64_t>(row);
        if (id == result.ids[rows.size()]) rows.push_back(row);
    }
    return rows;
}

/// Counts against the true labels, also when the attack aims at others.
struct Summary {
    std::int64_t samples = 0, clean = 0, robust = 0;
    double samples_per_second = 0;

    double share(std::int64_t part, std::int64_t whole) const {
        return whole > 0 ? static_cast<double>(part) / static_cast<double>(whole) : 0;
    }
    double clean_accuracy() const { return share(clean, samples); }
    double robust_accuracy() const { return share(robust, samples); }
    double success_rate() const { return share(clean - robust, clean); }
};

Summary summarise(const data::Batch& batch, const attacks::RunResult& result) {
    Summary summary{.samples = result.samples};
    const auto rows = finished_rows(batch, result);
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const bool right = result.predicted_clean[i] == batch.y[rows[i]];
        summary.clean += right ? 1 : 0;
        summary.robust += right && result.success[i] == 0 ? 1 : 0;
    }
    if (result.seconds > 0) summary.samples_per_second = static_cast<double>(result.samples) / result.seconds;
    return summary;
}

Json as_json(const cli::Invocation& invocation, const Inputs& inputs, const attacks::ThreatModel& threat,
             const attacks::RunResult& result) {
    const Summary summary = summarise(inputs.batch, result);
    const Interval clean = wilson_interval(summary.clean, summary.samples);
    const Interval robust = wilson_interval(summary.robust, summary.samples);
    Json json = cli::document(invocation);
    json["attack"] = invocation.text("attack");
    json["model"] = inputs.model_path.string();
    json["data"] = invocation.text("data");
    json["clean_accuracy"] = summary.clean_accuracy();
    json["clean_accuracy_interval"] = {clean.low, clean.high};
    json["robust_accuracy"] = summary.robust_accuracy();
    json["robust_accuracy_interval"] = {robust.low, robust.high};
    json["success_rate"] = summary.success_rate();
    json["samples"] = result.samples;
    json["norm"] = catalog::to_string(threat.norm);
    json["eps"] = threat.eps;
    json["targeted"] = threat.targeted;
    json["max_perturbation"] = result.max_perturbation;
    json["mean_perturbation"] = result.mean_perturbation;
    json["median_perturbation"] = result.median_perturbation;
    json["queries_mean"] = result.queries_mean;
    json["gradients_mean"] = result.gradients_mean;
    json["seconds"] = result.seconds;
    json["samples_per_second"] = summary.samples_per_second;
    json["seed"] = invocation.integer("seed", 0);
    json["complete"] = result.complete;
    json["remarks"] = Json::array();
    for (const model::Remark& remark : inputs.classifier->remarks()) json["remarks"].push_back(remark.text);
    return json;
}

std::string percent(std::int64_t part, std::int64_t whole) {
    const Interval interval = wilson_interval(part, whole);
    const double share = whole > 0 ? static_cast<double>(part) / static_cast<double>(whole) : 0;
    return fmt::format("{:5.1f} %  ({:.1f} to {:.1f})", 100 * share, 100 * interval.low, 100 * interval.high);
}

std::string as_text(const cli::Invocation& invocation, const Inputs& inputs, const attacks::ThreatModel& threat,
                    const attacks::RunResult& result) {
    const Summary summary = summarise(inputs.batch, result);
    std::string text =
        fmt::format("{} on {}: {} samples of {}, {} {}{}\n", invocation.text("attack"), inputs.model_path.string(),
                    result.samples, invocation.text("data"), catalog::to_string(threat.norm),
                    invocation.has("eps") ? invocation.text("eps") : fmt::format("{:.4g}", threat.eps),
                    threat.targeted ? ", targeted" : "");
    text += fmt::format("  clean accuracy   {}\n", percent(summary.clean, summary.samples));
    text += fmt::format("  robust accuracy  {}\n", percent(summary.robust, summary.samples));
    text += fmt::format("  fooled           {:5.1f} %  of those read right before\n", 100 * summary.success_rate());
    text += fmt::format("  perturbation     mean {:.4g}, largest {:.4g}\n", result.mean_perturbation,
                        result.max_perturbation);
    text += fmt::format("  cost             {:.1f} queries and {:.1f} gradients a sample\n", result.queries_mean,
                        result.gradients_mean);
    text += fmt::format("  time             {}, {:.3g} samples/s\n", human_duration(result.seconds),
                        summary.samples_per_second);
    for (const model::Remark& remark : inputs.classifier->remarks())
        text += "  note: " + cli::printable(remark.text) + "\n";
    if (!result.complete)
        text += "  INCOMPLETE: stopped before the end; of the finished samples alone, the easy ones first\n";
    return text;
}

/// The given rows of `x`, in the units of the file.
Result<NdArray> in_file_units(const NdArray& x, const std::vector<std::size_t>& rows, const Inputs& inputs) {
    Shape shape = x.shape();
    shape[0] = static_cast<std::int64_t>(rows.size());
    NdArray out = BARTIZAN_TRY(NdArray::zeros(DType::f32, shape));
    const auto from = x.values<float>();
    const auto to = out.mutable_values<float>();
    const std::size_t width = rows.empty() ? 0 : to.size() / rows.size();
    for (std::size_t i = 0; i < rows.size(); ++i)
        std::ranges::copy(from.subspan(rows[i] * width, width), to.begin() + static_cast<std::ptrdiff_t>(i * width));
    if (!inputs.columns) return out;
    for (std::size_t i = 0; i < to.size(); ++i)
        to[i] = to[i] * inputs.columns->width[i % width] + inputs.columns->low[i % width];
    return out;
}

/// Arrays x, y, x_adv, success of the samples that were finished.
Result<void> write_arrays(const std::filesystem::path& path, const Inputs& inputs, const attacks::RunResult& result) {
    const auto rows = finished_rows(inputs.batch, result);
    std::vector<std::size_t> all(rows.size());
    std::iota(all.begin(), all.end(), std::size_t{0});
    std::vector<std::int64_t> labels;
    for (const std::size_t row : rows) labels.push_back(inputs.batch.y[row]);
    NdArray success = BARTIZAN_TRY(NdArray::zeros(DType::boolean, {result.samples}));
    std::ranges::transform(result.success, success.mutable_values<bool>().begin(),
                           [](std::uint8_t f) { return f != 0; });
    return formats::write_npz(path, {{"x", BARTIZAN_TRY(in_file_units(inputs.batch.x, rows, inputs))},
                                     {"y", BARTIZAN_TRY(NdArray::from<std::int64_t>({result.samples}, labels))},
                                     {"x_adv", BARTIZAN_TRY(in_file_units(result.adversarial, all, inputs))},
                                     {"success", success}});
}

}  // namespace
}  // namespace attacking

Result<int> attack(const cli::Invocation& invocation, RunContext& ctx) {
    const catalog::AttackSpec& spec = *BARTIZAN_TRY(catalog::find_attack(invocation.text("attack")));
    if (spec.data_kind == "text") return attack_text(invocation, ctx);
    if (asks_for_text(invocation))
        return invalid_input(fmt::format("attack '{}' changes numbers, not texts", spec.name),
                             "text-imperceptible, text-swap and text-universal are for texts");
    const auto given = BARTIZAN_TRY(attacking::given_parameters(invocation));
    BARTIZAN_TRY_WITHIN(Params::make(spec.params, given), "attack '" + std::string(spec.name) + "'");
    if (invocation.has("out")) BARTIZAN_TRY(cli::check_writable_file(invocation.text("out")));
    Inputs inputs = BARTIZAN_TRY(open_inputs(invocation));
    BARTIZAN_TRY(to_unit_range(inputs));
    const auto threat = BARTIZAN_TRY(attacking::threat_model(invocation, inputs.dataset->info()));
    const auto made = BARTIZAN_TRY(attacks::make_attack(spec.name, threat, given));
    const auto result =
        BARTIZAN_TRY(attacks::run(*inputs.classifier, *made, threat, attacking::job_batch(inputs, threat), ctx));
    ctx.progress_finish();
    if (invocation.has("out")) BARTIZAN_TRY(attacking::write_arrays(invocation.text("out"), inputs, result));
    BARTIZAN_TRY(cli::print(invocation, attacking::as_json(invocation, inputs, threat, result),
                            attacking::as_text(invocation, inputs, threat, result)));
    return result.complete ? 0 : kIncomplete;
}

}  // namespace bartizan::engine
