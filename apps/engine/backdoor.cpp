/// `bartizan backdoor MODEL [--data CLEAN] [--reference MODEL...]`: is there a trojan in a finished model?
#include <fmt/format.h>

#include "apps/engine/handlers.h"
#include "apps/engine/inputs.h"
#include "apps/engine/trojan_references.h"
#include "audit/trojan.h"
#include "cli/output.h"
#include "core/file.h"
#include "core/random.h"

namespace bartizan::engine {
namespace trojans {
namespace {

constexpr std::int64_t kRows = 512;  // clean items that triggers are sought and measured on
/// The item shape that the model itself tells, without its batch.
Result<Shape> shape_told_by(const model::Model& model) {
    const auto& inputs = model.info().inputs;
    if (inputs.size() == 1 && inputs.front().type.has_shape && inputs.front().type.shape.size() > 1) {
        Shape shape(inputs.front().type.shape.begin() + 1, inputs.front().type.shape.end());
        if (std::ranges::all_of(shape, [](std::int64_t size) { return size > 0; })) return shape;
    }
    return invalid_input("the model does not tell the shape of its input", "give clean items with --data");
}

Result<void> read_clean(const cli::Invocation& invocation, TrojanSetting& setting, RunContext& ctx) {
    const auto dataset = BARTIZAN_TRY(open_data(invocation));
    std::vector<std::int64_t> rows = permutation(dataset->info().items, ctx.seed(), 1);
    if (rows.empty()) return invalid_input("data '" + invocation.text("data") + "' holds no items");
    rows.resize(std::min<std::size_t>(rows.size(), kRows));
    Inputs inputs;
    inputs.batch = BARTIZAN_TRY(dataset->read(rows));
    setting.info = dataset->info();
    if (setting.info.kind == data::Kind::table && inputs.batch.x.rank() == 2) {
        setting.columns = BARTIZAN_TRY(model::column_ranges(inputs.batch.x));
        inputs.batch.x = BARTIZAN_TRY(model::to_unit_columns(inputs.batch.x, *setting.columns));
    } else {
        BARTIZAN_TRY(check_unit_range(inputs.batch.x, setting.info.path));
    }
    setting.clean = std::move(inputs.batch);
    return {};
}

Json classes_json(const defences::TrojanReport& report) {
    Json rows = Json::array();
    for (std::size_t c = 0; c < report.judgement.classes.size(); ++c) {
        const defences::ClassScore& score = report.judgement.classes[c];
        Json row = {{"class", c},
                    {"score", score.score},
                    {"margin", report.measured.statistics.margins[c]},
                    {"margin_ratio", score.margin_ratio}};
        if (c < report.measured.sketches.size()) {
            const defences::ReversedTrigger& sketch = report.measured.sketches[c];
            row.update({{"trigger_size", sketch.size},
                        {"trigger_ratio", score.size_ratio},
                        {"trigger_anomaly", score.anomaly},
                        {"trigger_success", sketch.success()}});
        }
        if (!report.measured.statistics.universal.empty())
            row["universal_loss"] = report.measured.statistics.universal[c];
        row["by"] = to_string(score.by);
        row["source"] = score.source ? Json(*score.source) : Json();
        rows.push_back(std::move(row));
    }
    return rows;
}

Json as_json(const cli::Invocation& invocation, const defences::TrojanReport& report, const data::Info& info) {
    const defences::Judgement& judged = report.judgement;
    const auto at = static_cast<std::size_t>(judged.target);
    Json json = cli::document(invocation);
    json["verdict"] = to_string(judged.verdict);
    json["calibrated"] = judged.calibrated;
    json["score"] = judged.score;
    json["threshold"] = judged.threshold;
    json["target_class"] = judged.target;
    json["target_name"] = at < info.class_names.size() ? Json(info.class_names[at]) : Json();
    json["margin_p_value"] = judged.margin_p;
    json["reach"] = judged.reach > 0 ? Json(judged.reach) : Json();
    json["false_positive_rate"] = Json();
    if (judged.false_positive_rate)
        json["false_positive_rate"] = {
            {"flagged", judged.references_flagged},
            {"references", judged.references},
            {"interval", {judged.false_positive_rate->low, judged.false_positive_rate->high}}};
    json["trigger"] = Json();
    if (const auto& trigger = report.trigger)
        json["trigger"] = {{"found", trigger->found},
                           {"size", trigger->size},
                           {"share", trigger->share},
                           {"success", trigger->success()},
                           {"samples", trigger->tried}};
    json["classes"] = classes_json(report);
    json["lint"] = Json::array();
    for (const defences::LintNote& note : report.lint)
        json["lint"].push_back({{"kind", to_string(note.kind)}, {"node", note.node}, {"detail", note.detail}});
    return json;
}

std::string as_text(const Finding& finding, const defences::TrojanReport& report,
                    const std::vector<std::string>& files) {
    const defences::Judgement& judged = report.judgement;
    std::string text = fmt::format("verdict  {}{}\n{}\n{}\n", to_string(judged.verdict),
                                   judged.calibrated ? "" : ", uncalibrated (no --reference)",
                                   cli::printable(finding.title), cli::printable(finding.explanation));
    if (const auto& trigger = report.trigger)
        text += fmt::format(
            "reversed trigger of class {}: {:.1f} % of the item, turns {} of {} clean items ({:.1f} %)\n",
            trigger->target, 100 * trigger->share, trigger->fooled, trigger->tried, 100 * trigger->success());
    for (const Table& table : finding.tables) {
        text += "\n";
        for (const std::string& cell : table.header) text += fmt::format("{:<18}", cell);
        for (const auto& row : table.rows) {
            text += "\n";
            for (const std::string& cell : row) text += fmt::format("{:<18}", cli::printable(cell));
        }
        text += "\n";
    }
    for (const std::string& file : files) text += fmt::format("written: {}\n", cli::printable(file));
    return text;
}

/// trigger.png, clean.png, triggered.png and result.json into the folder --out.
Result<std::vector<std::string>> write_files(const std::filesystem::path& folder, const Finding& finding, Json& json) {
    constexpr const char* kNames[] = {"trigger.png", "clean.png", "triggered.png"};
    std::vector<std::string> files;
    for (const PictureRow& row : finding.pictures)
        for (std::size_t i = 0; i < std::min(row.pictures.size(), std::size(kNames)); ++i) {
            files.push_back((folder / kNames[i]).string());
            BARTIZAN_TRY(write_file_atomically(files.back(), row.pictures[i].png));
        }
    if (!files.empty()) json["trigger"]["picture"] = files.front();
    files.push_back((folder / "result.json").string());
    BARTIZAN_TRY(write_file_atomically(files.back(), to_text(json)));
    return files;
}

int status_of(const cli::Invocation& invocation, Severity severity) {
    const auto gate = severity_from(invocation.text("fail-on", "high"));
    return gate && severity >= *gate ? 1 : 0;
}

}  // namespace
}  // namespace trojans

Result<int> backdoor(const cli::Invocation& invocation, RunContext& ctx) {
    using namespace trojans;
    if (invocation.has("out")) BARTIZAN_TRY(cli::check_writable_folder(invocation.text("out")));
    const data::InputContract contract = BARTIZAN_TRY(read_contract(invocation));
    const std::shared_ptr<model::Model> model = BARTIZAN_TRY(open_model(invocation));
    TrojanSetting setting;
    setting.options.triggers.steps = static_cast<int>(invocation.integer("steps", setting.options.triggers.steps));
    if (invocation.has("data"))
        BARTIZAN_TRY(read_clean(invocation, setting, ctx));
    else
        setting.info.item_shape = BARTIZAN_TRY(shape_told_by(*model));
    if (!contract.class_names.empty()) setting.info.class_names = contract.class_names;
    const auto classifier =
        BARTIZAN_TRY_WITHIN(trojan_classifier(model, setting, contract), "model '" + invocation.positional(0) + "'");
    if (setting.clean) setting.clean = BARTIZAN_TRY(audit::rows_for_scan(*classifier, *setting.clean, kRows, ctx));
    const data::Batch* clean = setting.rows();
    const TrojanReferences references = BARTIZAN_TRY(trojan_references(invocation, setting, ctx));
    const defences::TrojanReport report =
        BARTIZAN_TRY(defences::scan_trojan(*classifier, clean, setting.options, references.measured, ctx));
    const Finding finding = BARTIZAN_TRY(audit::trojan_finding(invocation.positional(0), setting.info, clean, report));
    Json json = as_json(invocation, report, setting.info);
    json["made_references"] = references.made_accuracies;
    json["measurements"] = audit::measurements_json(report.measured.statistics,
                                                    audit::trojan_settings(clean, setting.options, ctx.seed()));
    std::string text;
    for (const double accuracy : references.made_accuracies)
        text += fmt::format("reference trained here: {:.1f} % right on items held out\n", 100 * accuracy);
    std::vector<std::string> files;
    if (invocation.has("out")) files = BARTIZAN_TRY(write_files(invocation.text("out"), finding, json));
    BARTIZAN_TRY(cli::print(invocation, json, text + as_text(finding, report, files)));
    return status_of(invocation, finding.severity);
}

}  // namespace bartizan::engine
