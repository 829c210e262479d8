#include "apps/engine/wrapping_setting.h"

#include <utility>

#include <fmt/format.h>

#include "apps/engine/inputs.h"
#include "audit/plan.h"
#include "cli/output.h"
#include "core/statistics.h"

namespace bartizan::engine::wrapping {

Result<Setting> setting_of(const cli::Invocation& invocation) {
    Setting setting;
    setting.out = invocation.text("out");
    setting.contract = BARTIZAN_TRY(read_contract(invocation));
    setting.model = BARTIZAN_TRY(open_model(invocation));
    if (setting.model->graph() == nullptr)
        return unsupported("'" + invocation.positional(0) + "' is not an ONNX file", "export the model to ONNX first");
    setting.parts = BARTIZAN_TRY(hold_out(invocation));
    const data::Info& info = setting.parts.train->info();
    setting.classifier = BARTIZAN_TRY(model::make_classifier(setting.model, info.item_shape, setting.contract));
    BARTIZAN_TRY(check_unit_range(setting.parts.judged.x, invocation.text("test-data", invocation.text("data"))));
    setting.eps = invocation.has("eps") ? invocation.number("eps", 0) : audit::reference_eps(info, catalog::Norm::linf);
    return setting;
}

Result<std::shared_ptr<const model::Classifier>> written(const Setting& setting, const graph::Graph& graph,
                                                         const data::InputContract& contract) {
    BARTIZAN_TRY(graph::save_onnx(graph, setting.out));
    BARTIZAN_TRY(data::write_sidecar(setting.out, contract));
    std::shared_ptr<const model::Model> model = BARTIZAN_TRY(model::load(setting.out));
    std::shared_ptr<const model::Classifier> classifier =
        BARTIZAN_TRY(model::make_classifier(std::move(model), setting.item_shape(), contract));
    return classifier;
}

Json share_json(std::int64_t part, std::int64_t whole) {
    const Interval interval = wilson_interval(part, whole);
    return {{"share", whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole)},
            {"part", part},
            {"whole", whole},
            {"interval", {interval.low, interval.high}}};
}

std::string share_line(std::string_view what, const Json& share) {
    return fmt::format("  {:<52} {:>6.1f} %   ({} of {}; {:.1f} to {:.1f} %)\n", what,
                       100 * share.at("share").get<double>(), share.at("part").get<std::int64_t>(),
                       share.at("whole").get<std::int64_t>(), 100 * share.at("interval")[0].get<double>(),
                       100 * share.at("interval")[1].get<double>());
}

Json document(const cli::Invocation& invocation, const char* schema, std::string_view method, const Setting& setting) {
    Json json = cli::document(invocation);
    json["schema"] = schema;
    json["method"] = method;
    json["out"] = setting.out;
    return json;
}

}  // namespace bartizan::engine::wrapping
